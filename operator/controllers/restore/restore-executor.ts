// Executes the steps of a restore. Each is looked for before it is done, and does nothing when it was done already.
import { RESTORE_COMPONENT, RESTORE_SECRET, RESTORE_SECRET_KEYS } from '../../api/object-names.js';
import type { GlitchTipResource, GlitchTipSpec } from '../../api/glitchtip-resource.js';
import type { RestoreProgress, RestoreStatus } from '../../api/restore-fields.js';
import { buildTemplateJob, type PodTemplate } from '../../core/backup/backup-job.js';
import { valueOf, type Crypto } from '../../core/credentials/generated-secrets.js';
import { valkeyPasswords } from '../../core/credentials/operator-logins.js';
import { ownHolder } from '../../core/operations/recorded-lock.js';
import type { RestoreAction } from '../../core/restore/restore-facts.js';
import { checkVariables, loadVariables, whySaved } from '../../core/restore/restore-jobs.js';
import { lockUser } from '../../core/restore/restore-lock.js';
import { copyOfSaving, restoreLoginName } from '../../core/restore/restore-names.js';
import { restoreEvents } from '../../core/restore/restore-proof.js';
import { fenceOf, holdParts, loginOf, makeSavingJob, releaseLock, scaleParts, sendProof, setGateway, takeLock } from '../away-execution.js';
import type { Fence, Ports, RolePlace } from '../ports.js';
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
      case 'take lock': return takeLock(this.deps.cluster, ownHolder(lockUser(step.status)), { lock: step.seen.lock, now: step.now }, signal);
      case 'release lock': return releaseLock(this.deps.cluster, ownHolder(lockUser(step.status)), step.seen.lock, signal);
      case 'drop request': return this.deps.cluster.dropRestoreRequest(step.resource, signal);
      case 'set gateway': return this.#setGateway(action, step, signal);
      case 'scale': return this.#scale(action, step, signal);
      case 'hold': case 'let go': return this.#hold(action, step, signal);
      case 'create job': return this.#createJob(action, step, signal);
      case 'send event': return this.#sendEvent(step, signal);
      default: return this.#executeInPostgres(action, step, signal);
    }
  }

  async #executeInPostgres(action: Exclude<RestoreAction, { kind: 'take lock' | 'release lock' | 'drop request' | 'set gateway' | 'scale' | 'hold' | 'let go' | 'create job' | 'send event' }>, step: Step, signal: AbortSignal): Promise<boolean> {
    const { spec } = step;
    const { databases, postgres } = this.deps;
    const place: RolePlace = { operator: loginOf(step.seen.login), fence: this.#fence(step, signal), signal };
    switch (action.kind) {
      case 'open restore login': return this.#openLogin(place, step);
      case 'close restore login': await postgres.closeLogin(spec, place, restoreLoginName(spec.database.name)); return true;
      case 'end stored sessions': await postgres.endSessions(spec, place.operator, signal); return true;
      case 'set administrator password': return this.#setAdministratorPassword(place, step);
      default: await databases.change(spec, place, action); return true;
    }
  }

  #fence({ resource, status }: Step, signal: AbortSignal): Fence {
    return fenceOf(this.deps.cluster, resource, { of: 'restore', status }, signal);
  }

  #setGateway({ mode }: Extract<RestoreAction, { kind: 'set gateway' }>, { spec, status, seen: { secrets } }: Step, signal: AbortSignal): Promise<boolean> {
    return setGateway(this.deps.gateways, spec, { mode, why: `restore ${status.current?.id ?? ''}`, secret: secrets.gateway }, signal);
  }

  #hold({ kind }: Extract<RestoreAction, { kind: 'hold' | 'let go' }>, { status: { current } }: Step, signal: AbortSignal): Promise<true> {
    return holdParts(this.deps.restores, kind === 'hold' ? `restore ${current?.id ?? ''}` : undefined, signal);
  }

  async #scale({ replicas }: Extract<RestoreAction, { kind: 'scale' }>, { spec, status }: Step, signal: AbortSignal): Promise<boolean> {
    if (status.current?.phase === 'Starting') await this.#endCachedSessions(spec, signal);
    return scaleParts(this.deps.restores, spec, replicas, signal);
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
    if (action.job === 'save') return this.#isMade(action, await this.#save({ ...step, current, template: manifests.template }, signal));
    const variables = action.job === 'check' ? checkVariables(current) : loadVariables(current, spec.database.name);
    if (!(await restores.writeVariables(action.job, variables, signal))) return false;
    await this.#fence(step, signal)();
    return this.#isMade(action, await restores.createJob(buildTemplateJob(manifests.template, { name: action.name, component: RESTORE_COMPONENT }), signal), spec);
  }

  #save({ current, template, ...step }: Step & { readonly current: RestoreProgress; readonly template: PodTemplate }, signal: AbortSignal): Promise<boolean> {
    const { spec, resource, seen: { login } } = step;
    const saving = { copy: copyOfSaving(current), at: current.since, mayShrink: whySaved(current), backup: resource.status?.backup, template, login: loginOf(login), fence: this.#fence(step, signal) };
    return makeSavingJob(this.deps, spec, saving, signal);
  }

  #isMade({ name }: CreateJob, isMade: boolean, spec?: GlitchTipSpec): boolean {
    this.deps.log(isMade ? 'Job of a restore made' : 'Job of a restore exists already', { job: name, database: spec?.database.name });
    return isMade;
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

  #sendEvent({ spec, seen: { login }, status: { current }, now }: Step, signal: AbortSignal): Promise<false> {
    const [id] = current ? restoreEvents(current, now, this.deps.crypto) : [];
    return sendProof(this.deps, spec, { login: loginOf(login), id }, signal);
  }
}
