// A line for each phase of something that is followed, of which one is active at a time; on a terminal it turns, elsewhere it is printed once.
import { Listr, type ListrTask } from 'listr2';
import type { Output } from '../output.js';

/** Where it is, shared by the lines of its phases. */
export interface Cursor<P> {
  progress: P;
  readonly move: () => Promise<void>;
}

/** What ends the lines of a phase early; the cursor knows why. */
class Turned extends Error {}

export async function openCursor<P>(polls: AsyncGenerator<P, void>): Promise<Cursor<P>> {
  const next = async (): Promise<P> => {
    const { value, done } = await polls.next();
    if (done === true) throw new Error('it was followed beyond its end');
    return value;
  };
  const cursor: Cursor<P> = { progress: await next(), move: async () => { cursor.progress = await next(); } };
  return cursor;
}

/**
 * Resolves also when a line turned.
 * @param options.ownSignals whether Ctrl-C is the caller's; otherwise it ends the program
 */
export async function showLines(lines: ListrTask[], { exitOnError, ownSignals = false }: { readonly exitOnError: boolean; readonly ownSignals?: boolean }): Promise<void> {
  await new Listr(lines, { exitOnError, fallbackRenderer: 'simple', registerSignalListeners: !ownSignals }).run().catch((error: unknown) => {
    if (!(error instanceof Turned)) throw error;
  });
}

/** A phase of what is followed, as its progress shows it. */
export interface Phase<P> {
  readonly title: string;
  /** Whether the phase was left behind. */
  readonly isPast: (progress: P) => boolean;
  /** Whether it will not be: the whole has ended, or went another way. */
  readonly hasTurned: (progress: P) => boolean;
  /** To go through it is a failure, however it ends. @default false */
  readonly isWayBack?: boolean;
}

/** With its seconds; where it turned, with why. */
export function phaseLine<P extends { readonly message: string }>({ title, isPast, hasTurned, isWayBack = false }: Phase<P>, cursor: Cursor<P>): ListrTask {
  return {
    title,
    task: async (_, task) => {
      const started = Date.now();
      const seconds = (): string => `${title}: ${Math.round((Date.now() - started) / 1000)} s`;
      while (!isPast(cursor.progress)) {
        const { progress } = cursor;
        if (hasTurned(progress)) throw new Turned(`${seconds()}, ${progress.message}`);
        if (task.output !== progress.message) task.output = progress.message;
        await cursor.move();
      }
      if (isWayBack) throw new Turned(seconds());
      task.title = seconds();
    },
  };
}

/** How far an operation is that goes through phases. */
export interface Phased {
  readonly kind: string;
  readonly message: string;
  /** While it is under way. */
  readonly phase?: string;
  readonly id?: string;
}

/** How the phases of what is followed are told from its progress. */
export interface PhaseWay<P, E extends P> {
  readonly isEnd: (progress: P) => progress is E;
  /** Those that it goes through from here on when all is well. */
  readonly phasesOf: (progress: P) => readonly string[];
  readonly isPast: (progress: P, phase: string, phases: readonly string[]) => boolean;
}

/** A line a phase with its seconds; the one that it failed in says why, and what is done about it has a line of its own. */
export async function showPhaseLines<P extends Phased, E extends P>(polls: AsyncGenerator<P, void>, { isEnd, phasesOf, isPast }: PhaseWay<P, E>): Promise<E> {
  const cursor = await openCursor(polls);
  for (;;) {
    const { progress } = cursor;
    if (isEnd(progress)) return progress;
    const phases = phasesOf(progress);
    const hasTurned = (at: P) => isEnd(at) || !phases.includes(at.phase ?? phases[0] ?? '');
    const lines = phases.map((phase) => phaseLine({ title: phase, isPast: (at) => isPast(at, phase, phases), hasTurned }, cursor));
    await showLines(lines, { exitOnError: true, ownSignals: true });
  }
}

/** What is printed of a progress as JSON. */
export interface State {
  readonly state: string;
  readonly message: string;
}

/** One JSON line whenever the state changes; the end is the caller's to print. */
export async function printStates<P, E extends P>(polls: AsyncGenerator<P, void>, isEnd: (progress: P) => progress is E, { describe, output }: { readonly describe: (progress: P) => State; readonly output: Output }): Promise<E> {
  let said = '';
  for await (const progress of polls) {
    if (isEnd(progress)) return progress;
    const line = describe(progress);
    if (line.state !== said) output.printJson(line);
    said = line.state;
  }
  throw notFollowed();
}

/** One JSON line whenever the phase changes; the end is the caller's to print. */
export function printPhases<P extends Phased, E extends P>(polls: AsyncGenerator<P, void>, isEnd: (progress: P) => progress is E, output: Output): Promise<E> {
  const describe = ({ kind, phase, id, message }: P) => ({ state: phase ?? kind, ...(id === undefined ? {} : { id }), message });
  return printStates(polls, isEnd, { describe, output });
}

/** @throws when that is not the end */
export function endOf<P, E extends P>(progress: P, isEnd: (progress: P) => progress is E): E {
  if (!isEnd(progress)) throw notFollowed();
  return progress;
}

function notFollowed(): Error {
  return new Error('it was not followed to its end');
}
