// What a person does about a rehearsal that failed: a sentence for each reason that a backup does not have. Pure.
import { RESTORE_FAILURES } from '../../../backup/core/restore-report.js';
import { adviceOnFailure } from '../backup/failure-advice.js';
import { FOUND_REHEARSAL_FAILURES } from './rehearsal-end.js';

const ROOM = 'Raise backup.scratch in settings.yaml: it holds the dump and 1.3 times the database, and then what the migrations make of it';

type Own = Exclude<keyof typeof FOUND_REHEARSAL_FAILURES | keyof typeof RESTORE_FAILURES, 'NotEmpty'>;
const ADVICE: Readonly<Record<Own | 'NoSpace' | 'OutOfMemory', string>> = {
  MigrationFailed: 'The detail names the migration and the class of its error. Do not upgrade; look for both in GlitchTip\'s issue tracker. The live database was not touched.',
  MigrateAway: 'The container of the release did not begin: `kubectl describe pods -l app.kubernetes.io/component=rehearsal` says why.',
  MigrationsPending: 'GlitchTip\'s own check finds migrations left in a database that was restored: see the alert MigrationsPending, or restore no copy before that is understood.',
  NoCopy: 'There is no copy, and none could be dumped: `glitchkeeper backup now`.',
  CopyDamaged: 'The newest copy is not what its manifest says: `glitchkeeper backup now`, then again.',
  ManifestUnreadable: 'The newest copy was made by another glitchkeeper: `glitchkeeper backup now`, then again.',
  OtherRelease: 'The newest copy is of a release that this one does not follow: `glitchkeeper backup now`, then again.',
  IdentityWrong: 'Give the identity whose recipient was in backup.recipients when the newest copy was made, or none: then the database is dumped.',
  NoSpace: `${ROOM}. Then \`npm run synth && kubectl apply -f dist/\`.`,
  OutOfMemory: 'Raise resources.migrate.limits.memory where step migrate failed, else resources.backup.limits.memory: the live migration would have failed in the same way. Then `npm run synth && kubectl apply -f dist/`.',
};

export function adviceOnRehearsal({ step = 'begin', reason = '' }: { readonly step?: string | undefined; readonly reason?: string | undefined }): string {
  return Object.hasOwn(ADVICE, reason) ? ADVICE[reason as keyof typeof ADVICE] : adviceOnFailure({ step, reason });
}
