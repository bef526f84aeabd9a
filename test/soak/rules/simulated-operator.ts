// What Prometheus has of the operator, minute by minute: its own metrics, fed with what it would see on a healthy day or in a fault.
import { backupSpec, type BackupStatus } from '../../../operator/api/backup-fields.js';
import type { HealthStatus } from '../../../operator/api/health-fields.js';
import { copyNameOf } from '../../../backup/core/copy-name.js';
import type { Facts, PartitionFacts } from '../../../operator/core/health/health-facts.js';
import { figuresOf } from '../../../operator/core/health/health-figures.js';
import { healthRelease, leastDays, type PartitionedTable } from '../../../operator/core/health/release-facts.js';
import { Metrics } from '../../../operator/io/metrics/metrics-registry.js';
import { clusterOf, databaseOf, factsOf, gatewayOf, queueOf, seen } from '../../unit/operator/core/health/health-scenarios.js';

export const MINUTE = 60;
export const HOUR = 3_600;
const DAY = 86_400;
const MIB = 2 ** 20;
/** When the scheduler makes partitions. */
const MAINTENANCE = 5 * HOUR;
const BACKUP = 2.5 * HOUR;

/** What the operator knows and is at one moment. Seconds since the midnight at which the simulation begins, which is 1970 for promtool. */
export interface Moment {
  readonly facts: Partial<Facts>;
  readonly incidents: NonNullable<HealthStatus['incidents']>;
  readonly channels: NonNullable<HealthStatus['channels']>;
  readonly checkedAt: number;
  readonly nextRotationAt: number;
  readonly backup: BackupStatus;
  /** Reconciles that fail within the minute. */
  readonly errors: number;
  readonly isLeader: boolean;
  /** False: Prometheus gets no answer. */
  readonly isScraped: boolean;
}

/** A day on which all is well: a busy hour after noon, the operator replaced at 10:00, partitions made at 05:00. */
export function healthyMoment(at: number): Moment {
  const [time, isReplaced] = [at % DAY, at % DAY >= 10 * HOUR && at % DAY < 10 * HOUR + 2 * MINUTE];
  const isBusy = time >= 13 * HOUR && time < 14 * HOUR;
  return {
    facts: {
      database: databaseOf({ connections: isBusy ? 20 : 9, partitions: partitionsAt(at) }),
      queue: queueOf({ usedBytes: (isBusy ? 12 : 2) * MIB, maxBytes: 30 * MIB, depth: isBusy ? 900 : 3 }),
      gateway: gatewayOf({ liveBytes: (isBusy ? 90 : 1) * MIB, limitBytes: 1_024 * MIB }),
      cluster: clusterOf({ memory: seen(new Map([['web-1', 240 * MIB], ['worker-1', (isBusy ? 265 : 220) * MIB], ['postgres-1', 90 * MIB], ['valkey-1', 12 * MIB]])) }),
      volumes: seen([{ name: 'postgres-data', usedBytes: 3e9, capacityBytes: 8e9 }]),
      certificate: { kind: 'seen', secret: 'web-tls', startsAt: dateAt(-30 * DAY), endsAt: dateAt(60 * DAY) }, served: { kind: 'none' }, issuance: { kind: 'none' }, tunnel: { kind: 'none' },
    },
    incidents: [],
    channels: [
      { name: 'heartbeat', waiting: 0, lastSentAt: dateAt(at).toISOString() },
      { name: 'telegram', waiting: 0, lastSentAt: dateAt(0).toISOString() },
    ],
    checkedAt: at, nextRotationAt: 30 * DAY, backup: backupAt(at), errors: time === 10 * HOUR + 3 * MINUTE ? 3 : 0, isLeader: true, isScraped: !isReplaced,
  };
}

/** Made daily at 02:30, in four minutes; the last one of before the simulation is of the day before. */
export function backupAt(at: number, change: Partial<NonNullable<BackupStatus['lastVerified']>> = {}): BackupStatus {
  const made = Math.floor((at - BACKUP - 4 * MINUTE) / DAY) * DAY + BACKUP;
  const lastVerified = { copy: copyNameOf(dateAt(made)), at: dateAt(made + 4 * MINUTE).toISOString(), bytes: 180 * MIB, seconds: 236, how: 'counts', where: 's3', ...change } as const;
  return { lastVerified, nextAt: dateAt(made + DAY).toISOString(), copies: [{ name: lastVerified.copy, bytes: 180 * MIB, damaged: false }] };
}

/** @param lastRun day of the last maintenance. @default it runs each day */
export function partitionsAt(at: number, lastRun = Math.floor((at - MAINTENANCE) / DAY)): readonly PartitionFacts[] {
  const daysOf = ({ ahead }: PartitionedTable) => lastRun + ahead - at / DAY;
  return healthRelease('5.2').partitioned.map((table) => ({ table: table.table, days: daysOf(table), leastDays: leastDays(table) }));
}

export function dateAt(seconds: number): Date {
  return new Date(seconds * 1_000);
}

/** A series by its name and labels, with a value for each minute; undefined: there is none. */
export type SeriesByName = ReadonlyMap<string, readonly (number | undefined)[]>;

/** @param names metrics that are kept */
export async function simulate(momentAt: (at: number) => Moment, minutes: number, { namespace, names }: { readonly namespace: string; readonly names: ReadonlySet<string> }): Promise<SeriesByName> {
  const metrics = new Metrics(() => 0);
  const series = new Map<string, (number | undefined)[]>();
  for (let minute = 0; minute < minutes; minute += 1) {
    const moment = momentAt(minute * MINUTE);
    show(metrics, moment, minute * MINUTE);
    if (!moment.isScraped) continue;
    for (const [name, value] of parse((await metrics.render()).body, namespace, names)) {
      const values = series.get(name) ?? [];
      values[minute] = value;
      series.set(name, values);
    }
  }
  for (const values of series.values()) values.length = minutes;
  return series;
}

function show(metrics: Metrics, { facts, incidents, channels, checkedAt, nextRotationAt, backup, errors, isLeader }: Moment, at: number): void {
  metrics.observeReconcile('credentials', 'ok', 0.1);
  for (let error = 0; error < errors; error += 1) metrics.observeReconcile('credentials', 'error', 0.1);
  metrics.setLeader(isLeader);
  if (!isLeader) return;
  metrics.setStatus('glitchtip', { rotation: { nextAt: dateAt(nextRotationAt).toISOString() } });
  metrics.setBackups('glitchtip', { spec: backupSpec.parse({ store: 's3' }), status: backup });
  metrics.setHealth('glitchtip', { checkedAt: dateAt(checkedAt).toISOString(), incidents, channels, figures: figuresOf(factsOf(facts), dateAt(at)) });
}

/** Lines of Prometheus' text format, with the label that a ServiceMonitor adds. */
function parse(text: string, namespace: string, names: ReadonlySet<string>): [string, number][] {
  return text.split('\n').flatMap((line): [string, number][] => {
    const [, name = '', labels = '', value] = /^([a-z_]+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
    return names.has(name) ? [[`${name}{namespace="${namespace}"${labels === '' ? '' : `,${labels}`}}`, Number(value)]] : [];
  });
}
