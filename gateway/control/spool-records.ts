// The records of the spool that GlitchTip has not stored, or that are kept though it has, one after the other, with what the delivery knows of them.
import { decodeHeader, type RecordHeader } from '../core/record.js';
import type { Delivery } from '../delivery/delivery.js';
import type { EntryState } from '../delivery/under-way.js';
import type { Place } from '../spool/place.js';
import type { Spool } from '../spool/spool.js';
import type { RecordState } from './control-answers.js';

export interface SpoolRecord {
  readonly place: Place;
  readonly header: RecordHeader;
  readonly state: Exclude<RecordState, 'set-aside'>;
  /** Absent: nobody counts how often what is kept was given. */
  readonly attempts?: number;
}

export interface SpoolRecordsPorts {
  readonly spool: Pick<Spool, 'start' | 'read' | 'isDone' | 'roundOf' | 'segments'>;
  readonly destination: number;
  readonly delivery: Pick<Delivery, 'entry'>;
  readonly pause: () => Promise<void>;
}

const STATES: Readonly<Record<EntryState, SpoolRecord['state']>> = { waiting: 'waiting', sending: 'under-way', taken: 'under-way', limbo: 'limbo' };

export class SpoolRecords {
  /** @param atATime records are read before everybody else has the loop: reading is synchronous */
  constructor(private readonly ports: SpoolRecordsPorts, private readonly atATime: number) {}

  /** In the order of the spool. What is let go meanwhile is left out; what another version wrote is, too. */
  async *all(): AsyncGenerator<SpoolRecord> {
    const { spool, destination, pause } = this.ports;
    let cursor = spool.start;
    for (let count = 1; ; count += 1) {
      const read = spool.read(cursor);
      if (read.kind === 'end') return;
      cursor = read.next;
      const header = read.kind === 'record' && !spool.isDone(read.place, destination) ? decodeHeader(read.header) : undefined;
      if (read.kind === 'record' && header) yield { place: read.place, header, ...this.#stateOf(read.place) };
      if (count % this.atATime === 0) await pause();
    }
  }

  #stateOf(place: Place): Pick<SpoolRecord, 'state' | 'attempts'> {
    const { spool, destination, delivery } = this.ports;
    const entry = delivery.entry(place);
    if (entry) return { state: STATES[entry.state], attempts: entry.attempts };
    if (spool.roundOf(place, destination) > 0) return { state: 'kept' };
    // The delivery has not come to it yet: what an earlier process wrote down of it.
    const sent = spool.segments.find(({ number }) => number === place.segment)?.sent(destination).get(place.record);
    return { state: sent === undefined || (sent.at === 0 && sent.attempts === 0) ? 'waiting' : 'limbo', attempts: sent?.attempts ?? 0 };
  }
}
