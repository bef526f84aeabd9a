// What GlitchTip refuses because the database that is live, a restored copy, is older than its project: it waits in the spool, out of everybody's way, for the way back or the word that there is none.
import type { RecordHeader } from '../core/record.js';
import type { Keep, KeepState } from './keep.js';
import type { RecordStates } from './record-states.js';
import type { Entry } from './under-way.js';

export interface ParkedPorts {
  readonly keep: Pick<Keep, 'look'>;
  /** Whether the database that is live has its project and key, as far as was read. */
  readonly hasKey: (header: Pick<RecordHeader, 'project' | 'key'>) => boolean;
}

export class Parked {
  /** In which round. Undefined: nothing is parked. */
  #round: number | undefined;

  constructor(private readonly ports: ParkedPorts, private readonly states: Pick<RecordStates, 'park'>) {}

  /** @returns those that are not parked. @throws the system's error */
  park(entries: readonly Entry[]): readonly Entry[] {
    const { round, on } = this.ports.keep.look();
    const parked = on ? entries.filter(({ header }) => !this.ports.hasKey(header)) : [];
    if (parked.length === 0) return entries;
    this.#round = round;
    this.states.park(parked);
    return entries.filter((entry) => !parked.includes(entry));
  }

  /** Whether something was parked that may be given now. It is asked once. */
  isOver({ round, on }: KeepState): boolean {
    if (this.#round === undefined || (on && this.#round === round)) return false;
    this.#round = undefined;
    return true;
  }
}
