// The decision: what was observed, and the time, become the actions to take and the status to report. Pure.
import type { GlitchTipSpec, GlitchTipStatus } from '../api/glitchtip.js';
import type { Observed } from './observed.js';
import { loginNames, findProblems, planSecrets, valueOf, type CreateSecret, type Crypto } from './secrets.js';
import { planDatabase, type DatabaseChange, type WantedRoles } from './roles.js';
import { buildStatus, judgeCredentials, judgeDatabase, judgeReady, type Instant } from './status.js';

export interface ChangeDatabase {
  readonly kind: 'change database';
  readonly wanted: WantedRoles;
}

export type Action = CreateSecret | ChangeDatabase;

export interface Plan {
  /** To be taken in this order; after the last one the world is observed again. */
  readonly actions: readonly Action[];
  readonly status: GlitchTipStatus;
  /** Look again after this long even if nothing happens. Milliseconds. */
  readonly requeueAfter: number;
}

/** While something is missing it is usually a part that is just starting. Milliseconds. */
export const REQUEUE_WHILE_NOT_READY = 5_000;
/** A safety net: a change of the resource is seen by the watch, a change of a Secret or of a role only by looking. Milliseconds. */
export const REQUEUE_WHEN_READY = 300_000;

export interface PlanInput {
  readonly spec: GlitchTipSpec;
  readonly observed: Observed;
  readonly previous?: GlitchTipStatus;
  readonly at: Instant;
}

/** Plans one resource. Nothing is planned while spec.suspend is true; the status tells the truth all the same. */
export function plan({ spec, observed, previous, at }: PlanInput, crypto: Crypto): Plan {
  const problems = findProblems(spec, observed.secrets, crypto);
  const sound = !problems.some((problem) => problem.name === spec.secrets.application);
  const wanted = sound ? wantedRoles(spec, observed) : undefined;
  const changes = wanted && observed.postgres.kind === 'observed' ? planDatabase(observed.postgres.state, wanted) : [];
  const findings = [judgeCredentials(spec, observed.secrets, problems), judgeDatabase(observed.postgres, spec, changes)];
  const ready = judgeReady(findings, spec.suspend);
  return {
    actions: spec.suspend ? [] : planActions(planSecrets(spec, observed.secrets, crypto), changes, wanted),
    status: buildStatus([ready, ...findings], { spec, observed, previous }, at),
    requeueAfter: ready.status === 'True' ? REQUEUE_WHEN_READY : REQUEUE_WHILE_NOT_READY,
  };
}

function planActions(creations: readonly CreateSecret[], changes: readonly DatabaseChange[], wanted: WantedRoles | undefined): readonly Action[] {
  // Secrets first: a role gets its password from a Secret that is already in the cluster, so no crash can lose the only copy.
  if (creations.length > 0 || !wanted || changes.length === 0) return creations;
  return [{ kind: 'change database', wanted }];
}

/** The roles that the application's Secret asks for; undefined while it does not say which login is in use. */
export function wantedRoles(spec: GlitchTipSpec, observed: Pick<Observed, 'secrets'>): WantedRoles | undefined {
  const [a, b] = loginNames(spec.database.name);
  const active = valueOf(observed.secrets.application, 'DATABASE_USER')?.reveal();
  if (active !== a && active !== b) return undefined;
  return { database: spec.database.name, active, idle: active === a ? b : a };
}
