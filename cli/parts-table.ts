// The table of the parts, for `npm start` and `glitchkeeper status`.
import Table from 'cli-table3';
import type { PartReport } from './part-states.js';

export function renderParts(reports: readonly PartReport[]): string {
  const table = new Table({ head: ['part', 'ready', 'memory used / limit', 'restarts'], style: { head: [], border: [] }, colAligns: ['left', 'left', 'right', 'right'] });
  for (const { part, state, memoryUsed, memoryLimit, restarts } of reports) {
    table.push([part, state, `${mebibytesOr(memoryUsed)} / ${mebibytesOr(memoryLimit)}`, restarts]);
  }
  return table.toString();
}

function mebibytesOr(value: number | undefined): string {
  return value === undefined ? '-' : `${value}Mi`;
}
