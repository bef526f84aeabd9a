/**
 * What a Sentry says of how much it takes (https://develop.sentry.dev/sdk/expected-features/rate-limiting/): in X-Sentry-Rate-Limits by categories, of the
 * organization, a project or a key; with a bare 429 in Retry-After, of everything.
 */

export interface RateLimit {
  readonly seconds: number;
  /** Empty: all. */
  readonly categories: readonly string[];
  /** Of every project. */
  readonly isOfOrganization: boolean;
}

/** Of a bare 429, and of one that says a time that is none. Seconds. */
const USUAL = 60;

/** Types of items (https://develop.sentry.dev/sdk/data-model/envelope-items/) and their categories; what is not here is `default`. */
const CATEGORIES: Readonly<Record<string, string>> = {
  event: 'error', minidump: 'error', transaction: 'transaction', attachment: 'attachment', session: 'session', sessions: 'session', security: 'security', check_in: 'monitor',
  profile: 'profile', profile_chunk: 'profile_chunk', replay_event: 'replay', replay_recording: 'replay', replay_video: 'replay', span: 'span', 'child span': 'span',
  feedback: 'feedback', user_report: 'feedback', user_feedback: 'feedback', log: 'log_item', otel_log: 'log_item', statsd: 'metric_bucket', metric_buckets: 'metric_bucket',
};

/** @param header X-Sentry-Rate-Limits: "60:error;transaction:key, 2700::organization". Pure. */
export function readRateLimits(header: string): readonly RateLimit[] {
  return header.split(',').flatMap((text) => {
    const [seconds = '', categories = '', scope = ''] = text.trim().split(':');
    const isTime = /^\d{1,9}$/.test(seconds);
    return isTime ? [{ seconds: Number(seconds), categories: categories.split(';').filter((each) => each !== ''), isOfOrganization: scope === 'organization' }] : [];
  });
}

/** Of an answer, with 429 or not. @param retryAfter of the header; undefined: none, or no number of seconds. Pure. */
export function limitsOf({ status, rateLimits, retryAfter }: { readonly status: number; readonly rateLimits: string | undefined; readonly retryAfter: number | undefined }): readonly RateLimit[] {
  const limits = readRateLimits(rateLimits ?? '');
  return limits.length > 0 || status !== 429 ? limits : [{ seconds: retryAfter ?? USUAL, categories: [], isOfOrganization: false }];
}

const EVERYTHING = '*';

/** Until when a project, or everything, takes nothing of a category. */
export class RateLimits {
  /** "PROJECT CATEGORY", each of them or EVERYTHING, and until when. Milliseconds of Unix time. */
  readonly #until = new Map<string, number>();

  obey(project: number, limits: readonly RateLimit[], now: number): void {
    for (const { seconds, categories, isOfOrganization } of limits) {
      for (const category of categories.length > 0 ? categories : [EVERYTHING]) this.#until.set(`${isOfOrganization ? EVERYTHING : project} ${category}`, now + seconds * 1_000);
    }
  }

  /** Until when nothing of it would be taken. Milliseconds of Unix time; undefined: it may go, if only in part. */
  until(project: number, types: readonly string[], now: number): number | undefined {
    const categories = new Set(types.map((type) => CATEGORIES[type] ?? 'default'));
    const ends = [...(categories.size > 0 ? categories : ['default'])].map((category) => this.#untilOf(project, category, now));
    return ends.includes(undefined) ? undefined : Math.min(...ends.filter((end) => end !== undefined));
  }

  #untilOf(project: number, category: string, now: number): number | undefined {
    const ends = [project, EVERYTHING].flatMap((of) => [category, EVERYTHING].map((what) => this.#until.get(`${of} ${what}`) ?? 0));
    const end = Math.max(...ends);
    return end > now ? end : undefined;
  }
}
