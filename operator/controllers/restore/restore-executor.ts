// Executes the steps of a restore. Each is looked for before it is done, and does nothing when it was done already.
import { RESTORE_COMPONENT, RESTORE_SECRET, RESTORE_SECRET_KEYS } from '../../api/object-names.js';
import type { GlitchTipResource, GlitchTipSpec, GlitchTipStatus } from '../../api/glitchtip-resource.js';
import type { RestoreProgress, RestoreStatus } from '../../api/restore-fields.js';
import { buildBackupJob, buildTemplateJob, runVariables, type PodTemplate } from '../../core/backup/backup-job.js';
import { expectedOf } from '../../core/backup/backup-obstacles.js';
import { canonical } from '../../core/canonical-json.js';
import { valueOf, type Crypto } from '../../core/credentials/generated-secrets.js';
import { valkeyPasswords } from '../../core/credentials/operator-logins.js';
import { isSameHolder } from '../../core/operations/operation-lock.js';
import type { RestoreAction } from '../../core/restore/restore-facts.js';
import { checkVariables, loadVariables, savingRun, whySaved } from '../../core/restore/restore-jobs.js';
import { lockOf, ownHolder } from '../../core/restore/restore-lock.js';
import { restoreLoginName } from '../../core/restore/restore-names.js';
import { restoreEvents } from '../../core/restore/restore-proof.js';
import type { Fence, Login, Ports, RolePlace } from '../ports.js';
import type { ObserverDependencies, SeenRestore } from './restore-observer.js';

export interface ExecutorDependencies extends ObserverDependencies, Pick<Ports, 'web' | 'valkey'> {
  readonly crypto: Crypto;
  readonly log: (message: string, fields: Readonly<Record<string, unknown>>) => void;
}

/** What a step is part of. */
export interface Step {
  readonly resource: GlitchTipResource;
  readonly spec: GlitchTipSpec;
  /** As it was written before the step. */
  readonly status: RestoreStatus;
  readonly seen: SeenRestore;
  readonly now: Date;
}

type CreateJob = Extract<RestoreAction, { kind: 'create job' }>;

export class RestoreExecutor {
  constructor(private readonly deps: ExecutorDependencies) {}

  /** False when somebody else was first, or its effect has to be waited for: then everything is looked at again a moment later. */
  async execute(action: RestoreAction, step: Step, signal: AbortSignal): Promise<boolean> {
    await this.#fence(step, signal)();
    switch (action.kind) {
      case 'take lock': return this.#takeLock(step, signal);
      case 'release lock': return this.#releaseLock(step, signal);
      case 'drop request': return this.deps.cluster.dropRestoreRequest(step.resource, signal);
      case 'set gateway': return this.#setGateway(action, step, signal);
      case 'scale': return this.#scale(action, step, signal);
      case 'create job': return this.#createJob(action, step, signal);
      case 'send event': return this.#sendEvent(step, signal);
      default: return this.#executeInPostgres(action, step, signal);
    }
  }

  async #executeInPostgres(action: Exclude<RestoreAction, { kind: 'take lock' | 'release lock' | 'drop request' | 'set gateway' | 'scale' | 'create job' | 'send event' }>, step: Step, signal: AbortSignal): Promise<boolean> {
    const { spec } = step;
    const { databases, postgres } = this.deps;
    const place: RolePlace = { operator: loginOf(step), fence: this.#fence(step, signal), signal };
    switch (action.kind) {
      case 'open restore login': return this.#openLogin(place, step);
      case 'close restore login': await postgres.closeLogin(spec, place, restoreLoginName(spec.database.name)); return true;
      case 'end stored sessions': await postgres.endSessions(spec, place.operator, signal); return true;
      case 'set administrator password': return this.#setAdministratorPassword(place, step);
      default: await databases.change(spec, place, action); return true;
    }
  }

  /** A late step of an operator that lost the Lease meanwhile finds another status and does nothing. */
  #fence({ resource: { metadata: { name } }, status }: Step, signal: AbortSignal): Fence {
    return async () => {
      signal.throwIfAborted();
      const found = await this.deps.cluster.readResource(name, signal);
      if (canonical(found?.status?.restore ?? {}) !== canonical(status)) throw new Error('the status of the restore changed meanwhile');
    };
  }

  async #takeLock({ status, seen: { lock }, now }: Step, signal: AbortSignal): Promise<boolean> {
    if (!status.current || lock.kind === 'unreadable') return false;
    return this.deps.cluster.writeLock({ holder: lockOf(status.current, lock, now), resourceVersion: lock.resourceVersion }, signal);
  }

  async #releaseLock({ status, seen: { lock } }: Step, signal: AbortSignal): Promise<boolean> {
    const own = ownHolder(status);
    if (lock.kind !== 'held' || !own || !isSameHolder(lock.holder, own)) return false;
    return this.deps.cluster.writeLock({ resourceVersion: lock.resourceVersion }, signal);
  }

  async #setGateway({ mode }: Extract<RestoreAction, { kind: 'set gateway' }>, { spec, status, seen: { secrets } }: Step, signal: AbortSignal): Promise<boolean> {
    const token = valueOf(secrets.gateway, 'control-token');
    if (!token) throw new Error('the token of the gateway is not known');
    await this.deps.gateways.setMode(spec, token, { mode, why: `restore ${status.current?.id ?? ''}` }, signal);
    return true;
  }

  async #scale({ replicas }: Extract<RestoreAction, { kind: 'scale' }>, { spec, spec: { web, worker }, status }: Step, signal: AbortSignal): Promise<boolean> {
    if (status.current?.phase === 'Starting') await this.#endCachedSessions(spec, signal);
    for (const part of [web, ...(worker ? [worker] : [])]) await this.deps.restores.scale(part.deployment, replicas, signal);
    return true;
  }

  /**
   * Before anybody is let in: a session in Valkey says a user by number, and nobody compares it with anything else (GlitchTip 5.2). Whoever came
   * after the copy was made would be whoever comes next.
   */
  async #endCachedSessions({ valkey, secrets }: GlitchTipSpec, signal: AbortSignal): Promise<void> {
    if (!valkey) return;
    const { cluster } = this.deps;
    const [own, journal] = await Promise.all([cluster.observeSecret(secrets.valkey, signal), cluster.observeJournal(secrets.rotation, signal)]);
    await this.deps.valkey.endSessions(valkey, valkeyPasswords({ secrets: { postgres: own, valkey: own }, journal }), signal);
  }

  /** Its variables first: its pod starts with what is there. */
  async #createJob(action: CreateJob, step: Step, signal: AbortSignal): Promise<boolean> {
    const { restores } = this.deps;
    const { spec, status: { current }, seen: { manifests } } = step;
    if (!current || manifests?.kind !== 'present') return false;
    if (action.job === 'migrate') return this.#isMade(action, await restores.rerunMigrations(action.name, signal));
    const variables = await this.#variables(action, { ...step, current }, signal);
    if (!(await restores.writeVariables(action.job, variables, signal))) return false;
    await this.#fence(step, signal)();
    return this.#isMade(action, await restores.createJob(buildJob(action, manifests.template, savingRun(current).copy), signal), spec);
  }

  #isMade({ name }: CreateJob, isMade: boolean, spec?: GlitchTipSpec): boolean {
    this.deps.log(isMade ? 'Job of a restore made' : 'Job of a restore exists already', { job: name, database: spec?.database.name });
    return isMade;
  }

  async #variables({ job }: CreateJob, { spec, resource, current, seen }: Step & { readonly current: RestoreProgress }, signal: AbortSignal): Promise<Readonly<Record<string, string>>> {
    if (job === 'check') return { ...checkVariables(current) };
    if (job === 'restore') return { ...loadVariables(current, spec.database.name) };
    return { ...(await this.#savingVariables({ spec, current, backup: resource.status?.backup, login: loginOf({ seen }) }, signal)) };
  }

  async #savingVariables({ spec, current, backup, login }: { readonly spec: GlitchTipSpec; readonly current: RestoreProgress; readonly backup: GlitchTipStatus['backup']; readonly login: Login }, signal: AbortSignal): Promise<object> {
    const facts = await this.deps.postgres.observeFacts(spec, [login], signal);
    if (facts.kind === 'unseen') throw new Error(`the database cannot be looked at (${facts.why})`);
    return runVariables(savingRun(current), expectedOf(spec, facts, whySaved(current)), backup ?? {});
  }

  /** The Secret first: its Job starts when the login is open. */
  async #openLogin(place: RolePlace, { spec, seen: { secrets: { own } } }: Step): Promise<boolean> {
    const { cluster, crypto, databases } = this.deps;
    const password = crypto.generate();
    const data = new Map([[RESTORE_SECRET_KEYS.databasePassword, password]]);
    if (own.kind === 'unreadable') throw new Error(`Secret ${RESTORE_SECRET} cannot be read (${own.why})`);
    const isWritten = own.kind === 'absent'
      ? (await cluster.createSecret({ name: RESTORE_SECRET, data }, place.signal)) === 'created'
      : await cluster.writeSecret({ name: RESTORE_SECRET, resourceVersion: own.resourceVersion ?? '', data, annotations: {} }, place.signal);
    if (isWritten) await databases.openLogin(spec, place, password);
    return isWritten;
  }

  async #setAdministratorPassword(place: RolePlace, { spec, seen: { secrets: { administrator } } }: Step): Promise<boolean> {
    const [email, password] = [valueOf(administrator, 'email')?.reveal(), valueOf(administrator, 'password')];
    if (email === undefined || password === undefined) throw new Error('the Secret of the administrator cannot be read');
    await this.deps.postgres.setAdministratorPassword(spec, place, { email, password });
    return true;
  }

  /** Straight to web, whose pods have to be proven: the gateway gives it what has waited on its disk first, and that may be minutes of events. */
  async #sendEvent(step: Step, signal: AbortSignal): Promise<boolean> {
    const { spec, status: { current }, now } = step;
    const canary = await this.deps.postgres.ensureCanary(spec, loginOf(step), signal);
    const [id = ''] = current ? restoreEvents(current, now, this.deps.crypto) : [];
    await this.deps.web.sendEvent(spec.web, { canary, id }, signal);
    return false;
  }
}

function buildJob({ job, name }: CreateJob, template: PodTemplate, copy: string): object {
  return job === 'save' ? buildBackupJob(template, copy) : buildTemplateJob(template, { name, component: RESTORE_COMPONENT });
}

/** @throws when Postgres let it in with none */
function loginOf({ seen: { login } }: Pick<Step, 'seen'>): Login {
  if (login.kind === 'unseen') throw new Error(login.why);
  return login.value;
}
