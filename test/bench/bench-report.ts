// What the bench prints: rows, the goals they are held to, one table, and the same as JSON.
import Table from 'cli-table3';

/** What a measurement is held to. */
export interface Goal {
  /** As a person reads it: "at most 4". */
  readonly text: string;
  readonly met: boolean;
}

/** One line of the table. A line without a goal is there to explain one that has it. */
export interface Row {
  readonly what: string;
  readonly measured: string;
  readonly goal?: Goal;
}

/** A measurement's lines, and its numbers for machines. */
export interface Section {
  readonly name: string;
  readonly rows: readonly Row[];
  readonly numbers: unknown;
  /** What a reader must know to read the lines, in a sentence or two under the table. */
  readonly note?: string;
}

/** A goal that a value meets up to and including the limit. NaN meets none. */
export function atMost(value: number, limit: number, unit = ''): Goal {
  return { text: `at most ${limit}${unit}`, met: value <= limit };
}

/** A goal that a value meets below the limit. NaN meets none. */
export function under(value: number, limit: number, unit = ''): Goal {
  return { text: `under ${limit}${unit}`, met: value < limit };
}

export function unmetGoals(sections: readonly Section[]): Row[] {
  return sections.flatMap(({ rows }) => rows.filter(({ goal }) => goal?.met === false));
}

/** The table that a run ends with. `width`: columns of the terminal. */
export function renderTable(sections: readonly Section[], width = 140): string {
  const [whatWidth, goalWidth, metWidth] = [30, 18, 9];
  const table = new Table({
    head: ['what', 'measured', 'goal', 'met'],
    style: { head: [], border: [], compact: true },
    colWidths: [whatWidth, Math.max(40, width - whatWidth - goalWidth - metWidth - 5), goalWidth, metWidth],
    wordWrap: true,
  });
  for (const { name, rows } of sections) {
    table.push([{ content: name.toUpperCase(), colSpan: 4 }]);
    for (const { what, measured, goal } of rows) table.push([what, measured, goal?.text ?? '', metText(goal)]);
  }
  return table.toString();
}

function metText(goal: Goal | undefined): string {
  if (goal === undefined) return '';
  return goal.met ? 'met' : 'NOT MET';
}

/** The notes under the table, each on a line of its own. */
export function renderNotes(sections: readonly Section[]): string {
  return sections.flatMap(({ name, note }) => (note === undefined ? [] : `${name}: ${note}\n`)).join('');
}

/** The last line. */
export function renderVerdict(sections: readonly Section[]): string {
  const goals = sections.flatMap(({ rows }) => rows).filter(({ goal }) => goal !== undefined).length;
  const unmet = unmetGoals(sections);
  if (goals === 0) return 'no goal was measured';
  return unmet.length === 0 ? `all ${goals} goals met` : `${unmet.length} of ${goals} goals NOT MET: ${unmet.map(({ what }) => what).join('; ')}`;
}

/** The same for machines; `context` says where and with what it was measured. */
export function renderJson(sections: readonly Section[], context: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ ...context, goalsMet: unmetGoals(sections).length === 0, sections }, null, 2);
}

/** Bytes as whole mebibytes. */
export function mebibytes(bytes: number | undefined): string {
  return bytes === undefined ? 'unknown' : `${Math.round(bytes / 2 ** 20)}Mi`;
}
