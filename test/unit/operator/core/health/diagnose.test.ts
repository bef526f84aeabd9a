// Every cause that can be named: what is observed, which root cause is reported, and what is listed as its consequence.
import { describe, expect, it } from '@jest/globals';
import { HEALTH_REASONS, type HealthReason } from '../../../../../operator/api/health-reasons.js';
import { diagnoseUnreachable } from '../../../../../operator/core/health/diagnose.js';
import { explains } from '../../../../../operator/core/health/cause-precedence.js';
import type { CanaryFacts, ContainerEnd, ContainerState, Facts, PodFacts, WebFacts } from '../../../../../operator/core/health/health-facts.js';
import { BACKUP_CAUSES } from './backup-causes.js';
import { OPERATION_CAUSES } from './operation-causes.js';
import { SECRET_CAUSES, SILENT, TRAEFIK_CAUSES, TUNNEL_CAUSES, served } from './https-causes.js';
import { SIX_CAUSES, SIX_SPEC } from './six-causes.js';
import {
  GATEWAY_SPEC, REFUSED, UNSEEN, WORKER_SPEC, ago, answered, causesOf, clusterOf, containerOf, databaseOf, diagnosisOf, gatewayOf, jobOf, leaking, podOf, podsOf, queueOf, seen, specOf, startingPod, unready, workloadsOf, OK,
} from './health-scenarios.js';

const NOT_STORED: CanaryFacts = { kind: 'not stored', oldestSeconds: 5, storedMeanwhile: 0 };
const STORED_MEANWHILE: CanaryFacts = { kind: 'not stored', oldestSeconds: 5, storedMeanwhile: 300 };
const NOT_SENT: CanaryFacts = { kind: 'not sent', why: 'web does not answer' };
const IS_500: CanaryFacts = { kind: 'refused', status: 500 };
const DOWN: WebFacts = { health: REFUSED, pods: [] };
const UNREACHABLE = { kind: 'unreachable', why: 'ECONNREFUSED' } as const;
const MIB = 2 ** 20;
const QUOTA = { since: ago(90), message: 'pods "worker-x" is forbidden: exceeded quota: budget' };

function ended(reason: string, exitCode: number, seconds = 20): ContainerEnd {
  return { reason, exitCode, finishedAt: ago(seconds), noSpaceLeft: false };
}
const waiting = (reason: string) => ({ state: { kind: 'waiting', reason } as const });
const held = (seconds: number) => unready('web', {}, { containers: [containerOf({ name: 'wait-for-migrations', init: true, state: { kind: 'running', startedAt: ago(seconds) } }), containerOf({ name: 'web', ...waiting('PodInitializing') })] });
const fileContainer = (state: ContainerState) => containerOf({ name: 'append-only-file', init: true, state });
const fileAt = (state: ContainerState) => ({ ...startingPod('valkey'), createdAt: state.kind === 'running' ? state.startedAt : ago(5), containers: [fileContainer(state), containerOf({ name: 'valkey', ...waiting('PodInitializing') })] });
/** Web that is not Ready, for two hours, and how its own address answers. */
const probed = (answer: WebFacts['pods'][number]['answer'], pod = unready('web')): Partial<Facts> => ({ cluster: clusterOf({ pods: podsOf(pod) }), web: { health: REFUSED, pods: [{ pod: pod.name, answer }] }, canary: NOT_SENT });
const pods = (...list: readonly PodFacts[]) => ({ cluster: clusterOf({ pods: podsOf(...list) }) });

/** The gateway's pod beside the others. */
const withGateway = (...list: readonly PodFacts[]) => ({ cluster: clusterOf({ pods: podsOf(...(list.some(({ part }) => part === 'gateway') ? [] : [podOf('gateway')]), ...list), workloads: workloadsOf({ name: 'gateway', part: 'gateway', wanted: 1 }) }) });

describe('a cause', () => {
  const provoked: readonly [string, Partial<Facts>, string[]][] = [
    ['none: all is well', {}, []],

    ['a pod was evicted', pods(podOf('worker', { alive: false, ready: false, evicted: { at: ago(60), message: 'The node was low on resource: memory.' } })), ['NodeUnderPressure/node critical']],
    ['a pod was evicted an hour ago and its successor works', pods(podOf('worker'), podOf('worker', { name: 'worker-0', alive: false, ready: false, evicted: { at: ago(3_600), message: 'low on memory' } })), []],
    ['a pod filled its /tmp', pods(unready('worker', waiting('ContainerCreating')), podOf('worker', { name: 'worker-0', alive: false, ready: false, evicted: { at: ago(60), message: 'Usage of EmptyDir volume "tmp" exceeds the limit "512Mi". ' } })), ['ScratchSpaceFull/worker critical']],
    ['no pod can be placed because of disk pressure', pods(unready('web', waiting('Pending'), { unschedulable: { since: ago(90), message: '0/1 nodes are available: 1 node(s) had untolerated taint {node.kubernetes.io/disk-pressure: }.' } })), ['NodeUnderPressure/node critical']],
    ['a pod finds no room', pods(unready('web', waiting('Pending'), { unschedulable: { since: ago(90), message: '0/1 nodes are available: 1 Insufficient memory.' } })), ['Unschedulable/web critical']],
    ['a pod finds no room, and the old one works', pods(podOf('web'), unready('web', waiting('Pending'), { name: 'web-2', unschedulable: { since: ago(90), message: '0/1 nodes are available: 1 Insufficient cpu.' } })), ['Unschedulable/web warning']],
    ['a pod waits for room for a moment', pods(podOf('web'), unready('web', waiting('Pending'), { name: 'web-2', unschedulable: { since: ago(20), message: 'Insufficient cpu.' } })), []],
    ['the quota refuses a pod', { cluster: clusterOf({ pods: seen([podOf('postgres'), podOf('valkey'), podOf('web')]), workloads: workloadsOf({ name: 'worker', part: 'worker', wanted: 1, refused: QUOTA }) }), canary: NOT_STORED }, ['Unschedulable/worker critical']],
    ['the quota refuses a pod, and the old one works', { cluster: clusterOf({ workloads: workloadsOf({ name: 'web', part: 'web', wanted: 1, refused: QUOTA }) }) }, ['Unschedulable/web warning']],
    ['the quota refuses a pod for a moment', { cluster: clusterOf({ workloads: workloadsOf({ name: 'web', part: 'web', wanted: 1, refused: { ...QUOTA, since: ago(20) } }) }) }, []],
    ['an image cannot be pulled', { ...pods(unready('web', waiting('ImagePullBackOff'))), web: DOWN, canary: NOT_SENT }, ['ImageNotFound/web critical']],
    ['an image cannot be pulled, and the old pod works', pods(podOf('web'), unready('web', waiting('ErrImagePull'), { name: 'web-2' })), ['ImageNotFound/web warning']],
    ['the image of an init container cannot be pulled', pods(unready('worker', {}, { containers: [containerOf({ init: true, ...waiting('ErrImagePull') }), containerOf(waiting('PodInitializing'))] })), ['ImageNotFound/worker critical']],

    ['Postgres does not answer', { database: UNREACHABLE, canary: NOT_SENT }, ['DatabaseDown/postgres critical']],
    ['Postgres runs on an empty volume', { database: databaseOf({ system: '2', missing: ['django_migrations'], partitions: [], login: { kind: 'refused' } }), credentials: { database: '1' }, canary: IS_500 }, ['DatabaseReplaced/postgres critical']],
    ['Postgres runs on the volume that it had', { database: databaseOf({ system: '1' }), credentials: { database: '1' } }, []],
    ['Postgres refuses the application', { database: databaseOf({ login: { kind: 'refused' } }), canary: IS_500 }, ['DatabaseLoginRefused/postgres critical']],
    ['Postgres refuses the operator', { database: { kind: 'refused' }, canary: NOT_SENT }, ['DatabaseLoginRefused/postgres critical']],
    ['nearly all connections are taken', { database: databaseOf({ connections: 23 }) }, ['ConnectionsExhausted/postgres warning']],
    ['all connections are taken', { database: databaseOf({ connections: 25 }), canary: IS_500 }, ['ConnectionsExhausted/postgres critical']],
    ['there is no connection even for the operator', { database: { kind: 'no connection left' }, canary: NOT_SENT }, ['ConnectionsExhausted/postgres critical']],
    ['a transaction is open for an hour', { database: databaseOf({ longestTransactionSeconds: 3_600 }) }, ['LongTransaction/postgres warning']],
    ['a transaction is open for ten minutes: a dump', { database: databaseOf({ longestTransactionSeconds: 600 }) }, []],
    ['tables are missing', { database: databaseOf({ missing: ['django_migrations'], partitions: [] }), canary: NOT_SENT }, ['MigrationsPending/postgres critical']],
    ['the database is missing', { database: { kind: 'no database' }, canary: NOT_SENT }, ['MigrationsPending/postgres critical']],
    ['pods wait for migrations that nobody runs', { ...pods(held(120)), web: DOWN, canary: NOT_SENT }, ['MigrationsPending/postgres critical']],
    ['pods wait for migrations, and their Job is at work', { cluster: clusterOf({ pods: podsOf(held(120)), jobs: seen([jobOf('running', 130)]) }), web: DOWN, canary: NOT_SENT }, []],
    ['the migrate Job has been at work for half an hour', { cluster: clusterOf({ pods: podsOf(held(1_700)), jobs: seen([jobOf('running', 1_800)]) }), web: DOWN, canary: NOT_SENT }, ['MigrationsPending/postgres critical']],
    ['the migrate Job failed', { cluster: clusterOf({ pods: podsOf(held(200)), jobs: seen([jobOf('failed')]) }), web: DOWN, canary: NOT_SENT }, ['MigrationsPending/postgres critical']],
    ['the migrate Job has no image', { cluster: clusterOf({ pods: podsOf(held(200), unready('migrate', waiting('ImagePullBackOff'))), jobs: seen([jobOf('running', 1_800)]) }), web: DOWN, canary: NOT_SENT }, ['ImageNotFound/migrate critical']],
    ['today\'s partition is missing', { database: databaseOf({ partitions: [{ table: 'issue_events_issueevent', days: 0, leastDays: 5.5 }] }), canary: STORED_MEANWHILE }, ['PartitionsMissing/postgres critical']],
    ['tomorrow\'s partition is missing', { database: databaseOf({ partitions: [{ table: 'issue_events_issueevent', days: 0.4, leastDays: 5.5 }] }) }, ['PartitionsMissing/postgres critical']],
    ['partitions are there for a day and a half', { database: databaseOf({ partitions: [{ table: 'issue_events_issueevent', days: 1.5, leastDays: 5.5 }] }) }, ['PartitionsRunningOut/postgres critical']],
    ['nobody made partitions yesterday', { database: databaseOf({ partitions: [{ table: 'issue_events_issueevent', days: 4.9, leastDays: 5.5 }] }) }, ['PartitionsRunningOut/postgres warning']],
    ['the shortest table counts by what it should have', { database: databaseOf({ partitions: [{ table: 'issue_events_issueevent', days: 5.8, leastDays: 5.5 }, { table: 'issue_events_issueaggregate', days: 2.8, leastDays: 2.5 }] }) }, []],
    ['the volume is nearly full', { volumes: seen([{ name: 'postgres-data', usedBytes: 7e9, capacityBytes: 8e9 }]) }, ['VolumeFull/postgres-data warning']],
    ['the volume is as good as full', { volumes: seen([{ name: 'postgres-data', usedBytes: 7.9e9, capacityBytes: 8e9 }]) }, ['VolumeFull/postgres-data critical']],
    ['Postgres cannot write', { database: { kind: 'no space left' }, canary: NOT_SENT }, ['VolumeFull/postgres-data critical']],
    ['Postgres stopped because it could not write', { ...pods(unready('postgres', { restarts: 4, ...waiting('CrashLoopBackOff'), lastEnd: { ...ended('Error', 1), noSpaceLeft: true } })), database: UNREACHABLE, canary: NOT_SENT }, ['VolumeFull/postgres-data critical']],

    ['Valkey does not answer', { queue: UNREACHABLE, canary: IS_500 }, ['QueueDown/valkey critical']],
    ['Valkey reads its file', { queue: { kind: 'loading', secondsLeft: 30 }, canary: IS_500 }, ['QueueDown/valkey critical']],
    ['Valkey refuses the password', { queue: { kind: 'refused' }, canary: IS_500 }, ['QueueLoginRefused/valkey critical']],
    ['Valkey fills', { queue: queueOf({ usedBytes: 25e6, depth: 6_000 }) }, ['QueueFilling/valkey warning']],
    ['Valkey fills within ten minutes', { queue: queueOf({ usedBytes: 25e6, depth: 6_000 }), before: { samples: [{ at: ago(120), queueBytes: 24e6, memory: new Map() }] } }, ['QueueFilling/valkey critical']],
    ['Valkey is full', { queue: queueOf({ usedBytes: 29.9e6, depth: 7_000 }), canary: IS_500 }, ['QueueFull/valkey critical']],
    ['Valkey cannot write', { queue: queueOf({ writeFailed: 'aof_last_write_status is err' }), canary: IS_500 }, ['QueueNotPersisted/valkey critical']],
    ["Valkey's file waits for a person", { ...pods(fileAt({ kind: 'running', startedAt: ago(90) })), queue: UNREACHABLE, canary: IS_500 }, ['QueueFileDamaged/valkey critical']],
    ["Valkey's file is looked at", { ...pods(fileAt({ kind: 'running', startedAt: ago(5) })), queue: UNREACHABLE, canary: IS_500 }, []],
    ["the end of Valkey's file was cut off", pods(podOf('valkey', { containers: [fileContainer({ kind: 'ended', end: { ...ended('Completed', 0, 600), cutOffBytes: 4_096 } }), containerOf({ name: 'valkey' })] })), ['QueueFileRepaired/valkey warning']],
    ["the end of Valkey's file was cut off yesterday", pods(podOf('valkey', { containers: [fileContainer({ kind: 'ended', end: { ...ended('Completed', 0, 80_000), cutOffBytes: 4_096 } }), containerOf({ name: 'valkey' })] })), []],
    ['the worker does not keep up', { canary: STORED_MEANWHILE, queue: queueOf({ depth: 5_000 }) }, ['Backlog/worker warning']],
    ['the queue is being worked off', { canary: STORED_MEANWHILE, queue: queueOf({ depth: 5_000 }), before: { last: { at: ago(10), depth: 6_000 }, samples: [] } }, []],
    ['the queue shrinks too slowly', { canary: STORED_MEANWHILE, queue: queueOf({ depth: 5_000 }), before: { last: { at: ago(10), depth: 5_010 }, samples: [] } }, ['Backlog/worker warning']],

    ['the worker is scaled to nothing', { cluster: clusterOf({ pods: seen([podOf('postgres'), podOf('valkey'), podOf('web')]), workloads: workloadsOf({ name: 'worker', part: 'worker', wanted: 0 }) }), canary: NOT_STORED }, ['WorkerDown/worker critical']],
    ['the worker was killed and starts again', { ...pods(unready('worker', { restarts: 1, lastEnd: ended('Error', 137), state: { kind: 'running', startedAt: ago(5) } })), canary: NOT_STORED }, ['WorkerDown/worker critical']],
    ['the worker takes nothing', { canary: NOT_STORED, queue: queueOf({ depth: 40 }) }, ['WorkerStuck/worker critical']],
    ['the worker takes everything and stores nothing', { canary: NOT_STORED }, ['WorkerStuck/worker critical']],
    ['web is scaled to nothing', { cluster: clusterOf({ pods: seen([podOf('postgres'), podOf('valkey'), podOf('worker')]), workloads: workloadsOf({ name: 'web', part: 'web', wanted: 0 }) }), web: DOWN, canary: NOT_SENT }, ['WebDown/web critical']],
    ['web does not answer although it is Ready', { web: { health: { kind: 'silent', code: 'timeout', seconds: 15 }, pods: [] }, canary: NOT_SENT }, ['WebDown/web critical']],
    ['web answers its own health with 500', { web: { health: answered(500), pods: [] }, canary: NOT_SENT }, ['WebDown/web critical']],
    ['web cannot start for want of a Secret', { ...pods(unready('web', waiting('CreateContainerConfigError'))), web: DOWN, canary: NOT_SENT }, ['WebDown/web critical']],
    ['web listens on another port', probed(REFUSED), ['PortMismatch/web critical']],
    ['web listens on another port, and its probe had it killed', probed(REFUSED, unready('web', { restarts: 3, lastEnd: ended('Error', 137), state: { kind: 'running', startedAt: ago(30) } })), ['PortMismatch/web critical']],
    ['a new pod of web listens on another port, and the old one works', { ...probed(REFUSED), cluster: clusterOf({ pods: podsOf(unready('web'), podOf('web', { name: 'web-0' })) }), web: { health: OK, pods: [{ pod: 'web-1', answer: REFUSED }] }, canary: { kind: 'stored', seconds: 2 } }, ['PortMismatch/web warning']],
    ['the Service leads to another port', { web: { health: REFUSED, pods: [{ pod: 'web-1', answer: OK }] }, canary: NOT_SENT }, ['PortMismatch/web critical']],
    ['the address of people is not allowed', { web: { health: OK, page: OK, domain: { host: 'errors.example.com', answer: answered(400) }, pods: [] } }, ['HostNotAllowed/web critical']],
    ['the host of the probe is not allowed', { ...probed(answered(400)), web: { health: answered(400), pods: [{ pod: 'web-1', answer: answered(400) }] } }, ['HostNotAllowed/web critical']],
    ['the host of the operator is not allowed, so events are refused too', { web: { health: answered(400), pods: [] }, canary: { kind: 'refused', status: 400 } }, ['HostNotAllowed/web critical']],
    ['the page of the front end is missing', { web: { health: OK, page: answered(500), pods: [] } }, ['StaticFilesMissing/web warning']],
    ['a script of the front end is missing', { web: { health: OK, page: OK, asset: { path: '/static/main.js', answer: answered(404) }, pods: [] } }, ['StaticFilesMissing/web warning']],
    ['web answers later than its probe waits', probed(answered(200, 4), unready('web', {}, { probe: { path: '/_health/', port: 8080, timeoutSeconds: 1 } })), ['TimeoutTooShort/web critical']],
    ['web is Ready by luck', { web: { health: answered(200, 11), pods: [] } }, ['TimeoutTooShort/web warning']],
    ['web refuses events', { canary: { kind: 'refused', status: 403 } }, ['IngestRefused/ingest critical']],
    ['web does not answer an event', { canary: { kind: 'silent', code: 'ECONNRESET' } }, ['IngestRefused/ingest critical']],
    ['memory grows towards the limit', leaking('worker'), ['MemoryLeak/worker warning']],
    ['others are stored and the event is not', { canary: STORED_MEANWHILE }, ['EventsNotStored/ingest critical']],
    ['nothing is stored, and pods cannot be seen: nothing is claimed of the worker', { cluster: clusterOf({ pods: UNSEEN }), canary: NOT_STORED, queue: queueOf({ depth: 40 }) }, ['EventsNotStored/ingest critical']],
    ['an event comes late', { canary: { ...NOT_STORED, lateSeconds: 9 } }, ['EventsNotStored/ingest critical']],

    ['web was killed for want of memory', { ...pods(unready('web', { restarts: 1, ...waiting('CrashLoopBackOff'), lastEnd: ended('OOMKilled', 137) })), web: DOWN, canary: NOT_SENT }, ['OutOfMemory/web critical']],
    ['web was killed for want of memory, and runs again', pods(podOf('web', { containers: [containerOf({ restarts: 1, lastEnd: ended('OOMKilled', 137, 300) })] })), ['OutOfMemory/web warning']],
    ['web was killed for want of memory yesterday', pods(podOf('web', { containers: [containerOf({ restarts: 1, lastEnd: ended('OOMKilled', 137, 80_000) })] })), []],
    ['Postgres was killed for want of memory', { ...pods(unready('postgres', { restarts: 1, lastEnd: ended('OOMKilled', 137) })), database: UNREACHABLE, canary: IS_500 }, ['OutOfMemory/postgres critical']],
    ['web ends again and again', { ...pods(unready('web', { restarts: 4, ...waiting('CrashLoopBackOff'), lastEnd: ended('Error', 1) })), web: DOWN, canary: NOT_SENT }, ['CrashLoop/web critical']],
    ['a rollout does not end', { cluster: clusterOf({ workloads: workloadsOf({ name: 'web', part: 'web', wanted: 1, stuck: 'ReplicaSet "web-2" has timed out progressing.' }) }) }, ['RolloutStuck/web warning']],
    ['Valkey answers without a Ready pod', pods(unready('valkey')), ['PartDown/valkey warning']],

    ['a rotation was given up', { credentials: { failed: 'Tried 5 times.' } }, ['CredentialsOverdue/credentials warning']],
    ['credentials leaked, and for two minutes nothing replaces them', { credentials: { leak: { since: ago(120), state: 'waits', message: 'Deployment web: 1 old pods are still there.' } } }, ['CredentialsCompromised/credentials critical']],
    ['credentials leaked a minute ago, and something is waited for', { credentials: { leak: { since: ago(60), state: 'waits' } } }, []],
    ['credentials that leaked are being replaced, as it takes two minutes', { credentials: { leak: { since: ago(180), state: 'under way' } } }, []],
    ['credentials that leaked are still being replaced', { credentials: { leak: { since: ago(211), state: 'under way', message: 'waits' } } }, ['CredentialsCompromised/credentials critical']],
    ['replacing credentials that leaked was given up', { credentials: { failed: 'Tried 5 times.', leak: { since: ago(1), state: 'given up', message: 'Tried 5 times.' } } }, ['CredentialsCompromised/credentials critical']],
    ['a rotation is three days late', { credentials: { nextAt: ago(3 * 86_400) } }, ['CredentialsOverdue/credentials warning']],
    ['a rotation is an hour late', { credentials: { nextAt: ago(3_600) } }, []],
  ];
  const behindGateway: readonly [string, Partial<Facts>, string[]][] = [
    ['none: all is well behind a gateway', {}, []],
    ['the gateway has no pod', { ...withGateway(unready('gateway', { restarts: 1, lastEnd: ended('Error', 1), state: { kind: 'running', startedAt: ago(300) } })), gateway: UNREACHABLE, canary: { kind: 'silent', code: 'ECONNREFUSED' } }, ['GatewayDown/gateway critical']],
    ['the gateway starts', { ...withGateway(startingPod('gateway')), gateway: UNREACHABLE }, []],
    ['the gateway takes events and does not answer the operator', { gateway: UNREACHABLE }, ['GatewaySilent/gateway warning']],
    ['the gateway refuses the token', { gateway: { kind: 'refused' } }, ['GatewaySilent/gateway warning']],
    ['the gateway refuses events', { canary: { kind: 'refused', status: 403 } }, ['IngestRefused/ingest critical']],
    ['the spool is half full', { gateway: gatewayOf({ liveBytes: 600 * MIB }) }, ['SpoolFilling/gateway warning']],
    ['the spool is a tenth full and grows: full in two hours', { gateway: gatewayOf({ liveBytes: 110 * MIB }), before: { samples: [{ at: ago(120), spoolBytes: 95 * MIB, memory: new Map() }] } }, ['SpoolFilling/gateway warning']],
    ['the spool is a tenth full and grows slowly', { gateway: gatewayOf({ liveBytes: 110 * MIB }), before: { samples: [{ at: ago(120), spoolBytes: 109 * MIB, memory: new Map() }] } }, []],
    ['the spool is half full, and full in minutes', { gateway: gatewayOf({ liveBytes: 600 * MIB }), before: { samples: [{ at: ago(60), spoolBytes: 500 * MIB, memory: new Map() }] } }, ['SpoolFilling/gateway critical']],
    ['the spool is full, so events are refused', { gateway: gatewayOf({ liveBytes: 1_020 * MIB }), canary: { kind: 'refused', status: 429 } }, ['SpoolFilling/gateway critical']],
    ['requests that were set aside were dropped', { gateway: gatewayOf({ setAside: 9_000, setAsideDropped: 1 }) }, ['EventsSetAside/gateway warning']],
    ['a place of the disk was set aside', { gateway: gatewayOf({ setAside: 1, damaged: 1 }) }, ['EventsSetAside/gateway warning']],
    ['a request was set aside', { gateway: gatewayOf({ setAside: 1 }) }, ['EventsSetAside/gateway warning']],
    ['events wait in the spool for a minute, and are stored in their order', { gateway: gatewayOf({ liveBytes: 40 * MIB, oldestSeconds: 60, waitingSeconds: 58 }), canary: STORED_MEANWHILE }, ['Backlog/worker warning']],
    ['events wait in the spool for a minute, and for less than at the check before: they are worked off', { gateway: gatewayOf({ liveBytes: 40 * MIB, oldestSeconds: 60, waitingSeconds: 58 }), canary: STORED_MEANWHILE, before: { last: { at: ago(15), waitingSeconds: 64 }, samples: [] } }, []],
    ['events wait in the spool for an hour, and hardly less than at the check before', { gateway: gatewayOf({ liveBytes: 40 * MIB, oldestSeconds: 3_600, waitingSeconds: 3_600 }), canary: STORED_MEANWHILE, before: { last: { at: ago(15), waitingSeconds: 3_605 }, samples: [] } }, ['Backlog/worker warning']],
    ['GlitchTip lost one that it was given: it is given again', { gateway: gatewayOf({ oldestSeconds: 60 }), canary: STORED_MEANWHILE }, []],
    ['web is away, the gateway keeps what comes', { ...withGateway(unready('web', { restarts: 3, ...waiting('CrashLoopBackOff'), lastEnd: ended('Error', 1) })), web: DOWN, gateway: gatewayOf({ closed: 'ECONNREFUSED', oldestSeconds: 50 }), canary: NOT_STORED }, ['CrashLoop/web critical']],
    ['web is being rolled, the gateway keeps what comes', { ...withGateway(startingPod('web')), web: DOWN, gateway: gatewayOf({ closed: 'ECONNREFUSED', oldestSeconds: 9 }), canary: NOT_STORED }, []],
    ['Postgres is away, and the spool fills', { database: UNREACHABLE, gateway: gatewayOf({ liveBytes: 600 * MIB, closed: 'a 5xx' }), canary: NOT_SENT }, ['DatabaseDown/postgres critical']],
    ['nothing is stored while the gateway gives', { gateway: gatewayOf({ oldestSeconds: 20 }), canary: NOT_STORED }, ['WorkerStuck/worker critical']],
    ['somebody had the gateway hold what comes', { gateway: gatewayOf({ held: 'an upgrade', oldestSeconds: 90 }), canary: NOT_STORED }, []],
  ];
  it.each(behindGateway)('%s', (_, facts, wanted) => {
    const { causes } = diagnosisOf({ ...withGateway(), gateway: gatewayOf(), ...facts }, specOf(GATEWAY_SPEC));
    expect(causes.map(({ reason, part, severity }) => `${reason}/${part} ${severity}`)).toEqual(wanted);
  });

  it.each(BACKUP_CAUSES)('%s', (_, facts, wanted) => {
    const { causes } = diagnosisOf(facts, specOf({ ...WORKER_SPEC, backup: { store: 's3' } }));
    expect(causes.map(({ reason, part, severity }) => `${reason}/${part} ${severity}`)).toEqual(wanted);
  });

  it.each(OPERATION_CAUSES)('%s', (_, facts, wanted) => expect(causesOf(facts)).toEqual(wanted));

  it.each(SIX_CAUSES)('%s', (_, facts, wanted) => {
    const { causes } = diagnosisOf(facts, specOf(SIX_SPEC));
    expect(causes.map(({ reason, part, severity, healing }) => `${reason}/${part} ${severity}${healing ? `, ${healing}` : ''}`)).toEqual(wanted);
  });

  it('is none of backups where none are made', () => expect(BACKUP_CAUSES.flatMap(([, facts]) => causesOf(facts))).toEqual([]));

  it.each(provoked)('%s', (_, facts, wanted) => expect(causesOf(facts)).toEqual(wanted));

  it('is the API server that does not answer', () => {
    expect(diagnoseUnreachable('ECONNREFUSED', 12, []).map(({ reason }) => reason)).toEqual(['KubernetesUnreachable']);
  });

  it('is provoked for every reason', () => {
    const reasons = new Set([...[...provoked, ...behindGateway, ...SIX_CAUSES, ...BACKUP_CAUSES, ...OPERATION_CAUSES, ...SECRET_CAUSES, ...TRAEFIK_CAUSES, ...TUNNEL_CAUSES].flatMap(([, , wanted]) => wanted.map((each) => each.split('/')[0])), 'KubernetesUnreachable']);
    expect(Object.values(HEALTH_REASONS).filter((reason) => !reasons.has(reason))).toEqual([]);
  });
});

describe('what follows from a cause is reported with it, and not by itself', () => {
  const everything: Partial<Facts> = { ...pods(held(300)), database: UNREACHABLE, web: DOWN, canary: NOT_SENT, queue: queueOf({ usedBytes: 29e6, depth: 7_000 }) };

  it('Postgres down: web, the worker and the queue', () => {
    const { causes, affected } = diagnosisOf(everything);
    expect(causes.map(({ reason, explains: list }) => [reason, list])).toEqual([['DatabaseDown', ['web has no Ready pod', 'Valkey is 96 % full']]]);
    expect(affected.web?.reason).toBe('DatabaseDown');
  });

  it.each<[string, Partial<Facts>, string[], string[]]>([
    ['web answers events with 500', { database: UNREACHABLE, canary: IS_500 }, ['DatabaseDown'], ['web answers an event with 500']],
    ['events are not stored', { queue: UNREACHABLE, canary: NOT_STORED }, ['QueueDown'], ['worker stores nothing']],
    ['the queue grows without a worker', { ...pods(unready('worker', { restarts: 1, lastEnd: ended('Error', 1), state: { kind: 'running', startedAt: ago(300) } })), canary: NOT_STORED, queue: queueOf({ usedBytes: 25e6, depth: 6_000 }) }, ['WorkerDown'], ['Valkey is 83 % full']],
    ['a full queue refuses events because the worker is stuck', { canary: NOT_STORED, queue: queueOf({ usedBytes: 29.9e6, depth: 9_000 }) }, ['WorkerStuck'], ['Valkey is 99 % full']],
    ['the rollout is stuck on an image', { cluster: clusterOf({ pods: podsOf(podOf('web'), unready('web', waiting('ErrImagePull'), { name: 'web-2' })), workloads: workloadsOf({ name: 'web', part: 'web', wanted: 1, stuck: 'timed out' }) }) }, ['ImageNotFound'], ['the rollout of web is stuck']],
    ['two troubles that have nothing to do with each other are two', { volumes: seen([{ name: 'postgres-data', usedBytes: 7e9, capacityBytes: 8e9 }]), canary: { kind: 'refused', status: 403 } }, ['IngestRefused', 'VolumeFull'], []],
  ])('%s', (_, facts, reasons, symptoms) => {
    const { causes } = diagnosisOf(facts);
    expect(causes.map(({ reason }) => reason)).toEqual(reasons);
    expect(causes.flatMap(({ explains: list }) => list)).toEqual(symptoms);
  });

  it('has no circle: of two reasons that explain each other neither would be reported', () => {
    const parts = ['web', 'worker', 'gateway', 'postgres', 'valkey', 'migrate'];
    const ofPods: readonly HealthReason[] = ['Unschedulable', 'ImageNotFound', 'OutOfMemory', 'ScratchSpaceFull', 'MemoryLeak', 'CrashLoop', 'RolloutStuck', 'PartDown'];
    const partOf = (reason: HealthReason) => (reason.startsWith('W') || ['PortMismatch', 'HostNotAllowed', 'StaticFilesMissing', 'TimeoutTooShort'].includes(reason) ? 'web' : reason.startsWith('Queue') ? 'valkey' : ['GatewayDown', 'GatewaySilent', 'SpoolFilling', 'EventsSetAside'].includes(reason) ? 'gateway' : 'postgres');
    const all = Object.values(HEALTH_REASONS).flatMap((reason) => (ofPods.includes(reason) ? parts : [partOf(reason)]).map((part) => ({ reason, part })));
    const circles: string[] = [];
    const walk = (from: { reason: HealthReason; part: string }, path: readonly string[], done: Set<string>): void => {
      const key = `${from.reason}/${from.part}`;
      if (path.includes(key)) circles.push([...path, key].join(' > '));
      if (path.includes(key) || done.has(key)) return;
      for (const effect of all.filter((each) => explains(from, each))) walk(effect, [...path, key], done);
      done.add(key);
    };
    const done = new Set<string>();
    for (const each of all) walk(each, [], done);
    expect(circles.slice(0, 3)).toEqual([]);
  });
});

describe('what is as planned is not reported', () => {
  it.each<[string, Partial<Facts>]>([
    ['web starts', { ...pods(startingPod('web')), web: DOWN, canary: NOT_SENT }],
    ['a new pod of web starts beside the old one', pods(podOf('web'), { ...startingPod('web'), name: 'web-2' })],
    ['the worker starts, and nothing is stored meanwhile', { ...pods(startingPod('worker')), canary: NOT_STORED, queue: queueOf({ depth: 900 }) }],
    ['the worker has just started and works off what waited', { ...pods(podOf('worker', { readySince: ago(10) })), canary: NOT_STORED, queue: queueOf({ depth: 900 }) }],
    ['the old worker ends and the new one is not there yet', { ...pods(podOf('worker', { ending: true })), canary: NOT_STORED }],
    ['the image of the worker is being pulled', { ...pods(unready('worker', waiting('ContainerCreating'), { createdAt: ago(150) })), canary: NOT_STORED }],
    ['Postgres starts', { ...pods(startingPod('postgres')), database: UNREACHABLE, web: { health: OK, pods: [] }, canary: IS_500 }],
    ['Valkey starts', { ...pods(startingPod('valkey')), queue: { kind: 'loading', secondsLeft: 2 }, canary: IS_500 }],
    ['everything was just applied', { cluster: clusterOf({ pods: seen(['web', 'worker', 'postgres', 'valkey'].map(startingPod)), jobs: seen([jobOf('running', 12)]) }), database: UNREACHABLE, queue: UNREACHABLE, web: DOWN, canary: NOT_SENT }],
  ])('%s', (_, facts) => expect(causesOf(facts)).toEqual([]));

  it('but a start that takes too long is', () => {
    const late = unready('web', { state: { kind: 'running', startedAt: ago(130) } }, { createdAt: ago(140) });
    expect(causesOf({ ...pods(late), web: DOWN, canary: NOT_SENT })).toEqual(['WebDown/web critical']);
  });
});

describe('what cannot be seen is not well again', () => {
  const known = (reason: HealthReason, part: string) => [{ reason, part, severity: 'critical' as const, message: 'as before.', advice: 'do' }];

  it.each<[string, HealthReason, string, Partial<Facts>, string[]]>([
    ['partitions while Postgres refuses', 'PartitionsMissing', 'postgres', { database: { kind: 'not observed', why: 'no password' }, canary: NOT_SENT }, ['PartitionsMissing/postgres critical']],
    ['partitions while Postgres is down: a part of that', 'MigrationsPending', 'postgres', { database: UNREACHABLE, canary: NOT_SENT }, ['DatabaseDown/postgres critical']],
    ['an image while pods cannot be listed', 'ImageNotFound', 'web', { cluster: clusterOf({ pods: UNSEEN }) }, ['ImageNotFound/web critical']],
    ['a stuck worker while no event can be sent', 'WorkerStuck', 'worker', { canary: NOT_SENT }, ['WorkerStuck/worker critical']],
    ['a stuck worker while web refuses events', 'WorkerStuck', 'worker', { canary: IS_500 }, ['IngestRefused/ingest critical', 'WorkerStuck/worker critical']],
    ['an ended certificate while its Secret may not be read', 'CertificateExpired', 'certificate', { certificate: { kind: 'unseen', why: '403 Forbidden' } }, ['CertificateExpired/certificate critical']],
    ['an ended certificate whose Secret is gone: that is reported instead', 'CertificateExpired', 'certificate', { certificate: { kind: 'missing', secret: 'web-tls', why: 'does not exist' } }, ['CertificateUnreadable/certificate warning']],
    ["an ended certificate of Traefik's while it does not answer: that is reported, too", 'CertificateExpired', 'certificate', SILENT, ['HttpsDown/https critical', 'CertificateExpired/certificate critical']],
    ['another certificate while Traefik does not answer', 'CertificateNotServed', 'certificate', SILENT, ['HttpsDown/https critical', 'CertificateNotServed/certificate critical']],
    ['a missing redirect while nobody answers in clear', 'HttpNotRedirected', 'https', served(80), ['HttpNotRedirected/https critical']],
    ['a missing redirect when Traefik leads to https again', 'HttpNotRedirected', 'https', served(80, { plain: { status: 301, location: 'https://errors.example.com/' } }), []],
    ['another certificate when its own is served again', 'CertificateNotServed', 'certificate', served(80), []],
    ['another port while the container starts again', 'PortMismatch', 'web', { ...pods(unready('web', { restarts: 2, lastEnd: ended('Error', 137), state: { kind: 'running', startedAt: ago(4) } })), web: DOWN, canary: NOT_SENT }, ['PortMismatch/web critical']],
    ['a stuck worker when an event was stored', 'WorkerStuck', 'worker', {}, []],
    ['an image when pods can be listed', 'ImageNotFound', 'web', {}, []],
  ])('%s', (...[, reason, part, facts, wanted]) => expect(causesOf(facts, known(reason, part))).toEqual(wanted));
});

describe('whether the migrate Job is run again', () => {
  const stopped = workloadsOf({ name: 'web', part: 'web', wanted: 0 }, { name: 'worker', part: 'worker', wanted: 0 });
  const unmigrated = (changes = {}) => databaseOf({ missing: ['django_migrations'], partitions: [], ...changes });
  const old = (changes = {}) => databaseOf({ partitions: [{ table: 'issue_events_issueevent', days: 0, leastDays: 5.5 }], ...changes });

  it.each<[string, Partial<Facts>, string | undefined]>([
    ['as a rule', { database: unmigrated() }, undefined],
    ['not while web and worker are scaled to 0', { database: unmigrated(), cluster: clusterOf({ workloads: stopped }) }, 'waits until web or worker is scaled up again: the database may be being restored'],
    ['not without a database either', { database: { kind: 'no database' }, cluster: clusterOf({ workloads: stopped }) }, 'waits until web or worker is scaled up again: the database may be being restored'],
    ['not while somebody else is connected', { database: unmigrated({ foreignSessions: 1 }) }, 'waits for a session of somebody else in the database, who may be restoring it'],
    ['not while pg_restore is at work with four', { database: old({ foreignSessions: 4 }) }, 'waits for 4 sessions of somebody else in the database, who may be restoring it'],
    ['not for partitions of an old dump', { database: old(), cluster: clusterOf({ workloads: stopped }) }, 'waits until web or worker is scaled up again: the database may be being restored'],
    ['not while Deployments cannot be seen', { database: unmigrated(), cluster: clusterOf({ workloads: UNSEEN }) }, 'waits until Deployments can be seen'],
    ['with the worker alone at 0', { database: unmigrated(), cluster: clusterOf({ workloads: workloadsOf({ name: 'worker', part: 'worker', wanted: 0 }) }) }, undefined],
  ])('%s', (_, facts, wanted) => {
    const cause = diagnosisOf({ canary: NOT_SENT, ...facts }).causes.find(({ part }) => part === 'postgres');
    expect([cause?.healing !== undefined, cause?.obstacle]).toEqual([true, wanted]);
  });
});

describe('a message', () => {
  const messageOf = (facts: Partial<Facts>) => diagnosisOf(facts).causes[0]?.message;

  it.each<[string, Partial<Facts>, string]>([
    ['says what is scaled to nothing', { cluster: clusterOf({ pods: seen([podOf('valkey'), podOf('web'), podOf('worker')]), workloads: workloadsOf({ name: 'postgres', part: 'postgres', wanted: 0 }) }), database: UNREACHABLE }, 'Postgres at postgres:5432 does not answer (ECONNREFUSED): it is scaled to 0.'],
    ['has the time until a full queue', { queue: queueOf({ usedBytes: 25 * MIB, maxBytes: 30 * MIB, depth: 6_000 }), before: { samples: [{ at: ago(100), queueBytes: 24 * MIB, memory: new Map() }] } }, 'Valkey is 83 % full (25Mi of 30Mi, 6000 tasks): at this rate events are refused in 8 min.'],
    ['has the limit of memory', pods(podOf('web', { containers: [containerOf({ restarts: 2, lastEnd: ended('OOMKilled', 137, 90) })] })), 'web needed more than its limit of 300Mi and was killed, 90 s ago (2 restarts).'],
    ['names the port', probed(REFUSED), 'Pod web-1 runs, and nothing listens on port 8080, which its probe asks.'],
    ['names a missing Secret', { certificate: { kind: 'missing', secret: 'web-tls', why: 'does not exist' } }, 'Secret web-tls, which https.secret in settings.yaml names, does not exist: nobody can see until when the certificate is valid.'],
    ['names the image', pods(unready('worker', { image: 'example.com/none:9', ...waiting('ErrImagePull') })), 'The image example.com/none:9 of worker cannot be pulled (ErrImagePull).'],
    ['names what is missing of the schema', { database: databaseOf({ missing: ['django_migrations', 'users_user'], partitions: [] }), canary: NOT_SENT }, 'Migrations were not run or did not finish: django_migrations, users_user are missing; Job migrate-12345678: succeeded.'],
    ['names what a database of another release is', { database: databaseOf({ schema: '6.2' }) }, 'The database is of GlitchTip 6.2, and version says 5.2: pods of 5.2 wait, and change nothing in it.'],
    ['names the table without partitions', { database: databaseOf({ partitions: [{ table: 'issue_events_issueevent', days: 0, leastDays: 5.5 }] }) }, 'issue_events_issueevent has no partition for now: no event can be stored.'],
  ])('%s', (_, facts, wanted) => expect(messageOf(facts)).toBe(wanted));

  it('names the part that is down, and its Deployment', () => {
    const facts: Partial<Facts> = { cluster: clusterOf({ pods: seen(['postgres', 'valkey', 'web', 'worker'].map((part) => podOf(part))) }), gateway: UNREACHABLE, canary: NOT_SENT };
    const [cause] = diagnosisOf(facts, specOf({ worker: {}, gateway: { deployment: 'front' } })).causes;
    expect([cause?.message, cause?.advice]).toEqual(['The gateway has no Ready pod: no pod of it is there.', 'See why it has none: kubectl -n glitchtip describe deployment front.']);
  });
});

describe('an advice', () => {
  const adviceOf = (facts: Partial<Facts>, spec = specOf(WORKER_SPEC)) => diagnosisOf(facts, spec).causes[0]?.advice;
  it.each([['operator', {}, 'deployment/glitchkeeper)'], ['worker', {}, 'deployment/worker)'], ['web', { web: { deployment: 'front' } }, 'deployment/front)']])('names the Deployment of %s', (part, spec, wanted) => expect(adviceOf(leaking(part), specOf({ ...WORKER_SPEC, ...spec }))).toContain(wanted));

  it('of a full volume is what can be done with local-path, which makes none larger', () => {
    expect(adviceOf({ volumes: seen([{ name: 'postgres-data', usedBytes: 7e9, capacityBytes: 8e9 }]) })).toMatch(/^Free the disk of the host (?!.*(enlarge|storage\.|expand|resize)).* or lower retentionDays in settings\.yaml; docs\/runbooks\/move-volume\.md for a larger disk\./);
  });

  it('names a command that there is', () => {
    expect(adviceOf({ credentials: { failed: 'Tried 5 times.' } })).toContain('glitchkeeper rotate --wait tries it again');
  });
});
