// A rotation for a compromise: what it does not wait for, when sessions end, and for whose sake an old login is kept, until when.
import { describe, expect, it } from '@jest/globals';
import type { Phase } from '../../../../../operator/api/rotation-fields.js';
import type { ObservedRollout } from '../../../../../operator/core/credentials/observed.js';
import type { Operation } from '../../../../../operator/core/operations/exclusion.js';
import { conditionOf } from '../../operator-scenarios.js';
import { jobAtWork, RotationWorld, said, worldIn, words } from './rotation-scenarios.js';

const done = (world: RotationWorld) => world.plan().actions.map(words);
const isOver = (world: RotationWorld) => () => world.journal !== undefined && world.rotation === undefined && world.request === undefined;

/** Beside Jobs that are at work from the beginning. */
function leakBeside(...operations: readonly Operation[]): RotationWorld {
  const world = new RotationWorld();
  world.request = 'compromised';
  world.faults = { rollout: { jobs: operations.map((operation) => jobAtWork(operation)) } };
  return world;
}

function waiting(request: string): RotationWorld {
  const world = new RotationWorld();
  world.request = request;
  world.faults = { rollout: { web: { name: 'web', pending: '1 old pods are still there' } } };
  return world;
}

describe('sessions', () => {
  it('end at once, though the rotation waits for a rollout, and once', () => {
    const world = waiting('compromised');
    expect([world.turn(), world.turn(), world.turn(), world.turn(), world.turn()]).toEqual([['journal: Waiting'], ['drop request'], ['journal: Waiting'], ['end sessions', 'journal: Waiting'], []]);
    expect([world.sessionsEnded, conditionOf(world.plan(), 'RotationInProgress')]).toEqual([1, 'False RolloutUnderway']);
  });

  it('end again when every password is new', () => {
    const world = waiting('compromised');
    world.until(() => world.sessionsEnded === 1);
    world.faults = {};
    world.until(isOver(world));
    expect([world.sessionsEnded, world.journal?.history[0]?.result]).toEqual([2, 'Completed']);
  });

  it.each<Phase>(['Altering', 'Rolling', 'Returning'])('end at once beside another rotation that is %s and is finished first', (phase) => {
    const world = worldIn(phase);
    world.request = 'compromised';
    expect([world.turn(), world.sessionsEnded, world.phase, world.rotation?.trigger]).toEqual([['end sessions', `journal: ${phase}`], 1, phase, 'request']);
    expect(done(world)).not.toContain('end sessions');
  });

  it('end at once when it is tried again', () => {
    const world = worldIn('Altering', { request: 'compromised', faults: { valkeyDown: true } });
    world.after(6).until(() => world.phase === 'Returning');
    world.faults = {};
    world.until(() => world.phase === 'Waiting');
    expect([world.sessionsEnded, done(world)]).toEqual([1, ['end sessions', 'journal: Waiting']]);
  });

  it('of Valkey are not tried to be ended while it does not answer, which is what is waited for', () => {
    const world = waiting('compromised');
    world.faults = { valkeyDown: true };
    world.until(() => world.rotation?.requestPending === false);
    expect([done(world), conditionOf(world.plan(), 'RotationInProgress')]).toEqual([[], 'False NotHealthy']);
  });

  it('are not ended by other rotations', () => {
    const world = waiting('all');
    world.faults = {};
    world.until(isOver(world));
    expect(world.sessionsEnded).toBe(0);
  });
});

describe('behind a rollout that does not end', () => {
  const LOGINS = ['glitchtip_a', 'glitchtip_b'];
  /** Pods that are refused with what they read. */
  const refused = (world: RotationWorld) => [...world.pods].filter(([name, { values }]) => name !== 'gateway' && !world.works(values)).map(([name]) => name);
  /** Five minutes after it was asked for; `stuck`: whether old pods run beside the new ones. */
  function leakBehind(stuck: true | 'gone', fields: object = {}): RotationWorld {
    const world = new RotationWorld(fields).breakRollout(stuck);
    world.request = 'compromised';
    world.until(() => world.sessionsEnded === 1);
    expect([done(world), conditionOf(world.plan(), 'RotationInProgress'), said(world.plan())]).toEqual([[], 'False RolloutUnderway', 'Deployment web: 0 of 1 new pods are available. New credentials are waited with until 2026-01-02T03:09:05Z at most.']);
    expect(done(world.after(4))).toEqual([]);
    return world.after(1);
  }

  it.each([{}, { gateway: {} }])('begins after five minutes, and revokes the old login when new pods had their time, where no old one runs (%j)', (fields) => {
    const world = leakBehind('gone', fields);
    const steps = world.until(() => world.phase === 'Rolling' && done(world).length === 0, () => expect(refused(world)).toEqual([]));
    expect(steps).toEqual(expect.arrayContaining(['roll web', 'roll worker']));
    expect(said(world.plan())).toBe('Deployment web: 0 of 1 new pods are available');
    world.after(10);
    expect(world.until(isOver(world), () => expect(refused(world)).toEqual([])).filter((step) => /^(journal|close|send)/.test(step))).toEqual(['journal: Retiring', 'close login glitchtip_a', 'journal: Retiring', 'journal: Completed']);
    expect([world.sessionsEnded, world.logins.has('glitchtip_a'), world.valkey.application.length, world.published().get('DATABASE_USER')?.reveal()]).toEqual([2, false, 1, 'glitchtip_b']);
    expect(world.journal?.history[0]?.result).toBe('Completed');
  });

  it('keeps the old login for pods that run beside the new ones, half an hour and no longer', () => {
    const world = leakBehind(true);
    world.until(() => world.phase === 'Rolling' && done(world).length === 0);
    world.after(10).until(() => world.phase === 'Retiring' && done(world).length === 0, () => expect(refused(world)).toEqual([]));
    const until = new Date(Date.parse(world.rotation?.since ?? '') + 30 * 60_000).toISOString().replace('.000', '');
    expect(said(world.plan())).toBe(`an old pod of Deployment web (0 of 1 new pods are available) still uses glitchtip_a, which is revoked when that has ended, or at ${until}`);
    expect([[...world.logins.keys()], world.valkey.application.length, world.sessionsEnded]).toEqual([LOGINS, 2, 2]);
    expect(done(world.after(29))).not.toContain('close login glitchtip_a');
    world.after(1).until(isOver(world));
    expect([[...world.logins.keys()], world.valkey.application.length, world.journal?.history[0]?.result]).toEqual([['glitchtip_b'], 1, 'Completed']);
  });

  it('revokes it as soon as somebody has mended the rollout, and nobody is locked out', () => {
    const world = leakBehind(true);
    world.until(() => world.phase === 'Rolling' && done(world).length === 0);
    world.after(10).until(() => world.phase === 'Retiring' && done(world).length === 0);
    world.faults = {};
    for (const name of ['web', 'worker']) world.restart(name);
    world.until(isOver(world), () => expect(refused(world)).toEqual([]));
    expect([...world.logins.keys()]).toEqual(['glitchtip_b']);
  });

  it('is proven like any other where its own pods become available', () => {
    const world = leakBehind(true);
    world.faults = {};
    expect(world.until(isOver(world), () => expect(refused(world)).toEqual([]))).toEqual(expect.arrayContaining(['roll web', 'roll worker', 'journal: Proving', 'send event', 'close login glitchtip_a', 'journal: Completed']));
  });

  it('goes on where no event is stored', () => {
    const world = leakBehind(true);
    world.faults = { eventsLost: true };
    world.until(() => world.phase === 'Proving');
    world.after(6).until(isOver(world), () => expect(refused(world)).toEqual([]));
    expect(world.journal?.history.map(({ result }) => result)).toEqual(['Completed']);
  });

  it('is undone where the new values do not work, waits for no pods on the way back, and begins again', () => {
    const world = leakBehind(true);
    world.until(() => world.phase === 'Altering');
    world.faults = { ...world.faults, valkeyDown: true };
    world.after(6).until(() => world.phase === 'Returning');
    world.faults = { stuck: true };
    world.until(() => world.phase === 'Waiting', () => expect(refused(world)).toEqual([]));
    expect([world.rotation?.attempt, world.rotation?.despiteRollout]).toEqual([2, undefined]);
    world.after(5).until(() => world.phase === 'Rolling');
    expect(world.rotation?.despiteRollout).toBe(true);
  });

  it.each<[string, Partial<ObservedRollout>, string]>([
    ['no room for one more pod', { noRoom: 'The quota leaves no room.' }, 'journal: Altering'],
    ['pods that are scaled to nothing', { web: { name: 'web', pending: 'it is scaled to 0', isScaledToNothing: true } }, 'journal: Altering'],
    ['a Deployment that is not there: waits on', { web: { name: 'web', pending: 'it does not exist', isAbsent: true } }, ''],
  ])('the same of %s', (_, rollout, begun) => {
    const world = waiting('compromised');
    world.faults = { rollout };
    world.until(() => world.sessionsEnded === 1);
    expect(done(world)).toEqual([]);
    expect([...world.after(5).turn(), ...world.turn()].at(-1) ?? '').toBe(begun);
  });

  it('of any other kind waits on', () => {
    const world = waiting('all');
    world.until(() => world.phase === 'Waiting' && world.rotation?.requestPending === false);
    expect([done(world.after(600)), said(world.plan())]).toEqual([[], 'Deployment web: 1 old pods are still there.']);
  });

  it('waits for the gateway no longer than for old pods: one that runs on reads the Secret that it mounts', () => {
    const world = worldIn('Retiring', { request: 'compromised', fields: { gateway: {} } });
    world.faults = { stuck: true };
    world.until(() => done(world).length === 0);
    expect(said(world.plan())).toBe('Deployment gateway: 0 of 1 new pods are available');
    world.after(30).until(isOver(world));
    expect(world.journal?.history[0]?.result).toBe('Completed');
  });
});

describe('a rotation for a compromise', () => {
  it('that something asks for again and again signs people out once in five minutes', () => {
    const world = new RotationWorld();
    world.request = 'compromised';
    world.until(isOver(world));
    const ended = world.sessionsEnded;
    world.request = 'compromised';
    expect([done(world), conditionOf(world.plan(), 'RotationInProgress')]).toEqual([[], 'False RequestRepeated']);
    world.after(5).until(() => world.rotation?.trigger === 'compromised');
    world.until(isOver(world));
    expect(world.sessionsEnded).toBe(2 * ended);
  });

  it('goes on beside a backup to its end', () => {
    const world = leakBeside('backup');
    world.until(isOver(world));
    expect([world.journal?.history[0]?.result, [...world.logins.keys()]]).toEqual(['Completed', ['glitchtip_b']]);
  });

  it('that is asked for once more in the pause after an undone attempt begins anew, as old as it is', () => {
    const world = worldIn('Altering', { request: 'compromised', faults: { valkeyDown: true } });
    const { requestedAt } = world.rotation ?? {};
    world.after(6).until(() => world.phase === 'Returning');
    world.faults = {};
    world.until(() => world.phase === 'Waiting');
    world.until(() => done(world).length === 0);
    expect(conditionOf(world.plan(), 'RotationInProgress')).toBe('False PauseBeforeRetry');
    world.request = 'compromised';
    world.until(isOver(world), () => expect(world.rotation?.requestedAt ?? requestedAt).toBe(requestedAt));
    expect(world.journal?.history.map(({ result }) => result)).toEqual(['Completed', 'Undone']);
  });

  it.each<Operation>(['migration', 'restore', 'upgrade', 'move'])('publishes beside a %s, replaces and ends what it may, and revokes the old login when that has ended', (operation) => {
    const world = leakBeside(operation);
    const steps = world.until(() => world.phase === 'Retiring' && world.plan().actions.length === 0);
    expect(steps.slice(steps.indexOf('journal: Retiring') + 1)).toEqual(['replace operator password', 'write glitchtip-postgres', 'set administrator password', 'write glitchtip-admin', 'end sessions', 'journal: Retiring']);
    expect([world.published().get('DATABASE_USER')?.reveal(), [...world.logins.keys()], world.valkey.application.length, world.sessionsEnded]).toEqual(['glitchtip_b', ['glitchtip_a', 'glitchtip_b'], 2, 2]);
    expect(said(world.plan())).toMatch(new RegExp(`^${operation} ${operation} still uses glitchtip_a, which is revoked when that has ended, or at 2026-01-03T03:04:05Z$`));
    world.faults = {};
    expect(world.until(isOver(world))).toEqual(['close login glitchtip_a', 'write glitchtip-valkey', 'Valkey accepts 1', 'end sessions', 'journal: Retiring', 'journal: Completed', 'release lock']);
    expect([...world.logins.keys()]).toEqual(['glitchtip_b']);
  });

  it('revokes it at the deadline of that operation, whether it has ended or not', () => {
    const world = leakBeside('migration');
    world.until(() => world.phase === 'Retiring' && world.plan().actions.length === 0);
    world.after(24 * 60);
    expect(done(world)).toContain('close login glitchtip_a');
  });

  it('keeps it for nothing that began after the new credentials were published', () => {
    const world = worldIn('Retiring', { request: 'compromised' });
    const since = new Date(world.now.getTime() + 60_000);
    world.faults = { rollout: { jobs: [{ ...jobAtWork('migration'), since }] } };
    expect(done(world.after(2))).toEqual(['close login glitchtip_a']);
  });

  it('is proven though a migration has sessions on the old login, and not while a pod has', () => {
    const proving = (ours: number) => worldIn('Proving', { request: 'compromised', faults: { rollout: { eventStored: true, sessions: { previous: { ours, jobs: 2, others: 1 }, next: { ours: 2, jobs: 0, others: 0 } } } } });
    expect([done(proving(2)), done(proving(3))]).toEqual([['journal: Retiring'], []]);
  });
});
