// What becomes of a record: in hand and in the spool's marks at once.
import type { ProjectShares } from '../core/project-shares.js';
import type { MarkKind } from '../spool/marks.js';
import { sizeOf } from '../spool/place.js';
import type { PlaceMark, Spool } from '../spool/spool.js';
import type { BatchRecord } from './batch.js';
import type { Entry, UnderWay } from './under-way.js';

export interface RecordStatesPorts {
  readonly spool: Pick<Spool, 'body' | 'mark'>;
  /** Number of the destination in the spool's marks. */
  readonly destination: number;
  readonly shares: Pick<ProjectShares, 'letGo'>;
  /** Durable when it returns. @throws the system's error */
  readonly setAside: (record: BatchRecord, reason: { readonly why: string; readonly attempts: number }) => void;
  /** Milliseconds of Unix time. */
  readonly now: () => number;
  readonly log: (message: string, fields: Readonly<Record<string, unknown>>) => void;
}

/** Milliseconds. */
const ASIDE_AGAIN = 10_000;

export class RecordStates {
  constructor(private readonly ports: RecordStatesPorts, private readonly underWay: UnderWay) {}

  /** Before any of it leaves: whatever happens to this process, the next knows what may be at GlitchTip. @throws when the marks cannot be written; they wait again then */
  leave(entries: readonly Entry[]): void {
    try {
      this.#mark(entries, 'sent', true);
    } catch (error) {
      for (const entry of entries) this.wait(entry, 0);
      throw error;
    }
  }

  /** Their requests begin. */
  sent(entries: readonly Entry[]): void {
    const at = this.ports.now();
    for (const entry of entries) {
      entry.sentAt = at;
      entry.queueEmptyAt = undefined;
      entry.overtakenAt = undefined;
      entry.answeredAt = undefined;
      entry.attempts += 1;
    }
  }

  taken(entries: readonly Entry[]): void {
    const answeredAt = this.ports.now();
    for (const entry of entries) {
      entry.answeredAt = answeredAt;
      this.underWay.move(entry, 'taken');
    }
    // What leaves no row is let go of with its answer.
    this.letGo(entries.filter(({ missing }) => missing.size === 0));
  }

  /** They may have arrived: they are looked for, and hold nobody back. */
  unanswered(entries: readonly Entry[]): void {
    for (const entry of entries) this.underWay.move(entry, 'limbo');
    this.#mark(entries, 'unanswered', false);
  }

  /** It was no attempt: nothing of it is below. @param pause milliseconds until another */
  unsent(entries: readonly Entry[], pause: number): void {
    for (const entry of entries) {
      entry.attempts -= 1;
      this.wait(entry, pause);
    }
    this.#mark(entries, 'unsent', false);
  }

  /** It was no attempt, and is in hand no more: the spool alone has it. */
  park(entries: readonly Entry[]): void {
    this.unsent(entries, 0);
    for (const entry of entries) this.underWay.remove(entry);
  }

  /** @param pause milliseconds */
  wait(entry: Entry, pause: number): void {
    entry.notBefore = this.ports.now() + pause;
    this.underWay.move(entry, 'waiting');
  }

  letGo(entries: readonly Entry[]): void {
    for (const entry of entries) this.drop(entry);
    if (entries.length > 0) this.#mark(entries, 'done', false);
  }

  /** In the spool alone, for the case that another database is live later. */
  keep(entries: readonly Entry[], round: number): void {
    for (const entry of entries) this.drop(entry);
    if (entries.length > 0) this.#mark(entries, 'kept', false, round);
  }

  /** They were kept, and are not any more: nobody drops them to make room before they are found. */
  lookFor(entries: readonly Entry[]): void {
    const marks = entries.map(({ place, sentAt, attempts }): PlaceMark => ({ place, kind: 'sent', at: Math.floor(sentAt / 1_000), destination: this.ports.destination, attempts }));
    if (marks.length > 0) this.ports.spool.mark(marks, false);
  }

  setAside(entry: Entry, why: string): void {
    const body = this.ports.spool.body(entry.place);
    try {
      if (body) this.ports.setAside({ header: entry.header, body }, { why, attempts: entry.attempts });
    } catch (error) {
      // Nothing of it is below: it is tried again, as long as there is no room for it elsewhere.
      if (entry.state === 'sending') this.unsent([entry], ASIDE_AGAIN);
      throw error;
    }
    this.ports.log('a record was set aside', { record: entry.header.id, project: entry.header.project, why });
    this.letGo([entry]);
  }

  /** It is in hand no more. */
  drop(entry: Entry): void {
    this.underWay.remove(entry);
    this.ports.shares.letGo(entry.header.project, sizeOf(entry.place));
  }

  /** @param number instead of the attempts */
  #mark(entries: readonly Entry[], kind: MarkKind, durable: boolean, number?: number): void {
    const at = Math.floor(this.ports.now() / 1_000);
    // "sent" is written before it is counted.
    const marks = entries.map(({ place, attempts }): PlaceMark => ({ place, kind, at, destination: this.ports.destination, attempts: number ?? attempts + (kind === 'sent' ? 1 : 0) }));
    this.ports.spool.mark(marks, durable);
  }
}
