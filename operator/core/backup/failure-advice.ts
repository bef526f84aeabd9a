// What a person does about a run that failed: a sentence for each reason, wherever it is told. Pure; docs/runbooks/backup-failed.md has more of each.
import { FAILURES, type Failure } from '../../../backup/core/report.js';

/** Reasons that no container could tell: the operator finds them in what Kubernetes says. */
export const FOUND_FAILURES = {
  /** The containers ended well, and the last one left no report. */
  NoReport: 'NoReport',
  /** The Job's deadline, two hours, was over. */
  TooSlow: 'TooSlow',
  /** Somebody deleted the pod, or its node is gone. */
  PodGone: 'PodGone',
  /** The Job was deleted before anybody saw how it ended. */
  JobGone: 'JobGone',
  /** The kubelet put the pod out for want of memory on the node. */
  Evicted: 'Evicted',
  /** None of its containers has run: an image or a volume that is not there, or no room in the quota. */
  CannotStart: 'CannotStart',
  /** What a run is made from is not in the cluster. */
  ManifestsMissing: 'ManifestsMissing',
} as const;
/** Every reason that a run can fail for. */
export const RUN_FAILURES = { ...FAILURES, ...FOUND_FAILURES } as const;
export type RunFailure = Failure | keyof typeof FOUND_FAILURES;

const APPLY = '`npm run synth && kubectl apply -f dist/`';
const AGAIN = 'It is tried again by itself an hour later';

const ADVICE: Readonly<Record<RunFailure, string>> = {
  NoSpace: `Raise backup.scratch in settings.yaml: it holds the dump and 1.3 times the database. Then ${APPLY}.`,
  OutOfMemory: `Raise resources.backup.limits.memory in settings.yaml, then ${APPLY}.`,
  LockWait: 'Somebody held a lock on a table for more than 30 s: a migration, or a transaction that nobody ends. `select * from pg_stat_activity where state <> \'idle\'` shows who.',
  LoginRefused: `Postgres refused the login of backups or a table to it. The operator sets both right; ${AGAIN.toLowerCase()}. If it stays so, see the condition DatabaseHealthy.`,
  DatabaseAway: `Postgres did not answer or was restarted in the middle. ${AGAIN}.`,
  StepFailed: 'The log of the Job names the step and its exit code; it stays for a day.',
  DumpChanged: 'The dump was not read as it was written: the disk or the memory of this host is not well. Look at `dmesg` and its SMART values before anything else.',
  NotVerified: 'What was restored is not what should be there, and nothing was stored. Where rows were deleted on purpose, say so in backup.mayShrink; else look at the database before the older copies end.',
  KeyMissing: 'A setting or a key of the Secret of the store is missing or is none: the detail names it. docs/backups.md says how to make them.',
  StoreAway: `The store did not answer, or with 5xx. ${AGAIN}. If it stays so: backup.s3.endpoint, and backup.s3.privateNetworks for a private address.`,
  StoreRefused: 'The store refused: its code is in the detail. AccessDenied, SignatureDoesNotMatch and InvalidAccessKeyId are about the Secret of the store, NoSuchBucket about backup.s3.bucket.',
  ClockSkewed: 'The clocks of this node and of the store differ by more than 15 minutes, and no signature is valid: set the node\'s (`timedatectl`, chrony).',
  Stopped: `The Job was ended from outside. ${AGAIN}.`,
  NoReport: 'The containers ended well and left no report, so nothing is believed. Look at the log of the Job.',
  TooSlow: `It did not end within two hours. Raise resources.backup.limits.cpu in settings.yaml, or look at the way to the store; then ${APPLY}.`,
  PodGone: `The pod was deleted, or its node is gone. ${AGAIN}.`,
  JobGone: `Somebody deleted the Job while it ran. ${AGAIN}.`,
  Evicted: 'The node had no memory left and put the pod out: `kubectl describe node` shows what takes it.',
  CannotStart: 'Its pod could not start: `kubectl describe pods -l app.kubernetes.io/component=backup` says which image, volume or room is missing.',
  ManifestsMissing: '`kubectl apply -f dist/` makes what a backup is made from.',
};

/** Steps whose room is the store's and not the Job's. */
const AT_THE_STORE: readonly string[] = ['store', 'manifest', 'list', 'read-back', 'read'];
const STORE_FULL = `The store is full: make room in the bucket, raise backup.volume, or lower backup.keep in settings.yaml; then ${APPLY}. What is too old by backup.keep was deleted already.`;

/** @param failure as status.backup.lastFailure has it; a reason of a newer operator is known to its runbook alone */
export function adviceOnFailure({ step, reason }: { readonly step: string; readonly reason: string }): string {
  if (reason === RUN_FAILURES.NoSpace && AT_THE_STORE.includes(step)) return STORE_FULL;
  return Object.hasOwn(ADVICE, reason) ? ADVICE[reason as RunFailure] : 'docs/runbooks/backup-failed.md says what to do.';
}
