// What is given next: the records of the spool in their order, but for those that have to wait.
import type { StoredType } from '../core/item-policy.js';
import { decodeHeader, type RecordHeader } from '../core/record.js';
import { ANSWER_OVER } from '../core/resend.js';
import type { Spool, SpoolCursor } from '../spool/spool.js';
import type { OpenMark } from '../spool/destination-records.js';
import { UnderWay, type Entry } from './under-way.js';

/** Records that are held outside of the spool's order at most; beyond it nothing new is begun. */
const MOST_ENTRIES = 5_000;

export class Backlog {
  readonly underWay: UnderWay;
  #cursor: SpoolCursor;
  /** Until when a project takes nothing. Milliseconds of Unix time. */
  readonly #throttled = new Map<number, number>();

  /**
   * @param proven as UnderWay has it
   * @param limitedUntil until when else a record has to wait, beside those of projects that are throttled. Milliseconds of Unix time
   */
  constructor(
    private readonly spool: Pick<Spool, 'start' | 'read' | 'isAwaited' | 'segments'>,
    private readonly destination: number,
    proven: ReadonlySet<StoredType>,
    private readonly limitedUntil: (header: RecordHeader, now: number) => number | undefined = () => undefined,
  ) {
    this.underWay = new UnderWay(proven);
    this.#cursor = spool.start;
  }

  /** The next that may be given, of those that are wanted; it stays the next until it is moved. */
  next(now: number, isWanted: (entry: Entry) => boolean = () => true): Entry | undefined {
    const mayGo = (entry: Entry) => !this.#isHeldBack(entry, now) && isWanted(entry);
    this.#skipDone();
    for (let due = this.underWay.due(now, mayGo); due; due = this.underWay.due(now, mayGo)) {
      if (this.spool.isAwaited(due.place, this.destination)) return due;
      // It went for others while it waited, and that was told.
      this.underWay.remove(due);
    }
    for (let entry = this.#read(); entry; entry = this.#read()) {
      if (mayGo(entry)) return entry;
      // It was looked at, and stays for another time; what was wanted may be behind it, and is not worth the search.
      if (!this.#isHeldBack(entry, now)) return undefined;
    }
    return undefined;
  }

  /** When the oldest was received that is not let go, of those in hand that are wanted. Milliseconds of Unix time; undefined: there is none. */
  oldest(isWanted: (entry: Entry) => boolean = () => true): number | undefined {
    // What another destination alone waits for may fill many segments.
    const ahead = this.spool.segments.filter((segment) => segment.number >= this.#cursor.segment && segment.left(this.destination) > 0);
    // What was taken over from another gateway may be older than what lies before it.
    const unread = ahead.map(({ number }) => this.#firstReceivedAt(number === this.#cursor.segment ? this.#cursor : { segment: number, record: 0, offset: 0 }));
    const times = [...this.underWay.all].filter(isWanted).map(({ header }) => header.receivedAt);
    return [...unread, ...times].reduce<number | undefined>((oldest, at) => (oldest === undefined || (at !== undefined && at < oldest) ? at : oldest), undefined);
  }

  /** In one segment, from there on. */
  #firstReceivedAt(start: SpoolCursor): number | undefined {
    for (let read = this.spool.read(start); read.kind !== 'end' && read.next.segment === start.segment; read = this.spool.read(read.next)) {
      if (read.kind === 'damaged' || !this.spool.isAwaited(read.place, this.destination)) continue;
      const header = decodeHeader(read.header);
      if (header) return header.receivedAt;
    }
    return undefined;
  }

  /** What is not in hand is read anew, from the beginning. */
  readAgain(): void {
    this.#cursor = this.spool.start;
  }

  throttle(project: number, until: number): void {
    this.#throttled.set(project, until);
  }

  /** The next of the spool that is not known yet, as one that waits. */
  #read(): Entry | undefined {
    while (this.underWay.size < MOST_ENTRIES) {
      const read = this.spool.read(this.#cursor);
      if (read.kind === 'end') return undefined;
      this.#cursor = read.next;
      // What was kept may be in hand already, to be looked for again.
      if (read.kind === 'damaged' || !this.spool.isAwaited(read.place, this.destination) || this.underWay.get(read.place)) continue;
      const header = decodeHeader(read.header);
      // Written by a version to come: it stays in the spool for that one.
      if (!header) continue;
      const sent = this.spool.segments.find(({ number }) => number === read.place.segment)?.sent(this.destination).get(read.place.record);
      const entry = this.underWay.add(read.place, header, sent === undefined ? {} : restored(sent));
      if (entry.state === 'waiting') return entry;
    }
    return undefined;
  }

  #isHeldBack(entry: Entry, now: number): boolean {
    const { project } = entry.header;
    const until = this.#throttled.get(project);
    if (until !== undefined && until <= now) this.#throttled.delete(project);
    if (until !== undefined && until > now) return true;
    const limited = this.limitedUntil(entry.header, now);
    // Until then it is not asked again.
    if (limited !== undefined) entry.notBefore = Math.max(entry.notBefore, limited);
    return limited !== undefined;
  }

  /** Segments that nothing is left of, for this destination: there may be many, of what came before a move. The newest still grows. */
  #skipDone(): void {
    const ahead = this.spool.segments.filter(({ number }) => number >= this.#cursor.segment);
    const next = ahead.find((segment, index) => index === ahead.length - 1 || segment.left(this.destination) > 0);
    if (next && next.number > this.#cursor.segment) this.#cursor = { segment: next.number, record: 0, offset: 0 };
  }
}

/** As an earlier process left it, whose marks say when a record was given, and not when that was answered. */
function restored({ at, attempts, isAnswered }: OpenMark): Partial<Pick<Entry, 'attempts' | 'sentAt' | 'answeredAt' | 'state'>> {
  const sentAt = at * 1_000;
  return { attempts, sentAt, answeredAt: isAnswered ? sentAt + ANSWER_OVER : undefined, state: at === 0 && attempts === 0 ? 'waiting' : 'limbo' };
}
