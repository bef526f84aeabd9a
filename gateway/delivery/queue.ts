// Looks into GlitchTip's queue: how much waits in it, and how much was taken and is not acknowledged.
import type { Redis } from 'iovalkey';

/** Per minor release. 5.2: kombu's list and the hash of what a worker took (database 0). */
const QUEUES: Readonly<Record<string, { readonly lists: readonly string[]; readonly hashes: readonly string[] }>> = {
  '5.2': { lists: ['celery'], hashes: ['unacked'] },
};

export interface QueueLengths {
  /** Nobody took them yet. */
  readonly waiting: number;
  /** A worker took them, and did not say that it began with them. */
  readonly taken: number;
}

/** @throws the client's error when Valkey cannot be asked */
export async function queueLengths(client: Pick<Redis, 'llen' | 'hlen'>, release: string): Promise<QueueLengths> {
  const queues = QUEUES[release];
  if (!queues) throw new RangeError(`expected a release among ${Object.keys(QUEUES).join(', ')}, found ${release}`);
  const [waiting, taken] = await Promise.all([queues.lists.map((key) => client.llen(key)), queues.hashes.map((key) => client.hlen(key))].map((lengths) => Promise.all(lengths)));
  return { waiting: sum(waiting), taken: sum(taken) };
}

function sum(numbers: readonly number[] = []): number {
  return numbers.reduce((total, each) => total + each, 0);
}
