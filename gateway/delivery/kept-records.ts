// What is kept: records that were seen in Postgres while another database may be live soon. Once it is, they are looked for again, like any that GlitchTip took and that is missing.
import { decodeHeader } from '../core/record.js';
import type { Place } from '../spool/place.js';
import type { Segment } from '../spool/segment.js';
import type { Spool } from '../spool/spool.js';
import type { Keep, KeepState } from './keep.js';
import type { RecordStates } from './record-states.js';
import type { Entry, UnderWay } from './under-way.js';

export interface KeptRecordsPorts {
  readonly spool: Pick<Spool, 'read' | 'segments' | 'letGoOfKept'>;
  /** Number of the destination in the spool's marks. */
  readonly destination: number;
  readonly keep: Pick<Keep, 'look'>;
}

/** Taken up at once, and looked for at a time: what comes in meanwhile needs its room, too. */
const AT_ONCE = 500;
const MOST_SOUGHT = 1_000;

export class KeptRecords {
  /** Of what is under way. Undefined: it has just started, and nothing is. */
  #round: number | undefined;

  constructor(private readonly ports: KeptRecordsPorts, private readonly underWay: UnderWay, private readonly states: RecordStates) {}

  /**
   * In a new round nothing is known of any record: what was seen of one, and that one is missing, was so in another database. Whoever gives
   * looks here first, for the round begins before the hold ends.
   * @throws the system's error
   */
  look(): KeepState {
    const state = this.ports.keep.look();
    if (this.#round !== undefined && this.#round !== state.round) for (const entry of this.underWay.all) this.#forget(entry);
    this.#round = state.round;
    return state;
  }

  /** Takes up what was seen in another round, and lets go of what is kept for nobody any more. @throws the system's error */
  lookAgain(): void {
    const { round, on } = this.look();
    this.#takeUp(round);
    if (!on) this.ports.spool.letGoOfKept(this.ports.destination, (of) => of === round);
  }

  /** Their rows were seen. @param before when Postgres was asked. @throws the system's error */
  seen(entries: readonly Entry[], before: KeepState): void {
    const { round, on } = this.ports.keep.look();
    if (on) this.states.keep(entries, before.on ? before.round : round);
    else this.states.letGo(entries);
  }

  /** What is not at GlitchTip for certain may be in the database that is live now. */
  #forget(entry: Entry): void {
    for (const id of this.underWay.rowsOf(entry.header)) entry.missing.add(id);
    if (entry.state === 'waiting' && entry.attempts > 0) this.underWay.move(entry, 'limbo');
  }

  #takeUp(round: number): void {
    const taken: Entry[] = [];
    const room = Math.min(AT_ONCE, MOST_SOUGHT - this.underWay.in('limbo').length);
    for (const segment of this.ports.spool.segments) {
      if (taken.length >= room) break;
      const others = new Set(segment.keptRecords(this.ports.destination, (of) => of !== round).slice(0, room - taken.length));
      if (others.size > 0) taken.push(...this.#read(segment, others));
    }
    this.states.lookFor(taken);
  }

  /** As ones that were given once, and answered when the last of the segment was seen: its duplicate guard knows none that is older. */
  #read(segment: Segment, wanted: Set<number>): Entry[] {
    const entries: Entry[] = [];
    const at = segment.keptAt * 1_000;
    for (const { place, header: bytes } of this.#recordsOf(segment)) {
      const header = wanted.delete(place.record) && !this.underWay.get(place) ? decodeHeader(bytes) : undefined;
      if (header) entries.push(this.underWay.add(place, header, { state: 'limbo', attempts: 1, sentAt: at, answeredAt: at }));
      if (wanted.size === 0) break;
    }
    return entries;
  }

  *#recordsOf({ number }: Segment): Generator<{ readonly place: Place; readonly header: Buffer }> {
    for (let found = this.ports.spool.read({ segment: number, record: 0, offset: 0 }); found.kind !== 'end' && found.next.segment === number; found = this.ports.spool.read(found.next)) {
      if (found.kind === 'record') yield found;
    }
  }
}
