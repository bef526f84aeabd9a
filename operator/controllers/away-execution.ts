// Executes what a restore and an upgrade have in common. Each does nothing when it was done already.
import type { GlitchTipResource, GlitchTipSpec, GlitchTipStatus } from '../api/glitchtip-resource.js';
import { buildBackupJob, runVariables, type PodTemplate } from '../core/backup/backup-job.js';
import { expectedOf } from '../core/backup/backup-obstacles.js';
import { canonical } from '../core/canonical-json.js';
import { valueOf } from '../core/credentials/generated-secrets.js';
import type { ObservedSecret } from '../core/credentials/observed.js';
import type { GatewayMode } from '../core/operations/away-steps.js';
import type { Holder } from '../core/operations/exclusion.js';
import { isSameHolder, type ObservedLock } from '../core/operations/operation-lock.js';
import { lockFor } from '../core/operations/recorded-lock.js';
import type { Seen } from '../core/seen.js';
import type { ClusterPort, Fence, Login, PostgresPort, WebPort } from './ports.js';
import type { GatewayModePort, RestorePort } from './restore/restore-ports.js';

type Own = Pick<Holder, 'operation' | 'name'> | undefined;
type LockPort = Pick<ClusterPort, 'writeLock'>;

/** A late step of an operator that lost the Lease meanwhile finds another status and does nothing. */
export function fenceOf(cluster: Pick<ClusterPort, 'readResource'>, { metadata: { name } }: GlitchTipResource, part: { readonly of: 'restore' | 'upgrade'; readonly status: object }, signal: AbortSignal): Fence {
  return async () => {
    signal.throwIfAborted();
    const found = await cluster.readResource(name, signal);
    if (canonical(found?.status?.[part.of] ?? {}) !== canonical(part.status)) throw new Error(`the status of the ${part.of} changed meanwhile`);
  };
}

/** False when somebody else was first. */
export async function takeLock(cluster: LockPort, own: Own, { lock, now }: { readonly lock: ObservedLock; readonly now: Date }, signal: AbortSignal): Promise<boolean> {
  if (!own || lock.kind === 'unreadable') return false;
  return cluster.writeLock({ holder: lockFor(own, lock, now), resourceVersion: lock.resourceVersion }, signal);
}

export async function releaseLock(cluster: LockPort, own: Own, lock: ObservedLock, signal: AbortSignal): Promise<boolean> {
  if (lock.kind !== 'held' || !own || !isSameHolder(lock.holder, own)) return false;
  return cluster.writeLock({ resourceVersion: lock.resourceVersion }, signal);
}

interface WantedMode {
  readonly mode: GatewayMode;
  readonly why: string;
  /** Secret of the gateway. */
  readonly secret: ObservedSecret;
}

export async function setGateway(gateways: Pick<GatewayModePort, 'setMode'>, spec: GlitchTipSpec, { mode, why, secret }: WantedMode, signal: AbortSignal): Promise<boolean> {
  const token = valueOf(secret, 'control-token');
  if (!token) throw new Error('the token of the gateway is not known');
  await gateways.setMode(spec, token, { mode, why }, signal);
  return true;
}

/** @param by undefined: nobody any more */
export async function holdParts(restores: Pick<RestorePort, 'writeHold'>, by: string | undefined, signal: AbortSignal): Promise<true> {
  await restores.writeHold(by, signal);
  return true;
}

export async function scaleParts(restores: Pick<RestorePort, 'scale'>, { web, worker }: GlitchTipSpec, replicas: 0 | 1, signal: AbortSignal): Promise<boolean> {
  for (const part of [web, ...(worker ? [worker] : [])]) await restores.scale(part.deployment, replicas, signal);
  return true;
}

/**
 * Straight to web, whose pods have to be proven: the gateway gives it what has waited on its disk first, and that may be minutes of events.
 * Always false: it has to be looked for.
 */
export async function sendProof({ postgres, web }: { readonly postgres: Pick<PostgresPort, 'ensureCanary'>; readonly web: WebPort }, spec: GlitchTipSpec, { login, id = '' }: { readonly login: Login; readonly id: string | undefined }, signal: AbortSignal): Promise<false> {
  const canary = await postgres.ensureCanary(spec, login, signal);
  await web.sendEvent(spec.web, { canary, id }, signal);
  return false;
}

export interface Saving {
  readonly copy: string;
  /** When it begins. */
  readonly at: string;
  /** Why tables may have less than half of the rows of the copy before. */
  readonly mayShrink: string | undefined;
  readonly backup: GlitchTipStatus['backup'];
  readonly template: PodTemplate;
  readonly login: Login;
  /** Asked right before the Job is made. */
  readonly fence: Fence;
}

/** A backup outside the schedule, as a run of its own: its variables first, for its pod starts with what is there. False when it exists, or there is no ConfigMap. */
export async function makeSavingJob({ postgres, restores }: { readonly postgres: Pick<PostgresPort, 'observeFacts'>; readonly restores: RestorePort }, spec: GlitchTipSpec, { copy, at, mayShrink, backup, template, login, fence }: Saving, signal: AbortSignal): Promise<boolean> {
  const facts = await postgres.observeFacts(spec, [login], signal);
  if (facts.kind === 'unseen') throw new Error(`the database cannot be looked at (${facts.why})`);
  const variables = runVariables({ copy, trigger: 'request', startedAt: at }, expectedOf(spec, facts, mayShrink), backup ?? {});
  if (!(await restores.writeVariables('save', { ...variables }, signal))) return false;
  await fence();
  return restores.createJob(buildBackupJob(template, copy), signal);
}

/** @throws when Postgres let it in with none */
export function loginOf(login: Seen<Login>): Login {
  if (login.kind === 'unseen') throw new Error(login.why);
  return login.value;
}
