// Rows of text in columns, with lines between them or without. Pure.
import Table from 'cli-table3';

/** @param widths characters of a column whose text is to be wrapped */
export function grid(head: readonly string[], rows: readonly string[][], widths: readonly (number | undefined)[] = []): string {
  return drawGrid(head, rows, { colWidths: widths.map((width) => width ?? null) });
}

/** The same without a line between two rows, where there are many. */
export function denseGrid(head: readonly string[], rows: readonly string[][], widths: readonly (number | undefined)[] = []): string {
  return drawGrid(head, rows, { colWidths: widths.map((width) => width ?? null), chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' } });
}

function drawGrid(head: readonly string[], rows: readonly string[][], options: Table.TableConstructorOptions): string {
  const table = new Table({ head: [...head], style: { head: [], border: [] }, wordWrap: true, ...options });
  table.push(...rows);
  return table.toString();
}

/** Columns without lines; the last one may be as long as it likes. */
export function aligned(rows: readonly string[][]): string[] {
  if (rows.length === 0) return [];
  const none = Object.fromEntries(['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right', 'left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid'].map((part) => [part, '']));
  const table = new Table({ chars: { ...none, middle: '  ' }, style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] } });
  table.push(...rows);
  return table.toString().split('\n').map((line) => line.trimEnd());
}
