// Phase by phase: what is done first, what is waited for, and what rolls it back.
import { describe, expect, it } from '@jest/globals';

import type { Phase } from '../../../../../operator/api/rotation-fields.js';
import { PROTOCOL } from '../../../../../operator/core/rotation/protocol.js';
import { conditionOf } from '../../operator-scenarios.js';
import { said, worldIn, words, type Faults, type RotationWorld } from './rotation-scenarios.js';

const done = (world: RotationWorld) => world.plan().actions.map(words);
const LATE = 11;
const see = (phase: Phase, faults: Faults = {}, request = 'all') => worldIn(phase, { faults, request });

describe('each phase', () => {
  it.each<[Phase, string, string[]]>([
    ['Waiting', 'all', ['take lock']],
    ['Altering', 'all', ['open login glitchtip_b']],
    ['Altering', 'valkey', ['write glitchtip-valkey']],
    ['Altering', 'operator', ['write glitchtip-valkey']],
    ['Altering', 'secret-key', ['journal: Publishing']],
    ['Altering', 'administrator', ['journal: Publishing']],
    ['Publishing', 'all', ['write glitchtip-app']],
    ['Publishing', 'administrator', ['journal: Rolling']],
    ['Rolling', 'secret-key', ['roll web']],
    ['Rolling', 'operator', ['journal: Proving']],
    ['Proving', 'all', ['send event']],
    ['Proving', 'administrator', ['journal: Retiring']],
    ['Retiring', 'all', ['close login glitchtip_a']],
    ['Retiring', 'valkey', ['write glitchtip-valkey']],
    ['Retiring', 'secret-key', ['journal: Completed', 'release lock']],
    ['Retiring', 'administrator', ['set administrator password']],
    ['Returning', 'all', ['write glitchtip-app']],
    ['Dropping', 'all', ['close login glitchtip_b']],
  ])('%s of a rotation of %s begins with %j', (phase, request, actions) => {
    const world = see(phase, {}, request);
    expect(done(world)).toEqual(actions);
    expect(conditionOf(world.plan(), 'RotationInProgress')).toBe(`True ${phase}`);
  });

  it.each<[string, Phase, Faults, string]>([
    ['Valkey is away', 'Rolling', { valkeyDown: true }, 'Valkey does not answer (ECONNREFUSED)'],
    ['Postgres is away', 'Rolling', { postgresDown: true }, 'Postgres does not answer (ECONNREFUSED).'],
    ['a try to log in finds Postgres away', 'Altering', { rollout: { logins: { next: { kind: 'unreachable', why: '57P03' }, previous: { kind: 'refused' } } } }, 'Postgres does not answer (57P03)'],
    ['the new login acts as itself', 'Publishing', { rollout: { logins: { next: { kind: 'accepted', actsAs: 'glitchtip_b' }, previous: { kind: 'accepted', actsAs: 'glitchtip' } } } }, 'login glitchtip_b acts as glitchtip_b, not as glitchtip'],
    ['Valkey lets the new password not in', 'Publishing', { rollout: { valkeyLogins: { previous: 'accepted', next: 'refused' } } }, "Valkey's answer to the next password was: refused"],
    ["the application's Secret cannot be read", 'Publishing', { unreadable: 'application' }, 'the Secret of the application cannot be read'],
    ["Valkey's Secret cannot be read", 'Altering', { unreadable: 'valkey', rollout: { logins: { next: { kind: 'accepted', actsAs: 'glitchtip' }, previous: { kind: 'accepted', actsAs: 'glitchtip' } } } }, 'the Secret of Valkey cannot be read'],
  ])('while %s, %s does nothing and waits', (_, phase, faults, message) => {
    const world = see(phase, faults);
    expect([done(world), said(world.plan())]).toEqual([[], message]);
  });

  it('Rolling waits for new pods, web before the worker', () => {
    const world = see('Rolling', { stuck: true });
    expect([world.turn(), done(world), said(world.plan())]).toEqual([['roll web'], [], 'Deployment web: 0 of 1 new pods are available']);
  });

  it('Rolling rolls web and the worker at once behind a gateway, and waits for both', () => {
    const world = worldIn('Rolling', { request: 'all', faults: { stuck: true }, fields: { gateway: {} } });
    expect([world.turn(), done(world), said(world.plan())]).toEqual([['roll web', 'roll worker'], [], 'Deployment web: 0 of 1 new pods are available']);
  });

  it.each<Phase>(['Altering', 'Rolling', 'Retiring', 'Returning'])('%s does nothing while the operator is suspended', (phase) => {
    const world = see(phase);
    world.spec.suspend = true;
    expect([done(world), conditionOf(world.plan(), 'RotationInProgress')]).toEqual([[], `True ${phase}`]);
  });
});

describe("the gateway's credentials", () => {
  const see = (phase: Phase, request: string, faults: Faults = {}) => worldIn(phase, { request, faults, fields: { gateway: {} } });
  const finish = (world: RotationWorld) => world.until(() => world.journal?.history[0]?.result === 'Completed');

  it('are replaced in Postgres first, then in their Secret, then its pods are rolled; Valkey had both passwords since the beginning', () => {
    const world = see('Altering', 'gateway');
    expect(finish(world)).toEqual([
      'write glitchtip-valkey', 'Valkey accepts 1', 'journal: Publishing', 'journal: Rolling', 'journal: Proving', 'journal: Retiring',
      'open login glitchtip_gateway', 'write glitchtip-gateway', 'roll gateway', 'write glitchtip-valkey', 'Valkey accepts 1', 'journal: Completed', 'release lock',
    ]);
  });

  it('roll neither web nor worker by themselves, and are left alone by a rotation of others', () => {
    expect(finish(see('Rolling', 'gateway')).filter((step) => step.startsWith('roll'))).toEqual(['roll gateway']);
    expect(finish(see('Rolling', 'secret-key')).filter((step) => step.startsWith('roll'))).toEqual(['roll web', 'roll worker']);
  });

  it('are never such that the gateway that runs is let in by nobody in Valkey', () => {
    const world = see('Altering', 'gateway');
    const letsIn = () => world.valkey.gateway?.includes(world.crypto.sha256(world.pods.get('gateway')?.values.get('valkey-password') as never));
    world.until(() => world.journal?.history[0]?.result === 'Completed', () => expect(letsIn()).toBe(true));
    expect(world.pods.get('gateway')?.values.get('valkey-password')?.reveal()).not.toBe('old-gateway-valkey');
  });

  it.each<[string, Faults, string]>([
    ['Postgres is away', { rollout: { gatewayLogin: { kind: 'unreachable', why: '57P03' } } }, 'Postgres does not answer (57P03)'],
    ['their Secret cannot be read', { unreadable: 'gateway', rollout: { gatewayLogin: { kind: 'accepted', actsAs: 'glitchtip_gateway' } } }, 'the Secret of the gateway cannot be read'],
    ['its Deployment cannot be seen', { rollout: { gateway: undefined } }, 'the Deployment of the gateway is not there'],
  ])('wait while %s', (_, faults, message) => {
    const world = see('Retiring', 'gateway', faults);
    if (faults.rollout && 'gateway' in faults.rollout) world.until(() => world.plan().actions.length === 0);
    expect([done(world), said(world.plan())]).toEqual([[], message]);
  });

  it('are not begun while its pods are being rolled', () => {
    const world = see('Waiting', 'gateway', { rollout: { gateway: { name: 'gateway', pending: '0 of 1 new pods are available' } } });
    expect([done(world), conditionOf(world.plan(), 'RotationInProgress'), said(world.plan())]).toEqual([[], 'False RolloutUnderway', 'Deployment gateway: 0 of 1 new pods are available.']);
  });
});

describe('the password of the login that dumps', () => {
  const see = (phase: Phase, request: string, faults: Faults = {}) => worldIn(phase, { request, faults, fields: { backup: { store: 'volume' } } });
  const finish = (world: RotationWorld) => world.until(() => world.journal?.history[0]?.result === 'Completed');

  it('is replaced in Postgres first, then in its Secret, after the point of no return, and no pod is rolled for it', () => {
    const world = see('Altering', 'backup');
    expect(finish(world)).toEqual([
      'journal: Publishing', 'journal: Rolling', 'journal: Proving', 'journal: Retiring', 'open login glitchtip_backup', 'write glitchtip-backup', 'journal: Completed', 'release lock',
    ]);
    expect([world.logins.get('glitchtip_backup'), world.secrets.get('backup')?.annotations]).toEqual([
      world.secrets.get('backup')?.data.get('database-password')?.reveal(), expect.objectContaining({ 'glitchkeeper.io/generation': '2' }),
    ]);
  });

  it('is replaced with everything else, and is left alone by a rotation of others', () => {
    expect(finish(see('Altering', 'all'))).toEqual(expect.arrayContaining(['open login glitchtip_backup', 'write glitchtip-backup']));
    expect(finish(see('Altering', 'postgres'))).not.toContain('open login glitchtip_backup');
  });

  it('stays as it is in a rotation that is undone', () => {
    const world = see('Returning', 'all');
    world.until(() => world.phase === 'Waiting');
    expect([world.logins.get('glitchtip_backup'), world.secrets.get('backup')?.data.get('database-password')?.reveal()]).toEqual(['old-backup', 'old-backup']);
  });

  it.each<[string, Faults, string]>([
    ['Postgres is away', { rollout: { backupLogin: { kind: 'unreachable', why: '57P03' } } }, 'Postgres does not answer (57P03)'],
    ['its Secret cannot be read', { unreadable: 'backup', rollout: { backupLogin: { kind: 'accepted', actsAs: 'glitchtip_backup' } } }, 'the Secret of the backup cannot be read'],
  ])('waits while %s', (_, faults, message) => {
    const world = see('Retiring', 'backup', faults);
    expect([done(world), said(world.plan())]).toEqual([[], message]);
  });

  it('waits for no rollout: there is none', () => {
    const world = see('Waiting', 'backup', { rollout: { web: { name: 'web', pending: '0 of 1 new pods are available' } } });
    expect(done(world)).toEqual(['take lock']);
  });
});

describe('the proof', () => {
  it('is an event that is stored', () => {
    const world = see('Proving', { eventsLost: true });
    expect([world.turn(), world.turn()]).toEqual([['send event'], ['send event']]);
    world.faults = {};
    expect([world.turn(), world.turn()]).toEqual([['send event'], ['journal: Retiring']]);
  });

  it.each<[string, string, number, number, string[], RegExp]>([
    ['a session of a pod', 'all', 1, 0, [], /^1 sessions still use glitchtip_a$/],
    ['a session of a pod, after a compromise too', 'compromised', 2, 3, [], /^2 sessions still use glitchtip_a, 3 of them/],
    ['a foreign session', 'all', 0, 3, [], /^3 sessions still use glitchtip_a, 3 of them from no pod of ours$/],
    ['a foreign session, but not after a compromise', 'compromised', 0, 3, ['journal: Retiring'], /^Proving has ended\.$/],
    ['a foreign session, but not when Postgres is not rotated', 'valkey', 0, 3, ['journal: Retiring'], /^Proving has ended\.$/],
  ])('is held up by %s', (_, request, ...[ours, others, actions, message]) => {
    const world = see('Proving', { rollout: { eventStored: true, sessions: { previous: { ours, jobs: 0, others }, next: { ours: 2, jobs: 0, others: 0 } } } }, request);
    expect(done(world)).toEqual(actions);
    expect(said(world.plan())).toMatch(message);
  });
});

describe('Retiring', () => {
  const LAST = ['close login glitchtip_a', 'write glitchtip-valkey', 'Valkey accepts 1', 'replace operator password', 'write glitchtip-postgres'];
  const rest = (request: string, change: (world: RotationWorld) => void = () => undefined) => {
    const world = worldIn('Retiring', { request });
    change(world);
    return [world.until(() => world.rotation === undefined), world] as const;
  };

  it('ends sessions last, after a compromise, which has ended them at its beginning', () => {
    const [steps, world] = rest('compromised');
    expect(steps).toEqual([...LAST, 'set administrator password', 'write glitchtip-admin', 'end sessions', 'journal: Retiring', 'journal: Completed', 'release lock']);
    expect([world.sessionsEnded, world.published().get('SECRET_KEY_FALLBACKS')?.reveal()]).toEqual([2, '']);
  });

  it('ends no sessions otherwise', () => expect(rest('all')[0]).toEqual([...LAST, 'set administrator password', 'write glitchtip-admin', 'journal: Completed', 'release lock']));

  it.each([['all', []], ['compromised', ['set administrator password', 'write glitchtip-admin', 'end sessions', 'journal: Retiring']]])(
    'after %s does to a password that the administrator chose: %j', (request, steps) => {
      const [made, world] = rest(request, (it) => { it.administrator = 'chosen'; });
      expect(made).toEqual([...LAST, ...steps, 'journal: Completed', 'release lock']);
      expect(world.administrator === 'chosen').toBe(request === 'all');
    });

  it('replaces a password that the administrator chose when it alone was asked for', () => {
    const [, world] = rest('administrator', (it) => { it.administrator = 'chosen'; });
    expect(world.administrator).not.toBe('chosen');
    expect(world.secrets.get('administrator')?.data.get('password')?.reveal()).toBe(world.administrator);
  });

  it.each(['all', 'compromised'])('after %s leaves the Secret alone where the account is gone, and does not wait for it', (request) => {
    const [made, world] = rest(request, (it) => { it.faults = { rollout: { administrator: 'unknown' } }; });
    expect(made).not.toContain('write glitchtip-admin');
    expect(world.secrets.get('administrator')?.data.get('password')?.reveal()).toBe('old-admin');
  });

  it('closes the old login again while a session is left on it', () => {
    const world = worldIn('Retiring');
    world.turn();
    world.faults = { rollout: { sessions: { previous: { ours: 0, jobs: 0, others: 1 }, next: { ours: 2, jobs: 0, others: 0 } } } };
    expect(done(world)).toEqual(['close login glitchtip_a']);
  });

  it('waits while Valkey still accepts the old password', () => {
    const world = worldIn('Retiring', { request: 'valkey' });
    world.turn();
    world.turn();
    world.faults = { rollout: { valkeyLogins: { previous: 'accepted', next: 'accepted' } } };
    expect([done(world), said(world.plan())]).toEqual([[], 'Valkey still accepts the previous password']);
  });
});

describe('a deadline', () => {
  const FAULTS: Readonly<Record<string, [Faults, RegExp]>> = {
    Altering: [{ valkeyDown: true }, /^Altering did not end in time: the last step was: login glitchtip_b may log in$/],
    Publishing: [{ valkeyDown: true }, /^Publishing did not end in time: Valkey does not answer \(ECONNREFUSED\)$/],
    Rolling: [{ valkeyDown: true }, /^Rolling did not end in time: Valkey does not answer/],
    Proving: [{ eventsLost: true }, /^Proving did not end in time: the last step was: an event was sent$/],
  };

  it.each(Object.entries(FAULTS))('of %s turns it back, with the reason', (name, [faults, why]) => {
    const phase = name as Phase;
    const world = see(phase, faults);
    const minutes = (PROTOCOL[phase].deadline ?? 0) / 60_000;
    world.after(minutes - 0.1);
    expect(done(world)).not.toContain('journal: Returning');
    world.after(0.1);
    const [action] = world.plan().actions;
    expect(world.turn()).toEqual(['journal: Returning']);
    expect([world.rotation?.why, action?.kind === 'write journal' && action.warn]).toEqual([expect.stringMatching(why), true]);
  });

  it('that has passed does not matter when the phase has ended all the same', () => {
    expect(worldIn('Altering', { request: 'secret-key' }).after(LATE).turn()).toEqual(['journal: Publishing']);
  });

  it.each<Phase>(['Retiring', 'Returning', 'Dropping'])('is not there in %s', (phase) => {
    const world = see(phase, { valkeyDown: true, stuck: true }).after(100_000);
    expect(done(world)).not.toContain('journal: Returning');
    expect(world.plan().status.rotation?.current?.deadline).toBeUndefined();
  });

  it('is in the status', () => expect(see('Rolling').plan().status.rotation?.current).toMatchObject({ phase: 'Rolling', deadline: expect.stringMatching(/Z$/) }));
});
