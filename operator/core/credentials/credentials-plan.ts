// The decision: what was observed, and the time, become the actions to take and the status to report. Pure.
import { REASONS } from '../../api/conditions.js';
import type { GlitchTipSpec, GlitchTipStatus } from '../../api/glitchtip-resource.js';
import { judgeAdministratorAccount } from './administrator-account.js';
import { findAdoptionObstacle } from './database-adoption.js';
import { identifyDatabase, type DatabaseIdentity } from './database-identity.js';
import type { Observed, ObservedRollout } from './observed.js';
import { backupLoginName, gatewayLoginName } from '../../api/object-names.js';
import { judgeValkeyUsers, planGatewayUser, planValkeyUsers } from './valkey-users.js';
import { findProblems, isGatewayGone, loginNames, planSecrets, valueOf, type CreateSecret, type Crypto } from './generated-secrets.js';
import { planDatabase } from './postgres-roles.js';
import { type DatabaseChange, type WantedLogin, type WantedRoles } from './database-changes.js';
import type { RotationAction } from '../rotation/actions.js';
import type { RotationPlan } from '../rotation/planned-rotation.js';
import { needsRollout, planRotation, REQUEUE_WHILE_ROTATING } from '../rotation/rotation-plan.js';
import { journalOf } from '../rotation/journal.js';
import { buildRotationStatus, judgeRotation, planExpiredKeys } from '../rotation/rotation-status.js';
import { buildStatus, judgeCredentials, judgeDatabase, judgeReady, type DatabasePlan, type Finding, type Instant } from './resource-conditions.js';

export interface ChangeDatabase {
  readonly kind: 'change database';
  readonly wanted: WantedRoles;
}

export type Action = CreateSecret | ChangeDatabase | RotationAction;

export interface Plan {
  /** To be taken in this order; after the last one everything is observed again. */
  readonly actions: readonly Action[];
  readonly status: GlitchTipStatus;
  /** Requeue after this long even if nothing happens. Milliseconds. */
  readonly requeueAfter: number;
}

/** While something is missing it is usually a part that is just starting. Milliseconds. */
export const REQUEUE_WHILE_NOT_READY = 5_000;
/** A safety net: a change of the resource is seen by the watch, a change of a Secret or of a role only by looking. Milliseconds. */
export const REQUEUE_WHEN_READY = 300_000;

export interface PlanInput {
  readonly spec: GlitchTipSpec;
  readonly observed: Observed;
  /** What {@link wantsRollout} asks for. */
  readonly rollout?: ObservedRollout;
  /** The annotation that asks for a rotation. */
  readonly request?: string;
  /** The annotation that accepts another database than before. */
  readonly acceptedDatabase?: string;
  readonly previous?: GlitchTipStatus;
  readonly at: Instant;
}

/** Whether a rotation needs an observation of pods, sessions and logins, which is expensive. */
export function wantsRollout({ spec, observed, request, at }: PlanInput): boolean {
  return observed.postgres.kind === 'observed' && needsRollout({ spec, observed, request, now: at.now });
}

/** Plans one resource. Nothing is planned while spec.suspend is true; the status is still reported. */
export function plan(input: PlanInput, crypto: Crypto): Plan {
  const { spec, observed, previous, at } = input;
  const problems = findProblems(spec, observed.secrets, crypto);
  const sound = !problems.some((problem) => problem.name === spec.secrets.application);
  const wanted = sound ? wantedRoles(spec, observed) : undefined;
  const identity = identityOf(input);
  const database = planPostgres(observed, wanted, identity);
  const correction = isRotating(observed) ? undefined : planValkeyUsers(observed);
  const current = judgeCredentials(spec, observed.secrets, problems);
  const findings = [
    current.status === 'True' ? (judgeRotation(spec, observed) ?? current) : current,
    judgeDatabase(observed.postgres, spec, database),
    judgeValkeyUsers(observed.valkey, correction),
  ];
  const ready = judgeReady(findings, spec.suspend);
  const rotation = planRotation({ ...input, findings: rotationFindings(current, findings), now: at.now }, crypto);
  const bootstrap = planActions(planSecrets(spec, observed.secrets, crypto), database.changes, wanted);
  const user = isRotating(observed) ? undefined : planGatewayUser(spec, observed.secrets, { crypto, now: at.now });
  const corrections: readonly RotationAction[] = correction ? [{ kind: 'set valkey passwords', ...correction }] : [];
  const actions = firstNotEmpty(bootstrap, user ? [user] : [], corrections, rotation.actions, planExpiredKeys(spec, observed, at.now));
  return {
    actions: spec.suspend ? [] : actions,
    status: {
      ...buildStatus([ready, ...findings, judgeAdministratorAccount(spec, observed), rotation.finding], { spec, observed, previous }, at),
      ...rememberedIdentity(identity),
      rotation: buildRotationStatus(spec, observed, rotation, previous),
    },
    requeueAfter: waitsForMigrations(spec, observed) ? REQUEUE_WHILE_NOT_READY : requeueAfter([ready, ...findings], rotation),
  };
}

/** The gateway's login can be given no rights on tables that are not there yet. */
function waitsForMigrations(spec: GlitchTipSpec, { postgres }: Observed): boolean {
  if (!spec.gateway || postgres.kind !== 'observed' || postgres.state.database.kind === 'absent') return false;
  return (postgres.state.database.gatewayTables?.absent ?? []).length > 0;
}

function identityOf({ observed: { postgres }, previous, acceptedDatabase }: PlanInput): DatabaseIdentity {
  return identifyDatabase({
    found: postgres.kind === 'observed' ? postgres.state.system : undefined, remembered: previous?.postgres?.systemIdentifier, accepted: acceptedDatabase,
  });
}

function rememberedIdentity({ system }: DatabaseIdentity): Pick<GlitchTipStatus, 'postgres'> {
  return system === undefined ? {} : { postgres: { systemIdentifier: system } };
}

/** Nothing while Postgres cannot be seen, or is not the one that it was, or the application's Secret does not say which login is in use. */
function planPostgres({ postgres }: Observed, wanted: WantedRoles | undefined, { replaced }: DatabaseIdentity): DatabasePlan {
  if (replaced) return { changes: [], replaced };
  if (!wanted || postgres.kind !== 'observed') return { changes: [] };
  return { changes: planDatabase(postgres.state, wanted), obstacle: findAdoptionObstacle(postgres.state, wanted) };
}

/** A failed rotation must not hold the next one back. */
function rotationFindings(current: Finding, [, ...others]: readonly Finding[]): readonly Finding[] {
  return [current, ...others];
}

/** One concern at a time, the more basic one first. */
function firstNotEmpty(...lists: readonly (readonly Action[])[]): readonly Action[] {
  return lists.find((actions) => actions.length > 0) ?? [];
}

function requeueAfter(findings: readonly Finding[], { finding }: RotationPlan): number {
  if (finding.status === 'True') return REQUEUE_WHILE_ROTATING;
  // A rotation that is held back is requeued as often as a part that is not ready; so is an adoption that waits for the last session of an old login.
  const settled = findings.every(({ status, reason }) => status === 'True' && reason !== REASONS.OwnerInUse);
  return settled && (finding.reason === REASONS.Idle || finding.reason === REASONS.RequestRejected) ? REQUEUE_WHEN_READY : REQUEUE_WHILE_NOT_READY;
}

function planActions(creations: readonly CreateSecret[], changes: readonly DatabaseChange[], wanted: WantedRoles | undefined): readonly Action[] {
  // Secrets first: a role gets its password from a Secret that is already in the cluster, so no crash can lose the only copy.
  if (creations.length > 0 || !wanted || changes.length === 0) return creations;
  return [{ kind: 'change database', wanted }];
}

/** The roles that the application's Secret asks for; undefined while it does not say which login is in use. */
export function wantedRoles(spec: GlitchTipSpec, observed: Pick<Observed, 'secrets' | 'journal' | 'postgres'>): WantedRoles | undefined {
  const [a, b] = loginNames(spec.database.name);
  const active = valueOf(observed.secrets.application, 'DATABASE_USER')?.reveal();
  if (active !== a && active !== b) return undefined;
  const applicationWorks = letsApplicationWork(observed, spec.database.name);
  return { database: spec.database.name, active, idle: active === a ? b : a, rotating: isRotating(observed), applicationWorks, ...wantedGateway(spec, observed), ...wantedBackup(spec, observed) };
}

/** Nothing while its password is not known, nor for one that the settings do not have any more and that may still give what it holds. */
function wantedGateway(spec: GlitchTipSpec, { secrets, postgres }: Pick<Observed, 'secrets' | 'postgres'>): { readonly gateway?: WantedLogin } {
  if (isGatewayGone(spec, secrets)) return { gateway: { role: gatewayLoginName(spec.database.name), isRefused: false, isGone: true } };
  if (!spec.gateway || !valueOf(secrets.gateway, 'database-password')) return {};
  return { gateway: { role: gatewayLoginName(spec.database.name), isRefused: postgres.kind === 'observed' && postgres.gatewayLogin?.kind === 'refused' } };
}

/** Nothing while its password is not known. Without backups nobody dumps: what its Secret still holds lets nobody in, and serves again when they are back. */
function wantedBackup(spec: GlitchTipSpec, { secrets, postgres }: Pick<Observed, 'secrets' | 'postgres'>): { readonly backup?: WantedLogin } {
  const role = backupLoginName(spec.database.name);
  if (!spec.backup) return { backup: { role, isRefused: false, isGone: true } };
  if (!valueOf(secrets.backup, 'database-password')) return {};
  return { backup: { role, isRefused: postgres.kind === 'observed' && postgres.backupLogin?.kind === 'refused' } };
}

function letsApplicationWork({ postgres }: Pick<Observed, 'postgres'>, owner: string): boolean {
  return postgres.kind === 'observed' && postgres.login.kind === 'accepted' && postgres.login.actsAs === owner;
}

/** True also when it cannot be known. */
function isRotating(observed: Pick<Observed, 'journal'>): boolean {
  const journal = journalOf(observed);
  return !journal || (journal.rotation !== undefined && journal.rotation.phase !== 'Waiting');
}
