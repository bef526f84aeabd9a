// The end of a run: the table for people, the JSON for machines, and the exit code for both.
import Table from 'cli-table3';
import { seconds } from './statistics.js';
import type { Finding, Result } from './suite.js';

/** A finding with the test that made it and the time that it took. */
export interface Row extends Finding {
  readonly id: string;
  readonly name: string;
  readonly suite: string;
  readonly milliseconds: number;
}

export interface ReportOptions {
  /** Whether a token was given: without one nothing could be looked up. */
  readonly storedChecked: boolean;
  /** Skips and "accepted only" count as failures. */
  readonly strict: boolean;
}

const NOT_CHECKED = 'not checked (no --token)';

/** Results that make the exit code 1. */
export function failures(rows: readonly Row[], strict: boolean): Row[] {
  const bad: readonly Result[] = strict ? ['failed', 'skipped', 'accepted only'] : ['failed'];
  return rows.filter(({ result }) => bad.includes(result));
}

/** The table, at most `width` columns wide. */
export function renderTable(rows: readonly Row[], options: ReportOptions, width = 150): string {
  const table = new Table({
    head: ['test', 'result', 'accepted', 'stored', 'time', 'detail'],
    style: { head: [], border: [], compact: true },
    colWidths: columnWidths(width, options.storedChecked),
    wordWrap: true,
  });
  for (const row of rows) {
    table.push([
      `${row.id} ${row.name}`,
      row.result,
      row.accepted === undefined ? '' : `${row.accepted} of ${row.sent ?? row.accepted}`,
      storedCell(row, options.storedChecked),
      seconds(row.milliseconds),
      row.detail,
    ]);
  }
  return table.toString();
}

/** What the table has left after its fixed columns is shared by the test's name and the detail. */
function columnWidths(width: number, storedChecked: boolean): number[] {
  const fixed = [15, 14, storedChecked ? 8 : 14, 8];
  const rest = Math.max(60, width - fixed.reduce((sum, one) => sum + one, 0) - 7);
  const name = Math.min(42, Math.floor(rest / 2));
  return [name, ...fixed, rest - name];
}

function storedCell({ accepted, stored }: Row, checked: boolean): string {
  if (accepted === undefined) return '';
  if (!checked) return NOT_CHECKED;
  return stored === undefined ? '' : String(stored);
}

/** One line under the table. */
export function summaryLine(rows: readonly Row[], { storedChecked, strict }: ReportOptions): string {
  const counts = (['passed', 'accepted only', 'skipped', 'failed'] as const)
    .map((result) => ({ result, count: rows.filter((row) => row.result === result).length }))
    .filter(({ count }) => count > 0)
    .map(({ result, count }) => `${count} ${result}`);
  const caveat = storedChecked ? '' : ' Nothing was read back: give --token to prove that events are stored.';
  const strictly = strict && failures(rows, true).length > 0 ? ' (--strict: a skip is a failure)' : '';
  return `${rows.length} tests: ${counts.join(', ')}${strictly}.${caveat}`;
}

/** The same for machines: an object with `ok`, `storedChecked` and `tests`. */
export function renderJson(rows: readonly Row[], options: ReportOptions): string {
  return JSON.stringify({ ok: failures(rows, options.strict).length === 0, storedChecked: options.storedChecked, tests: rows }, null, 2);
}
