// What `glitchkeeper status` knows: pure, from the resource, its pods and its events to one object, which is also its JSON.
import * as z from 'zod';
import { partsOf } from '../../charts/topology.js';
import type { Condition } from '../../operator/api/glitchtip-resource.js';
import type { MoveStatus } from '../../operator/api/move-fields.js';
import type { RestoreStatus } from '../../operator/api/restore-fields.js';
import type { UpgradeStatus } from '../../operator/api/upgrade-fields.js';
import type { CredentialName, RotationProgress } from '../../operator/api/rotation-fields.js';
import type { HealthStatus } from '../../operator/api/health-fields.js';
import { REASONS } from '../../operator/api/conditions.js';
import { buildBackupReport, type BackupReport } from '../backup/backup-report.js';
import type { PartReport, Pod } from '../part-states.js';
import type { Resource } from '../glitchtip-resource-access.js';

/** `unknown`: no operator reports, or its report is older than the spec. */
export type Verdict = 'ready' | 'not ready' | 'unknown';
export const EXIT_CODES: Readonly<Record<Verdict, number>> = { ready: 0, 'not ready': 1, unknown: 2 };

export interface CredentialReport {
  /** The Secret. */
  readonly name: string;
  readonly generation: number;
  /** When it was made or last rotated. */
  readonly renewedAt?: string;
  /** When the schedule rotates it next; absent: only on demand. */
  readonly nextAt?: string;
}

export interface EventReport {
  readonly at: string;
  readonly type: string;
  readonly reason: string;
  readonly message: string;
}

export interface Summary {
  readonly name: string;
  readonly namespace: string;
  readonly verdict: Verdict;
  readonly why: string;
  readonly parts: readonly PartReport[];
  /** https with a certificate that nobody trusts. */
  readonly selfSigned?: true;
  readonly conditions: readonly Pick<Condition, 'type' | 'status' | 'reason' | 'message' | 'lastTransitionTime'>[];
  readonly credentials: readonly CredentialReport[];
  readonly rotation: { readonly current?: RotationProgress; readonly lastCompletedAt?: string; readonly nextAt?: string };
  /** Absent: none are made. */
  readonly backups?: BackupReport;
  /** Absent: nothing was ever restored. */
  readonly restore?: RestoreStatus;
  /** Absent: there never was one. */
  readonly upgrade?: UpgradeStatus;
  /** Absent: there never was a move. */
  readonly move?: MoveStatus;
  /** Absent where the operator is older than its health checks. */
  readonly health?: HealthStatus;
  /** What is missing here, because the operator is of another version than this program. */
  readonly notUnderstood?: readonly string[];
  /** Newest last; absent when they cannot be read. */
  readonly events?: readonly EventReport[];
}

const EVENTS_SHOWN = 5;

/** The parts that a GlitchTip has; the migrate Job's pod may be long gone. */
export function shownParts({ spec }: Pick<Resource, 'spec'>, pods: readonly Pod[]): string[] {
  const migrated = pods.some(({ metadata }) => metadata.labels['app.kubernetes.io/component'] === 'migrate');
  return partsOf(spec).filter((part) => part !== 'migrate' || migrated);
}

export function buildSummary(resource: Resource, { parts, events }: { parts: readonly PartReport[]; events?: readonly EventReport[] }): Summary {
  const { conditions = [], rotation = {} } = resource.status;
  const { current, lastCompletedAt, nextAt } = rotation;
  return {
    name: resource.name,
    namespace: resource.namespace,
    ...judge(resource, parts),
    ...(resource.spec.https?.selfSigned === true ? { selfSigned: true } : {}),
    parts,
    conditions: conditions.map(({ type, status, reason, message, lastTransitionTime }) => ({ type, status, reason, message, lastTransitionTime })),
    credentials: listCredentials(resource),
    rotation: { current, lastCompletedAt, nextAt },
    backups: buildBackupReport(resource),
    restore: resource.status.restore,
    upgrade: resource.status.upgrade,
    move: resource.status.move,
    health: resource.status.health,
    ...(resource.notUnderstood.length > 0 ? { notUnderstood: resource.notUnderstood } : {}),
    events: events?.slice(-EVENTS_SHOWN),
  };
}

/**
 * A status says nothing once whoever writes it is gone, and nothing yet of a spec that it has not seen. Ready is about what the
 * operator manages; while events are lost or nobody gets in, it is not ready all the same.
 */
function judge({ generation, spec, status, notUnderstood }: Resource, parts: readonly PartReport[]): Pick<Summary, 'verdict' | 'why'> {
  const operator = parts.find(({ part }) => part === 'operator');
  if (operator?.ready === false) return { verdict: 'unknown', why: `the operator does not run (${operator.state}): what follows may be old` };
  if (notUnderstood.length > 0) return { verdict: 'unknown', why: `the operator is of another version than this program, which does not understand ${notUnderstood.join(', ')}` };
  const ready = status.conditions?.find(({ type }) => type === 'Ready');
  if (ready === undefined) return { verdict: 'unknown', why: 'the operator has not reconciled the resource yet' };
  if ((status.observedGeneration ?? 0) < generation) return { verdict: 'unknown', why: 'the operator has not seen the latest change of the resource yet' };
  return ready.status === 'True' ? judgeHealth(spec, status, ready) : { verdict: ready.status === 'Unknown' ? 'unknown' : 'not ready', why: ready.message };
}

function judgeHealth(spec: Resource['spec'], { health }: Resource['status'], ready: Condition): Pick<Summary, 'verdict' | 'why'> {
  if (!spec.health.enabled) return { verdict: 'ready', why: `${ready.message} Health is not watched, for spec.health.enabled is false.` };
  const critical = health?.incidents?.find(({ severity }) => severity === 'critical');
  return critical === undefined ? { verdict: 'ready', why: ready.message } : { verdict: 'not ready', why: critical.message };
}

/** In which Secrets a credential is. */
const SECRETS_OF = {
  'secret-key': ['application'],
  postgres: ['application'],
  valkey: ['application', 'valkey'],
  administrator: ['administrator'],
  operator: ['postgres', 'valkey'],
  gateway: ['gateway', 'valkey'],
  backup: ['backup'],
} as const satisfies Readonly<Record<CredentialName, readonly (keyof Resource['spec']['secrets'])[]>>;

function listCredentials({ spec, status }: Resource): CredentialReport[] {
  const scheduled = spec.rotation.credentials?.flatMap((credential) => SECRETS_OF[credential].map((role) => spec.secrets[role]));
  const nextAt = status.rotation?.nextAt;
  return (status.credentials ?? []).map(({ name, generation, createdAt, rotatedAt }) => ({
    name, generation, renewedAt: rotatedAt ?? createdAt,
    nextAt: scheduled === undefined || scheduled.includes(name) ? nextAt : undefined,
  }));
}

/** Conditions that a person should read: Ready, and each that is not as it should be. */
export function conditionsThatMatter({ conditions }: Pick<Summary, 'conditions'>): Summary['conditions'] {
  const quiet = (type: string, status: string, reason: string) => (type === 'RotationInProgress' ? reason === REASONS.Idle : status === 'True');
  return conditions.filter(({ type, status, reason }) => type === 'Ready' || !quiet(type, status, reason));
}

const eventList = z.object({
  items: z.array(z.object({
    type: z.string().default('Normal'),
    reason: z.string().default(''),
    message: z.string().default(''),
    eventTime: z.string().nullish(),
    lastTimestamp: z.string().nullish(),
    series: z.object({ lastObservedTime: z.string() }).nullish(),
    metadata: z.object({ creationTimestamp: z.string() }),
  })),
});

/** Events in the order in which they happened; who wrote one decides which of its times is set. */
export function parseEvents(json: string): EventReport[] {
  return eventList.parse(JSON.parse(json)).items
    .map(({ type, reason, message, eventTime, lastTimestamp, series, metadata }) => ({
      at: series?.lastObservedTime ?? lastTimestamp ?? eventTime ?? metadata.creationTimestamp, type, reason, message,
    }))
    .sort((one, other) => one.at.localeCompare(other.at));
}
