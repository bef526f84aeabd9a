/**
 * Gives the old Sentry of a move its records, beside whatever is given to GlitchTip: each by itself, over few connections. It is let go with
 * a 2xx, or with a refusal, which is counted. A second copy after a crash does no harm, for Sentry knows events by their ids.
 */
import type { StoredType } from '../core/item-policy.js';
import type { MovePair } from '../core/move-order.js';
import { judgeOldStatus } from '../core/old-verdict.js';
import { RateLimits } from '../core/rate-limits.js';
import type { RecordHeader } from '../core/record.js';
import { Backlog } from '../delivery/backlog.js';
import type { Entry } from '../delivery/under-way.js';
import { OLD_SENTRY } from '../spool/destination-numbers.js';
import { sizeOf } from '../spool/place.js';
import type { Spool } from '../spool/spool.js';
import { AwayState } from './away-state.js';
import type { MoveCount, MovedRecord } from './move-counts.js';
import type { Move, MoveState } from './move.js';
import { oldRequest } from './old-request.js';
import type { OldAnswer, OldRequest } from './old-sender.js';

export interface OldDeliveryPorts {
  readonly spool: Pick<Spool, 'start' | 'read' | 'body' | 'mark' | 'isAwaited' | 'segments' | 'letGoOf'>;
  readonly move: Pick<Move, 'current' | 'pairOf'>;
  /** Never rejects. */
  readonly send: (request: OldRequest) => Promise<OldAnswer>;
  readonly count: (what: MoveCount) => void;
  /** Milliseconds of Unix time. */
  readonly now: () => number;
  /** What goes wrong again and again, as a sentence, and why: said once a minute. */
  readonly failed: (what: string, why: unknown) => void;
}

/** Of the old one nobody sees a row: what it answers 2xx to is its own. */
const NOT_SEEN: ReadonlySet<StoredType> = new Set();
/** Requests at a time, and bytes of them: what memory holds beside GlitchTip's. */
export const MOST_REQUESTS = 10;
const MOST_BYTES = 4 * 2 ** 20;
/** Records that wait for the end of a limit: what is over it is refused, as an SDK would have thrown it away. In all; milliseconds of each. */
const LIMITED = { records: 2_500, longest: 3_600_000 };
/** What is over these bounds is looked for so often. Milliseconds. */
const LIMITED_EVERY = 1_000;
/** It fails with one record while it takes others: it will never take that one, after so many times. Milliseconds from one to the next, doubled each time. */
const FAILED = { tries: 8, pause: 5_000 };

export class OldDelivery {
  #backlog: Backlog;
  #limits = new RateLimits();
  #away = new AwayState();
  #open = { requests: 0, bytes: 0 };
  #sent = 0;
  readonly #refused = new Map<string, number>();
  #refusedAt: number | undefined;
  #takenAt = 0;
  #limitedAt = 0;
  readonly #idle: (() => void)[] = [];

  constructor(private readonly ports: OldDeliveryPorts) {
    this.#backlog = this.#newBacklog();
  }

  /** Records that it took, and those that it refused by what it answered, since this gateway started. */
  get counts(): { readonly sent: number; readonly refused: Readonly<Record<string, number>> } {
    return { sent: this.#sent, refused: Object.fromEntries(this.#refused) };
  }

  /** When it refused one last, for good. Milliseconds of Unix time; undefined: it did not since this gateway started. */
  get refusedAt(): number | undefined {
    return this.#refusedAt;
  }

  /** Why nothing is given to it. Undefined: it takes what it is given. */
  get closed(): AwayState['closed'] {
    return this.#away.closed;
  }

  /** When the oldest was received that it waits for. Milliseconds of Unix time; undefined: there is none. */
  get oldest(): number | undefined {
    return this.#backlog.oldest();
  }

  /** Begins what may be begun now; each answer begins the next. @throws the system's error */
  give(): void {
    const { current } = this.ports.move;
    if (current === 'damaged') return;
    if (!current) { this.#letGo(); return; }
    if (this.ports.now() - this.#limitedAt >= LIMITED_EVERY) this.#refuseLimited();
    while (this.#open.requests < MOST_REQUESTS && this.#begin(current)) continue;
  }

  /** Resolves when no request is open any more. */
  async isIdle(): Promise<void> {
    if (this.#open.requests > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  /** There is no move: it waits for nothing. */
  #letGo(): void {
    if (this.ports.spool.segments.every((segment) => segment.left(OLD_SENTRY) === 0)) return;
    this.ports.spool.letGoOf(OLD_SENTRY);
    [this.#backlog, this.#limits, this.#away] = [this.#newBacklog(), new RateLimits(), new AwayState()];
  }

  #newBacklog(): Backlog {
    return new Backlog(this.ports.spool, OLD_SENTRY, NOT_SEEN, (header, now) => this.#limitedUntil(header, now));
  }

  /** @returns whether there was one that may go */
  #begin(state: MoveState): boolean {
    const now = this.ports.now();
    if (!this.#away.mayTry(this.#open.requests, now)) return false;
    const entry = this.#backlog.next(now, ({ place }) => this.#open.requests === 0 || this.#open.bytes + sizeOf(place) <= MOST_BYTES);
    if (!entry) return false;
    const { header, place } = entry;
    const pair = header.move?.since === state.since ? this.ports.move.pairOf(header.move) : undefined;
    const body = pair && this.ports.spool.body(place);
    if (!body) this.#forget(entry, pair);
    else this.#send(entry, oldRequest(header, body, pair.old)).catch((error: unknown) => this.ports.failed('what the old Sentry answered cannot be written down', error));
    return true;
  }

  /** Of another move, or of a pair that is none any more; or it is damaged, which the spool has reported. */
  #forget(entry: Entry, pair: MovePair | undefined): void {
    if (pair) this.#count(entry.header, 'lacks', 'it could not be read from the disk');
    this.#done(entry);
  }

  async #send(entry: Entry, request: OldRequest): Promise<void> {
    const bytes = sizeOf(entry.place);
    this.#backlog.underWay.move(entry, 'sending');
    this.#open = { requests: this.#open.requests + 1, bytes: this.#open.bytes + bytes };
    const answer = await this.ports.send(request);
    this.#open = { requests: this.#open.requests - 1, bytes: this.#open.bytes - bytes };
    const isEnding = this.#idle.length > 0;
    if (this.#open.requests === 0) for (const resolve of this.#idle.splice(0)) resolve();
    this.#follow(entry, answer);
    if (!isEnding) this.give();
  }

  #follow(entry: Entry, answer: OldAnswer): void {
    const now = this.ports.now();
    if (answer.kind === 'away') { this.#failed(entry, answer.why, answer.isStale ? 0 : undefined); return; }
    this.#limits.obey(entry.header.move?.project ?? 0, answer.limits, now);
    const verdict = judgeOldStatus(answer.status);
    switch (verdict.kind) {
      case 'taken': this.#taken(entry); break;
      case 'limited': this.#again(entry, 0); break;
      case 'refused': this.#refuse(entry, String(answer.status)); break;
      case 'away': this.#failed(entry, verdict.why); break;
    }
    // Whatever it says, it is there.
    if (verdict.kind !== 'away') this.#isThere();
  }

  /** What waits because it was away need not wait any longer. */
  #isThere(): void {
    if (this.#away.closed) for (const entry of this.#backlog.underWay.in('waiting')) if (entry.attempts > 0) entry.notBefore = 0;
    this.#away = this.#away.isThere();
  }

  #taken(entry: Entry): void {
    this.#takenAt = this.ports.now();
    this.#sent += 1;
    this.#count(entry.header, 'has');
    this.#done(entry);
  }

  #refuse(entry: Entry, why: string): void {
    this.#refused.set(why, (this.#refused.get(why) ?? 0) + 1);
    this.#refusedAt = this.ports.now();
    this.#count(entry.header, 'lacks', `the old one answered ${why}`);
    this.ports.failed(`the old Sentry refuses records with ${why}`, `one of project ${entry.header.move?.project ?? 0}`);
    this.#done(entry);
  }

  /** @param pause milliseconds; undefined: it is away, or this record is what it fails with */
  #failed(entry: Entry, why: string, pause?: number): void {
    const now = this.ports.now();
    if (pause !== undefined) { this.#again(entry, pause); return; }
    // Of those that it fails with while it takes others, and only of them, it is said that it will never take them.
    if (this.#takenAt > entry.sentAt && entry.sentAt > 0) entry.denials += 1;
    entry.sentAt = now;
    entry.attempts += 1;
    if (entry.denials >= FAILED.tries) { this.#refuse(entry, why.replace('it answered ', '')); return; }
    this.#away = this.#away.failed(why, now);
    if (this.#away.closed) this.ports.failed('nothing can be given to the old Sentry', why);
    this.#again(entry, FAILED.pause * 2 ** Math.min(entry.attempts - 1, 6));
  }

  #again(entry: Entry, pause: number): void {
    entry.notBefore = this.ports.now() + pause;
    this.#backlog.underWay.move(entry, 'waiting');
  }

  /** Of what waits for the end of a limit, what is too much of it, or would wait too long. */
  #refuseLimited(): void {
    const now = this.#limitedAt = this.ports.now();
    const limited = this.#backlog.underWay.in('waiting').flatMap((entry) => {
      const until = this.#limitedUntil(entry.header, now);
      return until === undefined ? [] : [{ entry, isTooLong: until - entry.header.receivedAt > LIMITED.longest }];
    });
    const tooMany = limited.length - LIMITED.records;
    for (const [index, { entry, isTooLong }] of limited.entries()) if (isTooLong || index < tooMany) this.#refuse(entry, '429');
  }

  #limitedUntil({ move }: RecordHeader, now: number): number | undefined {
    return move && this.#limits.until(move.project, move.types, now);
  }

  #count(header: RecordHeader, kind: 'has' | 'lacks', why = ''): void {
    if (!header.move) return;
    const record: MovedRecord = { ...header, move: header.move };
    this.ports.count(kind === 'has' ? { kind, record, side: 'old' } : { kind, record, side: 'old', why });
  }

  /** It is let go. Not durable: after a power cut it is given once more. */
  #done(entry: Entry): void {
    this.#backlog.underWay.remove(entry);
    this.ports.spool.mark([{ place: entry.place, kind: 'done', destination: OLD_SENTRY, at: Math.floor(this.ports.now() / 1_000), attempts: 0 }], false);
  }
}
