// Every decision about Secrets and roles: what is seen, what is done, what is said.
import { describe, expect, it } from '@jest/globals';
import type { GlitchTipStatus } from '../../../../../operator/api/glitchtip-resource.js';
import { planDatabase } from '../../../../../operator/core/credentials/postgres-roles.js';
import { describeChange, type WantedRoles } from '../../../../../operator/core/credentials/database-changes.js';
import { planSettings } from '../../../../../operator/core/credentials/settings-plan.js';
import { ABSENT, APPLICATION, UNREADABLE, actionsOf, conditionOf, planOf, postgresOf, present, roleOf, stateOf, type Scenario } from '../../operator-scenarios.js';

const ALL_ABSENT = { application: ABSENT, postgres: ABSENT, valkey: ABSENT, administrator: ABSENT };
const NOTHING: Scenario = { secrets: ALL_ABSENT, postgres: { kind: 'not observed' } };

describe('the plan', () => {
  it.each<[string, Scenario, string[], string, string]>([
    ['everything is there: nothing to do', {}, [], 'True AllPresent', 'True AllWell'],
    ['nothing is there: all four Secrets, the application first', NOTHING, ['create glitchtip-app', 'create glitchtip-postgres', 'create glitchtip-admin', 'create glitchtip-valkey'], 'False SecretMissing', 'False SecretMissing'],
    ['nothing is there and no Valkey is wanted: three', { ...NOTHING, spec: { valkey: undefined } }, ['create glitchtip-app', 'create glitchtip-postgres', 'create glitchtip-admin'], 'False SecretMissing', 'False SecretMissing'],
    ['one is missing: it alone', { secrets: { administrator: ABSENT } }, ['create glitchtip-admin'], 'False SecretMissing', 'False SecretMissing'],
    ['Valkey\'s is missing: derived from the application\'s', { secrets: { valkey: ABSENT } }, ['create glitchtip-valkey'], 'False SecretMissing', 'False SecretMissing'],
    ['one cannot be read: nothing is generated for it', { secrets: { postgres: UNREADABLE }, postgres: { kind: 'not observed' } }, [], 'Unknown SecretUnreadable', 'False SecretUnreadable'],
    ['one cannot be read and another is missing: the missing one', { secrets: { postgres: UNREADABLE, administrator: ABSENT }, postgres: { kind: 'not observed' } }, ['create glitchtip-admin'], 'Unknown SecretUnreadable', 'False SecretUnreadable'],
    ['the application\'s cannot be read: Valkey\'s is not made, its password is unknown', { secrets: { application: UNREADABLE, valkey: ABSENT } }, [], 'Unknown SecretUnreadable', 'False SecretUnreadable'],
    ['none can be read: nothing at all', { secrets: { application: UNREADABLE, postgres: UNREADABLE, valkey: UNREADABLE, administrator: UNREADABLE }, postgres: { kind: 'not observed' } }, [], 'Unknown SecretUnreadable', 'False SecretUnreadable'],
    ['one lacks a key: not overwritten', { secrets: { postgres: present({}) }, postgres: { kind: 'not observed' } }, [], 'False SecretIncomplete', 'False SecretIncomplete'],
    ['a value ends with a newline', { secrets: { administrator: present({ email: 'a@b', password: 'x\n' }) } }, [], 'False SecretMalformed', 'False SecretMalformed'],
    ['a value is empty', { secrets: { application: present({ ...APPLICATION, SECRET_KEY: '' }) } }, [], 'False SecretMalformed', 'False SecretMalformed'],
    ['a value is no UTF-8', { secrets: { postgres: present({}, ['password']) }, postgres: { kind: 'not observed' } }, [], 'False SecretMalformed', 'False SecretMalformed'],
    ['a password is not ASCII', { secrets: { application: present({ ...APPLICATION, DATABASE_PASSWORD: 'pä' }) } }, [], 'False SecretMalformed', 'False SecretMalformed'],
    ['an unknown login: no role is touched', { secrets: { application: present({ ...APPLICATION, DATABASE_USER: 'root' }) }, postgres: postgresOf(stateOf({ roles: [] })) }, [], 'False SecretMalformed', 'False SecretMalformed'],
    ['VALKEY_URL has no password', { secrets: { application: present({ ...APPLICATION, VALKEY_URL: 'redis://valkey:6379/0' }) } }, [], 'False SecretMalformed', 'False SecretMalformed'],
    ['Valkey\'s users file is of another password', { secrets: { application: present({ ...APPLICATION, VALKEY_URL: 'redis://:new@valkey:6379/0' }) } }, [], 'False ValkeyPasswordMismatch', 'False ValkeyPasswordMismatch'],
    ['suspended: says what is missing and does nothing', { ...NOTHING, spec: { suspend: true } }, [], 'False SecretMissing', 'False SecretMissing'],
    ['suspended and well', { spec: { suspend: true } }, [], 'True AllPresent', 'True Suspended'],
  ])('%s', (_, scenario, ...wanted) => {
    const made = planOf(scenario);
    expect([actionsOf(made), conditionOf(made, 'CredentialsCurrent'), conditionOf(made, 'Ready')]).toEqual(wanted);
  });

  it.each<[string, Scenario, string[], string]>([
    ['does not answer', { postgres: { kind: 'unreachable', why: 'ECONNREFUSED' } }, [], 'False Unreachable'],
    ['refuses the operator', { postgres: { kind: 'refused' } }, [], 'False OperatorLoginRefused'],
    ['cannot be asked without a password', { postgres: { kind: 'not observed' } }, [], 'Unknown NotObserved'],
    ['is empty', { postgres: postgresOf(stateOf({ roles: [], database: { kind: 'absent' } })) }, ['change glitchtip for glitchtip_a'], 'False BootstrapPending'],
    ['is about to have another database in its place, from a restore: none is made', { postgres: { kind: 'observed', via: 'published', state: stateOf({ database: { kind: 'absent', isExchanged: true } }), login: { kind: 'not tried' } } }, [], 'Unknown NotObserved'],
    ['is empty but a Secret is missing: the Secret comes first', { secrets: { administrator: ABSENT }, postgres: postgresOf(stateOf({ roles: [] })) }, ['create glitchtip-admin'], 'False BootstrapPending'],
    ['is empty and the operator suspended', { spec: { suspend: true }, postgres: postgresOf(stateOf({ roles: [] })) }, [], 'False BootstrapPending'],
    ['refuses the application: its password is never replaced', { postgres: { kind: 'observed', via: 'published', state: stateOf(), login: { kind: 'refused' } } }, [], 'False LoginRefused'],
    ['lets the application act as itself', { postgres: { kind: 'observed', via: 'published', state: stateOf(), login: { kind: 'accepted', actsAs: 'glitchtip_a' } } }, [], 'False WrongRole'],
    ['is lost between two looks', { postgres: { kind: 'observed', via: 'published', state: stateOf(), login: { kind: 'unreachable', why: '57P03' } } }, [], 'False Unreachable'],
    ['is well', {}, [], 'True LoginWorks'],
  ])('when Postgres %s', (_, scenario, actions, database) => {
    const made = planOf(scenario);
    expect([actionsOf(made), conditionOf(made, 'DatabaseHealthy')]).toEqual([actions, database]);
  });

  it('accepts in Valkey what it gives the application, as a hash', () => {
    const secrets = planOf(NOTHING).actions.flatMap((action) => (action.kind === 'create secret' ? [[action.role, action.data] as const] : []));
    const data = new Map(secrets);
    const url = data.get('application')?.get('VALKEY_URL')?.reveal() ?? '';
    const password = new URL(url).password;
    expect(url).toBe(`redis://:${password}@valkey:6379/0`);
    expect(data.get('valkey')?.get('users.acl')?.reveal().split('\n')[0]).toBe(`user default on #(${password}) ~* &* +@all -@admin`);
  });

  it('looks again soon while something is wrong, and seldom when all is well', () => {
    expect([planOf(NOTHING).requeueAfter, planOf({}).requeueAfter]).toEqual([5_000, 300_000]);
  });

  it('has no value in its status', () => {
    const text = JSON.stringify(planOf({}).status);
    for (const value of ['"key"', 'vpw', 'super', '"own"', '"pw"']) expect(text).not.toContain(value);
  });

  describe('dates a condition', () => {
    const previous = (status: 'True' | 'False'): GlitchTipStatus => ({
      conditions: [{ type: 'Ready', status, reason: 'AllWell', message: '', observedGeneration: 1, lastTransitionTime: '2025-01-01T00:00:00Z' }],
      credentials: [{ name: 'glitchtip-app', generation: 4, createdAt: '2025-01-01T00:00:00Z' }],
    });
    const since = (status: 'True' | 'False') => planOf({ previous: previous(status) }).status.conditions?.[0]?.lastTransitionTime;

    it('by its last flip', () => expect(since('True')).toBe('2025-01-01T00:00:00Z'));
    it('anew when it flips', () => expect(since('False')).toBe('2026-01-02T03:04:05Z'));
    it('and keeps what it knew of a credential that it cannot read', () => {
      const { status } = planOf({ previous: previous('True'), secrets: { application: UNREADABLE } });
      expect(status.credentials?.[0]).toEqual({ name: 'glitchtip-app', generation: 4, createdAt: '2025-01-01T00:00:00Z' });
    });
  });
});

describe('the plan for Postgres', () => {
  const wanted: WantedRoles = { database: 'glitchtip', active: 'glitchtip_a', idle: 'glitchtip_b', rotating: false, applicationWorks: true };
  const [owner, a, b] = [roleOf('glitchtip', { memberOf: [], actsAs: undefined }), roleOf('glitchtip_a', { canLogin: true, hasVerifier: true }), roleOf('glitchtip_b')];
  const open = { kind: 'present' as const, owner: 'glitchkeeper', publicCanConnect: true, publicCanCreateInSchema: true, backupCanConnect: false };

  it.each<[string, Parameters<typeof stateOf>[0], string[], boolean?]>([
    ['whole: nothing', {}, []],
    ['without a database: only the database, closed at the next look', { database: { kind: 'absent' } }, ['database glitchtip created']],
    ['with an open database of the superuser: owned and closed', { database: open }, ['database glitchtip belongs to glitchtip', 'database glitchtip closed to the public', 'schema public of glitchtip closed to the public']],
    ['without the idle login: made without a password', { roles: [owner, a] }, ['role glitchtip_b created', 'role glitchtip_b is a member of glitchtip', 'role glitchtip_b acts as glitchtip']],
    ['with a login that never had a password: its first', { roles: [owner, { ...a, hasVerifier: false, canLogin: false }, b] }, ['role glitchtip_a got its password']],
    ['with a login that has one but may not log in: the same password', { roles: [owner, { ...a, canLogin: false }, b] }, ['role glitchtip_a may log in']],
    ['with a login whose errors are logged with what they quote, as before they were kept out', { roles: [owner, { ...a, isLogged: true }, b] }, ['role glitchtip_a has its errors kept out of the log of Postgres']],
    ['with an idle one of that kind: it gets that with its password', { roles: [owner, a, { ...b, isLogged: true }] }, []],
    ['with a login that does not act as the owner', { roles: [owner, { ...a, actsAs: undefined }, b] }, ['role glitchtip_a acts as glitchtip']],
    ['with a login that is no member', { roles: [owner, { ...a, memberOf: [] }, b] }, ['role glitchtip_a is a member of glitchtip']],
    ['with an idle login that has a password and may log in: closed', { roles: [owner, a, { ...b, hasVerifier: true, canLogin: true }] }, ['role glitchtip_b may not log in']],
    ['with an idle login that has a password and may log in, in a rotation: left to the rotation', { roles: [owner, a, { ...b, hasVerifier: true, canLogin: true }] }, [], true],
  ])('%s', (_, state, changes, rotating = false) => {
    expect(planDatabase(stateOf(state), { ...wanted, rotating }).map(describeChange)).toEqual(changes);
  });

  it('never gives a second password to a login', () => {
    const kinds = [true, false].flatMap((canLogin) => planDatabase(stateOf({ roles: [owner, { ...a, canLogin }, b] }), wanted)).map(({ kind }) => kind);
    expect(kinds).not.toContain('set password');
  });
});

describe('the settings file', () => {
  const resource = (hash?: string) => ({ metadata: { name: 'g', namespace: 'n', uid: 'u', generation: 1, resourceVersion: '1', annotations: hash ? { 'glitchkeeper.io/settings-hash': hash } : undefined }, spec: {} });
  it.each([
    ['is applied when there is no resource', undefined, 'apply'],
    ['is applied when somebody else made the resource', resource(), 'apply'],
    ['is applied when it changed', resource('old'), 'apply'],
    ['is left alone when it is what was applied last', resource('new'), 'nothing'],
  ] as const)('%s', (_, found, decision) => expect(planSettings('new', found)).toBe(decision));
});
