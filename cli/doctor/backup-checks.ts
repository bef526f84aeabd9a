// doctor: whether there is a copy that is known to restore, young enough, elsewhere, and what the next one needs.
import { parseCopyTime } from '../../backup/core/copy-name.js';
import { S3_CREDENTIAL_KEYS } from '../../backup/environment.js';
import type { BackupSpec, BackupStatus } from '../../operator/api/backup-fields.js';
import type { RehearsalEnd } from '../../operator/api/rehearsal-fields.js';
import { describeAge, isTooOld } from '../../operator/core/backup/backup-condition.js';
import { adviceOnFailure } from '../../operator/core/backup/failure-advice.js';
import { adviceOnRehearsal } from '../../operator/core/rehearsal/rehearsal-advice.js';
import { describeFailure } from '../../operator/core/rehearsal/rehearsal-report.js';
import { describeFailed } from '../backup/backup-progress.js';
import { formatDistance } from '../moments.js';
import { failure, ok, onSight, oneOrEach, warning, type Finding } from './check-result.js';
import type { Facts } from './gathered-facts.js';
import { variable } from './kubernetes-objects.js';

const APPLY = 'npm run synth && kubectl apply -f dist/';
const DOCS = 'docs/backups.md says how';
const NOW = 'glitchkeeper backup now';

export function checkBackups(facts: Facts): readonly Finding[] {
  return onSight('backups', facts.resource, (found) => {
    if (found === undefined) return [];
    const { spec: { backup: spec }, status: { backup: status = {}, rehearsal } } = found;
    if (spec === undefined) return warning('backups', 'none are made: what is deleted or lost here is lost', `set backup.store in settings.yaml, then ${APPLY}; ${DOCS}`);
    return [
      ...oneOrEach(ok('backups', describeNewest(status, facts.now)), [...ageProblems(spec, status, facts.now), ...runProblems(status), ...damagedCopies(status), ...checkProblems(rehearsal?.check, facts.now)]),
      ...checkStore(facts),
    ];
  });
}

function describeNewest({ lastVerified }: BackupStatus, now: Date): string {
  const made = lastVerified && parseCopyTime(lastVerified.copy);
  return made === undefined ? 'none yet' : `the newest copy was made ${formatDistance(made.toISOString(), now)}, and was restored`;
}

function ageProblems(spec: BackupSpec, status: BackupStatus, now: Date): readonly Finding[] {
  const { lastVerified, nextAt } = status;
  if (lastVerified === undefined) return [warning('backups', `there is no copy yet${nextAt === undefined ? '' : `; the first is at ${nextAt}`}`, `${NOW} makes one at once`)];
  const isUndated = parseCopyTime(lastVerified.copy) === undefined;
  if (!isUndated && !isTooOld(spec, status, now)) return [];
  return [failure('backups', `the newest copy that is known to restore is ${describeAge(lastVerified.copy, now)}`, `${NOW} makes one at once, or says why not`)];
}

function runProblems({ lastVerified, lastFailure, failures = 1 }: BackupStatus): readonly Finding[] {
  if (lastFailure === undefined) return [];
  // With a copy that is good and young there is time; without one every hour counts.
  const level = lastVerified === undefined || failures > 1 ? failure : warning;
  return [level('backups', `${describeFailed(lastFailure)}${failures > 1 ? `, ${failures} times in a row` : ''}`, `${adviceOnFailure(lastFailure)} docs/runbooks/backup-failed.md`)];
}

function damagedCopies({ copies = [] }: BackupStatus): readonly Finding[] {
  return copies.filter(({ damaged }) => damaged).map(({ name }) => warning('backups', `copy ${name} in the store is not what its manifest says, and counts for nothing`, 'look at the disk or the store that it is on; delete it there, or wait until retention does'));
}

/** Of the month's own look by GlitchTip at what was restored. */
function checkProblems(check: RehearsalEnd | undefined, now: Date): readonly Finding[] {
  if (check?.result !== 'Failed') return [];
  return [warning('backups', `the month's check of what was restored failed ${describeFailure(check)} (${formatDistance(check.endedAt, now)})`, `${adviceOnRehearsal(check)} docs/rehearse.md`)];
}

/** What the template of the Job's pods says of where copies go. */
function checkStore({ backupTemplate, storeKeys, place }: Facts): readonly Finding[] {
  return onSight('backup store', backupTemplate, (template) => {
    if (template === undefined) return failure('backup store', 'there is no PodTemplate backup: no run can begin', APPLY);
    const program = template.template.spec.containers.find(({ name }) => name === 'store');
    const has = (name: string): boolean => program !== undefined && variable(program, name) !== undefined;
    const isEncrypted = has('RECIPIENTS');
    if (!has('S3_ENDPOINT')) return onThisHost(isEncrypted);
    return [
      ...oneOrEach(ok('backup store', 'a bucket; encrypted for whoever has the identity of age'), isEncrypted ? [] : [
        failure('backup store', 'there is no recipient, and unencrypted nothing leaves the host', `set backup.recipients in settings.yaml (age-keygen makes one), then ${APPLY}; ${DOCS}`),
      ]),
      ...onSight('backup keys', storeKeys, (found) => checkKeys(found, place.namespace)),
    ];
  });
}

function onThisHost(isEncrypted: boolean): Finding {
  const more = isEncrypted ? '' : '; and none has SECRET_KEY, as there is no recipient to encrypt it for';
  return warning('backup store', `copies are on a volume of this host: what destroys the host takes them, too${more}`, `set backup.store: s3 in settings.yaml; ${DOCS}`);
}

function checkKeys({ secret, keys }: { readonly secret: string; readonly keys: readonly string[] | undefined }, namespace: string): Finding {
  const files = S3_CREDENTIAL_KEYS.map((key) => `--from-file=${key}`).join(' ');
  const create = `kubectl --namespace ${namespace} create secret generic ${secret} ${files}; ${DOCS}`;
  if (keys === undefined) return failure('backup keys', `there is no Secret ${secret}: each run fails`, create);
  const missing = S3_CREDENTIAL_KEYS.filter((key) => !keys.includes(key));
  if (missing.length > 0) return failure('backup keys', `${secret} lacks ${missing.join(' and ')}`, `delete it and make it anew: ${create}`);
  return ok('backup keys', `${secret} has both`);
}
