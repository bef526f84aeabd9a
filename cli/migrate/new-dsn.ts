// The DSN here of each row of the table: what an application has to be told that does not keep its old one.
import type { OldDsn } from '../../operator/core/move/dsn-table.js';
import { Failure } from '../failure.js';
import { ask, readResource, type Place } from '../glitchtip-resource-access.js';

/** @property new undefined: the row has no project here */
export type BothDsns = OldDsn & { readonly new?: string };

/** The address that web writes into links and DSNs: an origin. @throws Failure where it cannot be read */
export async function readDomain(place: Place): Promise<string> {
  const { spec: { web: { deployment } } } = await readResource(place);
  const domain = (await ask(place, 'get', 'deployment', deployment, '--output', 'jsonpath={.spec.template.spec.containers[*].env[?(@.name=="GLITCHTIP_DOMAIN")].value}')).trim();
  if (!URL.canParse(domain)) throw new Failure('other', `GLITCHTIP_DOMAIN of deployment/${deployment} is ${domain === '' ? 'not set' : 'no address'}`);
  return new URL(domain).origin;
}

/** Pure. @param domain an origin, such as https://errors.example.com */
export function withNewDsns(rows: readonly OldDsn[], domain: string): readonly BothDsns[] {
  return rows.map((row) => (row.project === undefined || row.key === undefined ? row : { ...row, new: `${domain.replace('://', `://${row.key.replaceAll('-', '').toLowerCase()}@`)}/${row.project}` }));
}
