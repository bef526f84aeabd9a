// The gateway's credentials: its Secret, its login in Postgres and its user in Valkey, on a new stack and on one that was there before it.
import { describe, expect, it } from '@jest/globals';
import { describeChange, type WantedRoles } from '../../../../../operator/core/credentials/database-changes.js';
import { buildUsersFile } from '../../../../../operator/core/credentials/generated-secrets.js';
import type { ObservedDatabase, ObservedLogin, ObservedSecrets } from '../../../../../operator/core/credentials/observed.js';
import { GATEWAY_TABLES as BY_RELEASE, planDatabase } from '../../../../../operator/core/credentials/postgres-roles.js';
import { planGatewayUser } from '../../../../../operator/core/credentials/valkey-users.js';
import { Sensitive } from '../../../../../operator/core/sensitive.js';
import { ABSENT, UNREADABLE, actionsOf, conditionOf, planOf, postgresOf, present, roleOf, secretsOf, stateOf, type Scenario } from '../../operator-scenarios.js';
import { CountingCrypto, specOf } from './credentials-scenarios.js';

const GATEWAY_TABLES = BY_RELEASE['5.2'];
const SECRET = { 'database-password': 'gateway-pw', 'valkey-password': 'gateway-vpw', 'control-token': 'token' };
const [owner, a, b] = [roleOf('glitchtip', { memberOf: [], actsAs: undefined }), roleOf('glitchtip_a', { canLogin: true, hasVerifier: true }), roleOf('glitchtip_b')];
const gateway = roleOf('glitchtip_gateway', { canLogin: true, hasVerifier: true, memberOf: ['pg_read_all_stats'], actsAs: undefined });
const tables = (absent: readonly string[], closed: readonly string[] = []): ObservedDatabase => ({ kind: 'present', owner: 'glitchtip', publicCanConnect: false, publicCanCreateInSchema: false, backupCanConnect: false, gatewayTables: { absent, closed } });

describe("the gateway's Secret", () => {
  it.each<[string, Scenario, readonly string[]]>([
    ['is made before the one of Valkey, whose users file is derived from it', { spec: { gateway: {} }, secrets: { gateway: ABSENT, valkey: ABSENT } }, ['create glitchtip-gateway', 'create glitchtip-valkey']],
    ['is not made where there is no gateway', { secrets: { gateway: ABSENT } }, []],
    ['that cannot be read is not made anew, nor is a users file without it', { spec: { gateway: {} }, secrets: { gateway: UNREADABLE, valkey: ABSENT } }, []],
  ])('%s', (_, scenario, actions) => expect(actionsOf(planOf(scenario))).toEqual(actions));

  it('that lacks a key is reported and not overwritten', () => {
    const made = planOf({ spec: { gateway: {} }, secrets: { gateway: present({ ...SECRET, 'control-token': '' }) } });
    expect(conditionOf(made, 'CredentialsCurrent')).toBe('False SecretMalformed');
  });
});

describe("the gateway's login in Postgres", () => {
  const GONE = { role: 'glitchtip_gateway', isRefused: false, isGone: true };
  const wanted: WantedRoles = { database: 'glitchtip', active: 'glitchtip_a', idle: 'glitchtip_b', rotating: false, applicationWorks: true, gateway: { role: 'glitchtip_gateway', isRefused: false } };

  it.each<[string, Parameters<typeof stateOf>[0], Partial<WantedRoles>, readonly string[]]>([
    ['is made, on a database that was there before it', { roles: [owner, a, b], database: tables([], ['projects_projectkey']) }, {}, [
      'role glitchtip_gateway created', 'role glitchtip_gateway is a member of pg_read_all_stats', 'role glitchtip_gateway got its password', 'role glitchtip_gateway may read projects_projectkey',
    ]],
    ['gets no right on tables that are not there yet', { roles: [owner, a, b, gateway], database: tables(GATEWAY_TABLES) }, {}, []],
    ['gets those that a restore without privileges took', { roles: [owner, a, b, gateway], database: tables([], GATEWAY_TABLES) }, {}, [`role glitchtip_gateway may read ${GATEWAY_TABLES.join(', ')}`]],
    ['may log in again after somebody forbade it', { roles: [owner, a, b, { ...gateway, canLogin: false }], database: tables([]) }, {}, ['role glitchtip_gateway may log in']],
    ['gets the password of its Secret when Postgres refuses that', { roles: [owner, a, b, gateway], database: tables([]) }, { gateway: { role: 'glitchtip_gateway', isRefused: true } }, ['role glitchtip_gateway got its password']],
    ['is left alone then while a rotation is under way', { roles: [owner, a, b, gateway], database: tables([]) }, { rotating: true, gateway: { role: 'glitchtip_gateway', isRefused: true } }, []],
    ['is not made where there is no gateway', { roles: [owner, a, b], database: tables([], GATEWAY_TABLES) }, { gateway: undefined }, []],
    ['nor where it is gone', { roles: [owner, a, b], database: tables([], GATEWAY_TABLES) }, { gateway: GONE }, []],
    ['is closed when the gateway is gone', { roles: [owner, a, b, gateway], database: tables([]) }, { gateway: GONE }, ['role glitchtip_gateway may not log in']],
    ['stays closed then', { roles: [owner, a, b, { ...gateway, canLogin: false, hasVerifier: false }], database: tables([], GATEWAY_TABLES) }, { gateway: GONE }, []],
  ])('%s', (_, state, more, changes) => expect(planDatabase(stateOf(state), { ...wanted, ...more }).map(describeChange)).toEqual(changes));

  it.each<[string, ObservedLogin, boolean]>([
    ['is tried with what its Secret says, and set anew when refused', { kind: 'refused' }, true],
    ['is left alone when let in', { kind: 'accepted', actsAs: 'glitchtip_gateway' }, false],
    ['is left alone when nobody answers', { kind: 'unreachable', why: 'ECONNREFUSED' }, false],
  ])('%s', (_, gatewayLogin, changes) => {
    const postgres = { ...postgresOf(stateOf({ roles: [owner, a, b, gateway], database: tables([]) })), gatewayLogin };
    const made = planOf({ spec: { gateway: {} }, secrets: { gateway: present(SECRET), valkey: present({ 'users.acl': 'user default on #(vpw) +@all\nuser gateway on #(gateway-vpw) +ping\n', password: 'own' }) }, postgres });
    expect(actionsOf(made)).toEqual(changes ? ['change glitchtip for glitchtip_a'] : []);
  });

  it.each<[string, ObservedSecrets['gateway'], boolean]>([
    ['is closed once the settings have no gateway and its Secret is deleted', ABSENT, true],
    ['stays open while its Secret is there, for it may still hold events', present(SECRET), false],
    ['stays open while its Secret cannot be read', UNREADABLE, false],
  ])('%s', (_, secret, closes) => {
    const postgres = postgresOf(stateOf({ roles: [owner, a, b, gateway], database: tables([]) }));
    const made = planOf({ secrets: { gateway: secret, valkey: present({ 'users.acl': 'user default on #(vpw) +@all\n', password: 'own' }) }, postgres });
    expect(actionsOf(made)).toEqual(closes ? ['change glitchtip for glitchtip_a'] : []);
  });

  it.each([['are not there yet: soon', GATEWAY_TABLES, 5_000], ['are there: seldom', [], 300_000]])('is looked at again, when the tables %s', (_, absent, milliseconds) => {
    const postgres = { ...postgresOf(stateOf({ roles: [owner, a, b, gateway], database: tables(absent) })), gatewayLogin: { kind: 'accepted' as const, actsAs: 'glitchtip_gateway' } };
    expect(planOf({ spec: { gateway: {} }, secrets: { gateway: present(SECRET), valkey: present({ 'users.acl': 'user default on #(vpw) +@all\n', password: 'own' }) }, postgres }).requeueAfter).toBe(milliseconds);
  });
});

describe("the gateway's user in Valkey", () => {
  const crypto = new CountingCrypto();
  const now = new Date('2026-01-02T03:04:05Z');
  const hash = (password: string) => crypto.sha256(new Sensitive(password));
  const file = (more: object) => buildUsersFile({ application: ['a'.repeat(64)], operator: ['b'.repeat(64)], ...more }).reveal();
  const planned = (users: string, fields: object, secret: ObservedSecrets['gateway'] = present(SECRET)) => {
    const valkey = { ...present({ 'users.acl': users, password: 'own' }), resourceVersion: '7' } as ObservedSecrets['valkey'];
    return planGatewayUser(specOf(fields), secretsOf({ gateway: secret, valkey }), { crypto, now })?.data.get('users.acl')?.reveal();
  };

  it('is added to the users file of a Valkey that was there before the gateway, and leaves the others what they have', () => {
    expect(planned(file({}), { gateway: {} })).toBe(file({ gateway: [hash('gateway-vpw')] }));
  });
  it('is taken out when the settings have no gateway and its Secret is deleted', () => expect(planned(file({ gateway: [hash('gateway-vpw')] }), {}, ABSENT)).toBe(file({})));
  it.each<[string, string, object, ObservedSecrets['gateway']]>([
    ['the file says what it should', file({ gateway: [hash('gateway-vpw')] }), { gateway: {} }, present(SECRET)],
    ['the Secret cannot be read', file({}), { gateway: {} }, UNREADABLE],
    ['the settings have no gateway, but its Secret is there: it may still hold events', file({ gateway: [hash('gateway-vpw')] }), {}, present(SECRET)],
    ['the settings have no gateway, and its Secret cannot be read', file({ gateway: [hash('gateway-vpw')] }), {}, UNREADABLE],
    ['there is no Valkey', file({}), { gateway: {}, valkey: undefined }, present(SECRET)],
  ])('is left alone where %s', (_, users, fields, secret) => expect(planned(users, fields, secret)).toBeUndefined());
  it('may ask for lengths, and read nothing', () => {
    const line = file({ gateway: [hash('x')] }).split('\n').find((each) => each.startsWith('user gateway '));
    expect(line).toMatch(/ -@all \+ping \+llen \+hlen$/);
  });
});
