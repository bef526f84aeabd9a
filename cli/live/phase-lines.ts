// A line for each phase of something that is followed, of which one is active at a time; on a terminal it turns, elsewhere it is printed once.
import { Listr, type ListrTask } from 'listr2';

/** Where it is, shared by the lines of its phases. */
export interface Cursor<P> {
  progress: P;
  readonly move: () => Promise<void>;
}

/** What ends the lines of a phase early; the cursor knows why. */
export class Turned extends Error {}

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
