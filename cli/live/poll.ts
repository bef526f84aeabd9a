// Polls until it is stopped, through times in which nobody answers.
import { setTimeout as sleep } from 'node:timers/promises';
import { Failure, isPassing } from '../failure.js';

/** What is known at one moment. */
export interface View<T> {
  /** What the last answer was. */
  readonly value: T;
  readonly seenAt: Date;
  /** Why the last poll brought no answer; absent when it did. */
  readonly trouble?: string;
}

export interface WatchOptions<T> {
  /** @throws Failure */
  readonly read: () => Promise<T>;
  /** Called once a tick. */
  readonly show: (view: View<T>, now: Date) => void;
  /** Seconds from an answer to the next question. */
  readonly every: number;
  readonly until: () => Promise<void>;
  readonly now?: () => Date;
  /** Milliseconds between two calls of `show`. @default 1000 */
  readonly tick?: number;
}

/**
 * Resolves to the last view when `until` does.
 * @throws Failure when the first poll fails, or a later one in a way that does not pass by itself
 */
export async function watch<T>({ read, show, every, until, now = () => new Date(), tick = 1000 }: WatchOptions<T>): Promise<View<T>> {
  const stopped = new AbortController();
  void until().then(() => stopped.abort());
  const state: State<T> = { view: { value: await read(), seenAt: now() }, reading: false, askedAt: now().getTime() };

  while (!stopped.signal.aborted) {
    show(state.view, now());
    await sleep(tick, undefined, { signal: stopped.signal }).catch(() => undefined);
    if (state.failed !== undefined) throw state.failed;
    // Not waited for: the age of what is shown goes on while nobody answers.
    if (!state.reading && now().getTime() - state.askedAt >= every * 1000) void poll(state, read, now);
  }
  return state.view;
}

interface State<T> {
  view: View<T>;
  /** What will not pass by itself. */
  failed?: Failure;
  reading: boolean;
  /** Milliseconds since 1970. */
  askedAt: number;
}

/** Never rejects. */
async function poll<T>(state: State<T>, read: () => Promise<T>, now: () => Date): Promise<void> {
  state.reading = true;
  const next = await tryRead(read);
  if (next.kind === 'value') state.view = { value: next.value, seenAt: now() };
  else if (next.passes) state.view = { ...state.view, trouble: next.failure.message };
  else state.failed = next.failure;
  state.askedAt = now().getTime();
  state.reading = false;
}

type Read<T> = { readonly kind: 'value'; readonly value: T } | { readonly kind: 'failure'; readonly failure: Failure; readonly passes: boolean };

async function tryRead<T>(read: () => Promise<T>): Promise<Read<T>> {
  try {
    return { kind: 'value', value: await read() };
  } catch (error) {
    if (error instanceof Failure) return { kind: 'failure', failure: error, passes: isPassing(error) || WHILE_STARTING.includes(error.kind) };
    return { kind: 'failure', failure: new Failure('other', `it cannot be understood what kubectl answered: ${String(error)}`, { cause: error }), passes: true };
  }
}

/** An API server that has just started may know neither who asks nor its kinds yet. */
const WHILE_STARTING: readonly Failure['kind'][] = ['no kind', 'not found', 'unauthorized', 'forbidden'];
