// Which database this is, and how far it was migrated, by the operator's own login: what a backup is judged by from outside.
import pg from 'pg';

import type { Login } from '../../controllers/ports.js';
import type { ObservedDatabaseFacts } from '../../core/backup/backup-obstacles.js';
import { isRefusal, SYSTEM_IDENTIFIER, unreachable, withClient, type PostgresAddress } from './postgres-client.js';

/** Not being able to tell is an observation. @throws the reason of the address' signal once that is aborted */
export async function observeFacts(address: PostgresAddress, operator: readonly Login[]): Promise<ObservedDatabaseFacts> {
  for (const login of operator) {
    try {
      return await withClient(address, login, address.database, (client) => readFacts(client, address.database));
    } catch (error) {
      address.signal.throwIfAborted();
      if (!isRefusal(error)) return { kind: 'unseen', why: unreachable(error) };
    }
  }
  return { kind: 'unseen', why: operator.length === 0 ? 'there is no password to log in with' : 'Postgres refuses the operator' };
}

async function readFacts(client: pg.Client, owner: string): Promise<ObservedDatabaseFacts> {
  const { rows: [server] } = await client.query<{ system: string | null }>(`SELECT ${SYSTEM_IDENTIFIER} AS system`);
  const system = server?.system ?? undefined;
  if (system === undefined) return { kind: 'unseen', why: 'its system identifier may not be read' };
  await client.query('BEGIN READ ONLY');
  // What is no table of its own, but calls itself one, runs with the owner's rights and not with the operator's.
  await client.query(`SET LOCAL ROLE ${pg.escapeIdentifier(owner)}`);
  const { rows: [table] } = await client.query<{ found: boolean }>("SELECT to_regclass('public.django_migrations') IS NOT NULL AS found");
  if (table?.found !== true) return { kind: 'unseen', why: 'it was never migrated' };
  const { rows: [newest] } = await client.query<{ migration: string }>("SELECT app || '.' || name AS migration FROM public.django_migrations ORDER BY id DESC LIMIT 1");
  await client.query('COMMIT');
  return newest ? { kind: 'seen', systemIdentifier: system, migration: newest.migration } : { kind: 'unseen', why: 'it was never migrated' };
}
