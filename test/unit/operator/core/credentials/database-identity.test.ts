// A Postgres on another data directory than before: nothing is set up in it, and the status says so, until a person accepts it.
import { describe, expect, it } from '@jest/globals';
import { identifyDatabase, type DatabaseIdentity, type IdentityInput } from '../../../../../operator/core/credentials/database-identity.js';
import { actionsOf, conditionOf, planOf, postgresOf, stateOf } from '../../operator-scenarios.js';

const OLD = '7412345678901234567';
const NEW = '7498765432109876543';

describe('the identity of a database', () => {
  it.each<[string, IdentityInput, DatabaseIdentity]>([
    ['is remembered when it is seen for the first time', { found: NEW, remembered: undefined, accepted: undefined }, { system: NEW }],
    ['is the same as before', { found: OLD, remembered: OLD, accepted: undefined }, { system: OLD }],
    ['is another one', { found: NEW, remembered: OLD, accepted: undefined }, { system: OLD, replaced: { was: OLD, is: NEW } }],
    ['is another one, and accepted', { found: NEW, remembered: OLD, accepted: NEW }, { system: NEW }],
    ['is another one, where one before it was accepted', { found: NEW, remembered: OLD, accepted: OLD }, { system: OLD, replaced: { was: OLD, is: NEW } }],
    ['is not seen: what was known stays', { found: undefined, remembered: OLD, accepted: undefined }, { system: OLD }],
    ['was never seen', { found: undefined, remembered: undefined, accepted: NEW }, {}],
  ])('%s', (_, input, wanted) => expect(identifyDatabase(input)).toEqual(wanted));
});

describe('a plan', () => {
  const empty = (system?: string) => postgresOf(stateOf({ roles: [], database: { kind: 'absent' }, ...(system === undefined ? {} : { system }) }));
  const before = { postgres: { systemIdentifier: OLD } };
  const systemOf = (plan: ReturnType<typeof planOf>) => plan.status.postgres?.systemIdentifier;

  it('sets up an empty database that is the first, and remembers which it is', () => {
    const plan = planOf({ postgres: empty(OLD) });
    expect([actionsOf(plan), conditionOf(plan, 'DatabaseHealthy'), systemOf(plan)]).toEqual([['change glitchtip for glitchtip_a'], 'False BootstrapPending', OLD]);
  });

  it('sets up nothing in another one, and says which it is', () => {
    const plan = planOf({ postgres: empty(NEW), previous: before });
    expect([actionsOf(plan), conditionOf(plan, 'DatabaseHealthy'), conditionOf(plan, 'Ready'), systemOf(plan)]).toEqual([[], 'False DatabaseReplaced', 'False DatabaseReplaced', OLD]);
    expect(plan.status.conditions?.find(({ type }) => type === 'DatabaseHealthy')?.message).toContain(`${NEW}, and had ${OLD}`);
  });

  it('begins no rotation with another one', () => {
    expect(actionsOf(planOf({ postgres: empty(NEW), previous: before, request: 'all' }))).not.toContain('open login');
  });

  it('sets it up once it is accepted', () => {
    const plan = planOf({ postgres: empty(NEW), previous: before, acceptedDatabase: NEW });
    expect([actionsOf(plan), systemOf(plan)]).toEqual([['change glitchtip for glitchtip_a'], NEW]);
  });

  it('goes on as before where the identifier may not be read', () => {
    const plan = planOf({ postgres: empty(), previous: before });
    expect([actionsOf(plan), systemOf(plan)]).toEqual([['change glitchtip for glitchtip_a'], OLD]);
  });

  it('forgets nothing while Postgres does not answer', () => {
    expect(systemOf(planOf({ postgres: { kind: 'unreachable', why: 'ECONNREFUSED' }, previous: before }))).toBe(OLD);
  });
});
