// A lock on a table that somebody holds: what pg_dump waits for, half a minute at most.
import { execa } from 'execa';
import { DATABASE } from '../../../charts/part-names.js';
import type { Stack } from './stack.js';
import { sql } from './stored-events.js';
import { waitFor, when } from './wait.js';

const PAUSE = 'pg_sleep(901)';

export interface HeldLock {
  /** Also when the server has ended meanwhile. */
  readonly release: () => Promise<void>;
}

/** On a table that no event is written to. */
export async function holdLock(stack: Stack): Promise<HeldLock> {
  const [table] = await sql(stack, "SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public' AND tablename LIKE 'uptime\\_monitor' ORDER BY 1 LIMIT 1");
  if (table === undefined) throw new Error('there is no table to lock');
  const { container } = await stack.pod('postgres');
  const { binaries, kubeconfigPath } = stack.cluster;
  const statement = `BEGIN; LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE; SELECT ${PAUSE};`;
  const held = execa(binaries.kubectl, [
    '--kubeconfig', kubeconfigPath, '--namespace', stack.namespace, 'exec', container.pod, '-c', container.container, '--', 'psql', '-U', 'glitchkeeper', '-d', DATABASE.name, '-Atc', statement,
  ], { reject: false });
  const mode = `SELECT count(*) FROM pg_locks WHERE relation = '${table}'::regclass AND mode = 'AccessExclusiveLock' AND granted`;
  await waitFor<true>({ what: `a lock on ${table}`, seconds: 30, every: 0.2 }, async () => when((await sql(stack, mode))[0] === '1', 'none'));
  return {
    release: async () => {
      await sql(stack, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%${PAUSE}%' AND pid <> pg_backend_pid()`).catch(() => undefined);
      await held;
    },
  };
}

/** Resolves when the dump waits for a lock. */
export async function untilDumpWaits(stack: Stack): Promise<void> {
  const waiting = `SELECT count(*) FROM pg_stat_activity WHERE usename = '${DATABASE.name}_backup' AND wait_event_type = 'Lock'`;
  await waitFor<true>({ what: 'the dump to wait for a lock', seconds: 60, every: 0.2 }, async () => when((await sql(stack, waiting))[0] === '1', 'it does not'));
}
