// doctor's findings as a table, and what they come to. Pure.
import type { Colour, Paint } from '../output.js';
import { denseGrid } from '../report/columns.js';
import type { Finding, Level } from './check-result.js';

const MARKS: Readonly<Record<Level, readonly [Colour, string]>> = { ok: ['green', '✓'], warning: ['yellow', '!'], failure: ['red', '✗'], 'not seen': ['dim', '?'] };
/** Characters; together with the first column they fit 120. */
const FOUND_WIDTH = 46;
const REMEDY_WIDTH = 50;

export function renderFindings(findings: readonly Finding[], paint: Paint): string {
  const rows = findings.map(({ check, level, found, remedy }) => [`${paint(...MARKS[level])} ${check}`, level === 'not seen' ? `not seen: ${found}` : found, remedy ?? '']);
  return `${denseGrid(['check', 'found', 'remedy'].map((title) => paint('bold', title)), rows, [undefined, FOUND_WIDTH, REMEDY_WIDTH])}\n${renderCounts(findings, paint)}`;
}

function renderCounts(findings: readonly Finding[], paint: Paint): string {
  const counts = countLevels(findings);
  return (Object.keys(MARKS) as Level[]).filter((level) => counts[level] > 0).map((level) => `${paint(...MARKS[level])} ${counts[level]} ${WORDS[level]}`).join(', ');
}

const WORDS: Readonly<Record<Level, string>> = { ok: 'as it should be', warning: 'with a warning', failure: 'wrong', 'not seen': 'not seen' };

export function countLevels(findings: readonly Finding[]): Record<Level, number> {
  const counts: Record<Level, number> = { ok: 0, warning: 0, failure: 0, 'not seen': 0 };
  for (const { level } of findings) counts[level] += 1;
  return counts;
}
