// Alerts for Prometheus: what the operator found, and what it cannot report because it is itself down.
import { SLOW_BACKUP } from '../../operator/core/backup/backup-schedule.js';

/** One alert, as a PrometheusRule has it. */
export interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  /** How long it must hold. */
  readonly for: string;
  readonly severity: 'critical' | 'warning';
  readonly summary: string;
  readonly description: string;
  /** Below the project's root. */
  readonly runbook: string;
}

const MONITORING = 'docs/monitoring.md';
const NOT_READY = 'docs/runbooks/not-ready.md';
const HEALTH = 'docs/health.md';
const QUEUE_FULL = 'docs/runbooks/queue-full.md';
const ROTATE = 'docs/runbooks/rotate.md';

/**
 * The alerts of one GlitchTip. The operator's own incidents are alerted on as they are; the rest is about the operator itself and
 * about figures, so that a wrong judgement of the operator does not hide them.
 * @param namespace that of the operator, which ServiceMonitors put on every series
 * @param everySeconds between two checks of health while all is well
 */
export function alertRules(namespace: string, everySeconds = 30): readonly AlertRule[] {
  const at = (more = ''): string => `{namespace="${namespace}"${more === '' ? '' : `,${more}`}}`;
  return [...incidents(at), ...operator(at, everySeconds), ...figures(at), ...backups(at)];
}

type Selector = (more?: string) => string;

function incidents(at: Selector): AlertRule[] {
  return [
    {
      alert: 'GlitchTipDown', severity: 'critical', for: '1m', runbook: HEALTH,
      expr: `glitchkeeper_incident${at('severity="critical"')} == 1`,
      summary: 'GlitchTip: {{ $labels.reason }} ({{ $labels.part }})',
      description: 'Events are lost or nobody gets in. glitchkeeper status says what was found, what to do, and what the operator does.',
    },
    {
      alert: 'GlitchTipDegraded', severity: 'warning', for: '5m', runbook: HEALTH,
      expr: `glitchkeeper_incident${at('severity="warning"')} == 1`,
      summary: 'GlitchTip: {{ $labels.reason }} ({{ $labels.part }})',
      description: 'It works, but not for long. glitchkeeper status says what was found and what to do.',
    },
  ];
}

/** Three checks that did not come, and no less than this. Seconds. */
const SILENT_FOR = 900;

function operator(at: Selector, everySeconds: number): AlertRule[] {
  const silence = Math.max(SILENT_FOR, 3 * everySeconds);
  return [
    {
      alert: 'GlitchkeeperAbsent', severity: 'critical', for: '5m', runbook: NOT_READY,
      expr: `absent(glitchkeeper_leader${at()} == 1)`,
      summary: 'No operator manages GlitchTip',
      description: 'No operator is the leader, or Prometheus cannot reach it: no health check, no alert of its own, no rotation.',
    },
    {
      // The metric is of each check, written into the status or not.
      alert: 'GlitchkeeperBlind', severity: 'critical', for: '5m', runbook: NOT_READY,
      expr: `time() - glitchkeeper_health_checked_timestamp_seconds${at()} > ${silence}`,
      summary: 'The operator runs and does not check health',
      description: 'The last check was {{ $value | humanizeDuration }} ago.',
    },
    {
      alert: 'GlitchkeeperReconcileFails', severity: 'warning', for: '15m', runbook: NOT_READY,
      expr: `sum by (namespace, controller) (increase(glitchkeeper_reconcile_duration_seconds_count${at('result="error"')}[15m])) > 5`,
      summary: 'The operator fails again and again ({{ $labels.controller }})',
      description: '{{ $value | printf "%.0f" }} failures in 15 minutes. Its log says why.',
    },
    {
      alert: 'GlitchkeeperHeartbeatOld', severity: 'warning', for: '5m', runbook: MONITORING,
      expr: `time() - glitchkeeper_alert_last_sent_timestamp_seconds${at('channel="heartbeat"')} > ${silence}`,
      summary: 'The outside checker has had no heartbeat for a while',
      description: 'The last heartbeat was {{ $value | humanizeDuration }} ago: the deep check fails, or its address does not answer.',
    },
    {
      alert: 'GlitchkeeperAlertsWait', severity: 'warning', for: '15m', runbook: MONITORING,
      expr: `glitchkeeper_alert_messages_waiting${at()} > 0 and on (namespace, resource, channel) glitchkeeper_alert_channel_failing${at()} == 1`,
      summary: 'Alerts by {{ $labels.channel }} are not delivered',
      description: '{{ $value }} messages wait. glitchkeeper alert test says why.',
    },
    {
      alert: 'GlitchTipRotationOverdue', severity: 'warning', for: '1h', runbook: ROTATE,
      expr: `time() - glitchkeeper_rotation_next_timestamp_seconds${at()} > 86400`,
      summary: 'The credentials were to be rotated and were not',
      description: 'Overdue for {{ $value | humanizeDuration }}. glitchkeeper status says what it waits for.',
    },
  ];
}

function figures(at: Selector): AlertRule[] {
  const share = (used: string, most: string): string => `glitchkeeper_${used}${at()} / glitchkeeper_${most}${at()}`;
  const full = 'valkey_memory_bytes';
  return [
    {
      alert: 'GlitchTipQueueFilling', severity: 'warning', for: '5m', runbook: QUEUE_FULL,
      expr: `${share(full, 'valkey_memory_max_bytes')} > 0.8`,
      summary: 'The queue is {{ $value | humanizePercentage }} full',
      description: 'When Valkey reaches its maxmemory, events are refused.',
    },
    {
      alert: 'GlitchTipQueueFullSoon', severity: 'critical', for: '5m', runbook: QUEUE_FULL,
      expr: `predict_linear(glitchkeeper_${full}${at()}[15m], 1800) > glitchkeeper_valkey_memory_max_bytes${at()} and ${share(full, 'valkey_memory_max_bytes')} > 0.5`,
      summary: 'At this pace the queue is full within half an hour',
      description: 'Then events are refused. Is the worker keeping up?',
    },
    {
      alert: 'GlitchTipSpoolFilling', severity: 'warning', for: '5m', runbook: HEALTH,
      expr: `${share('spool_bytes', 'spool_max_bytes')} > 0.5`,
      summary: 'The gateway\'s spool is {{ $value | humanizePercentage }} full',
      description: 'GlitchTip takes events slower than they come. When the spool is full, SDKs are told to wait, and lose what they cannot keep.',
    },
    {
      alert: 'GlitchTipPartitionsRunOut', severity: 'warning', for: '30m', runbook: HEALTH,
      // Some tables have 7 days of them and some 4, each less a day before the next maintenance: what is lacking is the same for all.
      expr: `glitchkeeper_partition_missing_days${at()} > 0`,
      // Of 0.1 humanize makes "100m".
      summary: '{{ $value | printf "%.1f" }} days of partitions are missing',
      description: 'The scheduler makes them days ahead, once a day, and has not lately. Without one for today no event can be stored.',
    },
    {
      alert: 'GlitchTipMemoryShort', severity: 'warning', for: '15m', runbook: HEALTH,
      expr: `${share('part_memory_bytes', 'part_memory_limit_bytes')} > 0.92`,
      summary: '{{ $labels.part }} uses {{ $value | humanizePercentage }} of its memory',
      description: 'Above its limit the kernel ends it. Raise resources in settings.yaml, or find the leak.',
    },
    {
      alert: 'GlitchTipConnectionsShort', severity: 'warning', for: '10m', runbook: HEALTH,
      expr: `${share('postgres_connections', 'postgres_connections_max')} > 0.9`,
      summary: '{{ $value | humanizePercentage }} of Postgres\' connections are taken',
      description: 'When all are, web and worker fail.',
    },
    {
      alert: 'GlitchTipVolumeFilling', severity: 'warning', for: '30m', runbook: HEALTH,
      expr: `${share('volume_used_bytes', 'volume_capacity_bytes')} > 0.85`,
      summary: 'Volume {{ $labels.volume }} is {{ $value | humanizePercentage }} full',
      description: 'Postgres stops when its volume is full. Lower retentionDays, or give it more.',
    },
    {
      alert: 'GlitchTipCertificateEnds', severity: 'warning', for: '1h', runbook: HEALTH,
      expr: `glitchkeeper_certificate_days${at()} < 14`,
      summary: 'The certificate ends in {{ $value | printf "%.1f" }} days',
      description: 'cert-manager renews 30 days before: it has not.',
    },
  ];
}

function backups(at: Selector): AlertRule[] {
  return [
    {
      alert: 'GlitchTipBackupFails', severity: 'warning', for: '1m', runbook: HEALTH,
      expr: `glitchkeeper_backup_failures${at()} > 0`,
      summary: 'The backup failed, {{ $value }} times in a row',
      description: 'glitchkeeper status says in which step and why. It is tried again an hour later, three times, and then as the schedule says.',
    },
    {
      alert: 'GlitchTipBackupTooOld', severity: 'warning', for: '5m', runbook: HEALTH,
      expr: `time() - glitchkeeper_backup_verified_timestamp_seconds${at()} > glitchkeeper_backup_max_age_seconds${at()}`,
      summary: 'The newest copy that is known to restore is too old',
      description: 'It is of {{ $value | humanizeDuration }} ago. glitchkeeper status says why there is no newer one.',
    },
    {
      alert: 'GlitchTipBackupCopyDamaged', severity: 'warning', for: '1m', runbook: HEALTH,
      expr: `glitchkeeper_backup_copies${at('state="damaged"')} > 0`,
      summary: 'Damaged copies in the store: {{ $value }}',
      description: 'They are not what their manifests say, and count for nothing. glitchkeeper backups lists which are good.',
    },
    {
      alert: 'GlitchTipBackupSlow', severity: 'warning', for: '5m', runbook: HEALTH,
      expr: `glitchkeeper_backup_duration_seconds${at()} > ${SLOW_BACKUP}`,
      summary: 'The last backup took {{ $value | humanizeDuration }}',
      description: 'After two hours it is ended. Raise resources.backup.limits.cpu, or find out what the store takes so long for.',
    },
  ];
}

/**
 * The spec of a PrometheusRule, and with it a file of rules for a Prometheus without its operator. The namespace is a label of its
 * own because what is absent has no series to take it from.
 */
export function ruleGroups(namespace: string, everySeconds?: number): { groups: object[] } {
  return {
    groups: [{
      name: 'glitchkeeper',
      rules: alertRules(namespace, everySeconds).map(({ alert, expr, for: duration, severity, summary, description, runbook }) => ({
        alert, expr, for: duration, labels: { severity, namespace }, annotations: { summary, description, runbook },
      })),
    }],
  };
}
