// A rehearsal as text: what migrations took, who would have waited for them, or what to do about one that failed. Pure.
import type { RehearsalEnd, RehearsalStatus } from '../../operator/api/rehearsal-fields.js';
import { adviceOnRehearsal } from '../../operator/core/rehearsal/rehearsal-advice.js';
import { describeBasis, describeFailure } from '../../operator/core/rehearsal/rehearsal-report.js';
import { formatDistance } from '../moments.js';
import type { Paint } from '../output.js';
import { size } from '../report/bars.js';
import { aligned, denseGrid } from '../report/columns.js';

/** Everything that was measured. */
export function renderRehearsal(end: RehearsalEnd, now: Date, paint: Paint): string {
  const { locks = [] } = end;
  const held = locks.length === 0 ? 'no table that was there before was locked for longer than 0.2 s against others' : denseGrid(['table', 'lock', 'seconds', 'who waits'], locks.map(({ table, mode, seconds }) => [table, mode, String(seconds), whoWaits(mode)]));
  return [...aligned(rowsOf(end, now, paint)), ...(end.result === 'Passed' ? [held] : [])].join('\n');
}

/** Of `rehearse` without a release: the last of either kind, and what is under way. Nothing where there never was one. */
export function rehearsalLines({ current, heldBack, last, check, refused }: RehearsalStatus, now: Date, paint: Paint): string[] {
  return [
    ...aligned([
      ...(current ? [['under way', paint('yellow', `${current.version} (${current.trigger}), begun ${formatDistance(current.startedAt, now)}`)]] : []),
      ...(heldBack === undefined ? [] : [['waits for', paint('yellow', heldBack)]]),
      ...(refused ? [['refused', paint('yellow', `"${refused.request}" (${formatDistance(refused.at, now)}): ${refused.why}`)]] : []),
      ...(check ? [["month's check", describeCheck(check, now, paint)]] : []),
    ]),
    ...(last ? [renderRehearsal(last, now, paint)] : []),
  ];
}

function rowsOf(end: RehearsalEnd, now: Date, paint: Paint): string[][] {
  const { version, result, endedAt, migrations = 0, seconds = 0, slowest, peakMemory = 0, bytesBefore = 0, bytesAfter = 0 } = end;
  const head = `${version} on ${describeBasis(end)}`;
  if (result !== 'Passed') return [['rehearsal', `${head}: ${paint('red', `failed ${describeFailure(end)}`)} (${formatDistance(endedAt, now)})`], ['to do', adviceOnRehearsal(end)]];
  return [
    ['rehearsal', `${head}: ${paint('green', 'passed')} (${formatDistance(endedAt, now)})`],
    ['time', `${migrations} migrations in ${seconds} s${slowest ? `; the longest is ${slowest.migration} with ${slowest.seconds} s` : ''}`],
    ['memory', `${size(peakMemory)} at most, of the process that migrated`],
    ['database', `${size(bytesBefore)} before, ${size(bytesAfter)} afterwards`],
  ];
}

function describeCheck(check: RehearsalEnd, now: Date, paint: Paint): string {
  const on = `${describeBasis(check)} (${formatDistance(check.endedAt, now)})`;
  return check.result === 'Passed' ? paint('green', `GlitchTip ${check.version} finds nothing to migrate in ${on}`) : paint('red', `failed ${describeFailure(check)}, on ${on}`);
}

/** By PostgreSQL's table of conflicting locks: who reads takes ACCESS SHARE, who writes ROW EXCLUSIVE. */
function whoWaits(mode: string): string {
  return mode === 'ACCESS EXCLUSIVE' ? 'whoever reads or writes' : 'whoever writes';
}
