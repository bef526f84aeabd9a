// The login that dumps: its Secret, what it may do in Postgres, and that it is there only where backups are.
import { describe, expect, it } from '@jest/globals';
import { describeChange, type WantedRoles } from '../../../../../operator/core/credentials/database-changes.js';
import type { ObservedDatabase, ObservedLogin, ObservedSecrets } from '../../../../../operator/core/credentials/observed.js';
import { planDatabase } from '../../../../../operator/core/credentials/postgres-roles.js';
import { ABSENT, UNREADABLE, actionsOf, conditionOf, planOf, postgresOf, present, roleOf, stateOf, type Scenario } from '../../operator-scenarios.js';

const SPEC = { backup: { store: 'volume' } };
const SECRET = { 'database-password': 'backup-pw' };
const ROLE = 'glitchtip_backup';
const ROLES = [roleOf('glitchtip', { memberOf: [], actsAs: undefined }), roleOf('glitchtip_a', { canLogin: true, hasVerifier: true }), roleOf('glitchtip_b')];
const backup = roleOf(ROLE, { canLogin: true, hasVerifier: true, memberOf: ['pg_read_all_data'], actsAs: undefined });
const database = (backupCanConnect: boolean): ObservedDatabase => ({ kind: 'present', owner: 'glitchtip', publicCanConnect: false, publicCanCreateInSchema: false, backupCanConnect });
const complete = stateOf({ roles: [...ROLES, backup], database: database(true) });

describe('the Secret of the login that dumps', () => {
  it.each<[string, Scenario, readonly string[]]>([
    ['is made where there are backups', { spec: SPEC, secrets: { backup: ABSENT } }, ['create glitchtip-backup']],
    ['is not made where there are none', { secrets: { backup: ABSENT } }, []],
    ['that cannot be read is not made anew', { spec: SPEC, secrets: { backup: UNREADABLE } }, []],
  ])('%s', (_, scenario, actions) => expect(actionsOf(planOf(scenario))).toEqual(actions));

  it('that lacks its key is reported and not overwritten, and its login stays as it is', () => {
    const made = planOf({ spec: SPEC, secrets: { backup: present({}) }, postgres: { ...postgresOf(stateOf({ roles: ROLES })) } });
    expect([conditionOf(made, 'CredentialsCurrent'), actionsOf(made)]).toEqual(['False SecretIncomplete', []]);
  });

  it('is listed with its age in the status', () => {
    const { status } = planOf({ spec: SPEC, secrets: { backup: present(SECRET) }, postgres: postgresOf(complete) });
    expect(status.credentials).toContainEqual(expect.objectContaining({ name: 'glitchtip-backup', generation: 1 }));
  });
});

describe('the login that dumps', () => {
  const wanted: WantedRoles = { database: 'glitchtip', active: 'glitchtip_a', idle: 'glitchtip_b', rotating: false, applicationWorks: true, backup: { role: ROLE, isRefused: false } };
  const GONE = { backup: { role: ROLE, isRefused: false, isGone: true } };
  const REFUSED = { backup: { role: ROLE, isRefused: true } };

  it.each<[string, Parameters<typeof stateOf>[0], Partial<WantedRoles>, readonly string[]]>([
    ['is made, with the right to read everything and to enter this one database', { roles: ROLES, database: database(false) }, {}, [
      `role ${ROLE} created`, `role ${ROLE} is a member of pg_read_all_data`, `role ${ROLE} got its password`, `role ${ROLE} may connect to glitchtip`,
    ]],
    ['is let in by name while the public still may, too', { roles: [...ROLES, backup], database: { ...database(false), publicCanConnect: true } as ObservedDatabase }, {}, [
      `role ${ROLE} may connect to glitchtip`, 'database glitchtip closed to the public',
    ]],
    ['is let into no database that is not there yet', { roles: [...ROLES, backup], database: { kind: 'absent' } }, {}, ['database glitchtip created']],
    ['may log in again after somebody forbade it', { roles: [...ROLES, { ...backup, canLogin: false }], database: database(true) }, {}, [`role ${ROLE} may log in`]],
    ['gets the password of its Secret when Postgres refuses that', complete, REFUSED, [`role ${ROLE} got its password`]],
    ['is left alone then while a rotation is under way', complete, { rotating: true, ...REFUSED }, []],
    ['is left alone when all is as it should be', complete, {}, []],
    ['is not made where there are no backups', { roles: ROLES, database: database(false) }, GONE, []],
    ['is closed when there are none any more', complete, GONE, [`role ${ROLE} may not log in`]],
    ['stays closed then', { roles: [...ROLES, { ...backup, canLogin: false, hasVerifier: false }], database: database(false) }, GONE, []],
    ['is let in again when they are back', { roles: [...ROLES, { ...backup, canLogin: false, hasVerifier: false }], database: database(true) }, {}, [`role ${ROLE} got its password`]],
  ])('%s', (_, state, more, changes) => expect(planDatabase(stateOf(state), { ...wanted, ...more }).map(describeChange)).toEqual(changes));

  it.each<[string, ObservedLogin, boolean]>([
    ['is tried with what its Secret says, and set anew when refused', { kind: 'refused' }, true],
    ['is left alone when let in', { kind: 'accepted', actsAs: ROLE }, false],
    ['is left alone when nobody answers', { kind: 'unreachable', why: 'ECONNREFUSED' }, false],
  ])('%s', (_, backupLogin, changes) => {
    const made = planOf({ spec: SPEC, secrets: { backup: present(SECRET) }, postgres: { ...postgresOf(complete), backupLogin } });
    expect(actionsOf(made)).toEqual(changes ? ['change glitchtip for glitchtip_a'] : []);
  });

  // A leak is closed without a rotation: whose password no backup needs, nobody would replace.
  it.each<[string, ObservedSecrets['backup']]>([['is deleted', ABSENT], ['is still there', present(SECRET)], ['cannot be read', UNREADABLE]])('is closed once there are no backups, when its Secret %s', (_, secret) => {
    expect(actionsOf(planOf({ secrets: { backup: secret }, postgres: postgresOf(complete) }))).toEqual(['change glitchtip for glitchtip_a']);
  });
});
