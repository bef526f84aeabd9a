// What is decided from what was seen: which Secrets are made, when the database is touched, and that a crash at any point is recovered from.
import { describe, expect, it } from '@jest/globals';

import type { Observed, ObservedSecret, ObservedSecrets, SecretRole } from '../../../../../operator/core/credentials/observed.js';
import { plan, REQUEUE_WHEN_READY, REQUEUE_WHILE_NOT_READY, type Action, type Plan } from '../../../../../operator/core/credentials/credentials-plan.js';
import { ABSENT, AT, CountingCrypto, present, QUIET, specOf, World } from './credentials-scenarios.js';

const ROLES: readonly SecretRole[] = ['application', 'postgres', 'valkey', 'administrator'];
const UNREADABLE: ObservedSecret = { kind: 'unreadable', why: 'timed out' };

function planFor(observed: Observed, fields: object = {}, crypto = new CountingCrypto()): Plan {
  return plan({ spec: specOf(fields), observed, at: AT }, crypto);
}

/** A world in which everything is done. */
function finished(world = new World(), crypto = new CountingCrypto()): World {
  for (let round = 0; round < 10; round += 1) {
    const { actions } = planFor(world.observe(), {}, crypto);
    if (actions.length === 0) return world;
    actions.forEach((action) => world.apply(action));
  }
  throw new Error('it does not come to rest');
}

const ready = ({ status }: Plan) => status.conditions?.find((condition) => condition.type === 'Ready');
const created = (actions: readonly Action[]) => actions.map((action) => (action.kind === 'create secret' ? action.role : action.kind));
const withSecret = (observed: Observed, role: SecretRole, secret: ObservedSecret): Observed => ({ ...observed, secrets: { ...observed.secrets, [role]: secret } });

describe('a plan', () => {
  it('creates all four Secrets, and nothing else yet, where there is nothing', () => {
    const result = planFor({ ...QUIET, secrets: ABSENT, postgres: { kind: 'not observed' } });
    expect(new Set(created(result.actions))).toEqual(new Set(ROLES));
    expect(result.actions).toHaveLength(4);
    expect(ready(result)).toMatchObject({ status: 'False', reason: 'SecretMissing' });
    expect(result.requeueAfter).toBe(REQUEUE_WHILE_NOT_READY);
  });

  it('makes the Secret of the application first and that of Valkey, derived from it, last', () => {
    const roles = created(planFor({ ...QUIET, secrets: ABSENT, postgres: { kind: 'not observed' } }).actions);
    expect([roles[0], roles.at(-1)]).toEqual(['application', 'valkey']);
  });

  it('makes no Secret for Valkey where there is none', () => {
    const result = planFor({ ...QUIET, secrets: ABSENT, postgres: { kind: 'not observed' } }, { valkey: undefined });
    expect(created(result.actions)).toEqual(['application', 'postgres', 'administrator']);
  });

  it('generates nothing when no Secret can be read, and says so', () => {
    const crypto = new CountingCrypto();
    const secrets: ObservedSecrets = { application: UNREADABLE, postgres: UNREADABLE, valkey: UNREADABLE, administrator: UNREADABLE, gateway: UNREADABLE, backup: UNREADABLE };
    const result = planFor({ ...QUIET, secrets, postgres: { kind: 'not observed' } }, {}, crypto);
    expect(result.actions).toEqual([]);
    expect(crypto.given).toBe(0);
    expect(ready(result)).toMatchObject({ reason: 'SecretUnreadable' });
    expect(ready(result)?.message).toContain('cannot be read (timed out); nothing is generated for it');
  });

  it.each(ROLES)('never creates an unreadable Secret: %s', (role) => {
    const result = planFor(withSecret(finished().observe(), role, UNREADABLE));
    expect(created(result.actions)).not.toContain(role);
    expect(result.status.conditions?.find(({ type }) => type === 'CredentialsCurrent')).toMatchObject({ status: 'Unknown', reason: 'SecretUnreadable' });
  });

  it('derives nothing for Valkey from an application Secret that it cannot read', () => {
    const observed = { ...QUIET, secrets: { ...ABSENT, application: UNREADABLE }, postgres: { kind: 'not observed' as const } };
    expect(created(planFor(observed).actions)).toEqual(['postgres', 'administrator']);
  });

  it.each(ROLES)('never overwrites a Secret that lacks its keys: %s', (role) => {
    const result = planFor(withSecret(finished().observe(), role, present({})));
    expect(created(result.actions)).not.toContain(role);
    expect(ready(result)).toMatchObject({ status: 'False', reason: 'SecretIncomplete' });
    expect(ready(result)?.message).toContain('never overwritten');
  });

  it.each<[string, Record<string, string>, RegExp]>([
    ['a newline at its end', { DATABASE_PASSWORD: 'canary\n' }, /DATABASE_PASSWORD ends with a newline/],
    ['nothing in it', { SECRET_KEY: '' }, /SECRET_KEY is empty/],
    ['an unknown login', { DATABASE_USER: 'canary' }, /DATABASE_USER is neither glitchtip_a nor glitchtip_b/],
    ['a password beyond ASCII', { DATABASE_PASSWORD: 'canäry' }, /DATABASE_PASSWORD is not printable ASCII/],
    ['a user in its URL that the operator does not manage', { VALKEY_URL: 'redis://app:canary@valkey:6379/0' }, /VALKEY_URL names a user, and the application's is default/],
    ['no password in its URL', { VALKEY_URL: 'redis://valkey:6379/0' }, /VALKEY_URL is not redis:/],
  ])('leaves the database alone while the application Secret has %s', (_what, change, message) => {
    const world = finished();
    world.roles.clear();
    const values = { SECRET_KEY: 'k', DATABASE_USER: 'glitchtip_a', DATABASE_PASSWORD: 'p', VALKEY_URL: 'redis://:p@valkey:6379/0', ...change };
    const result = planFor(withSecret(world.observe(), 'application', present(values)));
    expect(result.actions).toEqual([]);
    expect(ready(result)?.reason).toBe('SecretMalformed');
    expect(ready(result)?.message).toMatch(message);
    expect(ready(result)?.message).not.toMatch(/can[aä]ry/);
  });

  it('does not mind a binary value under a key that is nobody\'s business', () => {
    const observed = finished().observe();
    const application = observed.secrets.application;
    if (application.kind !== 'present') throw new Error('not there');
    const result = planFor(withSecret(observed, 'application', { ...application, undecodable: ['logo.png'] }));
    expect(ready(result)?.reason).toBe('AllWell');
  });

  it('says that Valkey does not accept the password of the application', () => {
    const acl = present({ 'users.acl': 'user default on #00 ~* &* +@all\n', password: 'p' });
    const result = planFor(withSecret(finished().observe(), 'valkey', acl));
    expect(result.actions).toEqual([]);
    expect(ready(result)?.reason).toBe('ValkeyPasswordMismatch');
  });

  it('takes no action while suspended, and still reports the status', () => {
    const result = planFor({ ...QUIET, secrets: ABSENT, postgres: { kind: 'not observed' } }, { suspend: true });
    expect(result.actions).toEqual([]);
    expect(ready(result)).toMatchObject({ status: 'False', reason: 'SecretMissing' });
    const world = finished();
    expect(ready(planFor(world.observe(), { suspend: true }))).toMatchObject({ status: 'True', reason: 'Suspended' });
    world.roles.clear();
    const broken = planFor(world.observe(), { suspend: true });
    expect(broken.actions).toEqual([]);
    expect(ready(broken)?.reason).toBe('BootstrapPending');
  });

  it('makes the missing Secrets before it touches a role', () => {
    const world = finished();
    world.roles.clear();
    world.secrets.delete('administrator');
    expect(created(planFor(world.observe()).actions)).toEqual(['administrator']);
  });

  it('changes the database only when it has to', () => {
    const world = finished();
    expect(planFor(world.observe()).actions).toEqual([]);
    world.database = { kind: 'present', owner: 'glitchtip', publicCanConnect: true, publicCanCreateInSchema: false, backupCanConnect: false };
    expect(created(planFor(world.observe()).actions)).toEqual(['change database']);
  });

  it.each<Observed['postgres']>([{ kind: 'not observed' }, { kind: 'unreachable', why: 'ECONNREFUSED' }, { kind: 'refused' }])(
    'does not touch a Postgres that it has not seen: %o', (postgres) => {
      expect(planFor({ ...finished().observe(), postgres }).actions).toEqual([]);
    });

  it('does nothing, and looks again much later, when all is well', () => {
    const crypto = new CountingCrypto();
    const result = planFor(finished().observe(), {}, crypto);
    expect(result).toMatchObject({ actions: [], requeueAfter: REQUEUE_WHEN_READY });
    expect(ready(result)).toMatchObject({ status: 'True', reason: 'AllWell' });
    expect(crypto.given).toBe(0);
  });
});

describe('a replay', () => {
  /** What is left when the database action is cut after each of its changes. */
  function cutInside(world: World, action: Action): World[] {
    if (action.kind !== 'change database') return [];
    return Array.from({ length: 11 }, (_, index) => {
      const cut = world.copy();
      cut.apply(action, index + 1);
      return cut;
    });
  }

  /** Every state that a crash can leave behind, from nothing to done. */
  function intermediateStates(crypto: CountingCrypto): World[] {
    const world = new World();
    const states = [world.copy()];
    for (let round = 0; round < 10; round += 1) {
      for (const action of planFor(world.observe(), {}, crypto).actions) {
        states.push(...cutInside(world, action));
        world.apply(action);
        states.push(world.copy());
      }
    }
    return states;
  }

  it('comes to the same end from wherever it was cut, and keeps every value that was stored', () => {
    const crypto = new CountingCrypto();
    const states = intermediateStates(crypto);
    const end = finished();
    expect(states.length).toBeGreaterThan(12);
    for (const state of states) {
      const stored = new Map(state.secrets);
      const healed = finished(state, crypto);
      expect(healed.state()).toEqual(end.state());
      expect(ready(planFor(healed.observe()))?.reason).toBe('AllWell');
      for (const [role, data] of stored) expect(healed.secrets.get(role)).toBe(data);
    }
  });

  it('uses no generated value for two purposes', () => {
    const reveal = (data: ReadonlyMap<string, { reveal(): string }>) => [...data.values()].flatMap((value) => value.reveal().match(/canary\d+/g) ?? []);
    const values = [...finished().secrets.values()].flatMap(reveal);
    expect(values.length).toBeGreaterThanOrEqual(6);
    expect(new Set(values).size).toBe(values.length);
  });
});
