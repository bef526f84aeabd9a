import { describe, expect, it } from '@jest/globals';
import type { DatabaseFacts } from '../../../../backup/core/database-facts.js';
import type { TableCount } from '../../../../backup/core/manifest.js';
import { describeProblem, findProblems, type Evidence } from '../../../../backup/core/verification.js';
import { EXPECTED, FACTS, manifestOf } from '../copy-scenarios.js';

const previous = manifestOf('20261128T023000Z');
const GOOD: Evidence = { dumped: FACTS, restored: FACTS, expected: EXPECTED, previous };

const with_ = (change: (table: TableCount) => TableCount | undefined): DatabaseFacts => ({ ...FACTS, tables: FACTS.tables.flatMap((table) => change(table) ?? []) });
const rows = (name: string, count: number) => with_((table) => (table.table === name ? { ...table, rows: count } : table));
const content = (change: Partial<DatabaseFacts['content']>): DatabaseFacts => ({ ...FACTS, content: { ...FACTS.content, ...change } });
const server = (change: Partial<DatabaseFacts['server']>): DatabaseFacts => ({ ...FACTS, server: { ...FACTS.server, ...change } });
/** Both alike, as where the dump and the count make the same mistake. */
const both = (facts: DatabaseFacts): Partial<Evidence> => ({ dumped: facts, restored: facts });
const PARTITION = 'public.event_20261129';

describe('a restored database', () => {
  it.each<[string, Partial<Evidence>, string[]]>([
    ['as it was dumped is good', {}, []],
    ['is good without a copy before it', { previous: undefined }, []],
    ['with a row less', { restored: rows('public.users_user', 2) }, ['RowsDiffer: public.users_user: expected 3 rows, found 2 rows']],
    ['with a row more, as after rows that were restored twice', { restored: rows('public.users_user', 6) }, ['RowsDiffer: public.users_user: expected 3 rows, found 6 rows']],
    ['without a partition', { restored: with_((table) => (table.table === PARTITION ? undefined : table)) }, ['TableMissing: public.event_20261129: expected 500 rows, found no such table']],
    ['with a table that was not there', { dumped: with_((table) => (table.table === PARTITION ? undefined : table)) }, ['TableTooMuch: public.event_20261129: expected no such table, found 500 rows']],
    ['with other rows, as many', { dumped: with_((table) => ({ ...table, hash: '1' })), restored: with_((table) => ({ ...table, hash: table.table === PARTITION ? '2' : '1' })) },
      ['ContentDiffers: public.event_20261129: expected the rows that were dumped, found other rows']],
    ['whose rows were hashed on one side only', { dumped: with_((table) => (table.table === PARTITION ? { ...table, hash: '1' } : table)) }, ['ContentDiffers: public.event_20261129: expected the rows that were dumped, found other rows']],
    ['of another server', both(server({ systemIdentifier: '8' })), ['OtherServer: system identifier: expected 7123, found 8']],
    ['of another database', both(server({ database: 'reports' })), ['OtherDatabase: database: expected glitchtip, found reports']],
    ['that is not migrated', both(content({ migration: 'users.0001_initial' })), ['OtherMigration: newest row of django_migrations: expected users.0042_last, found users.0001_initial']],
    ['without django_migrations', both(content({ migration: undefined })), ['OtherMigration: newest row of django_migrations: expected users.0042_last, found none']],
    ['without a partition for now', both(content({ partitionsNow: 0 })), ['NoPartitionForNow: partitions of issue_events_issueevent for the time of the run: expected at least 1, found 0']],
    ['without an organization', both(content({ organizations: 0 })), ['NoOrganization: organizations: expected at least 1, found 0']],
    ['without the table of users', both(content({ users: undefined })), ['NoUser: users: expected at least 1, found no such table']],
    ['with less than half of the events of the copy before', both({ ...FACTS, tables: rows('public.event_20261128', 1_700).tables }),
      ['TableShrunk: public.issue_events_issueevent: expected at least half of the 4500 rows of copy 20261128T023000Z, found 2200 rows']],
    ['with half of the events of the copy before is good', both(rows('public.event_20261128', 1_750)), []],
    ['with another partition instead, and as many events, is good', both(with_((table) => (table.table === PARTITION ? { ...table, table: 'public.event_20261130' } : table))), []],
    ['without sessions is good: they come and go', both(rows('public.django_session', 0)), []],
    ['with a small table that became smaller is good', both(rows('public.users_user', 1)), []],
    ['without a table that the copy before has', both(with_((table) => (table.table === 'public.users_user' ? undefined : table))),
      ['TableGone: public.users_user: expected 3 rows, as in copy 20261128T023000Z, found no such table']],
    ['of a later migration, without a table that the copy before has, is good',
      { ...both({ ...with_((table) => (table.table === 'public.users_user' ? undefined : table)), content: { ...FACTS.content, migration: 'users.0043_dropped' } }), expected: { ...EXPECTED, migration: 'users.0043_dropped' } }, []],
    ['with less than half of the events is good where a person said why', { ...both(rows('public.event_20261128', 0)), expected: { ...EXPECTED, mayShrink: 'retention went down to 7 days' } }, []],
  ])('%s', (_, change, problems) => {
    expect(findProblems({ ...GOOD, ...change }).map(describeProblem)).toEqual(problems);
  });

  it('that is empty is told from all sides, what says most first', () => {
    const empty: DatabaseFacts = { server: { ...FACTS.server, database: 'postgres' }, content: { partitionsNow: 0 }, tables: [] };
    const problems = findProblems({ ...GOOD, dumped: empty, restored: empty }).map(({ problem }) => problem);
    expect(problems.slice(0, 5)).toEqual(['OtherDatabase', 'OtherMigration', 'NoPartitionForNow', 'NoOrganization', 'NoUser']);
  });
});
