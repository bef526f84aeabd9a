// Turns what was observed into the conditions of the resource: one reason each, and in Ready the one that explains the others.
import { isBackupCondition, isHealthCondition, isMoveCondition, REASONS, type ConditionType, type Reason } from '../../api/conditions.js';
import { ROTATED_AT_ANNOTATION } from '../../api/object-names.js';
import type { Condition, CredentialStatus, GlitchTipSpec, GlitchTipStatus } from '../../api/glitchtip-resource.js';
import { explainAdoption, explainObstacle, type AdoptionObstacle } from './database-adoption.js';
import type { Observed, ObservedPostgres, ObservedSecrets } from './observed.js';
import type { DatabaseChange } from './database-changes.js';
import { describeReplaced, type DatabaseIdentity } from './database-identity.js';
import { generationOf } from '../rotation/secret-generations.js';
import { secretsNeeded, type SecretProblem } from './generated-secrets.js';
import { toSeconds } from '../timestamps.js';

/** A condition before it is known whether, and so when, it changed. */
export interface Finding {
  readonly type: ConditionType;
  readonly status: Condition['status'];
  readonly reason: Reason;
  readonly message: string;
}

/** Are all credentials there, whole and in agreement? */
export function judgeCredentials(spec: GlitchTipSpec, secrets: ObservedSecrets, problems: readonly SecretProblem[]): Finding {
  const type = 'CredentialsCurrent';
  // What is unreadable hides everything else, so it is reported first.
  const problem = problems.find((p) => p.kind === 'unreadable') ?? problems[0];
  if (problem) return { type, ...explainProblem(problem) };
  const missing = secretsNeeded(spec).filter((role) => secrets[role].kind === 'absent').map((role) => spec.secrets[role]);
  if (missing.length > 0) {
    return { type, status: 'False', reason: REASONS.SecretMissing, message: `Not there yet: Secret ${missing.join(', ')}.` };
  }
  return { type, status: 'True', reason: REASONS.AllPresent, message: 'Every credential exists.' };
}

function explainProblem(problem: SecretProblem): Omit<Finding, 'type'> {
  const secret = `Secret ${problem.name}`;
  switch (problem.kind) {
    case 'unreadable':
      return { status: 'Unknown', reason: REASONS.SecretUnreadable, message: `${secret} cannot be read (${problem.why}); nothing is generated for it.` };
    case 'incomplete':
      return { status: 'False', reason: REASONS.SecretIncomplete, message: `${secret} lacks ${problem.missing.join(', ')}. It is never overwritten: add what is missing, or delete it to have a new one made.` };
    case 'malformed':
      return { status: 'False', reason: REASONS.SecretMalformed, message: `${secret}: ${problem.why}.` };
    case 'mismatch':
      return { status: 'False', reason: REASONS.ValkeyPasswordMismatch, message: `${secret}: its users file does not accept the password in VALKEY_URL of the application. Delete it to have it made again, then restart Valkey.` };
  }
}

/** What is to be done to the database, and what is in the way of it. */
export interface DatabasePlan {
  readonly changes: readonly DatabaseChange[];
  readonly obstacle?: AdoptionObstacle;
  readonly replaced?: DatabaseIdentity['replaced'];
}

/** Can the application log in, does it act as the owner, and does the owner own everything? */
export function judgeDatabase(postgres: ObservedPostgres, spec: GlitchTipSpec, planned: DatabasePlan): Finding {
  return { type: 'DatabaseHealthy', ...explainPostgres(postgres, spec, planned) };
}

function explainPostgres(postgres: ObservedPostgres, spec: GlitchTipSpec, planned: DatabasePlan): Omit<Finding, 'type'> {
  switch (postgres.kind) {
    case 'not observed':
      return { status: 'Unknown', reason: REASONS.NotObserved, message: 'No password is known to log in to Postgres.' };
    case 'unreachable':
      return { status: 'False', reason: REASONS.Unreachable, message: `Postgres does not answer (${postgres.why}).` };
    case 'refused':
      return { status: 'False', reason: REASONS.OperatorLoginRefused, message: `Postgres refuses the password in Secret ${spec.secrets.postgres}.` };
    case 'observed':
      return explainReplaced(planned) ?? explainChanges(planned) ?? explainUse(postgres, spec, planned);
  }
}

function explainReplaced({ replaced }: DatabasePlan): Omit<Finding, 'type'> | undefined {
  return replaced && {
    status: 'False', reason: REASONS.DatabaseReplaced,
    message: `${describeReplaced(replaced)} until it is accepted: docs/runbooks/move-volume.md.`,
  };
}

function explainChanges({ changes }: DatabasePlan): Omit<Finding, 'type'> | undefined {
  if (changes.length === 0) return undefined;
  return explainAdoption(changes) ?? { status: 'False', reason: REASONS.BootstrapPending, message: `${changes.length} changes to roles and rights are to be made.` };
}

/** What blocks adoption is reported first; an owner role that is still logged in with, only when all else is well. */
function explainUse(postgres: ObservedPostgres & { kind: 'observed' }, spec: GlitchTipSpec, { obstacle }: DatabasePlan): Omit<Finding, 'type'> {
  const reported = obstacle && explainObstacle(obstacle);
  if (reported?.status === 'False') return reported;
  const login = explainLogin(postgres, spec);
  return login.status === 'True' && reported ? reported : login;
}

function explainLogin({ login }: ObservedPostgres & { kind: 'observed' }, spec: GlitchTipSpec): Omit<Finding, 'type'> {
  const owner = spec.database.name;
  switch (login.kind) {
    case 'not tried':
      return { status: 'Unknown', reason: REASONS.NotObserved, message: 'The application has no login to try.' };
    case 'unreachable':
      return { status: 'False', reason: REASONS.Unreachable, message: `Postgres does not answer (${login.why}).` };
    case 'refused':
      return { status: 'False', reason: REASONS.LoginRefused, message: `Postgres refuses the login in Secret ${spec.secrets.application}.` };
    case 'accepted':
      return login.actsAs === owner
        ? { status: 'True', reason: REASONS.LoginWorks, message: `The application logs in and acts as ${owner}.` }
        : { status: 'False', reason: REASONS.WrongRole, message: `The application's login acts as ${login.actsAs}, not as ${owner}.` };
  }
}

/** Ready, from the others: the first one that is not True explains it, credentials before what needs them. */
export function judgeReady(findings: readonly Finding[], suspended: boolean): Finding {
  const type = 'Ready';
  const cause = findings.find((finding) => finding.status !== 'True');
  if (cause) return { type, status: 'False', reason: cause.reason, message: cause.message };
  return suspended
    ? { type, status: 'True', reason: REASONS.Suspended, message: 'The operator changes nothing while spec.suspend is true.' }
    : { type, status: 'True', reason: REASONS.AllWell, message: 'Everything is as it should be.' };
}

/** The status that says that the spec cannot be understood; what was known of the rest stays. */
export function buildInvalidStatus(problems: readonly string[], previous: GlitchTipStatus | undefined, at: Instant): GlitchTipStatus {
  const ready: Finding = { type: 'Ready', status: 'False', reason: REASONS.InvalidSpec, message: problems.join('; ') };
  const own = previous && ownStatus(previous);
  const kept = (own?.conditions ?? []).filter((condition) => condition.type !== 'Ready');
  return { ...own, observedGeneration: at.generation, conditions: [...datedConditions([ready], previous, at), ...kept] };
}

/** Without what the health and the backup controller write: each has a field manager of its own, and none takes over what is another's. */
export function ownStatus({ observedGeneration, conditions, credentials, postgres, rotation }: GlitchTipStatus): GlitchTipStatus {
  return { observedGeneration, conditions: conditions?.filter((condition) => !isHealthCondition(condition) && !isBackupCondition(condition) && !isMoveCondition(condition)), credentials, postgres, rotation };
}

/** When, and for which generation of the resource, something was found. */
export interface Instant {
  readonly now: Date;
  readonly generation: number;
}

/** The whole status: findings with their dates, and what is known of the credentials. */
export function buildStatus(findings: readonly Finding[], seen: { spec: GlitchTipSpec; observed: Observed; previous?: GlitchTipStatus }, at: Instant): GlitchTipStatus {
  return {
    observedGeneration: at.generation,
    conditions: datedConditions(findings, seen.previous, at),
    credentials: listCredentials(seen.spec, seen.observed.secrets, seen.previous),
  };
}

function datedConditions(findings: readonly Finding[], previous: GlitchTipStatus | undefined, at: Instant): Condition[] {
  return findings.map((finding) => {
    const before = previous?.conditions?.find((condition) => condition.type === finding.type);
    // lastTransitionTime moves only on a flip: it answers "since when", not "when was this last looked at".
    const since = before?.status === finding.status ? before.lastTransitionTime : toSeconds(at.now);
    return { ...finding, observedGeneration: at.generation, lastTransitionTime: since };
  });
}

function listCredentials(spec: GlitchTipSpec, secrets: ObservedSecrets, previous: GlitchTipStatus | undefined): CredentialStatus[] {
  return secretsNeeded(spec).flatMap((role) => {
    const name = spec.secrets[role];
    const before = previous?.credentials?.find((credential) => credential.name === name);
    const secret = secrets[role];
    // What cannot be read is not gone: the last that was known of it stays.
    if (secret.kind === 'unreadable') return before ? [before] : [];
    if (secret.kind === 'absent') return [];
    const rotatedAt = secret.annotations?.[ROTATED_AT_ANNOTATION];
    return [{ name, generation: generationOf(secret), ...(secret.createdAt ? { createdAt: secret.createdAt } : {}), ...(rotatedAt ? { rotatedAt } : {}) }];
  });
}
