// Whether what was restored is what was dumped, and whether that was the database that it should have been: an empty, foreign or unmigrated one passes every check of its own.
import type { DatabaseFacts } from './database-facts.js';
import type { Manifest, TableCount } from './manifest.js';

/** What the operator knows of the database without this run: read by its own login, by its own connection. */
export interface Expected {
  readonly systemIdentifier: string;
  readonly database: string;
  /** Newest row of django_migrations, `app.name`. */
  readonly migration: string;
  /** A person's reason why tables may have become smaller. */
  readonly mayShrink?: string;
}

export interface Evidence {
  readonly dumped: DatabaseFacts;
  readonly restored: DatabaseFacts;
  readonly expected: Expected;
  /** Of the newest verified copy. */
  readonly previous?: Manifest;
}

/** Names of tables, counts and identifiers; never what is in a row. */
export interface Problem {
  readonly problem:
    | 'RowsDiffer' | 'ContentDiffers' | 'TableMissing' | 'TableTooMuch' | 'OtherServer' | 'OtherDatabase' | 'OtherMigration'
    | 'NoPartitionForNow' | 'NoOrganization' | 'NoUser' | 'TableShrunk' | 'TableGone';
  readonly of: string;
  readonly expected: string;
  readonly found: string;
}

/** Below this number of rows a table says nothing by becoming smaller. */
const LEAST_ROWS = 100;
/** Its share of the rows of the copy before that a table has at least. */
const LEAST_SHARE = 0.5;
const TOLD_PROBLEMS = 10;
/** What GlitchTip empties as it pleases. */
const COMES_AND_GOES = new Set(['public.db_queuedtask', 'public.django_session', 'public.django_cache', 'public.cache_table', 'public.account_emailconfirmation']);

/** None: the copy restores. The most telling first. */
export function findProblems({ dumped, restored, expected, previous }: Evidence): Problem[] {
  return [
    ...differ('OtherServer', 'system identifier', expected.systemIdentifier, dumped.server.systemIdentifier),
    ...differ('OtherDatabase', 'database', expected.database, dumped.server.database),
    ...ofContent(restored, expected),
    ...compareTables(dumped.tables, restored.tables),
    ...(previous === undefined || expected.mayShrink !== undefined ? [] : compareWithPrevious(previous, restored)),
  ];
}

/**
 * Whether a database has what the copy had, by its manifest alone: of what runs now it may differ in everything. Rows are compared by
 * their hashes where both were hashed.
 */
export function compareWithCopy({ database: { migration, tables } }: Manifest, restored: DatabaseFacts): Problem[] {
  return [...differ('OtherMigration', 'newest row of django_migrations', migration, restored.content.migration), ...compareTables(tables, restored.tables)];
}

/** The first of them for a person; the rest is in the count. */
export function describeProblems(problems: readonly Problem[]): string {
  const more = problems.length > TOLD_PROBLEMS ? `; and ${problems.length - TOLD_PROBLEMS} more` : '';
  return problems.slice(0, TOLD_PROBLEMS).map(describeProblem).join('; ') + more;
}

/** The problem, its object, what was expected and found: for a person, in one line. */
export function describeProblem({ problem, of, expected, found }: Problem): string {
  return `${problem}: ${of}: expected ${expected}, found ${found}`;
}

function differ(problem: Problem['problem'], of: string, expected: string, found: string | undefined): Problem[] {
  return expected === found ? [] : [{ problem, of, expected, found: found ?? 'none' }];
}

/** Of what was restored: what the dump left out is missing there, too. */
function ofContent({ content }: DatabaseFacts, expected: Expected): Problem[] {
  const atLeastOne = (problem: Problem['problem'], of: string, found: number | undefined): Problem[] =>
    (found ?? 0) > 0 ? [] : [{ problem, of, expected: 'at least 1', found: String(found ?? 'no such table') }];
  return [
    ...differ('OtherMigration', 'newest row of django_migrations', expected.migration, content.migration),
    ...atLeastOne('NoPartitionForNow', 'partitions of issue_events_issueevent for the time of the run', content.partitionsNow),
    ...atLeastOne('NoOrganization', 'organizations', content.organizations),
    ...atLeastOne('NoUser', 'users', content.users),
  ];
}

function compareTables(dumped: readonly TableCount[], restored: readonly TableCount[]): Problem[] {
  const found = new Map(restored.map((table) => [table.table, table]));
  const known = new Set(dumped.map(({ table }) => table));
  return [
    ...dumped.flatMap((table) => compareTable(table, found.get(table.table))),
    ...restored.filter(({ table }) => !known.has(table)).map(({ table, rows }): Problem => ({ problem: 'TableTooMuch', of: table, expected: 'no such table', found: `${rows} rows` })),
  ];
}

function compareTable({ table, rows, hash }: TableCount, restored: TableCount | undefined): Problem[] {
  if (restored === undefined) return [{ problem: 'TableMissing', of: table, expected: `${rows} rows`, found: 'no such table' }];
  if (restored.rows !== rows) return [{ problem: 'RowsDiffer', of: table, expected: `${rows} rows`, found: `${restored.rows} rows` }];
  if (restored.hash !== hash) return [{ problem: 'ContentDiffers', of: table, expected: 'the rows that were dumped', found: 'other rows' }];
  return [];
}

/** Partitions come and go by the calendar: of those the sum counts. */
function compareWithPrevious(previous: Manifest, now: DatabaseFacts): Problem[] {
  const [before, after] = [rowsByTable(previous.database.tables), rowsByTable(now.tables)];
  // A release may drop a table; that it is another one, the migration says.
  const sameSchema = previous.database.migration === now.content.migration;
  return [...before].flatMap(([of, rows]): Problem[] => {
    const found = after.get(of);
    if (COMES_AND_GOES.has(of)) return [];
    if (found === undefined) return sameSchema ? [{ problem: 'TableGone', of, expected: `${rows} rows, as in copy ${previous.name}`, found: 'no such table' }] : [];
    if (rows < LEAST_ROWS || found >= rows * LEAST_SHARE) return [];
    return [{ problem: 'TableShrunk', of, expected: `at least half of the ${rows} rows of copy ${previous.name}`, found: `${found} rows` }];
  });
}

function rowsByTable(tables: readonly TableCount[]): Map<string, number> {
  const sums = new Map<string, number>();
  for (const { table, partitionOf = table, rows } of tables) sums.set(partitionOf, (sums.get(partitionOf) ?? 0) + rows);
  return sums;
}
