// The proof that GlitchTip works on the database that is live now: an event of the operator's own went through web, queue and worker into it. Pure.
import type { RestoreProgress } from '../../api/restore-fields.js';
import type { Crypto } from '../credentials/generated-secrets.js';
import { eventIds } from '../rotation/storage-proof.js';
import { Sensitive } from '../sensitive.js';

/** Ids of the events of this phase, the newest first. */
export function restoreEvents({ id, direction, since }: RestoreProgress, now: Date, { sha256 }: Pick<Crypto, 'sha256'>): readonly string[] {
  return eventIds({ of: `restore ${id} ${direction}`, since, now }, (text) => sha256(new Sensitive(text)));
}
