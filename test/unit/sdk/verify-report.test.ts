// The report: the table, the JSON and what makes the run fail.
import { describe, expect, it } from '@jest/globals';
import { failures, renderJson, renderTable, summaryLine, type Row } from '../../sdk/verify-report.js';

const base = { suite: '01-sdk-compatibility', milliseconds: 1234 };
const passed: Row = { ...base, id: '01.1', name: 'an exception', result: 'passed', detail: 'found', sent: 1, accepted: 1, stored: 1 };
const acceptedOnly: Row = { ...base, id: '01.2', name: 'a message', result: 'accepted only', detail: 'answered 200', sent: 1, accepted: 1 };
const skipped: Row = { ...base, id: '04.2', name: 'no public port', result: 'skipped', detail: 'the cluster was not asked' };
const lost: Row = { ...base, id: '03.2', name: 'a steady rate', result: 'failed', detail: '5 x 500', sent: 100, accepted: 95, stored: 95 };

const withToken = { storedChecked: true, strict: false };
const withoutToken = { storedChecked: false, strict: false };

describe('failures', () => {
  it('are only failed tests by default', () => {
    expect(failures([passed, acceptedOnly, skipped, lost], false)).toEqual([lost]);
  });

  it('include skips and events that nobody looked for when strict', () => {
    expect(failures([passed, acceptedOnly, skipped, lost], true)).toEqual([acceptedOnly, skipped, lost]);
  });
});

describe('renderTable', () => {
  it('shows accepted and stored apart', () => {
    const line = lineOf(renderTable([lost], withToken), '03.2');
    expect(line).toMatch(/95 of 100\s+│\s+95\s/);
  });

  it('says that stored was not checked when there is no token', () => {
    const table = renderTable([acceptedOnly], withoutToken);
    expect(table).toContain('not checked');
    expect(table).toContain('(no --token)');
  });

  it('never shows a count of stored events without a token', () => {
    expect(lineOf(renderTable([acceptedOnly], withoutToken), '01.2')).not.toMatch(/1 of 1\s+│\s+1\s/);
  });

  it('leaves the counts of a test without events empty', () => {
    expect(lineOf(renderTable([skipped], withToken), '04.2')).toMatch(/skipped\s+│\s+│\s+│/);
  });

  it.each([80, 120, 200])('keeps within %d columns', (width) => {
    const table = renderTable([passed, skipped, lost], withToken, width);
    expect(Math.max(...table.split('\n').map((line) => line.length))).toBeLessThanOrEqual(Math.max(width, 112));
  });
});

describe('summaryLine', () => {
  it('counts each result', () => {
    expect(summaryLine([passed, passed, skipped, lost], withToken)).toBe('4 tests: 2 passed, 1 skipped, 1 failed.');
  });

  it('says that nothing was proven to be stored without a token', () => {
    expect(summaryLine([acceptedOnly], withoutToken)).toContain('Nothing was read back');
  });

  it('says why a skip made the run fail', () => {
    expect(summaryLine([skipped], { storedChecked: true, strict: true })).toContain('--strict');
  });
});

describe('renderJson', () => {
  it('carries the verdict and every row', () => {
    expect(JSON.parse(renderJson([passed, lost], withToken))).toEqual({ ok: false, storedChecked: true, tests: [passed, lost] });
  });

  it('is not ok when strict and something was skipped', () => {
    expect(JSON.parse(renderJson([skipped], { storedChecked: true, strict: true }))).toMatchObject({ ok: false });
  });
});

function lineOf(table: string, id: string): string {
  return table.split('\n').find((line) => line.includes(id)) ?? '';
}
