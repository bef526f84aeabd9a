/**
 * When a record that GlitchTip took and Postgres does not have may be given to it once more. A second copy while the first is somewhere
 * below would be stored twice (5.2's primary key holds the time of receipt, 6.2 mints row ids), and within 300 s GlitchTip drops a
 * copy by its own duplicate guard, answering 200.
 */
import { knownRelease, type Release } from '../../operator/api/glitchtip-releases.js';

/** What is known of the way between web and Postgres. Instants in milliseconds of Unix time. */
export interface Pipeline {
  /** When the newest of the records that were confirmed had been sent. */
  readonly confirmedSentAt: number | undefined;
  /** When the worker that runs now began. Undefined: not known. */
  readonly workerStartedAt: number | undefined;
  /** Begin of each transaction in GlitchTip's database that is open, whoever has it. */
  readonly openTransactionsAt: readonly number[];
  /** How the release's worker stores what it takes. */
  readonly storing: Storing;
}

/**
 * `one transaction`: a batch is acknowledged when it begins, and stored in a transaction that can be seen. Otherwise it is nowhere but in the
 * worker's memory from the moment it is popped, stored by several statements, and several batches at a time: that a younger one is stored
 * says nothing of an older one that has been in hand for less than `longest`. Milliseconds of a worker that is not frozen.
 */
export type Storing = 'one transaction' | { readonly longest: number };

/** By minor release. 6.2: django-vtasks 3.2 pops up to 11 batches; a statement waits 30 s for a connection at most. */
const STORING: Readonly<Record<Release, Storing>> = { '5.2': 'one transaction', '6.2': { longest: 60_000 } };

/** @throws RangeError for a release that the manifests would not offer */
export function storingOf(release: string): Storing {
  return STORING[knownRelease(release)];
}

export interface Sent {
  /** Milliseconds of Unix time. */
  readonly sentAt: number;
  readonly attempts: number;
  /** When GlitchTip answered it, at the latest: its duplicate guard knows the ids since. Undefined: the connection broke, or it answered an error. */
  readonly answeredAt: number | undefined;
  /** When every queue was first seen empty after it was sent, what is taken and not acknowledged included. Undefined: not yet. */
  readonly queueEmptyAt: number | undefined;
  /** When one that was sent after that was first seen to be stored. Undefined: not yet. */
  readonly overtakenAt: number | undefined;
}

/** GlitchTip's duplicate guard (Django's default cache time-out), and a second for clocks. Milliseconds. */
const DUPLICATE_GUARD = 301_000;
/** How far the clocks of GlitchTip's database and of this process may be apart. Milliseconds. */
const CLOCKS = 1_000;
/** After so many it is not the way's fault, and a person has to look. */
const MOST_ATTEMPTS = 3;
/** What it was answering is over by then, whatever became of it: uWSGI ends a request after 60 s (harakiri). Milliseconds. */
export const ANSWER_OVER = 70_000;
export type ResendVerdict = { readonly kind: 'wait'; readonly why: string } | { readonly kind: 'resend' } | { readonly kind: 'set aside'; readonly why: string };

/** Asked of a record that Postgres was just asked for, in vain. Pure. */
export function judgeMissing({ sentAt, attempts, answeredAt, queueEmptyAt, overtakenAt }: Sent, pipeline: Pipeline, now: number): ResendVerdict {
  if (now - (answeredAt ?? sentAt) < pauseAfter(attempts, answeredAt !== undefined)) return { kind: 'wait', why: 'it was sent a moment ago' };
  if (queueEmptyAt === undefined) return { kind: 'wait', why: 'the queue was not empty since' };
  if (mayBeBeingWritten(pipeline, sentAt, queueEmptyAt)) return { kind: 'wait', why: 'a transaction that was begun since is still open' };
  if (!isWorkerMemoryKnown(pipeline, sentAt, overtakenAt)) return { kind: 'wait', why: 'the worker may still hold it' };
  return attempts >= MOST_ATTEMPTS ? { kind: 'set aside', why: `given to GlitchTip ${attempts} times, and never stored` } : { kind: 'resend' };
}

/**
 * Asked of a record that leaves no row, and whose request was answered with an error or not at all: nobody can see whether it arrived. So it is
 * given again, and may be there twice (of transactions GlitchTip's duplicate guard keeps one), rather than not at all. Pure.
 */
export function judgeUnproven({ sentAt, attempts }: Pick<Sent, 'sentAt' | 'attempts'>, now: number): ResendVerdict {
  if (now - sentAt < pauseAfter(attempts, false)) return { kind: 'wait', why: 'it was sent a moment ago' };
  return attempts >= MOST_ATTEMPTS ? { kind: 'set aside', why: `given to GlitchTip ${attempts} times, and never answered 200` } : { kind: 'resend' };
}

/**
 * From the answer or, where there was none, from the sending, to the next attempt. Milliseconds. What was not answered may have left its
 * id in the guard and nothing else: then the second attempt is answered 200 and dropped, and the third, which waits for the guard alone, is not.
 */
function pauseAfter(attempts: number, isAnswered: boolean): number {
  if (isAnswered) return DUPLICATE_GUARD;
  return attempts <= 1 ? ANSWER_OVER : ANSWER_OVER + DUPLICATE_GUARD;
}

/**
 * The worker begins a transaction for what it has taken: one that is older cannot be writing it (somebody's session that stays open, a
 * dump), and what the worker that runs now has begun is not awaited, for it had taken nothing of it. Where a batch is several statements,
 * any that was begun since may be one of them.
 */
function mayBeBeingWritten(pipeline: Pipeline, sentAt: number, queueEmptyAt: number): boolean {
  const { openTransactionsAt, storing } = pipeline;
  const begun = isAnotherWorker(pipeline, sentAt) ? Math.max(queueEmptyAt, pipeline.workerStartedAt ?? 0) : storing === 'one transaction' ? queueEmptyAt : Number.POSITIVE_INFINITY;
  return openTransactionsAt.some((at) => at >= sentAt - CLOCKS && at <= begun + CLOCKS);
}

/** A worker that is frozen holds what it took, for as long as it is frozen: time alone proves nothing, only what it stored since. */
function isWorkerMemoryKnown(pipeline: Pipeline, sentAt: number, overtakenAt: number | undefined): boolean {
  if (isAnotherWorker(pipeline, sentAt)) return true;
  if (overtakenAt === undefined) return false;
  const { storing, confirmedSentAt = 0 } = pipeline;
  return storing === 'one transaction' || confirmedSentAt > overtakenAt + storing.longest;
}

function isAnotherWorker({ workerStartedAt }: Pipeline, sentAt: number): boolean {
  return workerStartedAt !== undefined && workerStartedAt > sentAt;
}
