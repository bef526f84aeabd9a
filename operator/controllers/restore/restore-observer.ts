// What the next step of a restore needs to know: each phase looks at what it acts on, and at nothing else.
import { RESTORE_SECRET, RESTORE_SECRET_KEYS } from '../../api/object-names.js';
import type { GlitchTipResource, GlitchTipSpec } from '../../api/glitchtip-resource.js';
import { isKnownPhase, type RestorePhase, type RestoreProgress } from '../../api/restore-fields.js';
import { valueOf, type Crypto } from '../../core/credentials/generated-secrets.js';
import type { ObservedSecret } from '../../core/credentials/observed.js';
import { asSeen, mapSeen, type Seen } from '../../core/seen.js';
import { whyCannotStart } from '../../core/operations/job-state.js';
import type { ObservedLock } from '../../core/operations/operation-lock.js';
import { judgeLock } from '../../core/operations/recorded-lock.js';
import { judgeRestoreJob } from '../../core/restore/restore-end.js';
import { endOfJob, type RestoreFacts, type RestoreJob } from '../../core/restore/restore-facts.js';
import { isOwnJob } from '../../core/restore/restore-jobs.js';
import { lockUser } from '../../core/restore/restore-lock.js';
import { jobOfPhase } from '../../core/restore/restore-names.js';
import { restoreEvents } from '../../core/restore/restore-proof.js';
import type { ObservedJournal } from '../../core/rotation/journal.js';
import { NOT_LOOKED_AT, NOT_READ, findLogin, observeHold, observeParts, observeSessions, othersAtWork, whenLoggedIn } from '../away-observations.js';
import type { JobManifests, Login, ObservedJobs, Ports } from '../ports.js';
import type { GatewayModePort, RestoreDatabasesPort, RestorePort } from './restore-ports.js';

export interface ObserverDependencies extends Pick<Ports, 'cluster' | 'workloads' | 'postgres'> {
  readonly restores: RestorePort;
  readonly databases: RestoreDatabasesPort;
  readonly gateways: GatewayModePort;
  readonly crypto: Pick<Crypto, 'sha256'>;
}

/** One look at one resource. */
export interface About {
  readonly resource: GlitchTipResource;
  readonly spec: GlitchTipSpec;
  readonly current: RestoreProgress | undefined;
  readonly now: Date;
}

/** What was seen, and what a step of it is done with. */
export interface SeenRestore {
  readonly facts: RestoreFacts;
  readonly lock: ObservedLock;
  readonly jobs: Seen<ObservedJobs>;
  readonly login: Seen<Login>;
  /** Of the phase's Job, while there is none. */
  readonly manifests: JobManifests | undefined;
  readonly secrets: RestoreSecrets;
}

export interface RestoreSecrets {
  readonly own: ObservedSecret;
  readonly gateway: ObservedSecret;
  readonly administrator: ObservedSecret;
}

type Need = 'others' | 'gateway' | 'parts' | 'hold' | 'sessions' | 'databases' | 'content' | 'login' | 'job' | 'administrator' | 'proof';

const AWAY: readonly Need[] = ['others', 'gateway', 'parts', 'hold', 'sessions'];
const NEEDS: Readonly<Record<RestorePhase, readonly Need[]>> = {
  Waiting: ['others'],
  Checking: ['others', 'job'],
  Stopping: AWAY,
  Restoring: [...AWAY, 'databases', 'login', 'job'],
  Saving: [...AWAY, 'databases', 'content', 'job'],
  Swapping: [...AWAY, 'databases'],
  Migrating: [...AWAY, 'content', 'job', 'administrator'],
  Starting: ['others', 'gateway', 'parts', 'hold'],
  Proving: ['others', 'gateway', 'parts', 'hold', 'proof'],
  Unconfirmed: [],
  Cleaning: ['others', 'databases', 'gateway'],
  Returning: ['databases', 'login', 'parts', 'hold', 'gateway'],
  Loading: ['others', 'databases', 'login', 'job'],
  Aside: [],
};
/** Without a restore: whether anything is left of one. */
const IDLE: readonly Need[] = ['others', 'hold'];
const OF_DATABASE: readonly Need[] = ['sessions', 'databases', 'content', 'login', 'administrator', 'proof'];

export class RestoreObserver {
  constructor(private readonly deps: ObserverDependencies) {}

  async observe(about: About, signal: AbortSignal): Promise<SeenRestore> {
    const { spec, current, resource, now } = about;
    const needs = current && isKnownPhase(current) ? NEEDS[current.phase] : IDLE;
    const needsDatabase = current?.phase === 'Checking' || needs.some((need) => OF_DATABASE.includes(need));
    const { lock, journal, jobs, secrets, superuser } = await this.#observeCluster(about, { needs, needsDatabase }, signal);
    const login = needsDatabase ? await findLogin(this.deps.databases, spec, { superuser, journal }, signal) : NOT_LOOKED_AT;
    const { job, manifests } = await this.#job(about, { jobs, isNeeded: needs.includes('job') }, signal);
    const facts = await this.#facts({ ...about, needs, login, secrets, jobs, job }, signal);
    return { facts: { ...facts, lock: judgeLock({ lock, journal, jobs: othersAtWork(jobs, (each) => isOwnJob(each, current), now) }, lockUser(resource.status?.restore ?? {}), resource.status ?? {}, now) }, lock, jobs, login, manifests, secrets };
  }

  async #observeCluster({ spec, current }: About, { needs, needsDatabase }: { readonly needs: readonly Need[]; readonly needsDatabase: boolean }, signal: AbortSignal): Promise<SeenCluster> {
    const { cluster, restores } = this.deps;
    const isAnyOf = (...wanted: readonly Need[]) => wanted.some((need) => needs.includes(need));
    const secret = (name: string, isNeeded: boolean): Promise<ObservedSecret> => (isNeeded ? cluster.observeSecret(name, signal) : Promise.resolve(NOT_READ));
    const [lock, journal, jobs, own, gateway, administrator, superuser] = await Promise.all([
      cluster.observeLock(signal),
      needsDatabase || isAnyOf('others') ? cluster.observeJournal(spec.secrets.rotation, signal) : NOT_READ,
      isAnyOf('others', 'parts') ? restores.observeJobs(current && jobOfPhase(current)?.name, signal) : NOT_LOOKED_AT,
      secret(RESTORE_SECRET, true), secret(spec.secrets.gateway, isAnyOf('gateway')), secret(spec.secrets.administrator, isAnyOf('administrator')), secret(spec.secrets.postgres, needsDatabase),
    ]);
    return { lock, journal, jobs, secrets: { own, gateway, administrator }, superuser };
  }

  async #facts(seen: Looking, signal: AbortSignal): Promise<Omit<RestoreFacts, 'lock'>> {
    const { spec, needs, login, secrets, jobs, job } = seen;
    const { gateways, databases } = this.deps;
    const look = <T>(need: Need, how: (login: Login) => Promise<Seen<T>>): Promise<Seen<T>> => (needs.includes(need) ? whenLoggedIn(login, how, signal) : Promise.resolve(NOT_LOOKED_AT));
    const [gateway, parts, hold, sessions, found, content, restoreLogin, isAdministratorRight, isProved, free] = await Promise.all([
      needs.includes('gateway') && spec.gateway ? gateways.observe(spec, valueOf(secrets.gateway, 'control-token'), signal) : NOT_LOOKED_AT,
      needs.includes('parts') ? observeParts(this.deps.workloads, spec, jobs, signal) : NOT_LOOKED_AT,
      needs.includes('hold') ? observeHold(this.deps.restores, signal) : NOT_LOOKED_AT,
      look('sessions', (who) => observeSessions(this.deps.postgres, spec, who, signal)),
      look('databases', async (who) => asSeen(await databases.observe(spec, who, signal))),
      look('content', async (who) => asSeen(await databases.observeContent(spec, who, signal))),
      look('login', async (who) => asSeen(await databases.observeLogin(spec, who, signal))),
      endOfJob(job)?.kind === 'done' ? look('administrator', (who) => this.#administrator(spec, who, secrets, signal)) : NOT_LOOKED_AT,
      look('proof', async (who) => asSeen(await this.#isProved(seen, who, signal))),
      endOfJob(job)?.kind === 'checked' ? whenLoggedIn(login, (who) => databases.observeFree(spec, who, signal), signal) : NOT_LOOKED_AT,
    ]);
    return {
      gateway: spec.gateway ? gateway : undefined, parts, hold, sessions, databases: found, job, free, isAdministratorRight, isProved,
      isLiveEmpty: mapSeen(content, ({ isEmpty }) => isEmpty), storedSessions: mapSeen(content, ({ storedSessions }) => storedSessions),
      restoreLogin: mapSeen(restoreLogin, (is) => (is === 'open' && !hasPassword(secrets.own) ? 'unknown password' : is)),
    };
  }

  /** What it is made from is looked at while it is not there. */
  async #job({ current, now }: About, { jobs, isNeeded }: { readonly jobs: Seen<ObservedJobs>; readonly isNeeded: boolean }, signal: AbortSignal): Promise<{ readonly job: Seen<RestoreJob>; readonly manifests: JobManifests | undefined }> {
    const wanted = isNeeded && current ? jobOfPhase(current) : undefined;
    if (!wanted || jobs.kind === 'unseen') return { job: jobs.kind === 'unseen' ? { kind: 'unseen', why: `Jobs cannot be seen (${jobs.why})` } : NOT_LOOKED_AT, manifests: undefined };
    const job = judgeRestoreJob(wanted.kind, jobs.value.own, whyCannotStart(jobs.value, wanted.name, now));
    if (job.kind !== 'absent') return { job: asSeen(job), manifests: undefined };
    const manifests = await this.deps.restores.readManifests(wanted.kind, signal);
    if (manifests.kind === 'missing') {
      const why = `${manifests.what} is not there: kubectl apply -f dist/ makes it`;
      return { job: asSeen({ kind: 'ended', end: { kind: 'failed', why, again: false } }), manifests };
    }
    return { job: manifests.noRoom === undefined ? asSeen(job) : { kind: 'unseen', why: manifests.noRoom }, manifests };
  }

  /** An account that is not there, or that leads nothing, is not the one of the Secret: there is nothing to set. */
  async #administrator(spec: GlitchTipSpec, login: Login, { administrator }: RestoreSecrets, signal: AbortSignal): Promise<Seen<boolean>> {
    const [email, password] = [valueOf(administrator, 'email')?.reveal(), valueOf(administrator, 'password')];
    if (email === undefined || password === undefined) return { kind: 'unseen', why: 'the Secret of the administrator cannot be read' };
    const tried = await this.deps.postgres.tryAdministrator(spec, login, { email, password }, signal);
    return tried.kind === 'not tried' ? { kind: 'unseen', why: 'the account of the administrator cannot be looked at' } : asSeen(tried.kind !== 'refused');
  }

  async #isProved({ spec, current, now }: Looking, login: Login, signal: AbortSignal): Promise<boolean> {
    if (!current) return false;
    const events = { ids: restoreEvents(current, now, this.deps.crypto), since: new Date(current.since), until: now };
    return this.deps.postgres.isEventStored(spec, login, events, signal);
  }
}

interface SeenCluster {
  readonly lock: ObservedLock;
  readonly journal: ObservedJournal;
  readonly jobs: Seen<ObservedJobs>;
  readonly secrets: RestoreSecrets;
  readonly superuser: ObservedSecret;
}

interface Looking extends About {
  readonly needs: readonly Need[];
  readonly login: Seen<Login>;
  readonly secrets: RestoreSecrets;
  readonly jobs: Seen<ObservedJobs>;
  readonly job: Seen<RestoreJob>;
}

function hasPassword(secret: ObservedSecret): boolean {
  return valueOf(secret, RESTORE_SECRET_KEYS.databasePassword) !== undefined;
}
