// The Grafana dashboard: rows from "is it well" down to each part, made in code so that its queries are checked with the rules.

type Unit = 'bytes' | 's' | 'short' | 'd' | 'percentunit' | 'dateTimeFromNow';

interface Panel {
  readonly title: string;
  readonly kind: 'stat' | 'timeseries' | 'table';
  readonly unit: Unit;
  /** [query, legend]. */
  readonly queries: readonly (readonly [expr: string, legend: string])[];
  /** Columns of 24. */
  readonly width: number;
  /** From these values on it is yellow, and red; falling: below them. */
  readonly thresholds?: { readonly warn: number; readonly bad: number; readonly falling?: boolean };
  readonly description?: string;
  /** Words instead of numbers. */
  readonly words?: Readonly<Record<string, string>>;
}

interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

const AT = '{namespace="$namespace"}';
const of = (metric: string, more = ''): string => `glitchkeeper_${metric}${more === '' ? AT : `{namespace="$namespace",${more}}`}`;
const stored = (quantile: number): string => `histogram_quantile(${quantile}, sum by (le) (rate(${of('gateway_stored_seconds_bucket')}[5m])))`;
const share = (used: string, most: string): string => `${of(used)} / ${of(most)}`;
const FULL = { warn: 0.75, bad: 0.9 } as const;

export const ROWS: readonly Row[] = [
  {
    title: 'Is it well?',
    panels: [
      { title: 'Incidents', kind: 'stat', unit: 'short', width: 4, queries: [[`sum(${of('incident')}) or vector(0)`, 'open']], thresholds: { warn: 1, bad: 2 } },
      { title: 'Ready', kind: 'stat', unit: 'short', width: 4, queries: [[of('condition', 'type="Ready",status="True"'), 'Ready']], thresholds: { warn: 1, bad: 1, falling: true }, words: { 0: 'no', 1: 'yes' } },
      { title: 'Last check', kind: 'stat', unit: 's', width: 4, queries: [[`time() - ${of('health_checked_timestamp_seconds')}`, 'ago']], thresholds: { warn: 360, bad: 900 } },
      { title: 'Leaders', kind: 'stat', unit: 'short', width: 4, queries: [[`sum(${of('leader')}) or vector(0)`, 'leading']], thresholds: { warn: 1, bad: 1, falling: true } },
      { title: 'Repairs in 24 h', kind: 'stat', unit: 'short', width: 4, queries: [[`sum(increase(${of('repairs_total')}[24h])) or vector(0)`, 'repairs']], thresholds: { warn: 1, bad: 5 } },
      { title: 'Alerts that wait', kind: 'stat', unit: 'short', width: 4, queries: [[`sum(${of('alert_messages_waiting')}) or vector(0)`, 'waiting']], thresholds: { warn: 1, bad: 5 } },
      { title: 'Open incidents, by root cause', kind: 'timeseries', unit: 'short', width: 24, queries: [[of('incident'), '{{reason}} ({{part}}, {{severity}})']], description: 'One line an incident, for as long as it is open.' },
    ],
  },
  {
    title: 'Events',
    panels: [
      { title: 'From accepted to stored', kind: 'timeseries', unit: 's', width: 12, queries: [[of('event_stored_seconds'), 'the operator\'s own event']], thresholds: { warn: 3, bad: 5 } },
      { title: 'Tasks that wait', kind: 'timeseries', unit: 'short', width: 6, queries: [[of('queue_tasks'), 'tasks']] },
      { title: 'Age of the oldest task', kind: 'timeseries', unit: 's', width: 6, queries: [[of('queue_oldest_task_seconds'), 'age']] },
    ],
  },
  {
    title: 'The gateway',
    panels: [
      { title: 'On its disk, not stored yet', kind: 'timeseries', unit: 'bytes', width: 12, queries: [[of('spool_bytes'), 'spool'], [of('spool_max_bytes'), 'at most']], description: 'When it is full, SDKs are told to wait.' },
      { title: 'Age of the oldest event', kind: 'timeseries', unit: 's', width: 6, queries: [[of('spool_oldest_seconds'), 'age']], thresholds: { warn: 15, bad: 300 } },
      { title: 'Set aside', kind: 'stat', unit: 'short', width: 6, queries: [[of('set_aside_requests'), 'requests']], thresholds: { warn: 1, bad: 1 } },
      { title: 'Events taken, a second', kind: 'timeseries', unit: 'short', width: 6, queries: [[`sum(rate(${of('gateway_events_taken_total')}[5m]))`, 'events']] },
      { title: 'Requests refused, a minute', kind: 'timeseries', unit: 'short', width: 6, queries: [[`sum by (why) (rate(${of('gateway_requests_refused_total')}[5m])) * 60`, '{{why}}']] },
      { title: 'From received to stored', kind: 'timeseries', unit: 's', width: 6, queries: [[stored(0.5), 'half of them within'], [stored(0.99), '99 % within']], thresholds: { warn: 15, bad: 300 } },
      { title: 'Given again, an hour', kind: 'timeseries', unit: 'short', width: 6, queries: [[`sum(increase(${of('gateway_resent_records_total')}[1h]))`, 'requests']], description: 'GlitchTip took them, and Postgres did not have them.' },
    ],
  },
  {
    title: 'Memory against limits',
    panels: [
      { title: 'Share of the limit', kind: 'timeseries', unit: 'percentunit', width: 12, queries: [[share('part_memory_bytes', 'part_memory_limit_bytes'), '{{part}}']], thresholds: FULL, description: 'At 100 % the kernel ends the part.' },
      { title: 'Memory', kind: 'timeseries', unit: 'bytes', width: 6, queries: [[of('part_memory_bytes'), '{{part}}']] },
      { title: 'Restarts', kind: 'timeseries', unit: 'short', width: 6, queries: [[of('part_restarts'), '{{part}}']] },
    ],
  },
  {
    title: 'Postgres',
    panels: [
      { title: 'Connections', kind: 'timeseries', unit: 'short', width: 6, queries: [[of('postgres_connections'), 'used'], [of('postgres_connections_max'), 'maximum']] },
      { title: 'Size of the database', kind: 'timeseries', unit: 'bytes', width: 6, queries: [[of('database_bytes'), 'size']] },
      { title: 'Longest transaction', kind: 'timeseries', unit: 's', width: 4, queries: [[of('postgres_longest_transaction_seconds'), 'age']] },
      { title: 'Partitions', kind: 'stat', unit: 'd', width: 4, queries: [[of('partition_days'), 'days ahead']], thresholds: { warn: 2.5, bad: 1, falling: true } },
      { title: 'Volumes', kind: 'timeseries', unit: 'percentunit', width: 4, queries: [[share('volume_used_bytes', 'volume_capacity_bytes'), '{{volume}}']], thresholds: FULL },
    ],
  },
  {
    title: 'Valkey',
    panels: [
      { title: 'Memory against maxmemory', kind: 'timeseries', unit: 'bytes', width: 12, queries: [[of('valkey_memory_bytes'), 'used'], [of('valkey_memory_max_bytes'), 'maxmemory']], description: 'When it is reached, events are refused.' },
      { title: 'Share', kind: 'stat', unit: 'percentunit', width: 12, queries: [[share('valkey_memory_bytes', 'valkey_memory_max_bytes'), 'full']], thresholds: FULL },
    ],
  },
  {
    title: 'Credentials and rotation',
    panels: [
      { title: 'Next rotation', kind: 'stat', unit: 's', width: 6, queries: [[`${of('rotation_next_timestamp_seconds')} - time()`, 'in']], thresholds: { warn: 0, bad: -86400, falling: true } },
      { title: 'Last rotation', kind: 'stat', unit: 's', width: 6, queries: [[`time() - ${of('rotation_last_completed_timestamp_seconds')}`, 'ago']] },
      { title: 'Phase', kind: 'timeseries', unit: 'short', width: 6, queries: [[of('rotation_phase'), '{{phase}}']], description: 'Nothing while no rotation is under way.' },
      { title: 'Age of credentials', kind: 'timeseries', unit: 's', width: 6, queries: [[`time() - ${of('credential_created_timestamp_seconds')}`, '{{secret}}']] },
    ],
  },
  {
    title: 'Backups',
    panels: [
      { title: 'Newest good copy', kind: 'stat', unit: 's', width: 6, queries: [[`time() - ${of('backup_verified_timestamp_seconds')}`, 'old']], thresholds: { warn: 108_000, bad: 129_600 }, description: 'It was restored, and is what was dumped.' },
      { title: 'Failures in a row', kind: 'stat', unit: 'short', width: 6, queries: [[of('backup_failures'), 'failures']], thresholds: { warn: 1, bad: 2 } },
      { title: 'Next', kind: 'stat', unit: 's', width: 6, queries: [[`${of('backup_next_timestamp_seconds')} - time()`, 'in']] },
      { title: 'Under way', kind: 'stat', unit: 'short', width: 6, queries: [[of('backup_running'), 'running']], words: { 0: 'no', 1: 'yes' } },
      { title: 'Size of a copy', kind: 'timeseries', unit: 'bytes', width: 8, queries: [[of('backup_bytes'), 'size']] },
      { title: 'How long it took', kind: 'timeseries', unit: 's', width: 8, queries: [[of('backup_duration_seconds'), 'duration']], thresholds: { warn: 1_800, bad: 3_600 } },
      { title: 'Copies in the store', kind: 'timeseries', unit: 'short', width: 8, queries: [[of('backup_copies'), '{{state}}']] },
    ],
  },
  operations('Restores', 'restore'),
  operations('Upgrades', 'upgrade'),
  {
    title: 'The move from an old Sentry',
    panels: [
      { title: 'Phase', kind: 'timeseries', unit: 'short', width: 6, queries: [[of('move_running'), '{{phase}}']], description: 'Nothing where there is no move, or it has finished.' },
      { title: 'In force for', kind: 'stat', unit: 's', width: 6, queries: [[`time() - ${of('move_phase_timestamp_seconds')}`, '{{phase}}']] },
      { title: 'Waiting for the old one', kind: 'timeseries', unit: 'short', width: 6, queries: [[of('old_server_waiting_requests'), 'requests']] },
      { title: 'Refused by it, and dropped', kind: 'timeseries', unit: 'short', width: 6, queries: [[of('old_server_refused_requests'), 'refused'], [of('old_server_dropped_requests'), 'dropped']], description: 'glitchkeeper migrate compare says of which projects.' },
    ],
  },
  {
    title: 'The operator',
    panels: [
      { title: 'Memory', kind: 'timeseries', unit: 'bytes', width: 8, queries: [[`process_resident_memory_bytes{namespace="$namespace",job="glitchkeeper"}`, 'resident']] },
      { title: 'Reconciles that fail, a minute', kind: 'timeseries', unit: 'short', width: 8, queries: [[`sum by (controller) (rate(${of('reconcile_duration_seconds_count', 'result="error"')}[5m])) * 60`, '{{controller}}']] },
      { title: 'Requests to Kubernetes, a minute', kind: 'timeseries', unit: 'short', width: 8, queries: [[`sum by (status) (rate(${of('kubernetes_requests_total')}[5m])) * 60`, '{{status}}']] },
    ],
  },
];

/** Of a restore, or an upgrade. */
function operations(title: string, metric: 'restore' | 'upgrade'): Row {
  return {
    title,
    panels: [
      { title: 'Phase', kind: 'timeseries', unit: 'short', width: 8, queries: [[of(`${metric}_running`), '{{phase}}']], description: 'Nothing while none is under way, or waits to be confirmed.' },
      { title: 'In that phase for', kind: 'stat', unit: 's', width: 8, queries: [[`time() - ${of(`${metric}_phase_timestamp_seconds`)}`, '{{phase}}']] },
      { title: 'The last one ended', kind: 'stat', unit: 's', width: 8, queries: [[`time() - ${of(`${metric}_ended_timestamp_seconds`)}`, '{{result}}, ago']] },
    ],
  };
}

/** Every query of the dashboard. */
export function dashboardQueries(): readonly string[] {
  return ROWS.flatMap(({ panels }) => panels).flatMap(({ queries }) => queries.map(([expr]) => expr));
}

const HEIGHT: Readonly<Record<Panel['kind'], number>> = { stat: 4, timeseries: 7, table: 7 };
const GRID_WIDTH = 24;

/** As Grafana imports it. @param namespace which one is shown first */
export function buildDashboard(namespace: string): object {
  return {
    uid: 'glitchkeeper', title: 'GlitchTip (glitchkeeper)', tags: ['glitchtip', 'glitchkeeper'], schemaVersion: 39, version: 1, editable: true,
    timezone: 'browser', refresh: '30s', time: { from: 'now-6h', to: 'now' }, annotations: { list: [] }, links: [],
    templating: { list: [
      { name: 'datasource', type: 'datasource', query: 'prometheus', label: 'Data source', hide: 0, current: {} },
      {
        name: 'namespace', type: 'query', label: 'Namespace', datasource: DATASOURCE, refresh: 1, sort: 1,
        query: { query: 'label_values(glitchkeeper_leader, namespace)', refId: 'namespace' }, current: { text: namespace, value: namespace },
      },
    ] },
    panels: placed(ROWS),
  };
}

const DATASOURCE = { type: 'prometheus', uid: '${datasource}' };

/** Rows below each other; panels from left to right until a line is full. */
function placed(rows: readonly Row[]): object[] {
  const result: object[] = [];
  let y = 0;
  for (const { title, panels } of rows) {
    result.push({ id: result.length + 1, type: 'row', title, collapsed: false, panels: [], gridPos: { x: 0, y, w: GRID_WIDTH, h: 1 } });
    y += 1;
    let x = 0;
    let tallest = 0;
    for (const panel of panels) {
      if (x + panel.width > GRID_WIDTH) {
        y += tallest;
        x = tallest = 0;
      }
      result.push({ id: result.length + 1, ...drawn(panel), gridPos: { x, y, w: panel.width, h: HEIGHT[panel.kind] } });
      x += panel.width;
      tallest = Math.max(tallest, HEIGHT[panel.kind]);
    }
    y += tallest;
  }
  return result;
}

function drawn({ title, kind, unit, queries, thresholds, description, words }: Panel): object {
  const mappings = words === undefined ? [] : [{ type: 'value', options: Object.fromEntries(Object.entries(words).map(([value, text], index) => [value, { text, index }])) }];
  const colour = kind === 'stat' ? { color: { mode: 'thresholds' } } : {};
  return {
    type: kind, title, description: description ?? '', datasource: DATASOURCE,
    targets: queries.map(([expr, legendFormat], index) => ({ refId: String.fromCharCode(65 + index), datasource: DATASOURCE, expr, legendFormat, instant: kind === 'stat', range: kind !== 'stat' })),
    fieldConfig: { defaults: { unit, mappings, min: unit === 's' && thresholds?.falling ? undefined : 0, ...colour, thresholds: { mode: 'absolute', steps: steps(thresholds) } }, overrides: [] },
    options: kind === 'stat'
      ? { reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false }, colorMode: 'background', graphMode: 'none', textMode: 'value' }
      : { legend: { displayMode: 'list', placement: 'bottom', showLegend: true }, tooltip: { mode: 'multi', sort: 'desc' } },
  };
}

function steps(thresholds: Panel['thresholds']): object[] {
  if (thresholds === undefined) return [{ color: 'blue', value: null }];
  const { warn, bad, falling = false } = thresholds;
  const [first, last] = falling ? ['red', 'green'] : ['green', 'red'];
  const [low, high] = falling ? [bad, warn] : [warn, bad];
  return [{ color: first, value: null }, ...(low === high ? [] : [{ color: 'orange', value: low }]), { color: last, value: high }];
}
