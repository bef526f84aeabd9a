// GlitchTip's own tables, as far as a rotation needs them: a project for the operator's events, the administrator, the sessions.
import pg from 'pg';

import type { Canary, Login, RolePlace } from '../../controllers/ports.js';
import type { ObservedAdministrator, ObservedRollout } from '../../core/credentials/observed.js';
import type { Sensitive } from '../../core/sensitive.js';
import { buildDjangoPassword, verifyDjangoPassword } from '../django-password.js';
import { CANARY_ID, ensureCanaryRows } from './canary-rows.js';
import { findEvents, readSchemaRelease } from './event-rows.js';
import { withClient, type PostgresAddress } from './postgres-client.js';
import { keepOutOfLog, lockRoles } from './roles.js';

/** Clocks of web and of the operator's host may differ by this. Milliseconds. */
export const CLOCK_SKEW = 600_000;

/**
 * Project and key for the operator's own events; made when they are missing. Never deleted: the worker stores events of all
 * projects together, and a row that goes in between costs it the whole batch.
 *
 * @throws UnknownColumn
 */
export async function ensureCanary(address: PostgresAddress, operator: Login): Promise<Canary> {
  const key = await asOwner(address, operator, (client) => ensureCanaryRows(client, new Date()));
  return { project: CANARY_ID, key: key.replaceAll('-', '') };
}

/** Whether one of these events of the operator's own project (32 hexadecimal digits) is stored; they were sent at `since` or later. @throws Error where nobody knows its table */
export async function isEventStored(address: PostgresAddress, operator: Login, { ids, since, until }: { ids: readonly string[]; since: Date; until: Date }): Promise<boolean> {
  const span = { from: since.getTime() - CLOCK_SKEW, until: until.getTime() + CLOCK_SKEW };
  return asOwner(address, operator, async (client) => (await findEvents(client, await readSchemaRelease(client), ids, span)).size > 0);
}

/** Whether the account accepts the password, where it is an administrator's. */
export async function tryAdministrator(
  address: PostgresAddress, operator: Login, { email, password }: { email: string; password: Sensitive },
): Promise<ObservedAdministrator> {
  const stored = await lookUpPassword(address, operator, email);
  if (typeof stored !== 'string') return stored;
  return { kind: (await verifyDjangoPassword(password, stored)) ? 'accepted' : 'refused' };
}

/** Its hash, as Django keeps it. Nothing waits for this look: what cannot be seen this time is not tried. */
async function lookUpPassword(address: PostgresAddress, operator: Login, email: string): Promise<string | ObservedAdministrator> {
  try {
    return await withClient(address, operator, address.database, async (client) => {
      if (!(await exists(client, 'users_user'))) return { kind: 'not tried' };
      const { rows: [account] } = await client.query<{ password: string; leads: boolean; led: boolean }>(
        'SELECT password, is_superuser AS leads, EXISTS (SELECT FROM users_user WHERE is_superuser) AS led FROM users_user WHERE email = $1', [email],
      );
      if (!account) return { kind: 'absent' };
      return account.leads ? account.password : { kind: 'ordinary', isLed: account.led };
    });
  } catch {
    address.signal.throwIfAborted();
    return { kind: 'not tried' };
  }
}

/** Whose password the administrator's account has. An ordinary account of that address is none: nobody's password is set but the administrator's. */
export async function judgeAdministrator(
  address: PostgresAddress, operator: Login, { email, previous, next }: { email: string; previous: Sensitive; next: Sensitive },
): Promise<ObservedRollout['administrator']> {
  const stored = await asOwner(address, operator, async (client) => {
    if (!(await exists(client, 'users_user'))) return undefined;
    const { rows } = await client.query<{ password: string }>('SELECT password FROM users_user WHERE email = $1 AND is_superuser', [email]);
    return rows[0]?.password;
  });
  if (stored === undefined) return 'unknown';
  if (await verifyDjangoPassword(next, stored)) return 'next';
  return (await verifyDjangoPassword(previous, stored)) ? 'previous' : 'own';
}

export async function setAdministratorPassword(address: PostgresAddress, { operator, fence }: RolePlace, { email, password }: { email: string; password: Sensitive }): Promise<void> {
  const hash = await buildDjangoPassword(password);
  await asOwner(address, operator, async (client) => {
    await fence();
    await client.query('UPDATE users_user SET password = $1 WHERE email = $2 AND is_superuser', [hash, email]);
  });
}

/** Sessions that Django keeps in the database: where there is no Valkey, and none otherwise. */
export async function endSessions(address: PostgresAddress, operator: Login): Promise<void> {
  await asOwner(address, operator, async (client) => {
    if (await exists(client, 'django_session')) await client.query('DELETE FROM django_session');
  });
}

/** One transaction with the owner's rights, out of the server's log, one operator at a time. */
async function asOwner<T>(address: PostgresAddress, operator: Login, use: (client: pg.Client) => Promise<T>): Promise<T> {
  return withClient(address, operator, address.database, async (client) => {
    await lockRoles(client);
    await client.query('BEGIN');
    await keepOutOfLog(client);
    await client.query(`SET LOCAL ROLE ${pg.escapeIdentifier(address.database)}`);
    const result = await use(client);
    await client.query('COMMIT');
    return result;
  });
}

async function exists(client: pg.Client, table: string): Promise<boolean> {
  const { rows } = await client.query<{ found: boolean }>('SELECT to_regclass($1) IS NOT NULL AS found', [table]);
  return rows[0]?.found ?? false;
}
