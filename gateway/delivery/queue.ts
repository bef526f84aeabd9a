// Looks into GlitchTip's queue: whether anything waits in it, or was taken and is not acknowledged.
import type { Redis } from 'iovalkey';

/** Per minor release. 5.2: kombu's list and the hash of what a worker took (database 0). */
const QUEUES: Readonly<Record<string, { readonly lists: readonly string[]; readonly hashes: readonly string[] }>> = {
  '5.2': { lists: ['celery'], hashes: ['unacked'] },
};

/** @throws the client's error when Valkey cannot be asked */
export async function isQueueEmpty(client: Pick<Redis, 'llen' | 'hlen'>, release: string): Promise<boolean> {
  const queues = QUEUES[release];
  if (!queues) throw new RangeError(`expected a release among ${Object.keys(QUEUES).join(', ')}, found ${release}`);
  const lengths = [...queues.lists.map((key) => client.llen(key)), ...queues.hashes.map((key) => client.hlen(key))];
  return (await Promise.all(lengths)).every((length) => length === 0);
}
