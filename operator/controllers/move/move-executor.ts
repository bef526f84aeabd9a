// Executes the steps of a move. Each is looked for before it is done, and does nothing when it was done already.
import { MOVE_COMPONENT, MOVE_SECRET, MOVE_SECRET_KEYS } from '../../api/object-names.js';
import type { GlitchTipResource, GlitchTipSpec } from '../../api/glitchtip-resource.js';
import type { MoveStatus } from '../../api/move-fields.js';
import { buildTemplateJob } from '../../core/backup/backup-job.js';
import { canonical } from '../../core/canonical-json.js';
import { valueOf } from '../../core/credentials/generated-secrets.js';
import { encodeDsnTable } from '../../core/move/dsn-table.js';
import type { MoveAction } from '../../core/move/move-facts.js';
import { isOwnLock, moveHolder } from '../../core/move/move-lock.js';
import { Sensitive } from '../../core/sensitive.js';
import type { ObserverDependencies, SeenMove } from './move-observer.js';

export interface ExecutorDependencies extends ObserverDependencies {
  readonly log: (message: string, fields: Readonly<Record<string, unknown>>) => void;
}

/** What a step is part of. */
export interface Step {
  readonly resource: GlitchTipResource;
  readonly spec: GlitchTipSpec;
  /** As it was written before the step. */
  readonly status: MoveStatus;
  readonly seen: SeenMove;
  readonly now: Date;
}

export class MoveExecutor {
  constructor(private readonly deps: ExecutorDependencies) {}

  /** False when somebody else was first: then everything is looked at again a moment later. */
  async execute(action: MoveAction, step: Step, signal: AbortSignal): Promise<boolean> {
    await this.#fence(step, signal);
    switch (action.kind) {
      case 'take lock': return this.#takeLock(step, signal);
      case 'release lock': return this.#releaseLock(step, signal);
      case 'create job': return this.#createJob(action.name, step, signal);
      case 'write table': return this.#writeTable(encodeDsnTable(action.rows), step, signal);
      case 'drop request': return this.deps.cluster.dropMoveRequest(step.resource, signal);
      default: return this.#tellGateway(action, step, signal);
    }
  }

  /** A late step of an operator that lost the Lease meanwhile finds another status and does nothing: of a cutover that was rolled back, too. */
  async #fence({ resource: { metadata: { name } }, status }: Step, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const found = await this.deps.cluster.readResource(name, signal);
    if (canonical(found?.status?.move ?? {}) !== canonical(status)) throw new Error('the status of the move changed meanwhile');
  }

  async #tellGateway(action: Extract<MoveAction, { kind: 'tell gateway' | 'let go of old' }>, { spec, seen: { gatewaySecret } }: Step, signal: AbortSignal): Promise<boolean> {
    const token = valueOf(gatewaySecret, 'control-token');
    if (!token) throw new Error('the token of the gateway is not known');
    if (action.kind === 'let go of old') await this.deps.gatewayMoves.letGo(spec, token, signal);
    else await this.deps.gatewayMoves.tell(spec, token, action.wanted, signal);
    return true;
  }

  async #takeLock({ status: { current }, seen: { lock }, now }: Step, signal: AbortSignal): Promise<boolean> {
    if (!current || lock.kind === 'unreadable') return false;
    return this.deps.cluster.writeLock({ holder: moveHolder(current, now), resourceVersion: lock.resourceVersion }, signal);
  }

  async #releaseLock({ seen: { lock } }: Step, signal: AbortSignal): Promise<boolean> {
    return lock.kind === 'held' && isOwnLock(lock) ? this.deps.cluster.writeLock({ resourceVersion: lock.resourceVersion }, signal) : false;
  }

  async #createJob(name: string, { seen: { manifests } }: Step, signal: AbortSignal): Promise<boolean> {
    if (manifests?.kind !== 'present') return false;
    const isMade = await this.deps.moveJobs.createJob(buildTemplateJob(manifests.template, { name, component: MOVE_COMPONENT }), signal);
    this.deps.log(isMade ? 'Job of a move made' : 'Job of a move exists already', { job: name });
    return isMade;
  }

  async #writeTable(text: string, { seen: { secret } }: Step, signal: AbortSignal): Promise<boolean> {
    if (secret.kind !== 'present') return false;
    const data = new Map([[MOVE_SECRET_KEYS.dsns, new Sensitive(text)]]);
    return this.deps.cluster.writeSecret({ name: MOVE_SECRET, resourceVersion: secret.resourceVersion ?? '', data, annotations: {} }, signal);
  }
}
