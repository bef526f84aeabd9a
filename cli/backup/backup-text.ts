// Backups as text: the table of the copies, and the lines of `status`. Pure.
import { formatBoth, formatDistance } from '../moments.js';
import type { Paint } from '../output.js';
import { size } from '../report/bars.js';
import { aligned, denseGrid } from '../report/columns.js';
import { describeFailed } from './backup-progress.js';
import type { BackupReport, CopyReport } from './backup-report.js';

/** A word of a newer operator is shown as it is. */
const VERIFIED: Readonly<Record<string, string>> = { counts: 'restored, tables counted', content: 'restored, every row compared' };
const PLACES: Readonly<Record<string, string>> = { s3: 'bucket', volume: 'this host' };
/** Of a name that somebody wrote into the status. */
const UNDATED = 'is no time';
const RETENTION: Readonly<Record<string, string>> = {
  NoGoodCopy: 'there is no good copy',
  NewestTooOld: 'the good copy before it is older than 3 days, and than usual: runs failed since, or the clock was set forward',
  NewestInFuture: 'a copy is dated in the future: it or the clock is wrong',
  ManifestUnreadable: 'a manifest cannot be read, so what it needs is not known',
};

/** The table, and under it what is under way, what failed and when the next one is. */
export function renderBackups(report: BackupReport, now: Date, paint: Paint): string {
  return [renderCopies(report.copies, now, paint), ...backupLines(report, now, paint)].join('\n');
}

function renderCopies(copies: readonly CopyReport[], now: Date, paint: Paint): string {
  if (copies.length === 0) return 'there is no copy yet';
  return denseGrid(['copy', 'when', 'size', 'verified', 'where'], copies.map(({ name, at, bytes, verified, where, damaged }) => [
    name, at === undefined ? UNDATED : formatBoth(at, now), size(bytes), damaged ? paint('red', 'damaged: not what its manifest says') : VERIFIED[verified] ?? verified, PLACES[where] ?? where,
  ]));
}

export function backupLines(report: BackupReport, now: Date, paint: Paint): string[] {
  const { current, nextAt, heldBack, onSchedule, lastFailure, failures, retention } = report;
  const times = failures > 1 ? `, ${failures} times in a row` : '';
  const rows = [
    ['newest copy', describeNewest(report, now, paint)],
    ...(isOnThisHost(report) ? [['', paint('yellow', 'what destroys this host takes its copies, too: docs/backups.md says how they go elsewhere')]] : []),
    ...(current ? [['under way', paint('yellow', `${current.copy} (${current.trigger}), begun ${formatDistance(current.startedAt, now)}`)]] : []),
    ...(lastFailure ? [['last run', paint('red', `${describeFailed(lastFailure)}${times}`)], ['to do', lastFailure.advice]] : []),
    ...(heldBack === undefined ? [] : [['waits for', paint('yellow', heldBack)]]),
    ['next', nextAt === undefined ? describeNever(onSchedule) : formatBoth(nextAt, now)],
    ...(retention === undefined ? [] : [['nothing deleted', RETENTION[retention] ?? retention]]),
  ];
  return aligned(rows.map((row, index) => [index === 0 ? 'backups' : '', ...row]));
}

function describeNewest({ copies, condition }: BackupReport, now: Date, paint: Paint): string {
  const newest = copies.find(({ damaged }) => !damaged);
  const damaged = copies.filter((copy) => copy.damaged).length;
  if (newest === undefined) return paint('yellow', 'none that is known to restore');
  const text = `${newest.at === undefined ? `${newest.name} ${UNDATED}` : formatDistance(newest.at, now)}, ${size(newest.bytes)}, ${VERIFIED[newest.verified] ?? newest.verified}, ${newest.where === 's3' ? 'in the bucket' : 'on a volume of this host'}`;
  const more = damaged === 0 ? '' : `; ${damaged} damaged`;
  return paint(condition?.status === 'False' ? 'red' : newest.where === 'volume' ? 'yellow' : 'green', `${text}${more}`);
}

function isOnThisHost({ copies: [newest] }: BackupReport): boolean {
  return newest?.where === 'volume';
}

function describeNever(onSchedule: boolean): string {
  return onSchedule ? 'not known yet' : 'on demand only: glitchkeeper backup now';
}
