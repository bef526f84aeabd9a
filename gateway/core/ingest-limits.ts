// How much may come in: of each project and in all, in events and in bytes, so that one runaway client cannot fill the disk for the others.
import { full, take, type Bucket, type Rate } from './token-bucket.js';

export interface IngestRates {
  readonly events: Rate;
  readonly bytes: Rate;
}

export interface IngestLimits {
  readonly perProject: IngestRates;
  readonly total: IngestRates;
}

interface Buckets {
  events: Bucket;
  bytes: Bucket;
}

/** Projects that are remembered; of more, those that sent longest ago begin with full buckets again. */
const PROJECTS_KEPT = 10_000;

export class IngestLimiter {
  readonly #projects = new Map<number, Buckets>();
  readonly #total: Buckets;

  constructor(private readonly limits: IngestLimits, now: number) {
    this.#total = fullBuckets(limits.total, now);
  }

  /** Seconds to wait; undefined: it may come in. What is refused costs nothing. */
  admit(project: number, bytes: number, now: number): number | undefined {
    const own = this.#projects.get(project) ?? fullBuckets(this.limits.perProject, now);
    const takings = [
      [own, 'events', this.limits.perProject.events, 1], [own, 'bytes', this.limits.perProject.bytes, bytes],
      [this.#total, 'events', this.limits.total.events, 1], [this.#total, 'bytes', this.limits.total.bytes, bytes],
    ] as const;
    const results = takings.map(([buckets, kind, rate, amount]) => take(buckets[kind], rate, amount, now));
    const waits = results.flatMap((result) => (result.kind === 'wait' ? [result.seconds] : []));
    if (waits.length > 0) return Math.max(...waits);
    for (const [index, [buckets, kind]] of takings.entries()) {
      const result = results[index];
      if (result?.kind === 'taken') buckets[kind] = result.bucket;
    }
    this.#remember(project, own);
    return undefined;
  }

  /** What was known only when it had been read: it is paid for afterwards, by whoever comes next. */
  charge(project: number, { events, bytes }: { readonly events: number; readonly bytes: number }): void {
    const own = this.#projects.get(project);
    for (const buckets of [this.#total, ...(own ? [own] : [])]) {
      buckets.events = { ...buckets.events, level: buckets.events.level - events };
      buckets.bytes = { ...buckets.bytes, level: buckets.bytes.level - bytes };
    }
  }

  #remember(project: number, buckets: Buckets): void {
    this.#projects.delete(project);
    this.#projects.set(project, buckets);
    const [oldest] = this.#projects.keys();
    if (this.#projects.size > PROJECTS_KEPT && oldest !== undefined) this.#projects.delete(oldest);
  }
}

function fullBuckets({ events, bytes }: IngestRates, now: number): Buckets {
  return { events: full(events, now), bytes: full(bytes, now) };
}
