// Every decision about a database that somebody else made: what is taken over, what is waited for, what is refused.
import { describe, expect, it } from '@jest/globals';
import type { ForeignObjects, ObservedDatabase, ObservedRole, PostgresState } from '../../../../../operator/core/credentials/observed.js';
import { planDatabase } from '../../../../../operator/core/credentials/postgres-roles.js';
import { describeChange, placeOf, type WantedRoles } from '../../../../../operator/core/credentials/database-changes.js';
import { actionsOf, planOf, postgresOf, roleOf, stateOf } from '../../operator-scenarios.js';

const WANTED: WantedRoles = { database: 'glitchtip', active: 'glitchtip_a', idle: 'glitchtip_b', rotating: false, applicationWorks: true };
const LOGINS = [roleOf('glitchtip_a', { canLogin: true, hasVerifier: true }), roleOf('glitchtip_b')];
const CLOSED = roleOf('glitchtip', { memberOf: [], actsAs: undefined });
const OPENED: ObservedRole = { ...CLOSED, canLogin: true, hasVerifier: true };

const foreign = (changes: Partial<ForeignObjects> = {}): ForeignObjects => ({ owner: 'compose', objects: 214, inPublic: true, sessions: 0, ...changes });
const left = (changes: Partial<ObservedDatabase & { kind: 'present' }> = {}): Partial<PostgresState> =>
  ({ database: { kind: 'present', owner: 'compose', publicCanConnect: true, publicCanCreateInSchema: true, backupCanConnect: false, foreign: [foreign()], ...changes } });
const taken = (others: readonly ForeignObjects[]): Partial<PostgresState> => left({ owner: 'glitchtip', publicCanConnect: false, publicCanCreateInSchema: false, foreign: others });
const ownedBy = (owner: Partial<ObservedRole>): Partial<PostgresState> => ({ roles: [{ ...OPENED, ...owner }, ...LOGINS] });

const MOVED = '214 objects of compose in database glitchtip belong to glitchtip';
const TAKEN_OVER = ['database glitchtip belongs to glitchtip', 'database glitchtip closed to the public', 'schema public of glitchtip closed to the public', MOVED];
const OWNER_CLOSED = 'role glitchtip is an owner without login, password and privileges of its own';

describe('a database that another role owns', () => {
  it.each<[string, Partial<PostgresState>, string[]]>([
    ['is taken over: the database, then closed, then every object', left(), TAKEN_OVER],
    ['is taken over object by object when the database is the owner\'s already', taken([foreign()]), [MOVED]],
    ['with a superuser\'s restore in it: what the superuser owns', taken([foreign({ owner: 'glitchkeeper', objects: 3 })]), ['3 objects of glitchkeeper in database glitchtip belong to glitchtip']],
    ['with two owners: both', taken([foreign(), foreign({ owner: 'old', objects: 1 })]), [MOVED, '1 objects of old in database glitchtip belong to glitchtip']],
    ['with a role that only has a schema of its own: left alone', taken([foreign({ owner: 'reports', inPublic: false })]), []],
    ['whose owner has all of it in a schema of its own: taken over', left({ publicCanConnect: false, publicCanCreateInSchema: false, foreign: [foreign({ inPublic: false })] }), ['database glitchtip belongs to glitchtip', MOVED]],
    ['while its owner is connected: nothing is touched, the door stays open', left({ foreign: [foreign({ sessions: 2 })] }), []],
    ['while one of two owners is connected: neither', taken([foreign(), foreign({ owner: 'old', sessions: 1 })]), []],
    ['while a role that is left alone is connected: taken over', left({ foreign: [foreign(), foreign({ owner: 'reports', inPublic: false, sessions: 1 })] }), TAKEN_OVER],
    ['while our own login, which made some of it, is connected: taken over, it keeps every right', taken([foreign({ owner: 'glitchtip_a', sessions: 5 })]), ['214 objects of glitchtip_a in database glitchtip belong to glitchtip']],
    ['seen from another database: nothing is known of its objects', taken([]), []],
  ])('%s', (_, state, changes) => {
    expect(planDatabase(stateOf(state), WANTED).map(describeChange)).toEqual(changes);
  });

  it('gets its roles first, while its owner is still connected', () => {
    const changes = planDatabase(stateOf({ ...left({ foreign: [foreign({ sessions: 1 })] }), roles: [] }), WANTED);
    expect([...new Set(changes.map(placeOf))]).toEqual(['transaction']);
    expect(changes.map(describeChange)).toContain('role glitchtip created');
  });

  it('is taken over in one transaction, from inside it', () => {
    expect(planDatabase(stateOf(left()), WANTED).map(placeOf)).toEqual(['inside', 'inside', 'inside', 'inside']);
  });
});

describe('an owner that can log in', () => {
  const works = { ...WANTED, applicationWorks: true };
  it.each<[string, Partial<PostgresState>, WantedRoles, string[]]>([
    ['is closed when the application works and nobody is left', ownedBy({}), works, [OWNER_CLOSED]],
    ['is closed when it has a password and no login', ownedBy({ canLogin: false }), works, [OWNER_CLOSED]],
    ['is closed when it has privileges and no login', ownedBy({ canLogin: false, hasVerifier: false, attributes: ['CREATEDB'] }), works, [OWNER_CLOSED]],
    ['is closed when it is a superuser that a person made', ownedBy({ attributes: ['SUPERUSER', 'CREATEROLE'] }), works, [OWNER_CLOSED]],
    ['stays open while the application does not work', ownedBy({}), { ...works, applicationWorks: false }, []],
    ['stays open while somebody is connected with it', ownedBy({ sessions: 1 }), works, []],
    ['stays open while anything else is to be done', { roles: [OPENED, LOGINS[0] ?? OPENED] }, works, ['role glitchtip_b created', 'role glitchtip_b is a member of glitchtip', 'role glitchtip_b acts as glitchtip']],
    ['stays open while objects of another role are in the way', { ...ownedBy({}), ...taken([foreign({ sessions: 1 })]) }, works, []],
    ['is not touched, and nothing else is, when it is the superuser that initdb made', { ...ownedBy({ bootstrap: true, attributes: ['SUPERUSER'] }), ...left() }, works, []],
    ['gets no member when it is the superuser that initdb made', { roles: [{ ...OPENED, bootstrap: true }] }, works, []],
    ['is nothing to do once it is closed', { roles: [CLOSED, ...LOGINS] }, works, []],
  ])('%s', (_, state, wanted, changes) => {
    expect(planDatabase(stateOf(state), wanted).map(describeChange)).toEqual(changes);
  });
});

describe('the condition of the database', () => {
  const messageOf = (state: Partial<PostgresState>): string => {
    const found = planOf({ postgres: postgresOf(stateOf(state)) }).status.conditions?.find(({ type }) => type === 'DatabaseHealthy');
    return `${found?.status ?? ''} ${found?.reason ?? ''}: ${found?.message ?? ''}`;
  };

  it.each<[string, Partial<PostgresState>, string, string[]]>([
    ['says what is about to be taken over', left(), 'False AdoptionPending: 214 objects of compose are to be given to glitchtip, in one transaction; it waits for locks that others hold.', ['change glitchtip for glitchtip_a']],
    ['says who is connected, and how often', left({ foreign: [foreign({ sessions: 2 }), foreign({ owner: 'old', objects: 1, sessions: 1 })] }),
      'False AdoptionWaits: 215 objects of compose, old go to glitchtip when nobody is connected to the database as compose, old any more (sessions now: 3).', []],
    ['is well while the old login of the owner is still used, and says so', ownedBy({ sessions: 3 }),
      'True OwnerInUse: The application logs in and acts as glitchtip. Role glitchtip keeps its own login until nobody is connected with it any more (sessions now: 3).', []],
    ['refuses the superuser of initdb as an owner, and says where to read on', ownedBy({ bootstrap: true }),
      'False OwnerIsBootstrapSuperuser: Role glitchtip is the superuser that initdb made, and cannot become an owner without login. Nothing is changed. Restore a dump into a database of another name, or into a new Postgres: docs/runbooks/adopt-compose.md.', []],
  ])('%s', (_, state, message, actions) => {
    expect([messageOf(state), actionsOf(planOf({ postgres: postgresOf(stateOf(state)) }))]).toEqual([message, actions]);
  });

  it('looks again soon while an old login of the owner is used, though all is well', () => {
    const made = planOf({ postgres: postgresOf(stateOf(ownedBy({ sessions: 1 }))) });
    expect([made.status.conditions?.[0]?.status, made.requeueAfter]).toEqual(['True', 5_000]);
  });

  it('keeps the owner\'s login, and says why, when the application\'s is refused', () => {
    const made = planOf({ postgres: { kind: 'observed', via: 'published', state: stateOf(ownedBy({})), login: { kind: 'refused' } } });
    expect([actionsOf(made), made.status.conditions?.[0]?.reason]).toEqual([[], 'LoginRefused']);
  });
});
