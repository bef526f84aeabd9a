// The login that loads a copy: a member of the owner role and nothing more, for as long as its Job needs it. It is closed by closeLogin, as any other.
import pg from 'pg';

import type { Login, RolePlace } from '../../controllers/ports.js';
import { restoreLoginName } from '../../core/restore/restore-names.js';
import type { Sensitive } from '../../core/sensitive.js';
import { buildScramVerifier } from '../crypto.js';
import { MAINTENANCE_DATABASE, withClient, type PostgresAddress } from './postgres-client.js';
import { keepOutOfLog, letIn, lockRoles } from './roles.js';

interface Place extends RolePlace {
  readonly address: PostgresAddress;
}

/** Made if it is not there. Under the lock and the fence of role changes. */
export async function openRestoreLogin({ address, operator, fence }: Place, password: Sensitive): Promise<void> {
  const verifier = await buildScramVerifier(password);
  const name = restoreLoginName(address.database);
  const role = pg.escapeIdentifier(name);
  await withClient(address, operator, MAINTENANCE_DATABASE, async (client) => {
    await lockRoles(client);
    await fence();
    await client.query('BEGIN');
    await keepOutOfLog(client);
    const { rowCount } = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [name]);
    if (rowCount === 0) await client.query(`CREATE ROLE ${role} NOLOGIN`);
    await client.query(`GRANT ${pg.escapeIdentifier(address.database)} TO ${role}`);
    await client.query(letIn(name, verifier, 'LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS'));
    await client.query('COMMIT');
  });
}

/** Whether somebody who knows its password is let in. */
export async function observeRestoreLogin(address: PostgresAddress, operator: Login): Promise<'open' | 'closed'> {
  return withClient(address, operator, MAINTENANCE_DATABASE, async (client) => {
    const { rowCount } = await client.query('SELECT FROM pg_authid WHERE rolname = $1 AND (rolcanlogin OR rolpassword IS NOT NULL)', [restoreLoginName(address.database)]);
    return rowCount === 0 ? 'closed' : 'open';
  });
}
