// What doctor says of a database that is new: by what holds the operator back, and by the incident.
import { expect, it } from '@jest/globals';
import { checkConditions } from '../../../../cli/doctor/condition-checks.js';
import { describeReplaced } from '../../../../operator/core/credentials/database-identity.js';
import { condition } from '../cli-scenarios.js';
import { factsOf } from './example-facts.js';

it('that the database is new is a failure, with both system identifiers', () => {
  const message = `${describeReplaced({ was: '7000', is: '8000' })}.`;
  const incident = { id: 'a', reason: 'DatabaseReplaced', part: 'postgres', severity: 'critical', since: '2026-06-01T11:59:00Z', message, advice: 'Bring the old volume back.' };
  const scenario = {
    conditions: [condition('Ready', 'False', 'DatabaseReplaced', message), condition('DatabaseHealthy', 'False', 'DatabaseReplaced', message)],
    health: { incidents: [incident] } as never,
  };
  expect(checkConditions(factsOf({ scenario })).map(({ check, level, found }) => [check, level, found])).toEqual([
    ['conditions', 'failure', `Ready is False, DatabaseReplaced: ${message}`], ['conditions', 'warning', `DatabaseHealthy is False, DatabaseReplaced: ${message}`],
    ['incidents', 'failure', `DatabaseReplaced (postgres): ${message}`],
  ]);
  expect(message).toMatch(/^The database is new: .* system identifier 8000, and had 7000\./);
});
