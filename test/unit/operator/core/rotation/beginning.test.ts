// What begins a rotation, and what holds it back.
import { describe, expect, it } from '@jest/globals';

import type { Trigger } from '../../../../../operator/api/rotation-fields.js';
import type { Journal, ObservedJournal } from '../../../../../operator/core/rotation/journal.js';
import type { ObservedRollout } from '../../../../../operator/core/credentials/observed.js';
import { Sensitive } from '../../../../../operator/core/sensitive.js';
import { conditionOf, planOf } from '../../operator-scenarios.js';
import { jobAtWork, RotationWorld, said, worldIn, words, type Faults } from './rotation-scenarios.js';

type Change = (world: RotationWorld) => unknown;
const WEB: ObservedRollout['web'] = { name: 'web' };
const done = (world: RotationWorld) => world.plan().actions.map(words);
const undone = (finishedAt: string, trigger: Trigger = 'schedule'): Journal => ({
  history: [{ id: 'x', trigger, credentials: ['postgres'], startedAt: finishedAt, finishedAt, result: 'Undone', message: 'Rolling did not end in time.' }],
});

function worldWith(change: Change, fields: object = {}): RotationWorld {
  const world = new RotationWorld(fields);
  change(world);
  return world;
}

describe('with no rotation under way', () => {
  it.each<[string, Change, object?]>([
    ['nothing asks for one', () => undefined],
    ['the schedule is a minute early', (world) => { world.now = new Date('2026-04-01T02:59:00Z'); }],
    ['the schedule is off', (world) => world.after(500_000), { rotation: { enabled: false } }],
    ['one was given up and the next day has not come', (world) => { world.journal = undone('2026-01-02T03:00:00Z'); }],
    ['one was given up and the schedule is off', (world) => { world.journal = undone('2026-01-02T03:00:00Z'); world.after(500_000); }, { rotation: { enabled: false } }],
  ])('none begins when %s', (_, change, ...[fields]) => {
    const world = worldWith(change, fields);
    expect([done(world), conditionOf(world.plan(), 'RotationInProgress')]).toEqual([[], 'False Idle']);
  });

  it.each<[string, Change, string, object?]>([
    ['a person asks for all', (world) => { world.request = 'all'; }, 'request: secret-key, postgres, valkey, administrator, operator'],
    ['a person asks for some', (world) => { world.request = 'valkey,secret-key'; }, 'request: secret-key, valkey'],
    ['a person says compromised', (world) => { world.request = 'compromised'; }, 'compromised: secret-key, postgres, valkey, administrator, operator'],
    ['a person asks, though the schedule is off', (world) => { world.request = 'postgres'; }, 'request: postgres', { rotation: { enabled: false } }],
    ['the schedule is due, 90 days after the first start', (world) => { world.now = new Date('2026-04-01T03:00:00Z'); }, 'schedule: secret-key, postgres, valkey, administrator, operator'],
    ['the schedule is due for what it names', (world) => { world.now = new Date('2026-04-01T03:00:00Z'); }, 'schedule: postgres', { rotation: { credentials: ['postgres'] } }],
    ['the schedule is due after the last one', (world) => { world.journal = { history: [], lastCompletedAt: '2026-01-01T00:00:00Z' }; world.now = new Date('2026-01-02T03:00:00Z'); }, 'schedule: secret-key, postgres, valkey, administrator, operator', { rotation: { everyDays: 1, graceHours: 0 } }],
    ['the day after one that was given up', (world) => { world.journal = undone('2026-01-02T03:00:00Z'); world.now = new Date('2026-01-03T03:00:00Z'); }, 'schedule: secret-key, postgres, valkey, administrator, operator'],
    ['the day after one for a compromise was given up: as strictly again', (world) => { world.journal = undone('2026-01-02T03:00:00Z', 'compromised'); world.now = new Date('2026-01-03T03:00:00Z'); }, 'compromised: postgres'],
    ['the schedule is due, and the annotation asks for what does not exist', (world) => { world.request = 'redis'; world.now = new Date('2026-04-01T03:00:00Z'); }, 'schedule: secret-key, postgres, valkey, administrator, operator'],
  ])('one is recorded when %s', (_, change, recorded, ...[fields]) => {
    const world = worldWith(change, fields);
    const [action, ...more] = world.plan().actions;
    expect([action?.kind === 'write journal' && action.note, more]).toEqual([expect.stringMatching(new RegExp(`^rotation 20[0-9TZ]{14}-[0-9a-f]{6} recorded \\(${recorded}\\)$`)), []]);
    expect(action?.kind === 'write journal' && action.journal.values).toBeUndefined();
  });

  it('a bad annotation is refused, and the others go on being asked', () => {
    const world = worldWith((it) => { it.request = 'all,postgres'; });
    expect([done(world), conditionOf(world.plan(), 'RotationInProgress')]).toEqual([[], 'False RequestRejected']);
    expect(said(world.plan())).toMatch(/expected all, compromised, or some of .*; found "all,postgres"/);
    world.request = 'postgres';
    expect(done(world)).toEqual(['journal: Waiting']);
  });

  it('nothing is done while the operator is suspended, whatever is asked', () => {
    const world = worldWith((it) => { it.request = 'compromised'; }, { suspend: true });
    expect(done(world)).toEqual([]);
  });

  it.each<[string, ObservedJournal]>([
    ['cannot be read', { kind: 'unreadable', why: '403' }],
    ['is malformed', { kind: 'malformed', why: 'record.history' }],
  ])('what the status said of rotations stays while the journal %s', (_, journal) => {
    const rotation = { nextAt: '2026-04-01T03:00:00Z', history: [...undone('2026-01-02T03:00:00Z').history] };
    expect(planOf({ previous: { rotation }, journal }).status.rotation).toEqual(rotation);
  });

  it.each<[string, Faults, string]>([
    ['cannot be read', { journal: { kind: 'unreadable', why: '403' } }, 'Unknown JournalUnreadable'],
    ['is malformed', { journal: { kind: 'malformed', why: 'record.history' } }, 'False JournalMalformed'],
  ])('nothing is done, though asked for and due, while the journal %s', (_, faults, current) => {
    const world = worldWith((it) => { it.request = 'all'; it.faults = faults; it.after(500_000); });
    expect([done(world), conditionOf(world.plan(), 'CredentialsCurrent'), conditionOf(world.plan(), 'RotationInProgress')]).toEqual([[], current, 'False Idle']);
  });
});

describe('a request', () => {
  it('is taken off before anything else is done, and that is noted', () => {
    const world = worldWith((it) => { it.request = 'all'; });
    expect([world.turn(), world.turn(), world.request, world.rotation?.requestPending, world.turn(), world.rotation?.requestPending])
      .toEqual([['journal: Waiting'], ['drop request'], undefined, true, ['journal: Waiting'], false]);
  });

  it.each(['postgres', 'nonsense'])('for %s that takes the place of the recorded one is not taken for it', (other) => {
    const world = worldWith((it) => { it.request = 'all'; });
    world.turn();
    world.request = other;
    world.until(() => world.rotation === undefined);
    expect([world.request, world.journal?.history[0]?.trigger]).toEqual([other, 'request']);
  });

  it('for compromised takes the place of one that has not started, whatever that waits for', () => {
    const world = worldWith((it) => { it.request = 'postgres'; });
    world.until(() => world.rotation?.requestPending === false);
    world.faults = { rollout: { jobs: [jobAtWork('backup')], noRoom: 'no' } };
    expect([done(world), conditionOf(world.plan(), 'RotationInProgress')]).toEqual([[], 'False JobRunning']);
    world.request = 'compromised';
    world.turn();
    expect([world.phase, world.rotation?.trigger, world.rotation?.attempt]).toEqual(['Waiting', 'compromised', 1]);
    world.faults = {};
    world.until(() => world.rotation === undefined);
    expect([world.request, world.journal?.history.map(({ trigger }) => trigger)]).toEqual([undefined, ['compromised']]);
  });

  it('for some of the credentials does not postpone the schedule of the others', () => {
    const world = worldWith((it) => { it.request = 'postgres'; });
    world.until(() => world.journal?.history.length === 1);
    expect(world.journal?.lastCompletedAt).toBeUndefined();
    world.request = 'all';
    world.until(() => world.journal?.history.length === 2);
    expect(world.journal?.lastCompletedAt).toBe(world.journal?.history[0]?.finishedAt);
  });

  it('that comes while a rotation is under way waits for its end', () => {
    const world = worldIn('Rolling');
    world.request = 'compromised';
    world.until(() => world.journal?.history.length === 1, () => expect(world.rotation?.trigger ?? 'request').toBe('request'));
    world.until(() => world.journal?.history.length === 2);
    expect(world.journal?.history.map(({ trigger }) => trigger)).toEqual(['compromised', 'request']);
  });
});

describe('a recorded rotation', () => {
  const waiting = (faults: Faults, request = 'all') => worldIn('Waiting', { request, faults });

  it.each<[string, Faults, string, RegExp]>([
    ['web is being rolled', { rollout: { web: { ...WEB, pending: '1 of 2 updated' } } }, 'RolloutUnderway', /^Deployment web: 1 of 2 updated\.$/],
    ['the worker is being rolled', { rollout: { worker: { name: 'worker', pending: 'none available' } } }, 'RolloutUnderway', /^Deployment worker: none available\.$/],
    ['Jobs run', { rollout: { jobs: [jobAtWork('migration', 'migrate'), jobAtWork('backup', 'backup-1')] } }, 'JobRunning', /^Job migrate has not ended\.$/],
    ['there is no room', { rollout: { noRoom: 'The quota leaves no room.' } }, 'NoRoom', /^The quota leaves no room\.$/],
    ['Postgres does not answer', { postgresDown: true }, 'NotHealthy', /^Postgres does not answer \(ECONNREFUSED\)\.$/],
    ['Valkey does not answer', { valkeyDown: true }, 'NotHealthy', /^Valkey does not answer/],
    ['a Secret cannot be read', { unreadable: 'application' }, 'NotHealthy', /^Secret glitchtip-app cannot be read/],
    ['all of these, the most basic first', { valkeyDown: true, rollout: { jobs: [jobAtWork('migration')], noRoom: 'no' } }, 'NotHealthy', /^Valkey does not answer/],
  ])('waits while %s', (_, faults, reason, message) => {
    const world = waiting(faults);
    expect([done(world), conditionOf(world.plan(), 'RotationInProgress')]).toEqual([[], `False ${reason}`]);
    expect(said(world.plan())).toMatch(message);
    world.faults = {};
    expect(done(world)).toEqual(['take lock']);
  });

  it('of the administrator waits for the migrate Job, which makes that account', () => {
    expect(done(waiting({ rollout: { jobs: [jobAtWork('migration')] } }, 'administrator'))).toEqual([]);
  });

  it.each(['administrator', 'operator', 'operator,administrator'])('of %s does not wait for pods or room', (request) => {
    const world = waiting({ rollout: { web: { ...WEB, pending: 'none' }, noRoom: 'no' } }, request);
    expect(done(world)).toEqual(['take lock']);
  });

  it('starts with both sets of values, and with what the pods had, in one write', () => {
    const world = worldIn('Altering');
    expect(world.rotation).toMatchObject({ podsBefore: { web: null, worker: null }, attempt: 1 });
    expect(world.journal?.values?.previous.SECRET_KEY.reveal()).toBe('old-key');
    expect(world.journal?.values?.next.SECRET_KEY.reveal()).toMatch(/^canary/);
    expect(world.journal?.values?.next.SECRET_KEY_FALLBACKS.reveal()).toMatch(/^\d+:old-key\n$/);
  });

  it("replaces the password in Valkey's URL and leaves the rest of it", () => {
    const world = new RotationWorld();
    const application = world.secrets.get('application');
    if (!application) throw new Error('it is there');
    world.secrets.set('application', { ...application, data: new Map([...application.data, ['VALKEY_URL', new Sensitive('rediss://default:old-vpw@cache:6380/5')]]) });
    world.request = 'valkey';
    world.until(() => world.phase === 'Altering');
    expect(world.journal?.values?.next.VALKEY_URL.reveal()).toMatch(/^rediss:\/\/default:canary\S*@cache:6380\/5$/);
  });

  it.each<[string, string, object]>([['compromised', 'compromised', {}], ['a rotation without a grace', 'all', { rotation: { graceHours: 0 } }]])('gives the old key no grace after %s', (_, request, fields) => {
    expect(worldIn('Altering', { request, fields }).journal?.values?.next.SECRET_KEY_FALLBACKS.reveal()).toBe('');
  });
});
