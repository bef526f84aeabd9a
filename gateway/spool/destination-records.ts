// What one destination has said of a segment's records: which it has let go, which were sent to it, which it keeps.
import { Bits } from './bits.js';
import type { Mark } from './marks.js';
import { Rounds } from './rounds.js';

/** A record that was sent and not let go. */
export interface OpenMark {
  readonly at: number;
  readonly attempts: number;
  /** True also where it is not known: the gateway ended before it heard. */
  readonly isAnswered: boolean;
}

export class DestinationRecords {
  readonly done = new Bits();
  /** By the number of the record. */
  readonly sent = new Map<number, OpenMark>();
  readonly kept = new Rounds();

  /** Of so many records, those that it has neither let go nor keeps. */
  left(count: number): number {
    return count - this.done.size - this.kept.size;
  }

  /** @returns true when it lets the record go, and had not before */
  note({ kind, record, at, attempts }: Mark): boolean {
    switch (kind) {
      case 'sent': this.sent.set(record, { at, attempts, isAnswered: true }); break;
      case 'unanswered': this.sent.set(record, { at, attempts, isAnswered: false }); break;
      case 'unsent': this.sent.set(record, { at: 0, attempts, isAnswered: true }); break;
      default: this.sent.delete(record);
    }
    // The round of a record that is kept is where a mark has its attempts.
    if (kind !== 'kept') this.kept.set(record, 0);
    else if (!this.done.has(record)) this.kept.set(record, attempts);
    return kind === 'done' && this.done.add(record);
  }

  /** Nobody waits for it any more. @returns false when that was known */
  skip(record: number): boolean {
    this.kept.set(record, 0);
    return this.done.add(record);
  }
}
