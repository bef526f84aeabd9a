// `glitchkeeper status` and `history` as text that fits a screen: pure.
import type { RotationRecord } from '../../operator/api/rotation-fields.js';
import { MEBIBYTE } from '../../charts/quantity.js';
import { backupLines } from '../backup/backup-text.js';
import { moveLines } from '../migrate/move-text.js';
import { restoreLines } from '../restore/restore-text.js';
import { upgradeLines } from '../upgrade/upgrade-text.js';
import { formatBoth, formatDistance, formatDuration, formatInstant } from '../moments.js';
import type { Colour, Paint } from '../output.js';
import type { PartReport } from '../part-states.js';
import { renderParts } from '../parts-table.js';
import { aligned, grid } from './columns.js';
import { WITHOUT_MEMORY, channelLines, figureLines, incidentLines, memoryOf, repairLines } from './health-text.js';
import { conditionsThatMatter, type Summary, type Verdict } from './status-summary.js';

const VERDICT_COLOURS: Readonly<Record<Verdict, Colour>> = { ready: 'green', 'not ready': 'red', unknown: 'yellow' };

export function renderSummary(summary: Summary, now: Date, paint: Paint): string {
  const { health } = summary;
  return joined([
    headline(summary, paint),
    incidentLines(health, now, paint),
    [renderParts(summary.parts)],
    ...(health === undefined ? [] : [figureLines(health, paint)]),
    conditions(summary, now, paint),
    credentials(summary, now),
    rotation(summary, now, paint),
    backups(summary, now, paint),
    restores(summary, now, paint),
    upgrades(summary, now, paint),
    moves(summary, now, paint),
    ...(health === undefined ? [] : [repairLines(health, now), channelLines(health, now, paint)]),
    events(summary, now, paint),
  ]);
}

/** The same for a screen that is looked at for hours: what changes comes first, and nothing is drawn that takes lines only. */
export function renderLive(summary: Summary, now: Date, paint: Paint): string {
  const { health = {} } = summary;
  return joined([
    headline(summary, paint),
    incidentLines(summary.health, now, paint),
    partLines(summary, paint),
    figureLines(health, paint, WITHOUT_MEMORY),
    rotation(summary, now, paint),
    backups(summary, now, paint),
    restores(summary, now, paint),
    upgrades(summary, now, paint),
    moves(summary, now, paint),
    [...repairLines(health, now), ...channelLines(health, now, paint)],
    events(summary, now, paint),
  ]);
}

function headline({ name, namespace, verdict, why, selfSigned }: Summary, paint: Paint): string[] {
  const forDevelopment = selfSigned === true ? [`  ${paint('yellow', 'https is self-signed, for development')}: SDKs and browsers refuse it unless they are told not to look`] : [];
  return [`${name} in namespace ${namespace}: ${paint(VERDICT_COLOURS[verdict], verdict)}`, `  ${why}`, ...forDevelopment];
}

/** A line a part, with its memory: as the health checks saw it, else as the metrics API has it. */
function partLines({ parts, health }: Summary, paint: Paint): string[] {
  return aligned(parts.map((report) => {
    const { part, ready, state, restarts } = report;
    const checked = health?.figures?.parts?.find(({ name }) => name === part);
    const memory = memoryOf(checked?.memoryBytes === undefined ? measured(report) : checked, paint);
    return [paint(ready ? 'green' : 'red', ready ? '✓' : '✗'), part, state, ...memory, restarts === 0 ? '' : `${restarts} restart${restarts === 1 ? '' : 's'}`];
  }));
}

function measured({ memoryUsed, memoryLimit }: PartReport): { memoryBytes?: number; memoryLimitBytes?: number } {
  const bytes = (mebibytes: number | undefined): number | undefined => (mebibytes === undefined ? undefined : mebibytes * MEBIBYTE);
  return { memoryBytes: bytes(memoryUsed), memoryLimitBytes: bytes(memoryLimit) };
}

function joined(sections: readonly (readonly string[])[]): string {
  return sections.filter((section) => section.length > 0).map((section) => section.join('\n')).join('\n\n');
}

function conditions(summary: Summary, now: Date, paint: Paint): string[] {
  const colour = (status: string): Colour => (status === 'True' ? 'green' : status === 'False' ? 'red' : 'yellow');
  return aligned(conditionsThatMatter(summary).map(({ type, status, reason, message, lastTransitionTime }) => [
    // RotationInProgress is neither good nor bad.
    type, type === 'RotationInProgress' ? status : paint(colour(status), status), reason, `since ${formatDistance(lastTransitionTime, now).replace(' ago', '')}`, message,
  ]));
}

function credentials({ credentials: rows }: Summary, now: Date): string[] {
  if (rows.length === 0) return [];
  return [grid(['credential', 'generation', 'age', 'rotated next'], rows.map(({ name, generation, renewedAt, nextAt }) => [
    name, String(generation),
    renewedAt === undefined ? '-' : formatDuration(now.getTime() - Date.parse(renewedAt)),
    nextAt === undefined ? 'on demand only' : formatBoth(nextAt, now),
  ]))];
}

function rotation({ rotation: { current } }: Summary, now: Date, paint: Paint): string[] {
  if (current === undefined) return [];
  const { id, trigger, credentials: which, phase, since, deadline, attempt, notBefore, message } = current;
  const until = deadline === undefined ? '' : `, undone if not over by ${formatBoth(deadline, now)}`;
  const back = phase === 'Returning' || phase === 'Dropping';
  return [
    `rotation ${id} (${trigger}: ${which.join(', ')})${attempt > 1 ? `, attempt ${attempt}` : ''}`,
    `  ${paint(back ? 'red' : 'yellow', phase)} since ${formatBoth(since, now)}${until}`,
    ...(notBefore === undefined ? [] : [`  not before ${formatBoth(notBefore, now)}`]),
    `  ${message}`,
  ];
}

function backups({ backups: report }: Summary, now: Date, paint: Paint): string[] {
  return report === undefined ? [] : backupLines(report, now, paint);
}

/** What ended well is no news: `glitchkeeper upgrade` shows it. */
function upgrades({ upgrade }: Summary, now: Date, paint: Paint): string[] {
  const isNews = upgrade !== undefined && (upgrade.current !== undefined || upgrade.refused !== undefined || upgrade.last?.result === 'Failed');
  return isNews ? upgradeLines(upgrade, now, paint) : [];
}

/** What ended well is no news: `glitchkeeper restore` shows it. */
function restores({ restore }: Summary, now: Date, paint: Paint): string[] {
  const isNews = restore !== undefined && (restore.current !== undefined || restore.refused !== undefined || restore.last?.result === 'Failed');
  return isNews ? restoreLines(restore, now, paint) : [];
}

/** What has finished is no news; the conditions say what is wrong. */
function moves({ move }: Summary, now: Date, paint: Paint): string[] {
  const isNews = move !== undefined && ((move.current !== undefined && move.current.phase !== 'Finished') || move.refused !== undefined || move.last?.result === 'Failed');
  return isNews ? moveLines({ move, condition: undefined, gateway: undefined }, now, paint) : [];
}

function events({ events: list }: Summary, now: Date, paint: Paint): string[] {
  if (list === undefined) return ['events cannot be read'];
  return aligned(list.map(({ at, type, reason, message }) => [formatDistance(at, now), type === 'Warning' ? paint('red', reason) : reason, message]));
}

export function renderHistory(history: readonly RotationRecord[], paint: Paint): string {
  if (history.length === 0) return 'no rotation has ended yet';
  return grid(['started', 'took', 'trigger', 'credentials', 'result', 'message'], history.map(({ startedAt, finishedAt, trigger, credentials: which, result, message }) => [
    formatInstant(startedAt), formatDuration(Date.parse(finishedAt) - Date.parse(startedAt)), trigger, which.join('\n'),
    paint(result === 'Completed' ? 'green' : 'red', result), message,
  ]), [undefined, undefined, undefined, undefined, undefined, 50]);
}
