// For each rule what goes wrong, after how many minutes it fires, and what its message says then.
import { clusterOf, databaseOf, gatewayOf, queueOf, seen } from '../../unit/operator/core/health/health-scenarios.js';
import { copyNameOf } from '../../../backup/core/copy-name.js';
import { HOUR, MINUTE, backupAt, dateAt, healthyMoment, partitionsAt, type Moment } from './simulated-operator.js';

const MIB = 2 ** 20;
/** Every fault begins after two hours in which all is well. Seconds. */
export const BEGINS = 2 * HOUR;

export interface Fault {
  readonly what: string;
  readonly alert: string;
  /** The other alerts that are right, too. */
  readonly also?: readonly string[];
  /** What it changes; `since`: seconds since it began. */
  readonly change: (moment: Moment, since: number) => Partial<Moment>;
  /** Minutes after which it has fired, and two before which it has not. */
  readonly firesAfter: number;
  /** Labels beside severity and namespace. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly summary: string;
  readonly description: string;
}

const RESOURCE = { resource: 'glitchtip' };
const incident = (reason: 'DatabaseDown' | 'Backlog', part: string, severity: 'critical' | 'warning') => ({
  id: '1', reason, part, severity, since: dateAt(BEGINS).toISOString(), message: 'It is wrong.', advice: 'Mend it.',
});
const facts = (change: Moment['facts']) => (moment: Moment): Partial<Moment> => ({ facts: { ...moment.facts, ...change } });
const silentHeartbeat = ({ channels }: Moment): Pick<Moment, 'channels'> => ({
  channels: channels.map((channel) => (channel.name === 'heartbeat' ? { ...channel, lastSentAt: dateAt(BEGINS).toISOString() } : channel)),
});

export const FAULTS: readonly Fault[] = [
  {
    what: 'a critical incident', alert: 'GlitchTipDown', firesAfter: 2, change: () => ({ incidents: [incident('DatabaseDown', 'postgres', 'critical')] }),
    labels: { ...RESOURCE, reason: 'DatabaseDown', part: 'postgres' }, summary: 'GlitchTip: DatabaseDown (postgres)',
    description: 'Events are lost or nobody gets in. glitchkeeper status says what was found, what to do, and what the operator does.',
  },
  {
    what: 'a warning', alert: 'GlitchTipDegraded', firesAfter: 6, change: () => ({ incidents: [incident('Backlog', 'worker', 'warning')] }),
    labels: { ...RESOURCE, reason: 'Backlog', part: 'worker' }, summary: 'GlitchTip: Backlog (worker)',
    description: 'It works, but not for long. glitchkeeper status says what was found and what to do.',
  },
  {
    what: 'the operator is gone', alert: 'GlitchkeeperAbsent', firesAfter: 6, change: () => ({ isScraped: false }), summary: 'No operator manages GlitchTip',
    description: 'No operator is the leader, or Prometheus cannot reach it: no health check, no alert of its own, no rotation.',
  },
  {
    what: 'no operator leads', alert: 'GlitchkeeperAbsent', firesAfter: 6, change: () => ({ isLeader: false }), summary: 'No operator manages GlitchTip',
    description: 'No operator is the leader, or Prometheus cannot reach it: no health check, no alert of its own, no rotation.',
  },
  {
    what: 'the operator does not check', alert: 'GlitchkeeperBlind', also: ['GlitchkeeperHeartbeatOld'], firesAfter: 22, change: (moment) => ({ checkedAt: BEGINS, ...silentHeartbeat(moment) }),
    labels: RESOURCE, summary: 'The operator runs and does not check health', description: 'The last check was 22m 0s ago.',
  },
  {
    what: 'reconciles fail', alert: 'GlitchkeeperReconcileFails', firesAfter: 21, change: () => ({ errors: 1 }), labels: { controller: 'credentials' },
    summary: 'The operator fails again and again (credentials)', description: '15 failures in 15 minutes. Its log says why.',
  },
  {
    what: 'the heartbeat goes nowhere', alert: 'GlitchkeeperHeartbeatOld', firesAfter: 22, change: silentHeartbeat, labels: { ...RESOURCE, channel: 'heartbeat' },
    summary: 'The outside checker has had no heartbeat for a while', description: 'The last heartbeat was 22m 0s ago: the deep check fails, or its address does not answer.',
  },
  {
    what: 'messages are not delivered', alert: 'GlitchkeeperAlertsWait', firesAfter: 16,
    change: ({ channels }) => ({ channels: channels.map((channel) => (channel.name === 'telegram' ? { ...channel, waiting: 3, error: '401' } : channel)) }),
    labels: { ...RESOURCE, channel: 'telegram' }, summary: 'Alerts by telegram are not delivered', description: '3 messages wait. glitchkeeper alert test says why.',
  },
  {
    what: 'a rotation is not made', alert: 'GlitchTipRotationOverdue', firesAfter: 61, change: () => ({ nextRotationAt: BEGINS - 24 * HOUR - MINUTE }), labels: RESOURCE,
    summary: 'The credentials were to be rotated and were not', description: 'Overdue for 1d 1h 2m 0s. glitchkeeper status says what it waits for.',
  },
  {
    what: 'the queue is long', alert: 'GlitchTipQueueFilling', firesAfter: 6, change: facts({ queue: queueOf({ usedBytes: 25.5 * MIB, maxBytes: 30 * MIB, depth: 7_000 }) }),
    // The jump itself looks like a pace that goes on.
    also: ['GlitchTipQueueFullSoon'], labels: RESOURCE, summary: 'The queue is 85% full', description: 'When Valkey reaches its maxmemory, events are refused.',
  },
  {
    what: 'the queue grows', alert: 'GlitchTipQueueFullSoon', firesAfter: 18,
    change: (moment, since) => facts({ queue: queueOf({ usedBytes: Math.round((9 + since / (2 * MINUTE)) * MIB), maxBytes: 30 * MIB, depth: 3_000 }) })(moment),
    labels: RESOURCE, summary: 'At this pace the queue is full within half an hour', description: 'Then events are refused. Is the worker keeping up?',
  },
  {
    what: 'the spool is more than half full', alert: 'GlitchTipSpoolFilling', firesAfter: 6, change: facts({ gateway: gatewayOf({ liveBytes: 768 * MIB, limitBytes: 1_024 * MIB }) }),
    labels: RESOURCE, summary: "The gateway's spool is 75% full",
    description: 'GlitchTip takes events slower than they come. When the spool is full, SDKs are told to wait, and lose what they cannot keep.',
  },
  {
    // Last made on the day before, at 05:00: seven hours after the next run was due one day's worth is lacking, which shows as 0.1 from 72 minutes on.
    what: 'the scheduler stopped', alert: 'GlitchTipPartitionsRunOut', firesAfter: 12 * 60 + 72 + 31 - 120,
    change: (_, since) => facts({ database: databaseOf({ connections: 9, partitions: partitionsAt(BEGINS + since, -1) }) })(healthyMoment(BEGINS + since)),
    labels: RESOURCE, summary: '0.1 days of partitions are missing',
    description: 'The scheduler makes them days ahead, once a day, and has not lately. Without one for today no event can be stored.',
  },
  {
    what: 'the worker nears its limit', alert: 'GlitchTipMemoryShort', firesAfter: 16, change: facts({ cluster: clusterOf({ memory: seen(new Map([['worker-1', 285 * MIB]])) }) }),
    labels: { ...RESOURCE, part: 'worker' }, summary: 'worker uses 95% of its memory', description: 'Above its limit the kernel ends it. Raise resources in settings.yaml, or find the leak.',
  },
  {
    what: 'connections run out', alert: 'GlitchTipConnectionsShort', firesAfter: 11, change: ({ facts: { database } }) => facts({ database: database?.kind === 'seen' ? databaseOf({ ...database.value, connections: 24 }) : databaseOf() })(healthyMoment(BEGINS)),
    labels: RESOURCE, summary: "96% of Postgres' connections are taken", description: 'When all are, web and worker fail.',
  },
  {
    what: 'the volume fills', alert: 'GlitchTipVolumeFilling', firesAfter: 31, change: facts({ volumes: seen([{ name: 'postgres-data', usedBytes: 7.2e9, capacityBytes: 8e9 }]) }),
    labels: { ...RESOURCE, volume: 'postgres-data' }, summary: 'Volume postgres-data is 90% full', description: 'Postgres stops when its volume is full. Lower retentionDays, or give it more.',
  },
  {
    what: 'the certificate is not renewed', alert: 'GlitchTipCertificateEnds', firesAfter: 61, change: facts({ certificate: { kind: 'seen', secret: 'web-tls', startsAt: dateAt(-77 * 24 * HOUR), endsAt: dateAt(13 * 24 * HOUR) } }),
    labels: RESOURCE, summary: 'The certificate ends in 12.9 days', description: 'cert-manager renews 30 days before: it has not.',
  },
  {
    what: 'a backup failed', alert: 'GlitchTipBackupFails', firesAfter: 2, change: ({ backup }) => ({ backup: { ...backup, failures: 2 } }), labels: RESOURCE,
    summary: 'The backup failed, 2 times in a row',
    description: 'glitchkeeper status says in which step and why. It is tried again an hour later, three times, and then as the schedule says.',
  },
  {
    what: 'no copy was made for a day and a half', alert: 'GlitchTipBackupTooOld', firesAfter: 6, change: () => ({ backup: backupAt(BEGINS, { copy: copyNameOf(dateAt(BEGINS - 36 * HOUR - MINUTE)) }) }), labels: RESOURCE,
    summary: 'The newest copy that is known to restore is too old', description: 'It is of 1d 12h 7m 0s ago. glitchkeeper status says why there is no newer one.',
  },
  {
    what: 'a copy is damaged', alert: 'GlitchTipBackupCopyDamaged', firesAfter: 2,
    change: ({ backup }) => ({ backup: { ...backup, copies: [...backup.copies ?? [], { name: '19691201T023000Z', bytes: 1, damaged: true }] } }), labels: { ...RESOURCE, state: 'damaged' },
    summary: 'Damaged copies in the store: 1', description: 'They are not what their manifests say, and count for nothing. glitchkeeper backups lists which are good.',
  },
  {
    what: 'a backup takes long', alert: 'GlitchTipBackupSlow', firesAfter: 6, change: () => ({ backup: backupAt(BEGINS, { seconds: 5_400 }) }), labels: RESOURCE,
    summary: 'The last backup took 1h 30m 0s', description: 'After two hours it is ended. Raise resources.backup.limits.cpu, or find out what the store takes so long for.',
  },
];
