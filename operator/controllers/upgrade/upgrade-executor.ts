// Executes the steps of an upgrade. Each is looked for before it is done, and does nothing when it was done already.
import type { GlitchTipResource, GlitchTipSpec } from '../../api/glitchtip-resource.js';
import { LEGACY_IMPORT_COMPONENT } from '../../api/object-names.js';
import type { UpgradeStatus } from '../../api/upgrade-fields.js';
import { buildTemplateJob } from '../../core/backup/backup-job.js';
import type { Crypto } from '../../core/credentials/generated-secrets.js';
import { copyOfSaving } from '../../core/restore/restore-names.js';
import { ownHolder } from '../../core/operations/recorded-lock.js';
import type { UpgradeAction } from '../../core/upgrade/upgrade-facts.js';
import { lockUser } from '../../core/upgrade/upgrade-names.js';
import { upgradeEvents } from '../../core/upgrade/upgrade-proof.js';
import { fenceOf, holdParts, loginOf, makeSavingJob, releaseLock, scaleParts, sendProof, setGateway, takeLock } from '../away-execution.js';
import type { Ports } from '../ports.js';
import type { ObserverDependencies, SeenUpgrade } from './upgrade-observer.js';

export interface ExecutorDependencies extends ObserverDependencies, Pick<Ports, 'web'> {
  readonly crypto: Pick<Crypto, 'sha256'>;
}

/** What a step is part of. */
export interface Step {
  readonly resource: GlitchTipResource;
  readonly spec: GlitchTipSpec;
  /** As it was written before the step. */
  readonly status: UpgradeStatus;
  readonly seen: SeenUpgrade;
  readonly now: Date;
}

/** What is done to web, worker and the gateway. */
const OF_PARTS = ['set gateway', 'scale', 'hold', 'let go', 'stop web'] as const;
type PartsAction = Extract<UpgradeAction, { kind: (typeof OF_PARTS)[number] }>;

function isOfParts(action: UpgradeAction): action is PartsAction {
  return OF_PARTS.some((kind) => kind === action.kind);
}

export class UpgradeExecutor {
  constructor(private readonly deps: ExecutorDependencies) {}

  /** False when somebody else was first, or its effect has to be waited for: then everything is looked at again a moment later. */
  async execute(action: UpgradeAction, step: Step, signal: AbortSignal): Promise<boolean> {
    const { cluster, upgradeSteps } = this.deps;
    const { resource, status, seen: { lock }, now } = step;
    await fenceOf(cluster, resource, { of: 'upgrade', status }, signal)();
    const own = ownHolder(lockUser(status));
    if (isOfParts(action)) return this.#executeInParts(action, step, signal);
    switch (action.kind) {
      case 'take lock': return takeLock(cluster, own, { lock, now }, signal);
      case 'release lock': return releaseLock(cluster, own, lock, signal);
      case 'drop request': return cluster.dropUpgradeRequest(resource, signal);
      case 'ask for restore': return cluster.askForRestore(resource, action.request, signal);
      case 'name step': await upgradeSteps.name(action.step, signal); return true;
      case 'forget step': await upgradeSteps.forget(signal); return true;
      default: return this.#executeJob(action, step, signal);
    }
  }

  async #executeInParts(action: PartsAction, { spec, status, seen: { gatewaySecret } }: Step, signal: AbortSignal): Promise<boolean> {
    const { gateways, restores } = this.deps;
    switch (action.kind) {
      case 'set gateway': return setGateway(gateways, spec, { mode: action.mode, why: `upgrade ${status.current?.id ?? ''}`, secret: gatewaySecret }, signal);
      case 'scale': return scaleParts(restores, spec, action.replicas, signal);
      case 'hold': case 'let go': return this.#hold(action.kind, status, signal);
      case 'stop web': await restores.scale(spec.web.deployment, 0, signal); return true;
    }
  }

  #hold(kind: 'hold' | 'let go', { current }: UpgradeStatus, signal: AbortSignal): Promise<true> {
    return holdParts(this.deps.restores, kind === 'hold' ? `upgrade ${current?.id ?? ''}` : undefined, signal);
  }

  async #executeJob(action: Extract<UpgradeAction, { kind: 'save' | 'migrate' | 'end migration' | 'import' | 'send event' }>, step: Step, signal: AbortSignal): Promise<boolean> {
    const { restores, crypto } = this.deps;
    const { spec, status: { current }, seen: { login, manifests }, now } = step;
    switch (action.kind) {
      case 'end migration': return this.#endMigration(action.name, step, signal);
      case 'migrate': return restores.rerunMigrations(action.name, signal);
      case 'save': return this.#save(step, signal);
      case 'import': return manifests?.kind === 'present' && restores.createJob(buildTemplateJob(manifests.template, { name: action.name, component: LEGACY_IMPORT_COMPONENT }), signal);
      case 'send event': return sendProof(this.deps, spec, { login: loginOf(login), id: current && upgradeEvents(current, now, crypto)[0] }, signal);
    }
  }

  async #endMigration(wanted: string, { seen: { jobs } }: Step, signal: AbortSignal): Promise<boolean> {
    const job = jobs.kind === 'seen' ? jobs.value.jobs.find(({ name }) => name === wanted) : undefined;
    return job !== undefined && this.deps.restores.deleteJob(job, signal);
  }

  /** What nothing has changed yet has the rows of every day. */
  async #save({ resource, spec, status, seen: { login, manifests } }: Step, signal: AbortSignal): Promise<boolean> {
    const { current } = status;
    if (!current || manifests?.kind !== 'present') return false;
    const saving = { copy: copyOfSaving(current), at: current.since, mayShrink: spec.backup?.mayShrink, backup: resource.status?.backup, template: manifests.template, login: loginOf(login), fence: fenceOf(this.deps.cluster, resource, { of: 'upgrade', status }, signal) };
    return makeSavingJob(this.deps, spec, saving, signal);
  }
}
