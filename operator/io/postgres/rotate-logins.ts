// What a rotation does in Postgres: enables and disables logins, replaces the operator's password, counts the sessions of a login.
import pg from 'pg';

import type { Login, PodAddresses, RolePlace } from '../../controllers/ports.js';
import type { SessionCount } from '../../core/credentials/observed.js';
import type { Sensitive } from '../../core/sensitive.js';
import { buildScramVerifier } from '../crypto.js';
import { APPLICATION_NAME, MAINTENANCE_DATABASE, withClient, type PostgresAddress } from './postgres-client.js';
import { keepOutOfLog, letIn, lockRoles } from './roles.js';

/** The fence is asked under the lock: a late step of an operator that lost the Lease finds another journal, and is not made. */
interface Place extends RolePlace {
  readonly address: PostgresAddress;
}

export async function openLogin(place: Place, role: string, password: Sensitive): Promise<void> {
  const verifier = await buildScramVerifier(password);
  await change(place, [letIn(role, verifier)]);
}

/** Takes login and password away, then ends its sessions: in this order, so that none can begin in between. */
export async function closeLogin(place: Place, role: string): Promise<void> {
  await change(place, [
    `ALTER ROLE ${pg.escapeIdentifier(role)} NOLOGIN PASSWORD NULL`,
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = ${pg.escapeLiteral(role)}`,
  ], { separately: true });
}

export async function replaceOperatorPassword(place: Place, password: Sensitive): Promise<void> {
  const verifier = await buildScramVerifier(password);
  await change(place, [`ALTER ROLE ${pg.escapeIdentifier(place.operator.user)} PASSWORD ${pg.escapeLiteral(verifier)}`]);
}

async function change({ address, operator, fence }: Place, statements: readonly string[], { separately = false } = {}): Promise<void> {
  await withClient(address, operator, MAINTENANCE_DATABASE, async (client) => {
    await lockRoles(client);
    await fence();
    const transactions = separately ? statements.map((statement) => [statement]) : [statements];
    for (const transaction of transactions) {
      await client.query('BEGIN');
      await keepOutOfLog(client);
      for (const statement of transaction) await client.query(statement);
      await client.query('COMMIT');
    }
  });
}

/** Of one role, those that come from none of these addresses. */
export async function endForeignSessions(address: PostgresAddress, operator: Login, { role, pods }: { readonly role: string; readonly pods: readonly string[] }): Promise<void> {
  await withClient(address, operator, MAINTENANCE_DATABASE, async (client) => {
    await client.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1 AND (client_addr IS NULL OR host(client_addr) <> ALL ($2))', [role, pods]);
  });
}

/** Sessions by login: of our pods' addresses, and of any other. */
export async function countSessions(address: PostgresAddress, operator: Login, { logins, pods, jobs }: PodAddresses & { readonly logins: readonly string[] }): Promise<ReadonlyMap<string, SessionCount>> {
  const rows = await withClient(address, operator, MAINTENANCE_DATABASE, async (client) => {
    const result = await client.query<SessionCount & { usename: string }>(
      `SELECT usename, count(*) FILTER (WHERE host(client_addr) = ANY ($2))::int AS ours,
         count(*) FILTER (WHERE host(client_addr) = ANY ($3))::int AS jobs,
         count(*) FILTER (WHERE client_addr IS NULL OR host(client_addr) <> ALL ($2))::int AS others
       FROM pg_stat_activity WHERE usename = ANY ($1) AND application_name <> '${APPLICATION_NAME}' GROUP BY usename`,
      [logins, pods, jobs],
    );
    return result.rows;
  });
  return new Map(rows.map(({ usename, ours, jobs: ofJobs, others }) => [usename, { ours, jobs: ofJobs, others }]));
}
