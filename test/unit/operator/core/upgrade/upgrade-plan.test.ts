// What a person may ask for, and single decisions; whole upgrades are in replay.test.ts.
import { describe, expect, it } from '@jest/globals';
import type { UpgradeProgress } from '../../../../../operator/api/upgrade-fields.js';
import type { BackupJob } from '../../../../../operator/core/backup/run-end.js';
import { judgeImport } from '../../../../../operator/core/upgrade/legacy-import.js';
import type { UpgradeFacts } from '../../../../../operator/core/upgrade/upgrade-facts.js';
import { describeEnd, describeImport, describeUpgrade, notesOf } from '../../../../../operator/core/upgrade/upgrade-report.js';
import { planUpgrade, type UpgradeInput } from '../../../../../operator/core/upgrade/upgrade-plan.js';
import { parseUpgradeRequest, type UpgradeRequest } from '../../../../../operator/core/upgrade/upgrade-request.js';
import { UpgradeWorld, seen } from './upgrade-scenarios.js';

describe('the annotation glitchkeeper.io/upgrade', () => {
  it.each<[string, UpgradeRequest]>([['6.2', { kind: 'begin', to: '6.2' }], [' 6.2.6 ', { kind: 'begin', to: '6.2' }], ['confirm', { kind: 'confirm' }], ['undo', { kind: 'undo' }], ['stay', { kind: 'stay' }], ['import', { kind: 'import' }]])(
    '%s is understood', (text, request) => expect(parseUpgradeRequest(text, '5.2')).toEqual(request),
  );
  it.each<[string, '5.2' | '6.2', string]>([
    ['please', '5.2', 'expected a release, or one of confirm, undo, stay, import; found "please"'],
    ['7.0', '5.2', 'which has no published image'],
    ['5.2', '5.2', '5.2 is what version says already'],
    ['5.2', '6.2', 'expected none: there is no newer release, for 6.2 runs; found 5.2'],
  ])('%s is refused while %s runs', (text, running, why) => {
    const request = parseUpgradeRequest(text, running);
    expect(request.kind === 'invalid' && request.message).toContain(why);
  });
});

const CURRENT: UpgradeProgress = { id: '20261129T100000Z', from: '5.2', to: '6.2', phase: 'Migrating', since: '2026-11-29T10:03:00Z', attempt: 1, copy: '20261129T100200Z' };
const none = { wanted: 0, pods: 0, ready: 0 } as const;
const HELD = seen({ kind: 'held', by: 'upgrade 20261129T100000Z' } as const);
const plan = (change: Omit<Partial<UpgradeInput>, 'facts'> & { readonly facts?: Partial<UpgradeFacts> } = {}, current: Partial<UpgradeProgress> | null = {}) => planUpgrade({
  suspend: false, request: undefined, now: new Date('2026-11-29T10:04:00Z'), status: current ? { current: { ...CURRENT, ...current } } : {},
  ...change, facts: { ...new UpgradeWorld().facts(), running: '6.2', gateway: undefined, lock: { kind: 'ours' }, parts: seen({ web: none, worker: none }), hold: HELD, sessions: seen(0), ...change.facts },
});

describe('an upgrade', () => {
  it.each<[string, Parameters<typeof plan>, string]>([
    ['stands still while the operator is suspended', [{ suspend: true }], 'Nothing is upgraded while spec.suspend is true.'],
    ['leaves alone what a later version has begun', [{}, { phase: 'Weighing' as UpgradeProgress['phase'] }], 'A later version of the operator has brought it to Weighing: this one does not know how it goes on.'],
    ['waits for a Job that cannot start, and makes none beside it', [{ facts: { step: seen('5.2-6.2'), migration: seen({ kind: 'running', name: 'migrate-1', why: 'migrate: ImagePullBackOff' }) } }], 'Migrating: Job migrate-1 cannot start (migrate: ImagePullBackOff).'],
    ['makes a Job where the manifests have none that is new', [{ facts: { step: seen('5.2-6.2'), migration: seen({ kind: 'none' }) } }], 'Migrating: migrate: Job glitchkeeper-migrate-upgrade-20261129t100300z-1.'],
    ['does not take a Job of the old release for the migration', [{ facts: { step: seen('5.2-6.2'), migration: seen({ kind: 'done', name: 'migrate-1' }), schema: seen('5.2') } }], 'Migrating: Job migrate-1 has ended, and the database is of GlitchTip 5.2. It is tried again; undo goes back.'],
    ['waits while the database cannot be seen', [{ facts: { step: seen('5.2-6.2'), migration: seen({ kind: 'done', name: 'migrate-1' }), schema: { kind: 'unseen', why: 'Postgres cannot be reached (ECONNREFUSED)' } } }], 'Migrating: Postgres cannot be reached (ECONNREFUSED).'],
    ['waits for what is under way to GlitchTip', [{ facts: { running: '5.2', queue: seen(0), gateway: seen({ mode: 'holds without keeping', underWay: 7 }) } }, { phase: 'Draining' }], 'Draining: 7 events are under way to GlitchTip.'],
    ['says whose hand is missing where nobody empties the queue', [{ facts: { running: '5.2', queue: seen(7), gateway: seen({ mode: 'holds without keeping', underWay: 0 }) } }, { phase: 'Draining' }], "Draining: 7 tasks are in the queue, or in the worker's hand, and the worker is scaled to nothing: scale it up, or they stay there."],
    ['lets go of what a lost status holds', [{ facts: { lock: { kind: 'free' } } }, null], 'let go.'],
    ['leaves alone what a restore holds', [{ facts: { lock: { kind: 'free' }, hold: seen({ kind: 'held', by: 'restore 20261129T100000Z' }) } }, null], 'No upgrade is under way.'],
    ['says what it waits for in Ready', [{ facts: { running: '5.2' } }, { phase: 'Ready' }], 'Ready: the manifests of 6.2 are to be applied (version: "6.2" in settings.yaml, npm run synth, kubectl apply -f dist/): those of 5.2 are.'],
    ['says of a restore that was refused why it does not get on', [{ facts: { restore: { refused: { request: '{"copy":"20261129T100200Z","save":false,"upgrade":"20261129T100000Z"}', at: '2026-11-29T10:03:30Z', why: 'no' } } } }, { phase: 'Undoing' }], 'Undoing: the restore was refused (no): undo tries once more, stay goes back to 6.2.'],
  ])('%s', (_, input, message) => expect(plan(...input).message).toBe(message));

  it.each<[string, Parameters<typeof plan>, string]>([
    ['where no backups are made', [{ request: '6.2', impediment: 'no backups', facts: { running: '5.2' } }, null], 'no backups'],
    ['beside a restore', [{ request: '6.2', facts: { running: '5.2', restore: { current: { id: '20261129T090000Z', wanted: { copy: 'latest', save: true }, phase: 'Unconfirmed', direction: 'forth', since: '2026-11-29T09:00:00Z', attempt: 1 } } } }, null], 'Restore 20261129T090000Z is Unconfirmed: confirm or undo it first.'],
    ['beside another one', [{ request: '6.2', facts: { running: '5.2' } }], 'An upgrade is under way (20261129T100000Z, Migrating): confirm or undo it first.'],
    ['to be confirmed too early', [{ request: 'confirm' }], 'There is nothing to confirm yet: the upgrade is Migrating.'],
    ['to be confirmed when there is none', [{ request: 'confirm' }, null], 'There is no upgrade to confirm.'],
    ['to stay when nobody goes back', [{ request: 'stay' }], 'It is not being undone: the upgrade is Migrating.'],
    ['to be undone while it is cleaned up', [{ request: 'undo' }, { phase: 'Cleaning' }], 'The upgrade cannot be undone while it is Cleaning.'],
  ])('is refused %s', (_, input, why) => expect(plan(...input)).toMatchObject({ action: { kind: 'drop request', rejected: why }, status: { refused: { why } } }));
});

describe('the Job of an import', () => {
  const ended = (message: string, condition: BackupJob['condition'] = 'Complete'): BackupJob => ({ condition, pod: { containers: [{ name: 'import', terminated: { exitCode: 0, message } }] } });
  it.each<[string, BackupJob | undefined, string | undefined, object]>([
    ['is not there', undefined, undefined, { kind: 'absent' }],
    ['runs', {}, undefined, { kind: 'running' }],
    ['cannot start', {}, 'import: ImagePullBackOff', { kind: 'ended', end: { result: 'Failed', why: 'import: ImagePullBackOff' } }],
    ['has imported', ended('{"result":"imported","imported":40,"left":2}'), undefined, { kind: 'ended', end: { result: 'Imported', imported: 40, left: 2 } }],
    ['has failed', ended('{"result":"failed","why":"no such table"}', 'Failed'), undefined, { kind: 'ended', end: { result: 'Failed', why: 'no such table' } }],
    ['says nothing', { condition: 'Failed', reason: 'BackoffLimitExceeded' }, undefined, { kind: 'ended', end: { result: 'Failed', why: 'it says nothing (BackoffLimitExceeded)' } }],
    ['had too little memory', { condition: 'Failed', pod: { containers: [{ name: 'import', terminated: { exitCode: 137, reason: 'OOMKilled' } }] } }, undefined, { kind: 'ended', end: { result: 'Failed', why: 'it had too little memory: raise resources.migrate.limits.memory' } }],
  ])('%s', (_, job, stuck, found) => expect(judgeImport(job, stuck)).toEqual(found));
});

describe('what is told', () => {
  it('is an event for each phase, with what a person does next', () => {
    const note = (phase: UpgradeProgress['phase']) => notesOf({ current: { ...CURRENT, phase: 'Saving' } }, { current: { ...CURRENT, phase } })[0];
    expect(note('Ready')).toMatchObject({ reason: 'UpgradeReady', note: expect.stringContaining('kubectl apply -f dist/') });
    expect(note('Unconfirmed')).toMatchObject({ reason: 'UpgradeUnconfirmed', note: expect.stringContaining('undo restores copy 20261129T100200Z of 5.2') });
    expect(note('Returning')).toMatchObject({ type: 'Warning' });
  });
  it.each<[string, string, string]>([
    ['a phase', describeUpgrade({ current: { ...CURRENT, waitsFor: 'Job migrate-1 migrates.' } }, new Date('2026-11-29T10:04:00Z')) ?? '', 'Upgrade 20261129T100000Z from 5.2 to 6.2 has been Migrating for 60 s: Job migrate-1 migrates.'],
    ['an end', describeEnd({ id: CURRENT.id, from: '5.2', to: '6.2', at: CURRENT.since, result: 'Undone', copy: '20261129T100200Z' }), 'Upgrade 20261129T100000Z from 5.2 to 6.2 is taken back: copy 20261129T100200Z of 5.2 is live, and its restore waits for confirm.'],
    ['an import', describeImport({ id: CURRENT.id, end: { at: CURRENT.since, result: 'Imported', imported: 40, left: 2 } }), 'Import 20261129T100000Z: 40 events of the old release are where the new one looks for them; 2 rows are left in the archive: they were here already, or their issue is gone.'],
  ])('is a sentence: %s', (_, said, expected) => expect(said).toBe(expected));
});
