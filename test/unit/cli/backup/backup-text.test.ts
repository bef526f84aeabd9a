import { describe, expect, it } from '@jest/globals';
import { buildBackupReport, type BackupReport } from '../../../../cli/backup/backup-report.js';
import { backupLines, renderBackups } from '../../../../cli/backup/backup-text.js';
import { plain } from '../../../../cli/output.js';
import { COPY, NOW, OLDER_COPY, condition, copied, lastFailure, ready, resource, type Scenario } from '../cli-scenarios.js';

const spec = { backup: { store: 's3' } };
const report = (scenario: Scenario = {}): BackupReport => {
  const built = buildBackupReport(resource({ spec, backup: copied(), ...scenario }));
  if (built === undefined) throw new Error('no backups are made');
  return built;
};

it('nothing is reported where none are made', () => expect(buildBackupReport(resource())).toBeUndefined());

describe('the report', () => {
  it('has each copy with how it was verified: of an older one only that its tables were counted is known', () => {
    expect(report().copies).toEqual([
      { name: COPY, at: '2026-06-01T02:30:00Z', bytes: 44_000_000, verified: 'content', where: 's3', damaged: false },
      { name: OLDER_COPY, at: '2026-05-31T02:30:00Z', bytes: 43_000_000, verified: 'counts', where: 's3', damaged: false },
    ]);
  });
  it('has what to do about a failure', () => {
    expect(report({ backup: copied({ lastFailure: lastFailure({ reason: 'DatabaseAway' }), failures: 2 }) })).toMatchObject({ failures: 2, lastFailure: { reason: 'DatabaseAway', advice: expect.stringContaining('was restarted in the middle') } });
  });
  it('has the condition, once the operator said it', () => {
    expect(report().condition).toBeUndefined();
    expect(report({ conditions: [ready, condition('BackupVerified', 'True', 'Restored', 'Good.')] }).condition).toEqual({ status: 'True', reason: 'Restored', message: 'Good.' });
  });
});

describe('the text', () => {
  it('is a table, and what comes next', () => {
    expect(renderBackups(report(), NOW, plain)).toMatchInlineSnapshot(`
"┌──────────────────┬─────────────────────────────────┬──────┬──────────────────────────────┬────────┐
│ copy             │ when                            │ size │ verified                     │ where  │
│ 20260601T023000Z │ 2026-06-01 02:30 UTC (9 h ago)  │ 42Mi │ restored, every row compared │ bucket │
│ 20260531T023000Z │ 2026-05-31 02:30 UTC (33 h ago) │ 41Mi │ restored, tables counted     │ bucket │
└──────────────────┴─────────────────────────────────┴──────┴──────────────────────────────┴────────┘
backups  newest copy  9 h ago, 42Mi, restored, every row compared, in the bucket
         next         2026-06-02 02:30 UTC (in 14 h)"
`);
  });
  const lines = (scenario: Scenario) => backupLines(report(scenario), NOW, plain).join('\n');
  it.each<[string, Scenario, string]>([
    ['what is under way', { backup: copied({ current: { copy: '20260601T115900Z', trigger: 'request', startedAt: '2026-06-01T11:59:00Z' } }) }, '20260601T115900Z (request), begun 60 s ago'],
    ['what failed, how often, and what to do', { backup: copied({ lastFailure: lastFailure(), failures: 2 }) }, 'failed in step restore: StepFailed, exit code 3, 2 times in a row'],
    ['that copies are on this host', { backup: copied({ lastVerified: { copy: COPY, at: '2026-06-01T02:34:10Z', bytes: 1, seconds: 1, how: 'counts', where: 'volume' } }) }, 'what destroys this host takes its copies, too'],
    ['what a run waits for', { backup: copied({ heldBack: 'rotation 1 is Rolling' }) }, 'waits for    rotation 1 is Rolling'],
    ['that none is made by itself', { spec: { backup: { store: 's3', enabled: false } }, backup: copied({ nextAt: undefined }) }, 'on demand only: glitchkeeper backup now'],
    ['why nothing was deleted', { backup: copied({ retention: 'NewestInFuture' }) }, 'a copy is dated in the future'],
    ['a reason of a newer operator as it is', { backup: copied({ retention: 'MoonTooBright' }) }, 'MoonTooBright'],
    ['that there is none', { backup: {} }, 'none that is known to restore'],
    ['how many are damaged', { backup: copied({ copies: [{ name: COPY, bytes: 1, damaged: false }, { name: OLDER_COPY, bytes: 1, damaged: true }] }) }, '; 1 damaged'],
  ])('says %s', (_, scenario, text) => expect(lines(scenario)).toContain(text));

  it('says of a name that somebody changed in the status that it is no time', () => {
    const undated = report({ backup: copied({ copies: [{ name: '20260631T000000Z', bytes: 1, damaged: false }] }) });
    expect(undated.copies[0]).not.toHaveProperty('at');
    expect(renderBackups(undated, NOW, plain)).toMatch(/20260631T000000Z │ is no time[^]*newest copy {2}20260631T000000Z is no time, 1/);
  });
  it('marks a damaged copy in the table', () => {
    expect(renderBackups(report({ backup: copied({ copies: [{ name: COPY, bytes: 1, damaged: true }] }) }), NOW, plain)).toContain('damaged: not what its manifest says');
  });
});
