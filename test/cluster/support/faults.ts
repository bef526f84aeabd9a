// What can go wrong with the stack, made to happen on real pods, each with the way back that a person would take.
import type { HealthReason } from '../../../operator/api/health-reasons.js';
import { letTimePass } from './alerts.js';
import {
  SHORT_START, ageHeartbeat, applyAgain, backlog, changed, cutWorkerOff, delayAnswers, dropPartitions, failingBatches, freezeWorker, fullValkey, hiddenPages, impatientProbe, killedAgainAndAgain, putCertificate, scaled, undoMigration, wrongPort,
  type Made,
} from './fault-actions.js';
import { clearEvicted, pressNode } from './memory-hog.js';
import { cordoned, fillTmp, foreignVolume, tainted, unboundClaim, writesTooMuch } from './placement-faults.js';
import { killByMemory } from './out-of-memory.js';
import type { Stack } from './stack.js';
import { fillVolumes, freeVolumes } from './volume-store.js';

export interface Fault extends Made {
  /** As a row of the table says it. */
  readonly what: string;
  readonly expected: { readonly reason: HealthReason; readonly part: string };
  /** What its message says beside that: what a person is to do. */
  readonly says?: RegExp;
  /** @default 'person' where there is a repair, else 'operator' */
  readonly repairedBy?: 'liveness probe';
  /** Seconds that Kubernetes itself allows before it is a fault: the start of a new pod, by its probe. @default 0 */
  readonly allowance?: number;
  /** It lasts so long, longer than any probe waits, and no other part is restarted for it. Seconds. */
  readonly bearableFor?: number;
  /** Spares a test what its repair waits for, once it was reported: in the soak it is waited for. */
  readonly hasten?: (stack: Stack) => Promise<unknown>;
}

/** Faults that happen together: they have nothing to do with each other, and each is an incident of its own. */
export interface Scenario {
  readonly faults: readonly Fault[];
  /** @default 'quick' */
  readonly pace?: 'default';
}

/** A new pod has so long to start (startupProbe), and to wait in its init containers. Seconds. */
const START = 75;
/** What is found only while web should have started, and until its probe ends it, may take another start to be found three times. Seconds. */
const SECOND_START = 30;
/** Between its init container and its end web has so long to be found. Seconds. */
const FOUND_WITHIN = 30;

const POSTGRES_STOPPED: Fault = { what: 'Postgres stopped', expected: { reason: 'DatabaseDown', part: 'postgres' }, ...scaled('statefulset/postgres', 'postgres'), bearableFor: 60 };
export const VALKEY_STOPPED: Fault = { what: 'Valkey stopped', expected: { reason: 'QueueDown', part: 'valkey' }, ...scaled('statefulset/valkey', 'valkey') };
const WORKER_GONE: Fault = { what: 'worker scaled to 0', expected: { reason: 'WorkerDown', part: 'worker' }, ...scaled('deployment/worker', 'worker') };
const WORKER_CRASHES: Fault = { what: 'worker killed again and again', expected: { reason: 'CrashLoop', part: 'worker' }, ...killedAgainAndAgain('worker'), allowance: 30 };
const WEB_CRASHES: Fault = { what: 'the one process killed again and again', expected: { reason: 'CrashLoop', part: 'web' }, ...killedAgainAndAgain('web'), allowance: START };
const WORKER_FROZEN: Fault = { what: 'worker frozen (SIGSTOP)', expected: { reason: 'WorkerStuck', part: 'worker' }, inject: freezeWorker, repairedBy: 'liveness probe', hasten: ageHeartbeat };
const WORKER_TMP_FULL: Fault = {
  what: 'worker fills its /tmp', expected: { reason: 'ScratchSpaceFull', part: 'worker' }, says: /Raise storage\.tmp in settings\.yaml/,
  inject: (stack) => fillTmp(stack),
  repair: clearEvicted,
  // The kubelet looks every 10 s, at sizes that are up to a minute old.
  allowance: 90,
};
/** A pod may wait so long for the room of the one that it replaces. Seconds. */
const WAITS_FOR_ROOM = 45;
const NODE_CORDONED: Fault = { what: 'node cordoned, and a new worker', expected: { reason: 'Unschedulable', part: 'worker' }, says: /The node is cordoned: kubectl uncordon/, ...cordoned(), allowance: WAITS_FOR_ROOM };
const NODE_TAINTED: Fault = { what: 'node tainted by its administrator, and a new worker', expected: { reason: 'Unschedulable', part: 'worker' }, says: /The node has a taint that keeps pods out/, ...tainted(), allowance: WAITS_FOR_ROOM };
const WORKER_WRITES_TOO_MUCH: Fault = {
  what: 'worker writes more than all its containers may', expected: { reason: 'ScratchSpaceFull', part: 'worker' }, says: /Raise storage\.tmp in settings\.yaml/, ...writesTooMuch(),
  // A worker of that limit starts first.
  allowance: 90 + START + WAITS_FOR_ROOM,
};
const VOLUME_FOREIGN: Fault = { what: 'a volume of another node', expected: { reason: 'Unschedulable', part: 'worker' }, says: /Its volume is of another node, or is gone/, ...foreignVolume(), allowance: WAITS_FOR_ROOM };
const CLAIM_UNBOUND: Fault = { what: 'a claim that nobody makes a volume for', expected: { reason: 'Unschedulable', part: 'worker' }, says: /Without a default class set storage\.className/, ...unboundClaim(), allowance: WAITS_FOR_ROOM };
/** The operator lets it go on for 150 s before it makes a new worker, because it may end by itself. */
const WORKER_WEDGED: Fault = { what: 'worker wedged: its packets to Valkey vanish', expected: { reason: 'WorkerStuck', part: 'worker' }, inject: cutWorkerOff, hasten: (stack) => letTimePass(stack, 150) };
/** Its double has a way to be told (test/glitchtip-double/six/glitchtip/mortal_worker.py). The operator makes a new web for it, after 150 s. */
const WORKER_INSIDE_DIES: Fault = { what: 'the worker inside web dies, and web goes on', expected: { reason: 'WorkerStuck', part: 'web' }, inject: (stack) => stack.exec('web', ['touch', '/tmp/end-the-worker']) };
const WEB_STARVED: Fault = {
  what: 'web needs more memory than its limit', expected: { reason: 'OutOfMemory', part: 'web' },
  inject: (stack) => killByMemory(stack, 'web'),
  repair: (stack) => stack.kubectl('delete', 'pod', '-l', 'app.kubernetes.io/component=web'),
};
const WRONG_PORT: Fault = { what: 'web listens on another port', expected: { reason: 'PortMismatch', part: 'web' }, ...changed('set', 'env', 'deployment/web', 'PORT=9999'), allowance: START + SECOND_START };
/** The same with a start that is as short as a probe may make it: the operator goes by what the pod's own probe allows. */
const WRONG_PORT_SOON: Fault = {
  ...WRONG_PORT, what: 'web listens on another port, its start short',
  inject: (stack) => stack.kubectl('patch', 'deployment/web', '--patch', wrongPort()),
  allowance: SHORT_START.seconds + FOUND_WITHIN,
};
const WRONG_HOST: Fault = { what: 'web does not allow its host', expected: { reason: 'HostNotAllowed', part: 'web' }, ...changed('set', 'env', 'deployment/web', 'ALLOWED_HOSTS=nobody.example'), allowance: START };
const NO_PAGES: Fault = {
  what: 'static files hidden', expected: { reason: 'StaticFilesMissing', part: 'web' },
  inject: (stack) => stack.kubectl('patch', 'deployment/web', '--patch', hiddenPages()),
  // An apply leaves a volume alone that it never made.
  repair: (stack) => stack.kubectl('rollout', 'undo', 'deployment/web'),
  allowance: START,
};
const NO_IMAGE: Fault = { what: 'image of web not found', expected: { reason: 'ImageNotFound', part: 'web' }, ...changed('set', 'image', 'deployment/web', 'web=docker.io/glitchtip/glitchtip:0.0.0-none') };
const UNMIGRATED: Fault = { what: 'migrations undone, a new worker waits for them', expected: { reason: 'MigrationsPending', part: 'postgres' }, inject: undoMigration, allowance: START };
const PARTITIONS_END: Fault = { what: 'scheduler stopped: partitions run out', expected: { reason: 'PartitionsRunningOut', part: 'postgres' }, inject: (stack) => dropPartitions(stack, 3) };
const PARTITIONS_GONE: Fault = { what: 'partitions from tomorrow on are gone', expected: { reason: 'PartitionsMissing', part: 'postgres' }, inject: (stack) => dropPartitions(stack, 1) };
/** A table of statistics without a partition fails every batch. */
const WEEKS_GONE: Fault = {
  what: 'weeks of the statistics from the next on are gone', expected: { reason: 'PartitionsRunningOut', part: 'postgres' },
  inject: (stack) => dropPartitions(stack, 1, 'projects_issueeventprojecthourlystatistic'),
};
const BATCHES_FAIL: Fault = { what: 'batches fail', expected: { reason: 'EventsLost', part: 'ingest' }, says: /events that were answered 200 among them/, ...failingBatches() };
const VALKEY_FULL: Fault = { what: 'Valkey full', expected: { reason: 'QueueFull', part: 'valkey' }, says: /new events are answered 200 and lost/, ...fullValkey() };
const IMPATIENT: Fault = {
  what: 'web answers later than its probe waits', expected: { reason: 'TimeoutTooShort', part: 'web' },
  inject: async (stack) => {
    await stack.kubectl('patch', 'deployment/web', '--patch', impatientProbe());
    await stack.rolledOut();
    await delayAnswers(stack);
  },
  repair: applyAgain,
  allowance: START,
};
const CERTIFICATE_ENDED: Fault = {
  what: 'certificate expired', expected: { reason: 'CertificateExpired', part: 'certificate' },
  inject: async (stack) => {
    await putCertificate(stack, -1);
    // One that had long to go is read hourly; a new operator reads it now.
    await stack.kubectl('delete', 'pod', '-l', 'app.kubernetes.io/component=operator');
  },
  repair: (stack) => putCertificate(stack, 90),
  allowance: 30,
};
const VOLUME_FULL: Fault = {
  what: 'volume full to its last byte', expected: { reason: 'VolumeFull', part: 'postgres-data' },
  inject: ({ cluster }) => fillVolumes(cluster),
  repair: ({ cluster }) => freeVolumes(cluster),
};
const TOO_MUCH: Fault = {
  what: 'more events than a slow database takes', expected: { reason: 'Backlog', part: 'worker' },
  ...backlog(),
  // Until so many wait that it is one.
  allowance: 30,
};
const NODE_SHORT: Fault = {
  what: 'a neighbour takes the memory of the host', expected: { reason: 'NodeUnderPressure', part: 'node' },
  inject: pressNode,
  repair: clearEvicted,
  // Until it is short, and the kubelet looks every 10 s.
  allowance: 30,
};

/** One of each way in which a fault is found or repaired; all others are in the soak, and what they look like to the operator in test/api. */
export const SCENARIOS: readonly Scenario[] = [
  { faults: [POSTGRES_STOPPED], pace: 'default' },
  { faults: [VOLUME_FULL], pace: 'default' },
  // The worker of the first one is an old one; that of the last has to become one before.
  { faults: [WORKER_FROZEN, PARTITIONS_END] },
  // While web is away nobody can tell what the worker does.
  { faults: [WRONG_PORT_SOON] },
  { faults: [WORKER_WEDGED] },
];
/** Last, for the kubelet remembers it for minutes. */
export const LAST_SCENARIO: Scenario = { faults: [NODE_SHORT] };

/** Faults of GlitchTip itself. */
export const SCENARIOS_INSIDE: readonly Scenario[] = atDefaults([
  [WORKER_WEDGED],
  [WRONG_PORT],
  [WORKER_FROZEN, PARTITIONS_END],
  [WORKER_CRASHES, WRONG_HOST],
  [WORKER_GONE, NO_PAGES],
  [IMPATIENT, UNMIGRATED],
  [NO_IMAGE],
  [TOO_MUCH],
]);

/** Faults of what it stands on: servers, volumes, limits, the host. */
export const SCENARIOS_AROUND: readonly Scenario[] = atDefaults([
  [POSTGRES_STOPPED],
  [WEB_STARVED, CERTIFICATE_ENDED, PARTITIONS_GONE],
  [VOLUME_FULL],
  [NODE_SHORT],
]);

/** Pods that no node takes, or that a node puts out, each for its own want. */
export const SCENARIOS_OF_PLACEMENT: readonly Scenario[] = atDefaults([
  [WORKER_TMP_FULL],
  [WORKER_WRITES_TOO_MUCH],
  [NODE_CORDONED],
  [NODE_TAINTED],
  [CLAIM_UNBOUND],
  [VOLUME_FOREIGN],
]);

/** Those of GlitchTip 6.2 that are found otherwise than 5.2's, and one of each server. */
export const SCENARIOS_SIX: readonly Scenario[] = atDefaults([
  [WORKER_WEDGED],
  [WORKER_FROZEN, PARTITIONS_END],
  [WORKER_CRASHES],
  [WORKER_GONE],
  [POSTGRES_STOPPED],
  [VALKEY_STOPPED],
  [VALKEY_FULL],
  [WEEKS_GONE],
  [BATCHES_FAIL],
]);

/** Of the one process that 6.2 can be, and that no probe sees the inside of. */
export const SCENARIOS_TINY: readonly Scenario[] = atDefaults([[WORKER_INSIDE_DIES], [PARTITIONS_END], [WEEKS_GONE], [POSTGRES_STOPPED], [WEB_CRASHES]]);

function atDefaults(scenarios: readonly (readonly Fault[])[]): readonly Scenario[] {
  return scenarios.map((faults) => ({ faults, pace: 'default' }));
}

