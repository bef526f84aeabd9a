// What the next step of an upgrade needs to know: each phase looks at what it acts on, and at nothing else.
import { timeOfCopy } from '../../../backup/core/copy-name.js';
import { specRelease, type GlitchTipResource, type GlitchTipSpec } from '../../api/glitchtip-resource.js';
import { MIGRATE_COMPONENT } from '../../api/object-names.js';
import { isKnownUpgradePhase, type UpgradePhase, type UpgradeProgress, type UpgradeStatus } from '../../api/upgrade-fields.js';
import { valueOf, type Crypto } from '../../core/credentials/generated-secrets.js';
import type { ObservedSecret } from '../../core/credentials/observed.js';
import { valkeyPasswords } from '../../core/credentials/operator-logins.js';
import { messageOf } from '../../core/error-message.js';
import { whyCannotStart } from '../../core/operations/job-state.js';
import type { ObservedLock } from '../../core/operations/operation-lock.js';
import { judgeLock } from '../../core/operations/recorded-lock.js';
import { judgeRestoreJob } from '../../core/restore/restore-end.js';
import type { ObservedJournal } from '../../core/rotation/journal.js';
import { asSeen, mapSeen, type Seen } from '../../core/seen.js';
import { judgeImport } from '../../core/upgrade/legacy-import.js';
import type { Migration, UpgradeFacts } from '../../core/upgrade/upgrade-facts.js';
import { importJobName, isOwnJob, jobOfUpgrade, lockUser, savingJobName } from '../../core/upgrade/upgrade-names.js';
import { upgradeEvents } from '../../core/upgrade/upgrade-proof.js';
import { NOT_LOOKED_AT, NOT_READ, findLogin, observeHold, observeParts, observeSessions, othersAtWork, whenLoggedIn } from '../away-observations.js';
import type { HealthPort, JobManifests, Login, ObservedJobs, Ports } from '../ports.js';
import type { GatewayModePort, RestoreDatabasesPort, RestorePort } from '../restore/restore-ports.js';
import type { LegacyImportPort, SchemaPort, UpgradeStepPort } from './upgrade-ports.js';

export interface ObserverDependencies extends Pick<Ports, 'cluster' | 'workloads' | 'postgres'> {
  readonly health: Pick<HealthPort, 'observeQueue'>;
  readonly restores: RestorePort;
  readonly databases: Pick<RestoreDatabasesPort, 'findLogin'>;
  readonly gateways: GatewayModePort;
  readonly upgradeSteps: UpgradeStepPort;
  readonly legacyImports: LegacyImportPort;
  readonly schemas: SchemaPort;
  readonly crypto: Pick<Crypto, 'sha256'>;
}

/** One look at one resource. */
export interface About {
  readonly resource: GlitchTipResource;
  readonly spec: GlitchTipSpec;
  readonly status: UpgradeStatus;
  readonly now: Date;
}

/** What was seen, and what a step of it is done with. */
export interface SeenUpgrade {
  readonly facts: UpgradeFacts;
  readonly lock: ObservedLock;
  readonly jobs: Seen<ObservedJobs>;
  readonly login: Seen<Login>;
  /** Of the Job that is wanted, while there is none. */
  readonly manifests: JobManifests | undefined;
  readonly gatewaySecret: ObservedSecret;
}

type Need = 'gateway' | 'parts' | 'hold' | 'sessions' | 'queue' | 'saving' | 'step' | 'migration' | 'schema' | 'proof';

const NEEDS: Readonly<Record<UpgradePhase, readonly Need[]>> = {
  Waiting: [],
  Draining: ['gateway', 'parts', 'queue'],
  Stopping: ['gateway', 'parts', 'hold', 'sessions'],
  Saving: ['gateway', 'parts', 'hold', 'saving'],
  Ready: ['gateway', 'parts', 'hold'],
  Migrating: ['gateway', 'parts', 'hold', 'step', 'migration', 'schema'],
  Starting: ['gateway', 'parts', 'hold'],
  Proving: ['gateway', 'parts', 'hold', 'proof'],
  Unconfirmed: ['gateway'],
  Cleaning: ['gateway', 'step'],
  Returning: ['gateway', 'parts', 'hold', 'step', 'migration'],
  Undoing: ['gateway', 'parts', 'hold', 'sessions', 'step', 'migration'],
};
/** Without an upgrade: whether anything is left of one. */
const IDLE: readonly Need[] = ['hold'];
const OF_DATABASE: readonly Need[] = ['sessions', 'saving', 'schema', 'proof'];

interface Around {
  readonly lock: ObservedLock;
  readonly journal: ObservedJournal;
  readonly jobs: Seen<ObservedJobs>;
  readonly login: Seen<Login>;
  readonly gatewaySecret: ObservedSecret;
  readonly needs: readonly Need[];
}

export class UpgradeObserver {
  constructor(private readonly deps: ObserverDependencies) {}

  async observe(about: About, signal: AbortSignal): Promise<SeenUpgrade> {
    const { spec, resource, status, now } = about;
    const around = await this.#around(about, signal);
    const { lock, journal, jobs, login, gatewaySecret } = around;
    const [looked, { saving, importJob, manifests }] = await Promise.all([this.#facts(about, around, signal), this.#jobs(about, around, signal)]);
    const others = othersAtWork(jobs, (job) => isOwnJob(job, status), now);
    const facts: UpgradeFacts = {
      ...looked, saving, importJob, running: specRelease(spec), restore: resource.status?.restore ?? {},
      lock: judgeLock({ lock, journal, jobs: others }, lockUser(status), resource.status ?? {}, now),
    };
    return { facts, lock, jobs, login, manifests, gatewaySecret };
  }

  async #around({ spec, status }: About, signal: AbortSignal): Promise<Around> {
    const { cluster, restores, databases } = this.deps;
    const needs = status.current && isKnownUpgradePhase(status.current) ? NEEDS[status.current.phase] : IDLE;
    const needsDatabase = needs.some((need) => OF_DATABASE.includes(need));
    const secret = (name: string, isNeeded: boolean): Promise<ObservedSecret> => (isNeeded ? cluster.observeSecret(name, signal) : Promise.resolve(NOT_READ));
    const [lock, journal, jobs, gatewaySecret, superuser] = await Promise.all([
      cluster.observeLock(signal), cluster.observeJournal(spec.secrets.rotation, signal), restores.observeJobs(jobOfUpgrade(status), signal),
      secret(spec.secrets.gateway, needs.includes('gateway') && spec.gateway !== undefined), secret(spec.secrets.postgres, needsDatabase),
    ]);
    const login = needsDatabase ? await findLogin(databases, spec, { superuser, journal }, signal) : NOT_LOOKED_AT;
    return { lock, journal, jobs, login, gatewaySecret, needs };
  }

  async #facts(about: About, { needs, jobs, login, journal, gatewaySecret }: Around, signal: AbortSignal): Promise<Omit<UpgradeFacts, 'lock' | 'saving' | 'importJob' | 'running' | 'restore'>> {
    const { spec, status: { current } } = about;
    const { gateways, workloads, postgres, schemas, restores } = this.deps;
    const look = <T>(need: Need, how: (login: Login) => Promise<Seen<T>>): Promise<Seen<T>> => (needs.includes(need) ? whenLoggedIn(login, how, signal) : Promise.resolve(NOT_LOOKED_AT));
    const [gateway, parts, hold, sessions, queue, step, schema, isProved] = await Promise.all([
      needs.includes('gateway') && spec.gateway ? gateways.observe(spec, valueOf(gatewaySecret, 'control-token'), signal) : NOT_LOOKED_AT,
      needs.includes('parts') ? observeParts(workloads, spec, jobs, signal) : NOT_LOOKED_AT,
      needs.includes('hold') ? observeHold(restores, signal) : NOT_LOOKED_AT,
      look('sessions', (who) => observeSessions(postgres, spec, who, signal)),
      needs.includes('queue') ? this.#queue(spec, current, journal, signal) : NOT_LOOKED_AT,
      needs.includes('step') ? this.#step(signal) : NOT_LOOKED_AT,
      look('schema', async (who) => asSeen(await schemas.readSchema(spec, who, signal))),
      look('proof', async (who) => asSeen(await this.#isProved(about, who, signal))),
    ]);
    const migration = needs.includes('migration') && current ? mapSeen(jobs, (found) => newestMigration(found, current, about.now)) : NOT_LOOKED_AT;
    return { gateway: spec.gateway ? gateway : undefined, parts, hold, sessions, queue, step, schema, isProved, migration };
  }

  /** Of the old release, whatever version says by now. */
  async #queue(spec: GlitchTipSpec, current: UpgradeProgress | undefined, journal: ObservedJournal, signal: AbortSignal): Promise<Seen<number>> {
    const own = await this.deps.cluster.observeSecret(spec.secrets.valkey, signal);
    const passwords = valkeyPasswords({ secrets: { postgres: own, valkey: own }, journal });
    const queue = await this.deps.health.observeQueue({ ...spec, version: current?.from ?? spec.version }, passwords, signal);
    switch (queue.kind) {
      case 'seen': return asSeen(queue.value.depth);
      // The next release has its own beside it, and reads none of another one's.
      case 'none': return asSeen(0);
      case 'not observed': case 'unreachable': return { kind: 'unseen', why: `the queue cannot be seen (${queue.why})` };
      default: return { kind: 'unseen', why: `the queue cannot be seen (${queue.kind})` };
    }
  }

  async #step(signal: AbortSignal): Promise<Seen<string | undefined>> {
    try {
      return asSeen(await this.deps.upgradeSteps.read(signal));
    } catch (error) {
      signal.throwIfAborted();
      return { kind: 'unseen', why: `the step of the upgrade cannot be read (${messageOf(error)})` };
    }
  }

  async #isProved({ spec, status: { current }, now }: About, login: Login, signal: AbortSignal): Promise<boolean> {
    if (!current) return false;
    const events = { ids: upgradeEvents(current, now, this.deps.crypto), since: new Date(current.since), until: now };
    return this.deps.postgres.isEventStored(spec, login, events, signal);
  }

  /** The backup, or the import; what it is made from is looked at while it is not there. */
  async #jobs({ status: { current, legacyImport }, now }: About, { jobs, needs }: Around, signal: AbortSignal): Promise<Pick<UpgradeFacts, 'saving' | 'importJob'> & Pick<SeenUpgrade, 'manifests'>> {
    const none = { saving: NOT_LOOKED_AT, importJob: NOT_LOOKED_AT, manifests: undefined };
    if (jobs.kind === 'unseen') {
      const unseen = { kind: 'unseen', why: `Jobs cannot be seen (${jobs.why})` } as const;
      return { ...none, saving: unseen, importJob: unseen };
    }
    const stuck = (name: string) => whyCannotStart(jobs.value, name, now);
    if (current && needs.includes('saving')) {
      const found = judgeRestoreJob('save', jobs.value.own, stuck(savingJobName(current)));
      const { job, manifests } = await whenAbsent(found, () => this.deps.restores.readManifests('save', signal), { kind: 'ended', end: { kind: 'failed', why: 'its manifests are not there: kubectl apply -f dist/ makes them', again: false } });
      return { ...none, saving: job, manifests };
    }
    if (legacyImport === undefined || legacyImport.end !== undefined) return none;
    const found = judgeImport(jobs.value.own, stuck(importJobName(legacyImport)));
    const { job, manifests } = await whenAbsent(found, () => this.deps.legacyImports.readManifests(signal), { kind: 'ended', end: { result: 'Failed', why: 'its manifests are not there: kubectl apply -f dist/ makes them' } });
    return { ...none, importJob: job, manifests };
  }
}

async function whenAbsent<J extends { readonly kind: string }>(found: J, read: () => Promise<JobManifests>, missing: J): Promise<{ readonly job: Seen<J>; readonly manifests: JobManifests | undefined }> {
  if (found.kind !== 'absent') return { job: asSeen(found), manifests: undefined };
  const manifests = await read();
  if (manifests.kind === 'missing') return { job: asSeen(missing), manifests };
  return { job: manifests.noRoom === undefined ? asSeen(found) : { kind: 'unseen', why: manifests.noRoom }, manifests };
}

/** One that works, whichever it is; else the newest of this attempt. The manifests' own is as old as the upgrade at most, for none was at work when it began. */
function newestMigration(jobs: ObservedJobs, { id, since, attempt }: UpgradeProgress, now: Date): Migration {
  const begun = timeOfCopy(id);
  const own = jobs.jobs.filter(({ part, createdAt }) => part === MIGRATE_COMPONENT && createdAt >= begun);
  const running = own.find(({ outcome }) => outcome === 'running');
  if (running) {
    const why = whyCannotStart(jobs, running.name, now);
    return { kind: 'running', name: running.name, ...(why === undefined ? {} : { why }) };
  }
  const [newest] = own.filter(({ createdAt }) => attempt === 1 || createdAt >= new Date(since)).sort((a, b) => b.createdAt.getTime() - a.createdAt.getTime());
  return newest ? { kind: newest.outcome === 'succeeded' ? 'done' : 'failed', name: newest.name } : { kind: 'none' };
}
