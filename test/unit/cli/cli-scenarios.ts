// GlitchTip resources as kubectl prints them, for the tests of the CLI.
import type { BackupStatus } from '../../../operator/api/backup-fields.js';
import type { GlitchTipStatus } from '../../../operator/api/glitchtip-resource.js';
import type { HealthStatus } from '../../../operator/api/health-fields.js';
import type { RehearsalStatus } from '../../../operator/api/rehearsal-fields.js';
import type { MoveProgress, MoveStatus } from '../../../operator/api/move-fields.js';
import type { RestoreProgress, RestoreStatus } from '../../../operator/api/restore-fields.js';
import type { UpgradeStatus } from '../../../operator/api/upgrade-fields.js';
import type { RotationProgress, RotationRecord } from '../../../operator/api/rotation-fields.js';
import { parseResource, type Resource } from '../../../cli/glitchtip-resource-access.js';

export const NOW = new Date('2026-06-01T12:00:00Z');

export interface Scenario {
  readonly spec?: object;
  readonly annotation?: string;
  readonly generation?: number;
  readonly conditions?: readonly object[];
  readonly current?: RotationProgress;
  readonly history?: readonly RotationRecord[];
  /** Of glitchkeeper.io/backup. */
  readonly backupAsked?: string;
  readonly backup?: BackupStatus;
  /** Of glitchkeeper.io/restore. */
  readonly restoreAsked?: string;
  readonly restore?: RestoreStatus;
  /** Of glitchkeeper.io/rehearse. */
  readonly rehearsalAsked?: string;
  readonly rehearsal?: RehearsalStatus;
  /** Of glitchkeeper.io/upgrade. */
  readonly upgradeAsked?: string;
  readonly upgrade?: UpgradeStatus;
  /** Of glitchkeeper.io/move. */
  readonly moveAsked?: string;
  readonly move?: MoveStatus;
  /** Absent: an operator of before the health checks. */
  readonly health?: HealthStatus;
}

export const ready = condition('Ready', 'True', 'AllWell', 'Everything is as it should be.');

export function condition(type: string, status: string, reason: string, message: string): NonNullable<GlitchTipStatus['conditions']>[number] {
  return { type, status, reason, message, observedGeneration: 3, lastTransitionTime: '2026-05-29T12:00:00Z' } as NonNullable<GlitchTipStatus['conditions']>[number];
}

export function current(phase: RotationProgress['phase'], more: Partial<RotationProgress> = {}): RotationProgress {
  return {
    id: '20260601T115000Z-aaaaaa', trigger: 'request', credentials: ['postgres'], phase, requestedAt: '2026-06-01T11:50:00Z', since: '2026-06-01T11:58:00Z',
    attempt: 1, message: `busy with ${phase}`, ...more,
  };
}

export function ended(id: string, result: RotationRecord['result'], more: Partial<RotationRecord> = {}): RotationRecord {
  return {
    id, trigger: 'request', credentials: ['postgres'], startedAt: '2026-06-01T11:50:00Z', finishedAt: '2026-06-01T11:51:35Z', result,
    message: result === 'Completed' ? 'The new values are in use.' : 'Rolling did not end in time.', ...more,
  };
}

export const COPY = '20260601T023000Z';
export const OLDER_COPY = '20260531T023000Z';

/** Of a bucket with two copies, the newest of this morning. */
export function copied(more: Partial<BackupStatus> = {}): BackupStatus {
  return {
    lastStartedAt: '2026-06-01T02:30:00Z', nextAt: '2026-06-02T02:30:00Z',
    lastVerified: { copy: COPY, at: '2026-06-01T02:34:10Z', bytes: 44_000_000, seconds: 236, how: 'content', where: 's3' },
    copies: [{ name: COPY, bytes: 44_000_000, damaged: false }, { name: OLDER_COPY, bytes: 43_000_000, damaged: false }],
    ...more,
  };
}

/** A run that failed. */
export function lastFailure(more: Partial<NonNullable<BackupStatus['lastFailure']>> = {}): NonNullable<BackupStatus['lastFailure']> {
  return { copy: '20260601T113000Z', at: '2026-06-01T11:31:00Z', step: 'restore', reason: 'StepFailed', exitCode: 3, ...more };
}

export const RESTORE = '20260601T115800Z';

/** A restore of the newest copy. */
export function restoring(phase: RestoreProgress['phase'], more: Partial<RestoreProgress> = {}): RestoreProgress {
  return { id: RESTORE, wanted: { copy: 'latest', save: true }, copy: COPY, phase, direction: 'forth', since: '2026-06-01T11:59:00Z', attempt: 1, ...more };
}

export const MOVE = '20260601T115000Z';

/** A move whose phase the gateway has confirmed. */
export function moving(phase: MoveProgress['phase'], more: Partial<MoveProgress> = {}): MoveProgress {
  return { id: MOVE, phase, since: '2026-06-01T11:58:00Z', inForceSince: '2026-06-01T11:58:01Z', imports: true, attempt: 1, dsns: { known: 3, served: 3 }, ...more };
}

/** The JSON of a GlitchTip with Valkey and a worker, well unless the scenario says otherwise. */
export function resourceJson({ spec, generation = 3, conditions = [ready], current: progress, history = [], health, backup, restore, rehearsal, upgrade, move, ...asked }: Scenario = {}): string {
  const annotations = annotationsOf(asked);
  return JSON.stringify({
    metadata: { name: 'glitchtip', namespace: 'glitchtip', generation, annotations },
    spec: { version: '5.2', valkey: {}, worker: {}, administrator: { email: 'admin@example.com' }, ...spec },
    status: {
      observedGeneration: 3,
      conditions,
      credentials: [
        { name: 'glitchtip-app', generation: 2, createdAt: '2026-01-01T00:00:00Z', rotatedAt: '2026-05-20T12:00:00Z' },
        { name: 'glitchtip-admin', generation: 1, createdAt: '2026-01-01T00:00:00Z' },
      ],
      rotation: { ...(progress ? { current: progress } : {}), nextAt: '2026-08-18T03:00:00Z', history },
      backup,
      restore,
      rehearsal,
      upgrade,
      move,
      health,
    },
  });
}

/** What somebody asked for; JSON leaves out what is undefined. */
function annotationsOf({ annotation, backupAsked, restoreAsked, rehearsalAsked, upgradeAsked, moveAsked }: Pick<Scenario, 'annotation' | 'backupAsked' | 'restoreAsked' | 'rehearsalAsked' | 'upgradeAsked' | 'moveAsked'>): Readonly<Record<string, string | undefined>> {
  return {
    'glitchkeeper.io/rotate': annotation, 'glitchkeeper.io/backup': backupAsked, 'glitchkeeper.io/restore': restoreAsked, 'glitchkeeper.io/rehearse': rehearsalAsked, 'glitchkeeper.io/upgrade': upgradeAsked, 'glitchkeeper.io/move': moveAsked,
  };
}

export function resource(scenario: Scenario = {}): Resource {
  return parseResource(resourceJson(scenario));
}
