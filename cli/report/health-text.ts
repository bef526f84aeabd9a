// What the health checks found, as text: incidents, figures with small bars, repairs, alert channels. Pure.
import type { ChannelStatus, HealthFigures, HealthStatus, IncidentStatus } from '../../operator/api/health-fields.js';
import { formatDistance, formatDuration } from '../moments.js';
import type { Paint } from '../output.js';
import { bar, percent, share, size } from './bars.js';
import { aligned } from './columns.js';

const REPAIRS_SHOWN = 3;
const MINUTE = 60_000;
/** The status is written at least every 5 minutes: what is older is of an operator that does not check any more. */
const OLD_AFTER = 11 * MINUTE;

/** A line each, and under it what was found, what to do and what the operator does. */
export function incidentLines(health: HealthStatus | undefined, now: Date, paint: Paint): string[] {
  if (health === undefined) return [];
  const incidents = [...health.incidents ?? []].sort(worstFirst);
  if (incidents.length === 0) return [noIncident(health, now, paint)];
  return incidents.flatMap((incident) => [
    `${paint(incident.severity === 'critical' ? 'red' : 'yellow', `${incident.severity === 'critical' ? '✗' : '!'} ${incident.reason}`)} (${incident.part}), for ${formatDuration(now.getTime() - Date.parse(incident.since))}`,
    `  ${incident.message}`,
    ...(incident.explains?.length ? [`  because of it: ${incident.explains.join(', ')}`] : []),
    `  ${paint('bold', 'to do:')} ${incident.advice}`,
    ...(incident.healing === undefined ? [] : [`  ${paint('bold', 'repair:')} ${incident.healing}`]),
  ]);
}

function noIncident({ checkedAt }: HealthStatus, now: Date, paint: Paint): string {
  if (checkedAt === undefined) return 'health was not checked yet';
  const old = now.getTime() - Date.parse(checkedAt) > OLD_AFTER;
  return old ? paint('yellow', `no incident, but health was checked last ${formatDistance(checkedAt, now)}`) : `${paint('green', '✓')} no incident, checked ${formatDistance(checkedAt, now)}`;
}

function worstFirst(one: IncidentStatus, other: IncidentStatus): number {
  return one.severity === other.severity ? one.since.localeCompare(other.since) : one.severity === 'critical' ? -1 : 1;
}

/** A figure: what it belongs to, what it is, its bar or nothing, how it reads. */
type Row = readonly [group: Group, name: string, bar: string, text: string];
const GROUPS = ['events', 'gateway', 'memory', 'queue', 'database', 'disk', 'certificate'] as const;
type Group = (typeof GROUPS)[number];

/** Where each part has its memory beside it already. */
export const WITHOUT_MEMORY: readonly Group[] = GROUPS.filter((group) => group !== 'memory');

/** Empty while nothing was measured. */
export function figureLines({ figures }: HealthStatus, paint: Paint, groups: readonly Group[] = GROUPS): string[] {
  if (figures === undefined) return [];
  const rows = [...amountRows(figures, paint), ...plainRows(figures)];
  return aligned(groups.flatMap((group) => rows.filter(([of]) => of === group)
    // A group is named once.
    .map(([of, ...rest], index) => [index === 0 ? of : '', ...rest])));
}

function amountRows({ parts = [], volumes = [], ...figures }: HealthFigures, paint: Paint): Row[] {
  const { valkeyBytes, valkeyMaxBytes, connections, connectionsMax, spoolBytes, spoolMaxBytes } = figures;
  const row = (group: Group, name: string, used: number | undefined, of: Omit<Amount, 'used'>): Row[] =>
    used === undefined ? [] : [[group, name, ...amount({ used, ...of }, paint)]];
  return [
    ...parts.flatMap(({ name, memoryBytes, memoryLimitBytes }) => row('memory', name, memoryBytes, { most: memoryLimitBytes, as: size })),
    ...row('gateway', 'spool', spoolBytes, { most: spoolMaxBytes, as: size }),
    ...row('queue', 'Valkey memory', valkeyBytes, { most: valkeyMaxBytes, as: size }),
    ...row('database', 'connections', connections, { most: connectionsMax, as: String }),
    ...volumes.flatMap(({ name, usedBytes, capacityBytes }) => row('disk', name, usedBytes, { most: capacityBytes, as: size })),
  ];
}

interface Amount {
  readonly used: number;
  readonly most: number | undefined;
  readonly as: (value: number) => string;
}

/** A part's memory as two cells, empty where it was not measured. */
export function memoryOf({ memoryBytes, memoryLimitBytes }: { memoryBytes?: number; memoryLimitBytes?: number }, paint: Paint): readonly [string, string] {
  return memoryBytes === undefined ? ['', ''] : amount({ used: memoryBytes, most: memoryLimitBytes, as: size }, paint);
}

/** A bar, and the figures that it is made of. */
function amount({ used, most, as }: Amount, paint: Paint): [string, string] {
  const part = share(used, most);
  return part === undefined || most === undefined ? ['', as(used)] : [bar(part, paint), `${as(used)} of ${as(most)} (${percent(part)})`];
}

/** [group, name, how a figure reads]; what was not seen has no row. */
const PLAIN: readonly (readonly [group: Group, name: string, read: (figures: HealthFigures) => string | undefined])[] = [
  ['events', 'accepted to stored', ({ eventSeconds }) => eventSeconds === undefined ? undefined : `${eventSeconds.toFixed(1)} s`],
  ['gateway', 'oldest', ({ spoolBytes, spoolOldestSeconds }) => spoolOldestSeconds === undefined || (spoolBytes ?? 0) === 0 ? undefined : formatDuration(spoolOldestSeconds * 1000)],
  ['gateway', 'set aside', ({ setAside }) => setAside === undefined ? undefined : `${setAside}${setAside === 0 ? '' : ': glitchkeeper spool list --state set-aside'}`],
  ['queue', 'waiting', ({ queueDepth, oldestTaskSeconds }) => queueDepth === undefined ? undefined :
    `${queueDepth} task${queueDepth === 1 ? '' : 's'}${queueDepth > 0 && oldestTaskSeconds !== undefined ? `, the oldest for ${formatDuration(oldestTaskSeconds * 1000)}` : ''}`],
  ['database', 'partitions for', ({ partitionDays }) => partitionDays === undefined ? undefined : `${Number(partitionDays.toFixed(1))} days`],
  ['database', 'size', ({ databaseBytes }) => databaseBytes === undefined ? undefined : size(databaseBytes)],
  ['database', 'longest transaction', ({ longestTransactionSeconds }) => longestTransactionSeconds === undefined ? undefined : formatDuration(longestTransactionSeconds * 1000)],
  ['certificate', 'ends in', ({ certificateDays }) => certificateDays === undefined ? undefined : `${Math.floor(certificateDays)} days`],
];

function plainRows(figures: HealthFigures): Row[] {
  return PLAIN.flatMap(([group, name, read]): Row[] => {
    const text = read(figures);
    return text === undefined ? [] : [[group, name, '', text]];
  });
}

export function repairLines({ repairs = [] }: HealthStatus, now: Date): string[] {
  if (repairs.length === 0) return [];
  return ['repaired by the operator:', ...aligned(repairs.slice(0, REPAIRS_SHOWN).map(({ at, healing, reason, message }) => [`  ${formatDistance(at, now)}`, healing, reason, message]))];
}

export function channelLines({ channels = [] }: HealthStatus, now: Date, paint: Paint): string[] {
  return aligned(channels.map((channel) => ['alerts', channel.name, describeChannel(channel, now, paint)]));
}

function describeChannel({ lastSentAt, error, waiting }: ChannelStatus, now: Date, paint: Paint): string {
  const sent = lastSentAt === undefined ? 'nothing sent yet' : `sent ${formatDistance(lastSentAt, now)}`;
  const held = waiting > 0 ? `, ${waiting} waiting` : '';
  return error === undefined ? `${sent}${held}` : `${paint('red', 'fails')}: ${error} (${sent}${held})`;
}
