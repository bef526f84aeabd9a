// The operator's own rows in GlitchTip's tables, for events of its own: organization, project and key, with a value for each column that
// GlitchTip's releases want one for. Django keeps its defaults to itself: in the database such a column has none.
import { randomUUID } from 'node:crypto';
import pg from 'pg';

/** Name and slug of the operator's organization and project. The organization has no member, so nobody's list shows it. */
const CANARY = 'glitchkeeper-canary';
/** Far from where the sequences count, which a given id does not move; the largest that fits `get_project_auth_info`. */
export const CANARY_ID = 2_147_483_000;

type Row = Readonly<Record<string, unknown>>;

/** A release newer than this operator wants a value that nobody here knows: a guess might be taken, and mean something. */
export class UnknownColumn extends Error {
  override readonly name = 'UnknownColumn';

  constructor(table: string, column: string) {
    super(`${table}.${column} wants a value that this operator does not know: this GlitchTip is newer than the releases that it knows`);
  }
}

/**
 * Makes the rows that are missing. @returns the public key, with its dashes. @throws UnknownColumn
 *
 * Columns: models and migrations of 5.2 (apps/organizations_ext, apps/projects) and of 6.x up to organizations_ext 0012. A column that a
 * release does not have is left out; what may be NULL has no value.
 */
export async function ensureCanaryRows(client: pg.Client, now: Date): Promise<string> {
  const named = { name: CANARY, slug: CANARY, created: now, is_deleted: false, scrub_ip_addresses: true, event_throttle_rate: 0 };
  await ensureRow(client, 'organizations_ext_organization', {
    ...named, modified: now, is_active: true, is_accepting_events: true, open_membership: false, stripe_customer_id: '',
    license_billing_email: '', license_key: '', metered_billing_enabled: false, overage_spend_cap_cents: 0,
  });
  // A project that had its first event already: GlitchTip shows no welcome page for it.
  await ensureRow(client, 'projects_project', { ...named, organization_id: CANARY_ID, first_event: now });
  const key = await ensureRow(client, 'projects_projectkey', { name: CANARY, created: now, is_active: true, project_id: CANARY_ID, public_key: randomUUID() });
  return String(key['public_key']);
}

async function ensureRow(client: pg.Client, table: string, values: Row): Promise<Row> {
  const found = await client.query<Row>(`SELECT * FROM ${pg.escapeIdentifier(table)} WHERE id = $1`, [CANARY_ID]);
  return found.rows[0] ?? insertRow(client, table, { id: CANARY_ID, ...values });
}

async function insertRow(client: pg.Client, table: string, values: Row): Promise<Row> {
  const { rows: columns } = await client.query<{ name: string; required: boolean }>(
    `SELECT column_name AS name, is_nullable = 'NO' AND column_default IS NULL AND is_identity = 'NO' AS required
     FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = $1`,
    [table],
  );
  const unknown = columns.find(({ name, required }) => required && !(name in values));
  if (unknown) throw new UnknownColumn(table, unknown.name);
  const names = columns.map(({ name }) => name).filter((name) => name in values);
  const { rows } = await client.query<Row>(
    `INSERT INTO ${pg.escapeIdentifier(table)} (${names.map((name) => pg.escapeIdentifier(name)).join(', ')}) VALUES (${names.map((_, index) => `$${index + 1}`).join(', ')}) RETURNING *`,
    names.map((name) => values[name]),
  );
  return rows[0] ?? {};
}
