/**
 * When a record that GlitchTip took and Postgres does not have may be given to it once more. A second copy while the first is somewhere
 * below would be stored twice (5.2's primary key holds the time of receipt, 6.2 mints row ids), and within 300 s GlitchTip drops a
 * copy by its own duplicate guard, answering 200.
 */

/** What is known of the way between web and Postgres. Instants in milliseconds of Unix time. */
export interface Pipeline {
  /** When the newest of the records that were confirmed had been sent. */
  readonly confirmedSentAt: number | undefined;
  /** When the worker that runs now began. Undefined: not known. */
  readonly workerStartedAt: number | undefined;
  /** Begin of the oldest transaction of GlitchTip that is open. Undefined: none is. */
  readonly oldestTransactionAt: number | undefined;
}

export interface Sent {
  /** Milliseconds of Unix time. */
  readonly sentAt: number;
  readonly attempts: number;
  /** When every queue was first seen empty after it was sent, what is taken and not acknowledged included. Undefined: not yet. */
  readonly queueEmptyAt: number | undefined;
}

/** GlitchTip's duplicate guard (Django's default cache time-out), and a second for clocks. Milliseconds. */
const DUPLICATE_GUARD = 301_000;
/** After so many it is not the way's fault, and a person has to look. */
const MOST_ATTEMPTS = 3;
/** Before the second and the third attempt. Milliseconds. */
const PAUSES = [DUPLICATE_GUARD, 2 * 3_600_000];

export type ResendVerdict = { readonly kind: 'wait'; readonly why: string } | { readonly kind: 'resend' } | { readonly kind: 'set aside'; readonly why: string };

/** Asked of a record that Postgres was just asked for, in vain. Pure. */
export function judgeMissing({ sentAt, attempts, queueEmptyAt }: Sent, pipeline: Pipeline, now: number): ResendVerdict {
  const pause = PAUSES[Math.min(attempts, PAUSES.length) - 1] ?? DUPLICATE_GUARD;
  if (now - sentAt < pause) return { kind: 'wait', why: 'it was sent a moment ago' };
  const { oldestTransactionAt } = pipeline;
  if (queueEmptyAt === undefined) return { kind: 'wait', why: 'the queue was not empty since' };
  if (oldestTransactionAt !== undefined && oldestTransactionAt <= queueEmptyAt) return { kind: 'wait', why: 'something that is older is still being written' };
  if (!isWorkerMemoryKnown(pipeline, sentAt, queueEmptyAt)) return { kind: 'wait', why: 'the worker may still hold it' };
  return attempts >= MOST_ATTEMPTS ? { kind: 'set aside', why: `given to GlitchTip ${attempts} times, and never stored` } : { kind: 'resend' };
}

/** A worker that is frozen holds what it took, for as long as it is frozen: time alone proves nothing. */
function isWorkerMemoryKnown({ confirmedSentAt, workerStartedAt }: Pipeline, sentAt: number, queueEmptyAt: number): boolean {
  if (workerStartedAt !== undefined && workerStartedAt > sentAt) return true;
  return confirmedSentAt !== undefined && confirmedSentAt > queueEmptyAt;
}
