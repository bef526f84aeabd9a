// A restore as text: what it will do, how it is, what is next. Pure.
import { timeOfCopy } from '../../backup/core/copy-name.js';
import type { RestoreEnd, RestoreProgress, RestoreStatus } from '../../operator/api/restore-fields.js';
import { databaseNames } from '../../operator/core/restore/restore-names.js';
import { toSeconds } from '../../operator/core/timestamps.js';
import { buildBackupReport, type CopyReport } from '../backup/backup-report.js';
import type { Resource } from '../glitchtip-resource-access.js';
import { formatBoth, formatDistance, formatDuration } from '../moments.js';
import type { Paint } from '../output.js';
import { size } from '../report/bars.js';
import { aligned } from '../report/columns.js';
import type { Wanted } from './request-restore.js';
import { describePhase, describeResult, type End } from './restore-progress.js';

const CONFIRM = 'glitchkeeper restore --confirm';
const UNDO = 'glitchkeeper restore --undo';
const FOLLOW = 'glitchkeeper restore --follow';

/** The copy that will be chosen, as far as the status knows the store: on a new host it does not yet. */
export function knownCopy(resource: Pick<Resource, 'spec' | 'status'>, { copy, notAfter }: Pick<Wanted, 'copy' | 'notAfter'>): CopyReport | undefined {
  const copies = buildBackupReport(resource)?.copies ?? [];
  if (copy !== 'latest') return copies.find(({ name }) => name === copy);
  return copies.find(({ at, damaged }) => !damaged && at !== undefined && (notAfter === undefined || Date.parse(at) <= Date.parse(notAfter)));
}

/** What will happen, before it is asked whether it shall. */
export function describeProspect(resource: Pick<Resource, 'spec' | 'status'>, wanted: Wanted, now: Date): string {
  const { spec } = resource;
  const known = knownCopy(resource, wanted);
  if (wanted.intoNewDatabase === true) return describeAside(resource, describeCopy(known, wanted, now));
  return [
    'A copy becomes the live database:',
    ...aligned([
      ['copy', describeCopy(known, wanted, now)],
      ['release', `${spec.version}; a copy of another release is refused before anything is stopped`],
      ['lost from view', `what was stored ${known?.at === undefined ? 'since the copy' : `in the ${formatDuration(now.getTime() - Date.parse(known.at))} since the copy`}: it stays in the database of before${wanted.save ? ', and in a copy that is made of it' : ' alone, for no copy is made of it (--no-save)'}`],
      ['stops', 'web and the worker, from when the copy was found whole until it is live: nobody gets in meanwhile, and everybody signs in anew afterwards'],
      ['events', spec.gateway ? 'go on being taken: the gateway keeps them, and gives them to the restored database' : 'are refused meanwhile: there is no gateway'],
      ['stays', "today's passwords of Postgres, Valkey and the administrator, today's SECRET_KEY, and files that were uploaded since"],
      ['as in the copy', 'everything else: users with their passwords, API tokens and DSN keys, those that were revoked since, too'],
      ['the way back', `${UNDO}, until ${CONFIRM} drops the database of before`],
    ]),
  ].join('\n');
}

function describeAside({ spec }: Pick<Resource, 'spec'>, copy: string): string {
  return [
    'A copy is restored into a database of its own, for somebody to look at:',
    ...aligned([
      ['copy', copy],
      ['release', `${spec.version}; a copy of another release is refused`],
      ['stops', 'nothing: people and events go on as ever, and Postgres has more to do for some minutes'],
      ['stays', 'the live database, uploads, passwords and sessions: nothing of them is changed'],
      ['takes', "1.3 times the copy's database on the volume of Postgres until it is dropped; no other restore and no upgrade begins until then"],
      ['afterwards', `${UNDO} drops it`],
    ]),
  ].join('\n');
}

function describeCopy(known: CopyReport | undefined, { copy, notAfter }: Wanted, now: Date): string {
  if (known !== undefined) return `${known.name}${known.at === undefined ? '' : `, of ${formatBoth(known.at, now)}`}, ${size(known.bytes)}${known.damaged ? '; it is known to be damaged' : ''}`;
  if (copy !== 'latest') return `${copy}, of ${formatBoth(toSeconds(timeOfCopy(copy)), now)}`;
  return `the newest good one in the store${notAfter === undefined ? '' : ` that is not after ${formatBoth(notAfter, now)}`}: Checking names it`;
}

/** What a turn of a restore ends. */
export function describeTurn(turn: 'confirm' | 'undo', { spec, status: { restore: { current } = {} } }: Pick<Resource, 'spec' | 'status'>): string {
  if (current === undefined) return '';
  const names = databaseNames(spec.database.name, current);
  if (current.phase === 'Aside') return `Database ${names.restored} is dropped; nothing else changes.`;
  if (turn === 'confirm') {
    const left = current.direction === 'forth' ? `the database of before (${names.before})` : `the restored database (${names.restored})`;
    return `Database ${names.live} stays live, and ${left} is dropped: there is no way back then but ${current.saved === undefined ? 'another restore' : `copy ${current.saved}`}. The gateway lets go of what it keeps.`;
  }
  if (current.before === undefined) return 'The restore is taken back: nothing has changed yet, and everything is started again as it was.';
  return `${current.direction === 'forth' ? 'The database of before' : 'The restored database'} becomes live once more: web and the worker stop for about a minute, and everybody signs in anew. Events that came meanwhile are given to it by the gateway${spec.gateway ? '' : ', which is not there: they are lost to it'}.`;
}

/** Of `restore` without a copy, and of `status`: nothing where there never was one. */
export function restoreLines({ current, last, refused }: RestoreStatus, now: Date, paint: Paint): string[] {
  const rows = [
    ...(current === undefined ? [] : currentRows(current, now, paint)),
    ...(last === undefined ? [] : [['last', paint(last.result === 'Failed' ? 'red' : 'green', `${describeResult(last)} (${formatDistance(last.at, now)})`)]]),
    ...(refused === undefined ? [] : [['refused', paint('yellow', `"${refused.request}" (${formatDistance(refused.at, now)}): ${refused.why}`)]]),
  ];
  return aligned(rows.map((row, index) => [index === 0 ? 'restore' : '', ...row]));
}

function currentRows(current: RestoreProgress, now: Date, paint: Paint): string[][] {
  const { id, phase, since, copy, wanted, direction } = current;
  const what = direction === 'forth' ? `copy ${copy ?? wanted.copy}` : 'the way back to the database of before';
  const isWaiting = phase === 'Unconfirmed' || phase === 'Aside';
  return [
    ['under way', paint('yellow', `${id}: ${what}`)],
    [phase, `since ${formatDistance(since, now).replace(' ago', '')}: ${isWaiting ? 'done, and kept open' : describePhase(current)}`],
    ...(isWaiting ? [['next', phase === 'Aside' ? `${lookAt(current)}; then ${UNDO}` : `${CONFIRM}, or ${UNDO}`]] : []),
  ];
}

/** The name of the live one is in front of it. */
function lookAt(current: RestoreProgress): string {
  return `database ...${databaseNames('', current).restored}, with psql: docs/restore.md says how`;
}

/** The end as text, with what comes next. */
export function describeEnd(end: End, paint: Paint): string {
  switch (end.kind) {
    case 'unconfirmed': return describeOpen(end, paint);
    case 'ended': return paint(isWell(end.run) ? 'green' : 'red', end.message);
    case 'refused': return paint('red', `the operator refuses it: ${end.message}`);
    case 'lost': return paint('red', end.message);
    case 'timed out': return `gave up waiting; the restore goes on without this program. Last seen: ${end.message}\n${FOLLOW} shows how far it is`;
    case 'left': return `the restore goes on without this program. Last seen: ${end.message}\n${FOLLOW} shows how far it is, ${UNDO} takes it back`;
  }
}

/** What a person has to say yet. */
function describeOpen({ message, restore }: Extract<End, { kind: 'unconfirmed' }>, paint: Paint): string {
  if (restore.phase === 'Aside') return [paint('green', message), ...aligned([['look at it', lookAt(restore)], ['drop it', UNDO]])].join('\n');
  return [
    paint('green', message),
    ...aligned([['look at it', 'glitchkeeper open'], ['keep it', `${CONFIRM}: drops the other database`], [restore.direction === 'forth' ? 'go back' : 'go there again', `${UNDO}: what came since is given to it, too`]]),
    ...(restore.saved === undefined ? [] : [`what was live before is in copy ${restore.saved}, too`]),
  ].join('\n');
}

function isWell({ result }: RestoreEnd): boolean {
  return result !== 'Failed';
}
