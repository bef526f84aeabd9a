// Which projects here have keys of an old server: GlitchTip's importer keeps the keys, so they are what tells.
import type { Login } from '../../controllers/ports.js';
import { withClient, type PostgresAddress } from './postgres-client.js';

/** By key (32 hexadecimal digits, lower case); those that are not here are left out. */
export async function findProjects(address: PostgresAddress, operator: Login, keys: readonly string[]): Promise<ReadonlyMap<string, number>> {
  return withClient(address, operator, address.database, async (client) => {
    const { rows } = await client.query<{ key: string; project: string }>(
      "SELECT replace(public_key::text, '-', '') AS key, project_id::text AS project FROM projects_projectkey WHERE replace(public_key::text, '-', '') = ANY($1)",
      [keys],
    );
    return new Map(rows.map(({ key, project }) => [key, Number(project)]));
  });
}
