// What Postgres was asked for in some time, by everybody: its own counters (pg_stat_database), which a server flushes within a second.
import { DATABASE } from '../../charts/part-names.js';
import type { Stage } from './stage.js';

/** Of all databases of the server, since it began. */
export interface DatabaseWork {
  /** Ended, rolled back ones included; a statement outside of a transaction is one. */
  readonly transactions: number;
  /** Found by an index, as pg_stat_database counts them. */
  readonly fetched: number;
}

/** By the local socket, over which the image lets its superuser in. */
export async function databaseWork({ cluster, settings: { namespace } }: Pick<Stage, 'cluster' | 'settings'>): Promise<DatabaseWork> {
  const query = 'SELECT sum(xact_commit + xact_rollback), sum(tup_fetched) FROM pg_stat_database';
  const answer = await cluster.kubectl(['--namespace', namespace, 'exec', 'postgres-0', '--', 'psql', '-U', DATABASE.superuser, '-d', DATABASE.name, '-Atc', query]);
  const [transactions = Number.NaN, fetched = Number.NaN] = answer.trim().split('|').map(Number);
  return { transactions, fetched };
}

/** A second, from the moment of the call to that of the function which it gives. */
export async function startDatabaseWork(stage: Pick<Stage, 'cluster' | 'settings'>): Promise<() => Promise<DatabaseWork>> {
  const [before, began] = [await databaseWork(stage), performance.now()];
  return async () => {
    const [after, seconds] = [await databaseWork(stage), (performance.now() - began) / 1_000];
    return { transactions: (after.transactions - before.transactions) / seconds, fetched: (after.fetched - before.fetched) / seconds };
  };
}
