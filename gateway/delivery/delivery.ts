/**
 * Gives the spool's records to GlitchTip at the pace that it can hold, and lets go of each when its rows are in Postgres. `give` sends what
 * fits the window, `confirm` looks for rows, `judge` decides what becomes of what stays away.
 */
import type { ItemPolicy, StoredType } from '../core/item-policy.js';
import type { RecordHeader } from '../core/record.js';
import { judgeMissing, judgeUnproven, type Pipeline, type ResendVerdict, type Storing } from '../core/resend.js';
import { judgeAnswer, type AnswerVerdict, type UpstreamAnswer } from '../core/upstream-answer.js';
import { closed, confirmed, mayGo, OPENING, troubled, type Window, type WindowLimits } from '../core/window.js';
import type { Place } from '../spool/place.js';
import type { Spool } from '../spool/spool.js';
import { Apart } from './apart.js';
import { Backlog } from './backlog.js';
import { composeRequest, mayJoin, type UpstreamRequest } from './batch.js';
import { KeptRecords, type KeptRecordsPorts } from './kept-records.js';
import { Parked, type ParkedPorts } from './parked.js';
import type { QueueLengths } from './queue.js';
import { RecordStates, type RecordStatesPorts } from './record-states.js';
import type { Entry } from './under-way.js';

export interface DeliveryPorts extends RecordStatesPorts, Pick<KeptRecordsPorts, 'keep'>, ParkedPorts {
  readonly spool: Pick<Spool, 'start' | 'read' | 'body' | 'mark' | 'isAwaited' | 'segments' | 'letGoOfKept'>;
  readonly policy: ItemPolicy;
  readonly storing: Storing;
  readonly limits: WindowLimits;
  /** Never rejects. */
  readonly send: (request: UpstreamRequest) => Promise<UpstreamAnswer>;
  /** Whether web, its database and its queue answer, asked without an event. Never rejects. */
  readonly probe: () => Promise<boolean>;
  /** Ids whose rows are there, of those asked for. @throws when Postgres cannot be asked */
  readonly find: (wanted: readonly WantedRow[]) => Promise<ReadonlySet<string>>;
  /** @throws when it cannot be looked at */
  readonly queue: () => Promise<QueueLengths>;
  /** @throws when it cannot be looked at */
  readonly observePipeline: () => Promise<Pick<Pipeline, 'workerStartedAt' | 'openTransactionsAt'>>;
  /** Its rows were seen. */
  readonly onStored?: (header: RecordHeader) => void;
}

export interface WantedRow {
  readonly type: StoredType;
  readonly id: string;
  /** When it was received at the earliest: older partitions need not be looked at. Milliseconds of Unix time. */
  readonly since: number;
}

/** Requests to web at a time: uWSGI has four threads (charts/releases.ts). */
const MOST_REQUESTS = 4;
/** A record that was not seen for so long, while younger ones were, makes room for others. Milliseconds. */
const SEEN_WITHIN = 30_000;
/**
 * While none is seen any more, one goes beyond the window so often, if somebody took the one before it: if that one is seen, the others
 * were lost below. One that nobody takes says that there is no worker, and more of them would only be more that it finds when it
 * comes. Milliseconds.
 */
const STALLED_EVERY = 10_000;
/** A key that GlitchTip refuses, though Postgres had it: it may be blocked for 30 s. Milliseconds; times. */
const DENIED = { pause: 35_000, tries: 10 };

interface Group {
  readonly entries: readonly Entry[];
  readonly request: UpstreamRequest;
}

export class Delivery {
  readonly #backlog: Backlog;
  readonly #states: RecordStates;
  readonly #kept: KeptRecords;
  readonly #parked: Parked;
  #window: Window = OPENING;
  #requests = 0;
  #resent = 0;
  #confirmedSentAt: number | undefined;
  /** When one may go although nothing is seen any more. Undefined: what was given is seen. */
  #stalledUntil: number | undefined;
  /** One may go beyond the window now. */
  #mayTry = false;
  /** One of several that was refused together is given by itself. */
  readonly #alone = new WeakSet<Entry>();
  readonly #apart = new Apart();

  constructor(private readonly ports: DeliveryPorts) {
    this.#backlog = new Backlog(ports.spool, ports.destination, ports.policy.proven);
    this.#states = new RecordStates(ports, this.#backlog.underWay);
    this.#kept = new KeptRecords(ports, this.#backlog.underWay, this.#states);
    this.#parked = new Parked(ports, this.#states);
  }

  get window(): Window {
    return this.#window;
  }

  /** How often it gave a record once more, for Postgres did not have it. Since it started. */
  get resent(): number {
    return this.#resent;
  }

  get entries(): readonly Entry[] {
    return [...this.#backlog.underWay.all];
  }

  /** When the oldest record was received that is not let go. Milliseconds of Unix time; undefined: there is none. */
  get oldest(): number | undefined {
    return this.#backlog.oldest();
  }

  /** As oldest, of those that were not given to GlitchTip yet. */
  get oldestWaiting(): number | undefined {
    return this.#backlog.oldest(({ state, attempts }) => state === 'waiting' && attempts === 0);
  }

  /** Undefined for what is done, or was not looked at yet. */
  entry(place: Pick<Place, 'segment' | 'record'>): Entry | undefined {
    return this.#backlog.underWay.get(place);
  }

  /** Gives what fits now. Resolves when the requests that it began are answered. @throws when the marks cannot be written: nothing left then */
  async give(): Promise<void> {
    if (this.#parked.isOver(this.#kept.look())) this.#backlog.readAgain();
    if (this.#window.closed) await this.#tryTheWay(this.#window);
    this.#mayTry = await this.#isTimeToTry();
    const { underWay } = this.#backlog;
    if (this.#apart.begin(underWay.inWindow.events, this.ports.now())) for (const entry of underWay.in('taken')) underWay.move(entry, 'limbo');
    const groups: Group[] = [];
    for (let group = this.#nextGroup(); group; group = this.#nextGroup()) {
      groups.push(group);
      if (this.#requests + groups.length >= MOST_REQUESTS) break;
    }
    this.#apart.end();
    const given = groups.flatMap(({ entries }) => entries);
    if (given.length === 0) return;
    this.#states.leave(given);
    this.#requests += groups.length;
    await Promise.all(groups.map((group) => this.#send(group)));
  }

  /** Looks for the rows of what was given, and of what was kept while another database was live. @throws when Postgres cannot be asked, or the volume cannot be written */
  async confirm(): Promise<void> {
    this.#kept.lookAgain();
    const sought = [...this.#backlog.underWay.in('taken'), ...this.#backlog.underWay.in('limbo')].filter(leavesRow);
    if (sought.length > 0) await this.#find(sought);
    this.#expire(this.ports.now());
  }

  /** Decides what becomes of what stays away; Postgres is asked last. @throws when Postgres or the queue cannot be looked at */
  async judge(): Promise<void> {
    const all = this.#backlog.underWay.in('limbo');
    for (const entry of all) if (!leavesRow(entry)) this.#judged(entry, judgeUnproven(entry, this.ports.now()));
    const limbo = all.filter(leavesRow);
    if (limbo.length === 0) return;
    const at = this.ports.now();
    const { waiting, taken } = await this.ports.queue();
    const observed = await this.ports.observePipeline();
    for (const entry of limbo) this.#remember(entry, { isEmpty: waiting + taken === 0, at });
    const pipeline = { ...observed, confirmedSentAt: this.#confirmedSentAt, storing: this.ports.storing };
    for (const entry of await this.#find(limbo)) this.#judged(entry, judgeMissing(entry, pipeline, this.ports.now()));
  }

  #judged(entry: Entry, verdict: ResendVerdict): void {
    if (verdict.kind === 'resend') {
      this.#resent += 1;
      this.#states.wait(entry, 0);
    } else if (verdict.kind === 'set aside') this.#states.setAside(entry, verdict.why);
  }

  /** What was seen of the way since it was given. */
  #remember(entry: Entry, { isEmpty, at }: { readonly isEmpty: boolean; readonly at: number }): void {
    if (isEmpty && entry.sentAt < at) entry.queueEmptyAt ??= at;
    if (entry.queueEmptyAt !== undefined && (this.#confirmedSentAt ?? 0) > entry.queueEmptyAt) entry.overtakenAt ??= at;
  }

  /** What stays away while younger ones are seen is no reason to hold others back; what stays away with all others is. */
  #expire(now: number): void {
    const late = this.#backlog.underWay.in('taken').filter(({ sentAt }) => now - sentAt >= SEEN_WITHIN);
    const overtaken = late.filter(({ sentAt }) => sentAt < (this.#confirmedSentAt ?? 0));
    for (const entry of overtaken) this.#backlog.underWay.move(entry, 'limbo');
    if (overtaken.length > 0) this.#window = troubled(this.#window);
    this.#stalledUntil = late.length > overtaken.length ? this.#stalledUntil ?? now : undefined;
  }

  async #tryTheWay(window: Window): Promise<void> {
    const { probeAt = 0, why = '' } = window.closed ?? {};
    if (this.ports.now() < probeAt) return;
    this.#window = (await this.ports.probe()) ? OPENING : closed(window, why, this.ports.now());
  }

  /** A queue that cannot be looked at may be full. */
  async #isTimeToTry(): Promise<boolean> {
    const now = this.ports.now();
    if (this.#stalledUntil === undefined || now < this.#stalledUntil || this.#window.closed) return false;
    this.#stalledUntil = now + STALLED_EVERY;
    return this.ports.queue().then(({ waiting }) => waiting === 0, () => false);
  }

  /** The next records that fit, together where they may be. */
  #nextGroup(): Group | undefined {
    const records: { readonly entry: Entry; readonly body: Buffer }[] = [];
    const together = { events: 0, bytes: 0 };
    for (let entry = this.#next(records[0]?.entry, together); entry; entry = this.#next(records[0]?.entry, together)) {
      const body = this.ports.spool.body(entry.place);
      // Damaged: the spool has reported it, and nobody can be given it.
      if (!body) {
        this.#states.drop(entry);
        continue;
      }
      this.#backlog.underWay.move(entry, 'sending');
      records.push({ entry, body });
      together.events += entry.header.events.length;
      together.bytes += entry.header.size;
    }
    const [first, ...others] = records.map(({ entry, body }) => ({ header: entry.header, body }));
    return first && { entries: records.map(({ entry }) => entry), request: composeRequest([first, ...others], this.ports.policy, this.ports.now()) };
  }

  #next(first: Entry | undefined, together: { readonly events: number; readonly bytes: number }): Entry | undefined {
    const now = this.ports.now();
    const fits = (next: Entry) => !first || this.#joins(first, next, together);
    const entry = this.#backlog.next(now, (next) => this.#apart.isTurnOf(next, now) && fits(next)) ?? this.#backlog.next(now, fits);
    if (!entry) return undefined;
    if (this.#stalledUntil !== undefined) return this.#mayTry ? this.#tried(entry) : undefined;
    const { inWindow } = this.#backlog.underWay;
    return mayGo(this.#window, this.ports.limits, inWindow, entry.header.size) && this.#apart.admits(entry, inWindow.events, now) ? entry : undefined;
  }

  #joins(first: Entry, next: Entry, together: { readonly events: number; readonly bytes: number }): boolean {
    return !this.#alone.has(first) && !this.#alone.has(next) && mayJoin(first.header, next.header, together);
  }

  #tried(entry: Entry): Entry {
    this.#mayTry = false;
    return entry;
  }

  async #send({ entries, request }: Group): Promise<void> {
    this.#states.sent(entries);
    const verdict = judgeAnswer(await this.ports.send(request));
    this.#requests -= 1;
    this.#follow(verdict, entries);
  }

  #follow(verdict: AnswerVerdict, entries: readonly Entry[]): void {
    switch (verdict.kind) {
      case 'taken': this.#states.taken(entries); break;
      case 'unsure': this.#unsure(entries, verdict.why); break;
      case 'again': this.#again(entries, verdict.why); break;
      case 'throttled': this.#throttled(entries, verdict.seconds); break;
      case 'denied': this.#denied(entries); break;
      case 'refused': this.#refused(entries, verdict.why); break;
    }
  }

  #unsure(entries: readonly Entry[], why: string): void {
    this.#close(why);
    this.#states.unanswered(entries);
  }

  #again(entries: readonly Entry[], why: string): void {
    this.#close(why);
    this.#states.unsent(entries, 0);
  }

  #throttled(entries: readonly Entry[], seconds: number): void {
    for (const { header } of entries) this.#backlog.throttle(header.project, this.ports.now() + seconds * 1_000);
    this.#states.unsent(entries, 0);
  }

  #denied(denied: readonly Entry[]): void {
    const entries = this.#parked.park(denied);
    for (const entry of entries) entry.denials += 1;
    // What Postgres does not have either is blocked by nobody.
    const tried = entries.filter(({ denials, header }) => denials >= DENIED.tries || !this.ports.hasKey(header));
    for (const entry of tried) this.#states.setAside(entry, 'GlitchTip does not know its project and key any more');
    this.#states.unsent(entries.filter((entry) => !tried.includes(entry)), DENIED.pause);
  }

  /** One of several that is refused takes the others with it: each is given by itself then. */
  #refused(entries: readonly Entry[], why: string): void {
    if (entries.length === 1) for (const entry of entries) this.#states.setAside(entry, why);
    else {
      for (const entry of entries) this.#alone.add(entry);
      this.#states.unsent(entries, 0);
    }
  }

  #close(why: string): void {
    this.#window = closed(this.#window, why, this.ports.now());
  }

  /** @returns those that are still missing */
  async #find(entries: readonly Entry[]): Promise<Entry[]> {
    const kept = this.#kept.look();
    const found = await this.ports.find(entries.flatMap(wantedOf));
    for (const { missing } of entries) for (const id of missing) if (found.has(id)) missing.delete(id);
    const whole = entries.filter(({ missing }) => missing.size === 0);
    for (const { header, sentAt } of whole) {
      this.#window = confirmed(this.#window, this.ports.limits, header.size);
      this.#confirmedSentAt = Math.max(this.#confirmedSentAt ?? 0, sentAt);
    }
    this.#kept.seen(whole, kept);
    for (const { header } of whole) this.ports.onStored?.(header);
    return entries.filter(({ missing }) => missing.size > 0);
  }
}

/** A row may be older than the request by the difference of two clocks. Milliseconds. */
const CLOCK_SKEW = 60_000;

/** One whose rows were all seen is in hand no more. */
function leavesRow({ missing }: Entry): boolean {
  return missing.size > 0;
}

function wantedOf({ header, missing }: Entry): WantedRow[] {
  return header.events.filter(({ id }) => missing.has(id)).map(({ type, id }) => ({ type, id, since: header.receivedAt - CLOCK_SKEW }));
}
