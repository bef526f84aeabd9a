// The table of the stages of a run: for the terminal, and for docs/testing.md.
import { clock } from './run.js';
import type { StageResult } from './run-stage.js';

const HEAD = ['stage', 'started at', 'seconds', 'passed', 'failed', 'skipped', ''];

function rows(results: readonly StageResult[]): string[][] {
  const byBeginning = [...results].sort((a, b) => Number(a.note === 'not run') - Number(b.note === 'not run') || a.began - b.began);
  return byBeginning.map(({ stage, began, seconds, passed, failed, skipped, note = '' }) =>
    note === 'not run' || note.startsWith('skipped')
      ? [stage, '', '', '', '', String(skipped.length), note]
      : [stage, clock(began), String(seconds), ...[passed, failed, skipped.length].map(String), note]);
}

export function renderStages(results: readonly StageResult[]): string {
  const lines = [HEAD, ...rows(results)];
  const widths = HEAD.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  const pad = (text: string, column: number): string => (column === 0 ? text.padEnd(widths[column] ?? 0) : text.padStart(widths[column] ?? 0));
  return lines.map((line) => line.map(pad).join('  ').trimEnd()).join('\n');
}

/** In Markdown, without a last column that is empty. */
export function renderStagesForDocs(results: readonly StageResult[]): string {
  const lines = [HEAD, HEAD.map((_, column) => (column === 0 ? '---' : '--:')), ...rows(results)];
  return lines.map((line) => `| ${line.slice(0, -1).join(' | ')} |`).join('\n');
}
