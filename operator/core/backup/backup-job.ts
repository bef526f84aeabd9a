// The Job of one run: the pod template of the manifests, with what this run alone knows. Pure.
import type { BackupProgress, BackupStatus } from '../../api/backup-fields.js';
import { LABELS } from '../../api/object-names.js';
import type { Expected } from '../../../backup/core/verification.js';
import { BACKUP_CONTAINERS, type BackupContainer } from './run-end.js';

/** As much of a container as is looked at; the rest is carried over as it is. */
export interface TemplateContainer {
  readonly name: string;
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
}

export interface PodTemplate {
  readonly metadata?: { readonly labels?: Readonly<Record<string, string>>; readonly annotations?: Readonly<Record<string, string>> };
  readonly spec: { readonly initContainers?: readonly TemplateContainer[]; readonly containers: readonly TemplateContainer[] };
}

export interface JobInput {
  readonly template: PodTemplate;
  readonly run: BackupProgress;
  readonly expected: Expected;
  readonly status: BackupStatus;
}

/** A run of a database of the size of this host takes minutes; one that waits for a store that is away, a quarter of an hour. Seconds. */
const DEADLINE = 7_200;
/** Its pod is there to be looked at, and its report to be read by an operator that was away. Seconds. */
const KEPT = 86_400;
const COMPONENT = 'backup';
const DAY = 86_400_000;
const RECHECK_EVERY = 7 * DAY;

/** The same for the same run, whoever makes it. */
export function backupJobName(copy: string): string {
  return `backup-${copy.toLowerCase()}`;
}

export function buildBackupJob(input: JobInput): object {
  const { template: { metadata, spec }, run } = input;
  const withVariables = (containers: readonly TemplateContainer[]) => containers.map((container) => addVariables(container, variablesOf(container.name, input)));
  const labels = { ...LABELS, 'app.kubernetes.io/component': COMPONENT };
  return {
    apiVersion: 'batch/v1', kind: 'Job',
    metadata: { name: backupJobName(run.copy), labels },
    spec: {
      // A run that failed is told, and followed by another run: a second pod would dump again what nobody asked for.
      backoffLimit: 0, completions: 1, parallelism: 1, activeDeadlineSeconds: DEADLINE, ttlSecondsAfterFinished: KEPT,
      template: {
        metadata: { ...metadata, labels: { ...metadata?.labels, ...labels } },
        spec: { ...spec, initContainers: withVariables(spec.initContainers ?? []), containers: withVariables(spec.containers), restartPolicy: 'Never' },
      },
    },
  };
}

/** Its own win over those of the template. */
function addVariables(container: TemplateContainer, variables: Readonly<Record<string, string>>): TemplateContainer {
  const kept = (container.env ?? []).filter(({ name }) => !(name in variables));
  return { ...container, env: [...kept, ...Object.entries(variables).map(([name, value]) => ({ name, value }))] };
}

function variablesOf(container: string, { run, expected, status }: JobInput): Readonly<Record<string, string>> {
  const database = { AT: run.startedAt, CONTENT: String(isHashDue(run, status)) };
  const byContainer: Readonly<Record<BackupContainer, Readonly<Record<string, string>>>> = {
    dump: database, restore: database,
    store: { COPY: run.copy, EXPECTED: JSON.stringify(expected), RECHECK: String(isRecheckDue(run, status)) },
  };
  return isBackupContainer(container) ? byContainer[container] : {};
}

function isBackupContainer(name: string): name is BackupContainer {
  return (BACKUP_CONTAINERS as readonly string[]).includes(name);
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
