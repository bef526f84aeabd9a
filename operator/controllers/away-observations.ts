// What a restore and an upgrade both look at: web and worker and their sessions, the databases by the operator's login, events of the operator's own, other operations.
import type { GlitchTipSpec } from '../api/glitchtip-resource.js';
import { loginNames } from '../core/credentials/generated-secrets.js';
import type { ObservedSecret } from '../core/credentials/observed.js';
import { postgresLogins } from '../core/credentials/operator-logins.js';
import { messageOf } from '../core/error-message.js';
import type { JobFacts, PodFacts } from '../core/health/health-facts.js';
import type { AwayFacts, Hold, PartReplicas } from '../core/operations/away-steps.js';
import { holderOf, type Holder } from '../core/operations/exclusion.js';
import { jobsAtWork } from '../core/operations/job-state.js';
import type { ObservedJournal } from '../core/rotation/journal.js';
import { asSeen, type Seen } from '../core/seen.js';
import type { Login, ObservedJobs, PostgresPort, WorkloadsPort } from './ports.js';
import type { RestoreDatabasesPort, RestorePort } from './restore/restore-ports.js';

export const NOT_LOOKED_AT = { kind: 'unseen', why: 'it was not looked at' } as const;
export const NOT_READ = { kind: 'unreadable', why: 'it was not read' } as const;

/** In one process there is no worker beside web: it is where web is. */
export async function observeParts(workloads: Pick<WorkloadsPort, 'observe'>, { web, worker }: GlitchTipSpec, jobs: Seen<ObservedJobs>, signal: AbortSignal): Promise<AwayFacts['parts']> {
  if (jobs.kind === 'unseen') return { kind: 'unseen', why: `pods cannot be seen (${jobs.why})` };
  const look = async (part: string, deployment: string): Promise<PartReplicas> => {
    const { isScaledToNothing } = await workloads.observe(deployment, signal);
    return { wanted: isScaledToNothing === true ? 0 : 1, ...countPods(jobs.value.pods, part) };
  };
  const ofWeb = await look('web', web.deployment);
  return asSeen({ web: ofWeb, worker: worker ? await look('worker', worker.deployment) : ofWeb });
}

function countPods(pods: readonly PodFacts[], wanted: string): Pick<PartReplicas, 'pods' | 'ready'> {
  const alive = pods.filter(({ part, alive: isAlive, job }) => part === wanted && isAlive && job === undefined);
  return { pods: alive.length, ready: alive.filter(({ ready, ending }) => ready && !ending).length };
}

export async function observeHold(restores: Pick<RestorePort, 'readHold'>, signal: AbortSignal): Promise<Seen<Hold>> {
  try {
    return asSeen(await restores.readHold(signal));
  } catch (error) {
    signal.throwIfAborted();
    return { kind: 'unseen', why: `what holds web and worker cannot be read (${messageOf(error)})` };
  }
}

/** Of the application's logins. */
export async function observeSessions(postgres: Pick<PostgresPort, 'countSessions'>, spec: GlitchTipSpec, login: Login, signal: AbortSignal): Promise<Seen<number>> {
  const counted = await postgres.countSessions(spec, login, { logins: loginNames(spec.database.name), pods: [], jobs: [] }, signal);
  return asSeen([...counted.values()].reduce((sum, { others }) => sum + others, 0));
}

/** The operator's own; no step of these needs a password of Valkey's. */
export function findLogin(databases: Pick<RestoreDatabasesPort, 'findLogin'>, spec: GlitchTipSpec, { superuser, journal }: { readonly superuser: ObservedSecret; readonly journal: ObservedJournal }, signal: AbortSignal): Promise<Seen<Login>> {
  return databases.findLogin(spec, postgresLogins({ secrets: { postgres: superuser, valkey: NOT_READ }, journal }), signal);
}

/** What cannot be seen this time is waited for, and told. */
export async function whenLoggedIn<T>(login: Seen<Login>, how: (login: Login) => Promise<Seen<T>>, signal: AbortSignal): Promise<Seen<T>> {
  if (login.kind === 'unseen') return login;
  try {
    return await how(login.value);
  } catch (error) {
    signal.throwIfAborted();
    return { kind: 'unseen', why: `the database cannot be looked at (${messageOf(error)})` };
  }
}

/** Undefined: Jobs cannot be seen. */
export function othersAtWork(jobs: Seen<ObservedJobs>, isOwn: (job: JobFacts) => boolean, now: Date): readonly Holder[] | undefined {
  if (jobs.kind === 'unseen') return undefined;
  return jobsAtWork(jobs.value.jobs, jobs.value.pods, now).filter((job) => !isOwn(job)).map(holderOf);
}
