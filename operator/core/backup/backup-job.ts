// The Job of one run: the pods of the PodTemplate to the letter, and beside them what differs from run to run, as variables in a ConfigMap. Pure.
import type { BackupProgress, BackupStatus } from '../../api/backup-fields.js';
import { BACKUP_COMPONENT, COMPONENT_LABEL, LABELS } from '../../api/object-names.js';
import type { Expected } from '../../../backup/core/verification.js';
import type { ContainerResources } from '../rotation/quota-room.js';

/** As much of it as is looked at: the admission policies refuse a Job whose pods differ from it in anything. */
export interface PodTemplate {
  readonly metadata?: { readonly labels?: Readonly<Record<string, string>>; readonly annotations?: Readonly<Record<string, string>> };
  readonly spec: { readonly containers: readonly TemplateContainer[]; readonly initContainers?: readonly TemplateContainer[] };
}

interface TemplateContainer {
  readonly name: string;
  readonly resources?: ContainerResources;
}

/** A run of a database of the size of this host takes minutes; one that waits for a store that is away, a quarter of an hour. Seconds. */
export const JOB_DEADLINE = 7_200;
/** Its pod is there to be looked at, and its report to be read by an operator that was away. Seconds. */
const KEPT = 86_400;
const DAY = 86_400_000;
const RECHECK_EVERY = 7 * DAY;

/** The same for the same run, whoever makes it. */
export function backupJobName(copy: string): string {
  return `backup-${copy.toLowerCase()}`;
}

export function buildBackupJob(template: PodTemplate, copy: string): object {
  return buildTemplateJob(template, { name: backupJobName(copy), component: BACKUP_COMPONENT });
}

/** One try of what a template says. */
export function buildTemplateJob({ metadata: { labels, annotations } = {}, spec }: PodTemplate, { name, component }: { readonly name: string; readonly component: string }): object {
  return {
    apiVersion: 'batch/v1', kind: 'Job',
    metadata: { name, labels: { ...LABELS, [COMPONENT_LABEL]: component } },
    spec: {
      // One that failed is told, and followed by another Job: a second pod would do again what nobody asked for.
      backoffLimit: 0, completions: 1, parallelism: 1, activeDeadlineSeconds: JOB_DEADLINE, ttlSecondsAfterFinished: KEPT,
      template: { metadata: { ...(labels ? { labels } : {}), ...(annotations ? { annotations } : {}) }, spec },
    },
  };
}

/** What the containers of a run read from ConfigMap backup-run. */
export interface RunVariables {
  /** The time of the run (ISO 8601), for both databases. */
  readonly AT: string;
  /** `true`: every row is hashed. */
  readonly CONTENT: string;
  readonly COPY: string;
  /** JSON of {@link Expected}. */
  readonly EXPECTED: string;
  /** `true`: an old copy is fetched and compared with its manifest. */
  readonly RECHECK: string;
}

export function runVariables(run: BackupProgress, expected: Expected, status: BackupStatus): RunVariables {
  return { AT: run.startedAt, CONTENT: String(isHashDue(run, status)), COPY: run.copy, EXPECTED: JSON.stringify(expected), RECHECK: String(isRecheckDue(run, status)) };
}

/** The first run of each month, by the calendar of UTC. */
function isHashDue({ startedAt }: BackupProgress, { lastHashedAt }: BackupStatus): boolean {
  return lastHashedAt?.slice(0, 7) !== startedAt.slice(0, 7);
}

/** There is an old copy to look at. */
function isRecheckDue({ startedAt }: BackupProgress, { lastVerified, lastRecheckedAt }: BackupStatus): boolean {
  if (lastVerified === undefined) return false;
  // An hour less: runs do not begin at the same second.
  return lastRecheckedAt === undefined || Date.parse(startedAt) - Date.parse(lastRecheckedAt) > RECHECK_EVERY - DAY / 24;
}
