// Conditions that a restore and an upgrade share: the lock, the gateway, web and worker away and back, an event that is stored. Each is met, or says what brings it about, or what is waited for. Pure.
import { MET, act, firstUnmet, wait, type Step } from '../rotation/protocol.js';
import type { Seen } from '../seen.js';
import type { LockFact } from './recorded-lock.js';

/** `wanted`: replicas of the Deployment; `pods`: those that have not ended; `ready`: of them, those that are. */
export interface PartReplicas {
  readonly wanted: number;
  readonly pods: number;
  readonly ready: number;
}

/**
 * - `gives`: to GlitchTip, and lets go of what it sees stored;
 * - `holds`: gives nothing, and lets go of nothing;
 * - `keeps`: gives, and lets go of nothing: what it saw stored in one database and another lacks is given again.
 * - `holds without keeping`: gives nothing, and lets go of what it sees stored: as a person holds it, and as an upgrade does while the queue empties.
 */
export type GatewayMode = 'gives' | 'holds' | 'keeps' | 'holds without keeping';

/** What keeps new pods of web and worker from starting, whoever applies manifests in the middle. */
export type Hold =
  | { readonly kind: 'free' }
  /** By a restore or an upgrade, by its name. */
  | { readonly kind: 'held'; readonly by: string }
  /** Somebody has deleted its ConfigMap: then pods start, and are stopped again. */
  | { readonly kind: 'missing' };

/** What no status knows of any more, as after the resource was deleted in the middle. */
export function isHeldBy(hold: Seen<Hold>, operation: 'restore' | 'upgrade'): boolean {
  return hold.kind === 'seen' && hold.value.kind === 'held' && hold.value.by.startsWith(`${operation} `);
}

export interface AwayFacts {
  /** Of the recorded lock and of what else is under way: ours; free; or why not yet. */
  readonly lock: LockFact;
  /** Undefined: there is no gateway, and events are refused while web is away. */
  readonly gateway: Seen<{ readonly mode: GatewayMode; readonly underWay: number }> | undefined;
  readonly parts: Seen<Readonly<Record<'web' | 'worker', PartReplicas>>>;
  readonly hold: Seen<Hold>;
  /** Of the application's logins. */
  readonly sessions: Seen<number>;
  /** Whether an event that the operator sent in this phase is stored. */
  readonly isProved: Seen<boolean>;
}

export type AwayAction =
  | { readonly kind: 'take lock' | 'release lock' }
  | { readonly kind: 'set gateway'; readonly mode: GatewayMode }
  | { readonly kind: 'scale'; readonly replicas: 0 | 1 }
  | { readonly kind: 'hold' | 'let go' }
  /** Accepted is not stored: a later look shows whether it was. */
  | { readonly kind: 'send event' }
  /** `rejected`: why nothing became of it, for an event. */
  | { readonly kind: 'drop request'; readonly rejected?: string };

type AwayStep = Step<AwayAction>;
interface Input<Name extends keyof AwayFacts> {
  readonly facts: Pick<AwayFacts, Name>;
}

export function seenStep<T, Action>(fact: Seen<T>, judge: (value: T) => Step<Action>): Step<Action> {
  return fact.kind === 'seen' ? judge(fact.value) : wait(fact.why);
}

export function lockStep({ facts: { lock } }: Input<'lock'>): AwayStep {
  if (lock.kind === 'ours') return MET;
  return lock.kind === 'free' ? act({ kind: 'take lock' }) : wait(lock.why);
}

export function unlockStep({ facts: { lock } }: Input<'lock'>): AwayStep {
  return lock.kind === 'ours' ? act({ kind: 'release lock' }) : MET;
}

export function gatewayStep({ facts: { gateway } }: Input<'gateway'>, mode: GatewayMode): AwayStep {
  if (gateway === undefined) return MET;
  return seenStep(gateway, ({ mode: found }): AwayStep => (found === mode ? MET : act({ kind: 'set gateway', mode })));
}

/** Before they end, so that none that is made meanwhile begins. */
function heldStep({ facts: { hold } }: Input<'hold'>): AwayStep {
  return seenStep(hold, ({ kind }): AwayStep => (kind === 'free' ? act({ kind: 'hold' }) : MET));
}

export function letGoStep({ facts: { hold } }: Input<'hold'>): AwayStep {
  return seenStep(hold, ({ kind }): AwayStep => (kind === 'held' ? act({ kind: 'let go' }) : MET));
}

/** Also after somebody applied the manifests in the middle of it. */
export function endedStep(input: Input<'parts' | 'hold'>): AwayStep {
  return firstUnmet([() => heldStep(input), () => scaledDownStep(input)]);
}

function scaledDownStep({ facts: { parts } }: Input<'parts'>): AwayStep {
  return seenStep(parts, ({ web, worker }): AwayStep => {
    if (web.wanted !== 0 || worker.wanted !== 0) return act({ kind: 'scale', replicas: 0 });
    const left = web.pods + worker.pods;
    return left === 0 ? MET : wait(`${left} pods of web and worker have not ended`);
  });
}

/** And nobody is left in the database who logged in as they do. */
export function stoppedStep({ facts }: Input<'parts' | 'hold' | 'sessions'>): AwayStep {
  return firstUnmet([
    () => endedStep({ facts }),
    () => seenStep(facts.sessions, (count): AwayStep => (count === 0 ? MET : wait(`${count} sessions of the application are left`))),
  ]);
}

export function startedStep(input: Input<'parts' | 'hold'>): AwayStep {
  return firstUnmet([() => letGoStep(input), () => scaledUpStep(input)]);
}

function scaledUpStep({ facts: { parts } }: Input<'parts'>): AwayStep {
  return seenStep(parts, ({ web, worker }): AwayStep => {
    if (web.wanted === 0 || worker.wanted === 0) return act({ kind: 'scale', replicas: 1 });
    return web.ready > 0 && worker.ready > 0 ? MET : wait('web and worker start');
  });
}

export function proofStep({ facts: { isProved } }: Input<'isProved'>): AwayStep {
  return seenStep(isProved, (isStored): AwayStep => (isStored ? MET : act({ kind: 'send event' })));
}

/** For the log; no value is in it. */
export function describeAwayAction(action: AwayAction): string {
  switch (action.kind) {
    case 'drop request': return action.rejected === undefined ? 'drop request' : `refuse request: ${action.rejected}`;
    case 'set gateway': return `gateway ${action.mode}`;
    case 'scale': return `scale web and worker to ${action.replicas}`;
    default: return action.kind;
  }
}
