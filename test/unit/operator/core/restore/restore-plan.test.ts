// What a person may ask for, and single decisions; whole restores are in replay.test.ts.
import { describe, expect, it } from '@jest/globals';
import { restoreStatus, type RestoreProgress } from '../../../../../operator/api/restore-fields.js';
import type { RestoreFacts } from '../../../../../operator/core/restore/restore-facts.js';
import { RESTORE_ENDING, jobOfPhase, databaseNames } from '../../../../../operator/core/restore/restore-names.js';
import { planRestore, type RestoreInput } from '../../../../../operator/core/restore/restore-plan.js';
import { notesOf } from '../../../../../operator/core/restore/restore-report.js';
import { parseRestoreRequest, type RestoreRequest } from '../../../../../operator/core/restore/restore-request.js';
import { copyNameSchema } from '../../../../../backup/core/copy-name.js';
import { RestoreWorld, seen } from './restore-scenarios.js';

const wanted = (change: object): RestoreRequest => ({ kind: 'begin', wanted: { copy: 'latest', save: true, ...change } });

describe('the annotation glitchkeeper.io/restore', () => {
  it.each<[string, RestoreRequest]>([
    ['latest', wanted({})],
    [' 20261128T023000Z ', wanted({ copy: '20261128T023000Z' })],
    ['confirm', { kind: 'confirm' }],
    ['undo', { kind: 'undo' }],
    ['{"copy":"latest","notAfter":"2026-11-28T03:00:00+01:00","save":false,"reason":"the disk is broken"}', wanted({ notAfter: '2026-11-28T03:00:00+01:00', save: false, reason: 'the disk is broken' })],
    ['{"copy":"latest","intoNewDatabase":true}', wanted({ intoNewDatabase: true })],
  ])('%s is understood', (text, request) => expect(parseRestoreRequest(text)).toEqual(request));

  it.each<[string, string]>([
    ['yesterday', 'expected latest, the name of a copy, confirm, undo, or JSON; found "yesterday"'],
    ['{"copy":', 'expected latest, the name of a copy, confirm, undo, or JSON; found "{"copy":"'],
    ['{}', 'copy: expected latest or the name of a copy, such as 20261129T023000Z'],
    ['{"copy":"../x"}', 'copy: expected latest or the name of a copy'],
    ['{"copy":"latest","notAfter":"noon"}', 'notAfter: expected a time with its zone'],
    ['{"copy":"20261128T023000Z","notAfter":"2026-11-28T03:00:00Z"}', 'notAfter: expected it with copy latest only'],
    ['{"copy":"latest","intoNewDatabase":"yes"}', 'intoNewDatabase: expected true'],
    ['{"copy":"latest","save":"no"}', 'save: expected true, or false'],
    ['{"copy":"latest","secretKey":"old"}', 'expected copy, notAfter, save, intoNewDatabase and reason, found secretKey'],
    [`{"copy":"latest","reason":"${'x'.repeat(201)}"}`, 'reason: expected at most 200 characters'],
  ])('%s is refused', (text, message) => {
    const request = parseRestoreRequest(text);
    expect(request).toMatchObject({ kind: 'invalid' });
    expect(request.kind === 'invalid' && request.message).toContain(`Annotation glitchkeeper.io/restore: ${message}`);
  });
});

describe('what a restore into a database to look at tells', () => {
  const current: RestoreProgress = { id: '20261129T100000Z', wanted: { copy: 'latest', save: true, intoNewDatabase: true }, phase: 'Checking', direction: 'forth', since: '2026-11-29T10:03:00Z', attempt: 1, copy: '20261128T023000Z' };
  it.each<[RestoreProgress['phase'], string]>([
    ['Loading', 'Normal: Restore 20261129T100000Z is Loading.'],
    ['Aside', 'Normal: Copy 20261128T023000Z is in a database of its own, and the live one is as it was: undo drops it.'],
    ['Returning', 'Normal: The database of restore 20261129T100000Z is dropped: it was taken back.'],
  ])('%s', (phase, text) => expect(notesOf({ current }, { current: { ...current, phase, why: 'it was taken back' } }).map(({ type, note }) => `${type}: ${note}`)).toEqual([text]));
});

describe('a restore', () => {
  const CURRENT: RestoreProgress = { id: '20261129T100000Z', wanted: { copy: 'latest', save: true }, phase: 'Restoring', direction: 'forth', since: '2026-11-29T10:03:00Z', attempt: 1, copy: '20261128T023000Z' };
  const plan = (change: Omit<Partial<RestoreInput>, 'facts'> & { readonly facts?: Partial<RestoreFacts> } = {}, current: Partial<RestoreProgress> | null = {}) => planRestore({
    database: 'glitchtip', suspend: false, request: undefined, now: new Date('2026-11-29T10:04:00Z'), status: current ? { current: { ...CURRENT, ...current } } : {},
    ...change, facts: { ...new RestoreWorld().facts(), lock: { kind: 'ours' }, ...change.facts },
  });

  const none = { wanted: 0, pods: 0, ready: 0 } as const;
  const HELD = seen({ kind: 'held', by: 'restore 20261129T100000Z' } as const);
  const AWAY = { gateway: undefined, parts: seen({ web: none, worker: none }), hold: HELD, sessions: seen(0) };

  it.each<[string, Parameters<typeof plan>, string]>([
    ['is not begun while the operator is suspended', [{ suspend: true, request: 'latest' }, null], 'Nothing is restored while spec.suspend is true.'],
    ['leaves alone what a later version has begun', [{}, { phase: 'Rehearsing' as RestoreProgress['phase'] }], 'A later version of the operator has brought it to Rehearsing: this one does not know how it goes on.'],
    ['stands still while the operator is suspended', [{ suspend: true }], 'Nothing is restored while spec.suspend is true.'],
    ['waits while pods cannot be seen', [{ facts: { gateway: undefined, hold: HELD, parts: { kind: 'unseen', why: 'pods: 503' } } }], 'Restoring: pods: 503.'],
    ['waits for pods that have not ended', [{ facts: { gateway: undefined, hold: HELD, parts: seen({ web: { wanted: 0, pods: 1, ready: 0 }, worker: { wanted: 0, pods: 0, ready: 0 } }) } }], 'Restoring: 1 pods of web and worker have not ended.'],
    ['lets what is under way come to its end', [{ facts: { gateway: seen({ mode: 'holds', underWay: 7 }) } }, { phase: 'Stopping' }], 'Stopping: 7 events are under way to GlitchTip.'],
    ['but no longer than two minutes', [{ now: new Date('2026-11-29T10:05:01Z'), facts: { gateway: seen({ mode: 'holds', underWay: 7 }) } }, { phase: 'Stopping' }], 'Stopping: hold.'],
    ['stops web and worker once no other pod of theirs begins', [{ facts: { gateway: undefined, hold: HELD } }, { phase: 'Stopping' }], 'Stopping: scale web and worker to 0.'],
    ['stops them also where nothing holds them', [{ facts: { gateway: undefined, hold: seen({ kind: 'missing' }) } }, { phase: 'Stopping' }], 'Stopping: scale web and worker to 0.'],
    ['stops nothing while it cannot tell what holds them', [{ facts: { gateway: undefined, hold: { kind: 'unseen', why: 'configmaps: 503' } } }, { phase: 'Stopping' }], 'Stopping: configmaps: 503.'],
    ['lets go of what a lost status holds', [{ facts: { lock: { kind: 'free' }, hold: HELD } }, null], 'let go.'],
    ['leaves alone what an upgrade holds', [{ facts: { lock: { kind: 'free' }, hold: seen({ kind: 'held', by: 'upgrade 20261129T100000Z' }) } }, null], 'No restore is under way.'],
    ['takes the lock again that it has lost', [{ facts: { lock: { kind: 'free' } } }], 'Restoring: take lock.'],
    ['does not go on while it has not', [{ facts: { lock: { kind: 'taken', why: 'rotation 1 is under way' } } }], 'Restoring: rotation 1 is under way.'],
    ['is told to have failed to migrate, and tries again after a while', [{ facts: { ...AWAY, job: seen({ kind: 'ended', end: { kind: 'failed', why: 'migrate: BackoffLimitExceeded', again: true } }) } }, { phase: 'Migrating', before: 5, restored: { oid: 101, attempt: 1 } }], 'Migrating: migrate: BackoffLimitExceeded. It is tried again; undo goes back.'],
    ['leaves a hold of somebody else alone when it was only prepared', [{ facts: { gateway: seen({ mode: 'holds without keeping', underWay: 0 }) } }, { phase: 'Returning' }], 'The restore has ended: Failed.'],
    ['sends an event until one is stored', [{ facts: { gateway: undefined, isProved: seen(false) } }, { phase: 'Proving' }], 'Proving: send event.'],
    ['stops web again that somebody started in the pause before that', [{ facts: { gateway: undefined, hold: HELD, job: seen({ kind: 'ended', end: { kind: 'failed', why: 'migrate: BackoffLimitExceeded', again: true } }) } }, { phase: 'Migrating', before: 5, restored: { oid: 101, attempt: 1 } }], 'Migrating: scale web and worker to 0.'],
    ['waits for a person', [{ facts: { lock: { kind: 'free' } } }, { phase: 'Unconfirmed' }], 'Unconfirmed: a person looks at it, and says confirm or undo.'],
  ])('%s', (_, input, message) => expect(plan(...input).message).toBe(message));

  it.each<[string, Parameters<typeof plan>, string]>([
    ['another restore meanwhile', [{ request: 'latest' }], 'A restore is under way (20261129T100000Z, Restoring): confirm or undo it first.'],
    ['to confirm before it is there', [{ request: 'confirm' }], 'There is nothing to confirm yet: the restore is Restoring.'],
    ['to confirm what replaced nothing', [{ request: 'confirm' }, { phase: 'Aside', wanted: { copy: 'latest', save: true, intoNewDatabase: true } }], 'Nothing was exchanged, and so there is nothing to confirm: undo drops the database of the copy.'],
    ['to confirm none', [{ request: 'confirm' }, null], 'There is no restore to confirm.'],
    ['to undo none', [{ request: 'undo' }, null], 'There is no restore to undo.'],
    ['to undo what is confirmed', [{ request: 'undo' }, { phase: 'Cleaning' }], 'The restore cannot be undone while it is Cleaning.'],
    ['what nobody understands', [{ request: 'please' }, null], 'Annotation glitchkeeper.io/restore: expected latest, the name of a copy, confirm, undo, or JSON; found "please".'],
    ['a database with a name that leaves no room for another', [{ request: 'latest', database: 'x'.repeat(40) }, null], 'spec.database.name: expected at most 37 characters for a restore beside it, found 40.'],
  ])('is not asked for %s', (_, input, rejected) => expect(plan(...input)).toMatchObject({ action: { kind: 'drop request', rejected }, status: input[1] === null ? {} : { current: expect.anything() } }));

  it('whose database was left half full is made a new one', () => {
    const facts = { gateway: undefined, hold: HELD, restoreLogin: seen('open' as const), parts: new RestoreWorld().facts().parts, sessions: seen(0), databases: seen([{ name: 'glitchtip_restored_20261129t100000z', oid: 9, isOpen: true }]) };
    const stopped = seen({ web: { wanted: 0, pods: 0, ready: 0 }, worker: { wanted: 0, pods: 0, ready: 0 } });
    expect(plan({ facts: { ...facts, parts: stopped } }, { attempt: 2, restored: { oid: 9, attempt: 1 } }).action).toMatchObject({ kind: 'drop database', oid: 9 });
    expect(plan({ facts: { ...facts, parts: stopped } }, { attempt: 2, restored: { oid: 8, attempt: 1 } }).status.current).toMatchObject({ restored: { oid: 9, attempt: 2 } });
  });

  it('has a status that its schema takes, and names that its programs take', () => {
    const world = new RestoreWorld();
    world.request = 'latest';
    world.until(() => world.phase === 'Unconfirmed');
    expect(restoreStatus.parse(world.status)).toEqual(world.status);
    expect(copyNameSchema.safeParse(world.status.current?.saved).success).toBe(true);
    expect(databaseNames('glitchtip', CURRENT)).toEqual({ live: 'glitchtip', before: 'glitchtip_before_20261129t100000z', restored: 'glitchtip_restored_20261129t100000z' });
    const { before, restored } = databaseNames('glitchtip', CURRENT);
    for (const name of [before, restored]) expect(name).toMatch(new RegExp(`^glitchtip${RESTORE_ENDING}`));
    expect(jobOfPhase(CURRENT)).toEqual({ kind: 'restore', name: 'restore-20261129t100000z-1' });
  });
});
