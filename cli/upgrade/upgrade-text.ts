// An upgrade in words: what it means before anybody says yes to it, how far it is, how it ended.
import { specRelease } from '../../operator/api/glitchtip-resource.js';
import type { RehearsalEnd } from '../../operator/api/rehearsal-fields.js';
import type { UpgradeProgress, UpgradeStatus } from '../../operator/api/upgrade-fields.js';
import { describeEnd as describeResult, describeImport } from '../../operator/core/upgrade/upgrade-report.js';
import type { Resource } from '../glitchtip-resource-access.js';
import { formatDistance } from '../moments.js';
import type { Paint } from '../output.js';
import { size } from '../report/bars.js';
import { aligned } from '../report/columns.js';
import type { Turn } from './request-upgrade.js';
import { describePhase, type End } from './upgrade-progress.js';

const UPGRADE = 'glitchkeeper upgrade';

/** What will happen, before it is asked whether it shall. @param manifests how they come to be applied */
export function describeProspect({ spec, status }: Pick<Resource, 'spec' | 'status'>, to: string, manifests: string, now: Date): string {
  const from = specRelease(spec);
  const rehearsal = status.rehearsal?.last?.version === to ? status.rehearsal.last : undefined;
  return [
    `GlitchTip ${from} becomes ${to}:`,
    ...aligned([
      ['rehearsal', describeRehearsal(rehearsal, to, now)],
      ...(roomOf(status, rehearsal) === undefined ? [] : [['room', roomOf(status, rehearsal) ?? '']]),
      ['stops', 'web and the worker, from when the queue is empty until the next release has stored an event: nobody gets in meanwhile'],
      ['events', spec.gateway ? 'go on being taken: the gateway keeps them, and gives them to the next release' : 'are refused meanwhile: there is no gateway'],
      ['old events', `stay in an archive, all but the newest: ${UPGRADE} --import-legacy brings them to where ${to} looks for them`],
      ['manifests', manifests],
      ['the way back', `${UPGRADE} --undo, until ${UPGRADE} --confirm: the backup that is made in between is restored, with the manifests of ${from}`],
    ]),
  ].join('\n');
}

function describeRehearsal(rehearsal: RehearsalEnd | undefined, to: string, now: Date): string {
  if (rehearsal === undefined) return `there was none: glitchkeeper rehearse ${to} tries the migrations on a copy first, and is advised`;
  const when = formatDistance(rehearsal.endedAt, now);
  if (rehearsal.result !== 'Passed') return `failed (${when}): ${rehearsal.detail ?? rehearsal.reason ?? 'it does not say why'}. An upgrade would fail as well`;
  const { migrations, seconds, bytesBefore, bytesAfter } = rehearsal;
  const grown = bytesBefore === undefined || bytesAfter === undefined ? '' : `; ${size(bytesBefore)} became ${size(bytesAfter)}`;
  return `passed (${when}): ${migrations ?? 0} migrations in ${seconds ?? 0} s${grown}`;
}

/** While it migrates both sizes are there together. */
function roomOf({ health }: Resource['status'], rehearsal: RehearsalEnd | undefined): string | undefined {
  const { volumes = [], databaseBytes } = health?.figures ?? {};
  const volume = volumes.find(({ name }) => name === 'postgres-data');
  if (volume === undefined) return undefined;
  const free = volume.capacityBytes - volume.usedBytes;
  const needed = rehearsal?.bytesAfter ?? databaseBytes;
  if (needed === undefined) return `${size(free)} are free on the volume of Postgres`;
  return `${size(free)} are free on the volume of Postgres, and ${size(needed)} are needed while it migrates${free < needed ? ': too little' : ''}`;
}

/** What a turn of an upgrade means. */
export function describeTurn(turn: Exclude<Turn, 'follow'>, current: UpgradeProgress | undefined): string {
  switch (turn) {
    case 'confirm': return 'The next release stays. The gateway lets go of what it keeps for the way back; the backup stays in the store.';
    case 'stay': return 'The way back ends here: the next release is started again on the database that is live.';
    case 'import': return 'Events of the old release are brought from the archive to where the new one looks for them, and leave the archive. GlitchTip works meanwhile; no backup or rotation begins beside it.';
    case 'undo': return describeUndo(current);
  }
}

function describeUndo(current: UpgradeProgress | undefined): string {
  if (current?.copy === undefined) return 'The upgrade is taken back: nothing was migrated yet, and everything is started again as it was.';
  return `Copy ${current.copy} of ${current.from} becomes live: web and the worker stop, the manifests of ${current.from} are applied, and the copy is restored beside the database of ${current.to}, which stays until glitchkeeper restore --confirm. What came since is given to it by the gateway. Everybody signs in anew.`;
}

/** Of `upgrade` without a release, and of `status`: nothing where there never was one. */
export function upgradeLines({ current, last, legacyImport, refused }: UpgradeStatus, now: Date, paint: Paint): string[] {
  const rows = [
    ...(current === undefined ? [] : currentRows(current, now, paint)),
    ...(last === undefined ? [] : [['last', paint(last.result === 'Failed' ? 'red' : 'green', `${describeResult(last)} (${formatDistance(last.at, now)})`)]]),
    ...(legacyImport === undefined ? [] : [['old events', paint(legacyImport.end?.result === 'Failed' ? 'red' : 'green', describeImport(legacyImport))]]),
    ...(refused === undefined ? [] : [['refused', paint('yellow', `"${refused.request}" (${formatDistance(refused.at, now)}): ${refused.why}`)]]),
  ];
  return aligned(rows.map((row, index) => [index === 0 ? 'upgrade' : '', ...row]));
}

function currentRows(current: UpgradeProgress, now: Date, paint: Paint): string[][] {
  const { id, from, to, phase, since, copy } = current;
  const isWaiting = phase === 'Unconfirmed';
  return [
    ['under way', paint('yellow', `${id}: from ${from} to ${to}${copy === undefined ? '' : `; copy ${copy} leads back`}`)],
    [phase, `since ${formatDistance(since, now).replace(' ago', '')}: ${isWaiting ? 'done, and kept open' : describePhase(current)}`],
    ...(isWaiting ? [['next', `${UPGRADE} --confirm, or ${UPGRADE} --undo`]] : []),
  ];
}

function choices({ copy = '', from }: UpgradeProgress): string[][] {
  return [['look at it', 'glitchkeeper open'], ['old events', `${UPGRADE} --import-legacy`], ['keep it', `${UPGRADE} --confirm`], ['go back', `${UPGRADE} --undo: copy ${copy} of ${from} is restored`]];
}

function byResult(result: string | undefined, message: string, paint: Paint): string {
  return paint(result === 'Failed' ? 'red' : 'green', message);
}

/** The end as text, with what comes next. */
export function describeEnd(end: End, paint: Paint): string {
  switch (end.kind) {
    case 'unconfirmed': return [paint('green', end.message), ...aligned(choices(end.upgrade))].join('\n');
    case 'ended': return [byResult(end.run.result, end.message, paint), ...(end.run.result === 'Undone' ? ['glitchkeeper restore --confirm drops the database of the next release'] : [])].join('\n');
    case 'imported': return byResult(end.run.end?.result, end.message, paint);
    case 'refused': return paint('red', `the operator refuses it: ${end.message}`);
    case 'lost': return paint('red', end.message);
    case 'timed out': return `gave up waiting; the upgrade goes on without this program. Last seen: ${end.message}\n${UPGRADE} --follow shows how far it is`;
    case 'left': return `the upgrade goes on without this program. Last seen: ${end.message}\n${UPGRADE} --follow shows how far it is, ${UPGRADE} --undo takes it back`;
  }
}
