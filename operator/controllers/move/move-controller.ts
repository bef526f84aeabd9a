// Moves one GlitchTip into the place of an old Sentry: observe, plan, write. Every decision is in core/move/.
//
// The status with the step is written first, then the step is done; each is seen in the world when it was. A cutover or a rollback is one write of
// the status and one request to the gateway; nothing else is waited for.
import type { GlitchTipResource, GlitchTipSpec } from '../../api/glitchtip-resource.js';
import type { MoveStatus } from '../../api/move-fields.js';
import { MOVE_ANNOTATION } from '../../api/object-names.js';
import { describeMoveAction } from '../../core/move/move-facts.js';
import { unexpectedImports } from '../../core/move/import-job.js';
import { planMove } from '../../core/move/move-plan.js';
import { buildMoveReport, isWritten, moveNotes } from '../../core/move/move-report.js';
import type { MovePlan } from '../../core/move/next-step.js';
import { parseTrusted } from '../../core/trusted-hosts.js';
import type { Clock } from '../../runtime/clock.js';
import type { Outcome } from '../../runtime/work-queue.js';
import { recordEvent } from '../kubernetes-events.js';
import { RefusedWrites } from '../refused-writes.js';
import { MoveExecutor, type ExecutorDependencies } from './move-executor.js';
import { MoveObserver, type SeenMove } from './move-observer.js';

export interface MoveDependencies extends ExecutorDependencies {
  readonly clock: Clock;
  /** Hosts that a resource may name beside the Services of the manifests. @default none */
  readonly trustedHosts?: readonly string[];
  /** Called with what is known of the move, written or not; undefined when there was none. */
  readonly onMove: (name: string, known: MoveStatus | undefined) => void;
  /** Called when a phase has ended: whoever tells of it need not wait for the next look. */
  readonly onPhase: (name: string) => void;
}

/** One look at one resource. */
interface Look {
  readonly resource: GlitchTipResource;
  readonly spec: GlitchTipSpec;
  readonly status: MoveStatus;
  readonly now: Date;
}

/** Somebody else wrote at the same moment. Milliseconds. */
const AGAIN = 500;
/** An invalid spec, whose change the watch reports. Milliseconds. */
const IDLE_EVERY = 300_000;
/** Where the settings name no old server any more: what the gateway has is served all the same. */
const DEFAULT_SHARE = 25;
const NO_MOVE = 'A move was asked for, and spec.move is not there: move.from in settings.yaml names the old server.';

export class MoveController {
  readonly #observer: MoveObserver;
  readonly #executor: MoveExecutor;
  readonly #writes: RefusedWrites;

  constructor(private readonly deps: MoveDependencies) {
    this.#observer = new MoveObserver(deps);
    this.#executor = new MoveExecutor(deps);
    this.#writes = new RefusedWrites(deps, { what: 'move', reason: 'MoveHeldBack', action: 'Move' });
  }

  async reconcile(name: string, signal: AbortSignal): Promise<Outcome> {
    const resource = await this.deps.cluster.readResource(name, signal);
    if (!resource) {
      this.deps.onMove(name, undefined);
      return {};
    }
    const parsed = parseTrusted(resource.spec, this.deps.trustedHosts);
    if (parsed.kind === 'invalid') return { requeueAfter: IDLE_EVERY };
    const { spec } = parsed;
    const known = resource.status?.move;
    const isAsked = resource.metadata.annotations?.[MOVE_ANNOTATION] !== undefined;
    // Where there is no old server nothing is looked at; a move that is under way goes on all the same.
    if (!spec.move && !known && !isAsked) return {};
    return this.#advance({ resource, spec, status: known ?? {}, now: new Date(this.deps.clock.now()) }, signal);
  }

  async #advance(look: Look, signal: AbortSignal): Promise<Outcome> {
    const { resource, spec, status, now } = look;
    const seen = await this.#observer.observe({ resource, spec, current: status.current, now }, signal);
    // What was cut off in the middle of it observed nothing.
    signal.throwIfAborted();
    const plan = planMove({
      share: spec.move?.share ?? DEFAULT_SHARE, reach: spec.move, suspend: spec.suspend, status, request: resource.metadata.annotations?.[MOVE_ANNOTATION],
      impediment: spec.move ? undefined : NO_MOVE, facts: seen.facts, now,
    });
    this.deps.onMove(resource.metadata.name, plan.status);
    if (!(await this.#report(look, plan.status, seen, signal))) return { requeueAfter: AGAIN };
    if (!spec.suspend) await this.#clear(seen, plan.status, signal);
    return { requeueAfter: (await this.#execute(look, plan, seen, signal)) ? plan.requeueAfter : AGAIN };
  }

  /** False when somebody else was first, and everything has to be looked at again. */
  async #execute({ resource, spec, now }: Look, { action, status }: MovePlan, seen: SeenMove, signal: AbortSignal): Promise<boolean> {
    if (!action) return true;
    const isDone = await this.#executor.execute(action, { resource, spec, status, seen, now }, signal);
    if (isDone) this.deps.log('move', { resource: resource.metadata.name, done: describeMoveAction(action) });
    return isDone;
  }

  /** False when the resource changed since it was read: then everything is looked at again. */
  async #report({ resource, status, now }: Look, next: MoveStatus, { facts }: SeenMove, signal: AbortSignal): Promise<boolean> {
    const { name, generation } = resource.metadata;
    const report = buildMoveReport(next, { facts, previous: resource.status, generation, now });
    if (isWritten(resource.status, report)) return true;
    if (!(await this.#writes.write(resource, () => this.deps.cluster.applyMove(resource, report, signal), signal))) return false;
    for (const { note, type, reason } of moveNotes(status, next)) {
      this.deps.log('move', { resource: name, reason, note });
      await recordEvent(this.deps, resource, { type, reason, action: 'Move', note }, { at: now, signal });
    }
    if (status.current?.phase !== next.current?.phase) this.deps.onPhase(name);
    return true;
  }

  /** Jobs that nobody needs any more, and that may start late. */
  async #clear({ jobs }: SeenMove, { current }: MoveStatus, signal: AbortSignal): Promise<void> {
    const { moveJobs, log } = this.deps;
    for (const job of jobs.kind === 'seen' ? unexpectedImports(jobs.value.jobs, current) : []) {
      if (await moveJobs.deleteJob(job, signal)) log('Job of a move deleted, for nobody expects it any more', { job: job.name });
    }
  }
}
