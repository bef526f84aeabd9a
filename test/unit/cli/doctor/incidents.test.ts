// doctor on what the operator says: an incident as it comes from the operator's own rules, with all of its words.
import { expect, it } from '@jest/globals';
import { seen } from '../../../../cli/doctor/check-result.js';
import { checkConditions } from '../../../../cli/doctor/condition-checks.js';
import { ago, diagnosisOf, gatewayOf } from '../../operator/core/health/health-scenarios.js';
import { backedUp, factsOf } from './example-facts.js';

it('names the projects that still send by http, and what helps', () => {
  const plain = { until: new Date(0), projects: [{ project: 7, requests: 12, refused: 0, lastAt: ago(600) }] };
  const { causes } = diagnosisOf({ gateway: gatewayOf({ plain }) });
  const one = backedUp();
  const incidents = causes.map(({ reason, part, severity, message, advice }) => ({ id: 'a', since: '2026-06-01T11:59:00Z', reason, part, severity, message, advice }));
  const facts = factsOf({ resource: seen({ ...one, status: { ...one.status, health: { incidents } as never } }) });
  expect(checkConditions(facts).filter(({ level }) => level !== 'ok')).toEqual([{
    check: 'incidents', level: 'warning', found: expect.stringMatching(/^PlainEvents \(https\): .* by http: 7 \(12 requests, /), remedy: expect.stringMatching(/https:\/\/ in the DSN/),
  }]);
});
