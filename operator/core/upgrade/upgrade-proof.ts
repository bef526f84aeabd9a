// The proof that the next release works: an event of the operator's own went through its web, queue and worker into the database. Pure.
import type { UpgradeProgress } from '../../api/upgrade-fields.js';
import type { Crypto } from '../credentials/generated-secrets.js';
import { eventIds } from '../rotation/storage-proof.js';
import { Sensitive } from '../sensitive.js';

/** Ids of the events of this phase, the newest first. */
export function upgradeEvents({ id, since }: UpgradeProgress, now: Date, { sha256 }: Pick<Crypto, 'sha256'>): readonly string[] {
  return eventIds({ of: `upgrade ${id}`, since, now }, (text) => sha256(new Sensitive(text)));
}
