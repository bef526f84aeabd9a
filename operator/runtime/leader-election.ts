// Leader election by Lease: of two operators only the holder writes, and a holder that cannot renew stops before another may start.
// Durations are by the monotonic clock: a step of the wall clock must neither keep a holder past its deadline nor depose a live one.
import { sleep, type Clock } from './clock.js';
import { startDeadline } from './deadline.js';

/** A Lease as far as the election reads it. */
export interface LeaseRecord {
  readonly holder: string;
  /** The holder's own clock; only ever compared for having changed, never with ours. */
  readonly renewedAt: string;
  readonly durationSeconds: number;
  readonly transitions: number;
  /** For the optimistic update. */
  readonly resourceVersion: string;
}

/** Writes answer false when somebody else wrote first. */
export interface LeasePort {
  read(signal: AbortSignal): Promise<LeaseRecord | undefined>;
  create(record: Omit<LeaseRecord, 'resourceVersion'>, signal: AbortSignal): Promise<boolean>;
  update(record: LeaseRecord, signal: AbortSignal): Promise<boolean>;
}

export interface ElectionOptions {
  readonly lease: LeasePort;
  readonly clock: Clock;
  /** Unique to this process: two operators of one name would both be leader. */
  readonly identity: string;
  /** A holder not seen to renew for this long is taken to be gone. Milliseconds. */
  readonly duration: number;
  /** The holder gives up when its last renewal is this old: before `duration`, so that there are never two. Milliseconds. */
  readonly renewDeadline: number;
  /** Between two tries to get or renew the Lease. Milliseconds. */
  readonly retryEvery: number;
  /** After a try to renew it that failed at once: there has to be time for a few before the deadline. Milliseconds. */
  readonly renewAgainEvery: number;
  /** Called with a signal that is aborted the moment the Lease is lost; the Lease is released after it returns. */
  readonly onElected: (signal: AbortSignal) => Promise<void>;
  /** Called after every contact with the Lease, good or bad. */
  readonly onContact: (error: unknown) => void;
}

/** Takes part in the election until `signal` is aborted; calls `onElected` as often as it acquires the Lease. */
export async function standForElection(options: ElectionOptions, signal: AbortSignal): Promise<void> {
  const candidate = new Candidate(options);
  while (!signal.aborted) {
    if (await candidate.tryToAcquire(signal)) await leadUntilLost(candidate, options, signal);
    else await sleep(options.clock, options.retryEvery, signal);
  }
}

async function leadUntilLost(candidate: Candidate, options: ElectionOptions, signal: AbortSignal): Promise<void> {
  const lost = new AbortController();
  const term = AbortSignal.any([signal, lost.signal]);
  const renewing = candidate.keepRenewing(term).then(() => lost.abort());
  try {
    await options.onElected(term);
  } finally {
    lost.abort();
    await renewing;
    await candidate.release();
  }
}

class Candidate {
  /** The last record seen of another holder, and when, by our monotonic clock, it was last seen to change. */
  #seen: { readonly record: LeaseRecord; readonly at: number } | undefined;
  #held = false;
  #renewedAt = 0;

  constructor(private readonly options: ElectionOptions) {}

  async tryToAcquire(signal: AbortSignal): Promise<boolean> {
    return this.#contact(async () => {
      const asked = this.options.clock.monotonic();
      const record = await this.options.lease.read(signal);
      this.#held = record ? await this.#takeOver(record, signal) : await this.options.lease.create(this.#record(0), signal);
      this.#renewedAt = asked;
      return this.#held;
    });
  }

  /** Resolves when `term` ends, or the Lease could not be renewed in time. */
  async keepRenewing(term: AbortSignal): Promise<void> {
    const { clock, retryEvery, renewAgainEvery, renewDeadline } = this.options;
    for (let isRenewed = true; ;) {
      await sleep(clock, isRenewed ? retryEvery : renewAgainEvery, term);
      if (term.aborted) return;
      isRenewed = await this.#renewWithin(this.#renewedAt + renewDeadline - clock.monotonic(), term);
      if (!this.#held || clock.monotonic() - this.#renewedAt >= renewDeadline) return;
    }
  }

  /** Releases the Lease, so that the next holder need not wait for it to expire. Best effort: it expires by itself. */
  async release(): Promise<void> {
    if (!this.#held) return;
    this.#held = false;
    const signal = AbortSignal.timeout(this.options.retryEvery);
    await this.#contact(async () => {
      const record = await this.options.lease.read(signal);
      if (record?.holder !== this.options.identity) return false;
      return this.options.lease.update({ ...record, holder: '', durationSeconds: 1 }, signal);
    });
  }

  /**
   * A try that hangs must not keep the holder from noticing its deadline. It has all the time until then: a busy operator on its share of
   * a core may need seconds for an answer that has long come.
   */
  async #renewWithin(milliseconds: number, term: AbortSignal): Promise<boolean> {
    const deadline = startDeadline(term, Math.max(milliseconds, 0), this.options.clock);
    try {
      return await this.#contact(() => this.#renew(deadline.signal));
    } finally {
      deadline.release();
    }
  }

  async #renew(signal: AbortSignal): Promise<boolean> {
    const asked = this.options.clock.monotonic();
    const record = await this.options.lease.read(signal);
    if (record?.holder !== this.options.identity) {
      this.#held = false;
      return false;
    }
    const renewed = await this.options.lease.update({ ...this.#record(record.transitions), resourceVersion: record.resourceVersion }, signal);
    // Counted from before the request: the Lease is never ours for longer than we believe.
    if (renewed) this.#renewedAt = asked;
    return renewed;
  }

  async #takeOver(record: LeaseRecord, signal: AbortSignal): Promise<boolean> {
    if (!this.#isFree(record)) return false;
    const next = { ...this.#record(record.transitions + 1), resourceVersion: record.resourceVersion };
    return this.options.lease.update(next, signal);
  }

  /** Free when nobody holds it, we do, or its holder has not renewed while we watched for its whole duration. */
  #isFree(record: LeaseRecord): boolean {
    if (record.holder === '' || record.holder === this.options.identity) return true;
    const now = this.options.clock.monotonic();
    const same = this.#seen?.record.holder === record.holder && this.#seen.record.renewedAt === record.renewedAt;
    if (!this.#seen || !same) this.#seen = { record, at: now };
    return now - this.#seen.at >= Math.max(record.durationSeconds * 1_000, this.options.duration);
  }

  #record(transitions: number): Omit<LeaseRecord, 'resourceVersion'> {
    const { clock, identity, duration } = this.options;
    return { holder: identity, renewedAt: new Date(clock.now()).toISOString(), durationSeconds: Math.ceil(duration / 1_000), transitions };
  }

  async #contact(attempt: () => Promise<boolean>): Promise<boolean> {
    try {
      const result = await attempt();
      this.options.onContact(undefined);
      return result;
    } catch (error) {
      this.options.onContact(error);
      return false;
    }
  }
}
