// The gateway's status and its records as text that fits a screen. Pure.
import { formatDistance, formatDuration } from '../moments.js';
import type { Paint } from '../output.js';
import { bar, percent, share, size } from '../report/bars.js';
import { aligned, denseGrid } from '../report/columns.js';
import { visible } from '../safe-text.js';
import type { SpoolRecordLine, SpoolStatus } from './gateway-answers.js';

export function renderStatus(status: SpoolStatus, now: Date, paint: Paint): string {
  const { gateway = 'without a name', startedAt, others } = status;
  return [
    `gateway ${visible(gateway)}${startedAt === undefined ? '' : `, started ${formatDistance(startedAt, now)}`}: ${describeDelivery(status, now, paint)}`,
    ...aligned(figures(status, now, paint)),
    // Each has its own part of the spool, and port-forward chooses one of them.
    ...(others.length === 0 ? [] : [`also on the volume: ${visible(others.join(', '))}; what is there is not counted above, but for what was set aside`]),
  ].join('\n');
}

function describeDelivery({ hold, window, delivers }: SpoolStatus, now: Date, paint: Paint): string {
  if (hold) return `${paint('yellow', 'gives nothing')} since ${formatDistance(hold.since, now)}: held, ${visible(hold.why)}`;
  if (window.closed !== undefined) return `${paint('red', 'cannot give')}: ${visible(window.closed)}`;
  return delivers === true ? `${paint('green', 'gives')} to GlitchTip` : `${paint('yellow', 'gives nothing')}: another gateway does, or it has just started`;
}

function figures(status: SpoolStatus, now: Date, paint: Paint): string[][] {
  const { spool, records, window, refused, ignored } = status;
  const { liveBytes, limitBytes, oldestSeconds } = spool;
  const part = share(liveBytes, limitBytes);
  const { waiting, underWay, limbo, largestBytes, resent } = records;
  return [
    ['spool', part === undefined ? 'not told' : `${bar(part, paint)} ${size(liveBytes ?? 0)} of ${size(limitBytes ?? 0)} (${percent(part)})`],
    ['oldest', oldestSeconds === undefined ? 'none' : formatDuration(oldestSeconds * 1_000)],
    ['waiting', countOf(waiting)],
    ['under way', `${countOf(underWay)}${window.allowedBytes === undefined || window.closed !== undefined ? '' : `, at most ${size(window.allowedBytes)}`}`],
    ['not seen in time', countOf(limbo)],
    ...(largestBytes === undefined ? [] : [['the largest', `${size(largestBytes)}, of those under way and not seen`]]),
    ['given again', countOf(resent)],
    ...keptFigures(status, paint),
    ...setAsideFigures(status, paint),
    ['refused', listOf(Object.entries(refused).map(([why, count]) => `${why} ${count}`))],
    ['left out', listOf(byProject(ignored))],
    ...plainFigures(status, now, paint),
    ...disbelievedFigures(status, paint),
  ];
}

/** Who has not moved to https yet. */
function plainFigures({ plain }: SpoolStatus, now: Date, paint: Paint): string[][] {
  if (plain === undefined) return [];
  const projects = plain.projects.map(({ project, requests, refused, lastAt }) => {
    const late = refused === 0 ? '' : paint('red', `, ${countOf(refused)} of them too late`);
    return `project ${project}: ${countOf(requests)}${late}, the last ${formatDistance(lastAt, now)}`;
  });
  return [['by http', [`taken until ${visible(plain.until.slice(0, 10))}`, ...(projects.length === 0 ? ['none since it started'] : projects)].join('\n')]];
}

/** It says https, and what it says of clients is not passed on. */
function disbelievedFigures({ disbelieved }: SpoolStatus, paint: Paint): string[][] {
  if (disbelieved === undefined) return [];
  return [['not believed', `${paint('yellow', countOf(disbelieved.requests))} by https, of the proxy ${visible(disbelieved.address)}: gateway.trustedProxies or network.clusterRanges in settings.yaml has its network`]];
}

/** While another database may be live soon. */
function keptFigures({ keep }: SpoolStatus, paint: Paint): string[][] {
  if (keep === undefined) return [];
  const { records, bytes = 0, unchecked, dropped, why } = keep;
  const lines = [
    `${countOf(records)} (${size(bytes)}) that are stored: ${visible(why)}`,
    ...(unchecked === 0 ? [] : [`${countOf(unchecked)} of them are still to be looked for in the database that is live`]),
    ...(dropped === 0 ? [] : [paint('yellow', `${countOf(dropped)} went: events that came needed their room`)]),
  ];
  return [['kept', lines.join('\n')]];
}

function setAsideFigures({ setAside, setAsideDropped = 0, damaged = 0 }: SpoolStatus, paint: Paint): string[][] {
  return [
    ['set aside', setAside === undefined || setAside === 0 ? countOf(setAside) : `${paint('yellow', countOf(setAside))}: glitchkeeper spool list --state set-aside`],
    ...(setAsideDropped === 0 ? [] : [['dropped', `${paint('red', countOf(setAsideDropped))} that had been set aside: there was no more room`]]),
    ...(damaged === 0 ? [] : [['damaged', `${paint('red', countOf(damaged))} ${damaged === 1 ? 'place' : 'places'} of its disk could not be read; what lay there is set aside as it is`]]),
  ];
}

function byProject(ignored: SpoolStatus['ignored']): string[] {
  const projects = [...new Set(ignored.map(({ project }) => project))];
  return projects.map((project) => `project ${project}: ${ignored.filter((each) => each.project === project).map(({ type, items }) => `${type} ${items}`).join(', ')}`);
}

function listOf(parts: readonly string[]): string {
  return parts.length === 0 ? 'nothing since it started' : parts.map(visible).join('\n');
}

function countOf(count: number | undefined): string {
  return count === undefined ? 'not told' : String(count);
}

/** How often it was given to GlitchTip. */
export function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}

/** Characters of a reason; longer ones are wrapped. */
const WHY_WIDTH = 30;

export function renderRecords(records: readonly SpoolRecordLine[], now: Date): string {
  const columns: readonly (readonly [title: string, cell: (record: SpoolRecordLine) => string])[] = [
    ['id', ({ id }) => id], ['state', ({ state }) => state], ['received', ({ receivedAt }) => (receivedAt === undefined ? '' : formatDistance(receivedAt, now))],
    ['project', ({ project }) => String(project ?? '')], ['events', ({ events }) => String(events.length)],
    ['size', ({ size: bytes }) => (bytes === undefined ? '' : size(bytes))], ['given', ({ attempts }) => (attempts === undefined ? '' : times(attempts))], ['why', ({ why = '' }) => why],
  ];
  // Nothing to say: no column of empty cells.
  const shown = columns.filter(([, cell]) => records.some((record) => cell(record) !== ''));
  return denseGrid(shown.map(([title]) => title), records.map((record) => shown.map(([, cell]) => visible(cell(record)))), shown.map(([title]) => (title === 'why' ? WHY_WIDTH : undefined)));
}
