// A work queue of keys: one key is worked on once at a time, is never lost while it is worked on, and fails with backoff.
import { delayAfter, type Backoff } from './backoff.js';
import type { Clock } from './clock.js';

/** The worker's result: when to requeue this key, if it is not added before. Milliseconds. */
export interface Outcome {
  readonly requeueAfter?: number;
  /** Something of it failed that is tried again in its own time: it counts as a failure, and has no backoff. @default false */
  readonly failed?: boolean;
}

export interface QueueOptions {
  readonly clock: Clock;
  readonly backoff: Backoff;
  /** Works on one key; what it throws is reported, and the key tried again with backoff. */
  readonly work: (key: string, signal: AbortSignal) => Promise<Outcome>;
  readonly onError: (key: string, error: unknown, retryIn: number) => void;
}

export class KeyedQueue {
  readonly #ready = new Set<string>();
  readonly #waiting = new Map<string, () => void>();
  readonly #failures = new Map<string, number>();
  readonly #stop = new AbortController();
  #running: Promise<void> | undefined;
  #busySince: number | undefined;

  constructor(private readonly options: QueueOptions) {}

  /** Keys that are due now, without those whose requeue time has not come. */
  get depth(): number {
    return this.#ready.size;
  }

  /** Work on `key` as soon as possible. Adding a key that waits already changes nothing; one that is being worked on runs once more. */
  add(key: string): void {
    if (this.#stop.signal.aborted) return;
    this.#cancelWait(key);
    this.#ready.add(key);
    this.#running ??= this.#drain();
  }

  /** Work on `key` after `milliseconds`, unless it is added before; the newest wait replaces an older one. */
  addAfter(key: string, milliseconds: number): void {
    if (this.#stop.signal.aborted || this.#ready.has(key)) return;
    this.#cancelWait(key);
    this.#waiting.set(key, this.options.clock.after(milliseconds, () => this.add(key)));
  }

  /** Forgets a key that does not exist any more. */
  forget(key: string): void {
    this.#cancelWait(key);
    this.#ready.delete(key);
    this.#failures.delete(key);
  }

  /** Takes no more work, aborts the work under way, and resolves when it has ended. */
  async stop(): Promise<void> {
    this.#stop.abort();
    this.#ready.clear();
    for (const key of [...this.#waiting.keys()]) this.#cancelWait(key);
    await this.#running;
  }

  /** When the work that is under way began, by the monotonic clock of the options; undefined when there is none. */
  get busySince(): number | undefined {
    return this.#busySince;
  }

  async #drain(): Promise<void> {
    // Yield once, so that keys added in one go are seen together and `add` never runs work synchronously.
    await Promise.resolve();
    for (let key = this.#next(); key !== undefined; key = this.#next()) await this.#workOn(key);
    this.#running = undefined;
  }

  #next(): string | undefined {
    const [key] = this.#ready;
    if (key !== undefined) this.#ready.delete(key);
    return key;
  }

  async #workOn(key: string): Promise<void> {
    this.#busySince = this.options.clock.monotonic();
    try {
      const { requeueAfter } = await this.options.work(key, this.#stop.signal);
      this.#failures.delete(key);
      if (requeueAfter !== undefined) this.addAfter(key, requeueAfter);
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      const failures = (this.#failures.get(key) ?? 0) + 1;
      this.#failures.set(key, failures);
      const retryIn = delayAfter(failures, this.options.backoff);
      this.options.onError(key, error, retryIn);
      this.addAfter(key, retryIn);
    } finally {
      this.#busySince = undefined;
    }
  }

  #cancelWait(key: string): void {
    this.#waiting.get(key)?.();
    this.#waiting.delete(key);
  }
}
