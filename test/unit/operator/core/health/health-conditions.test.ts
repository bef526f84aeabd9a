// The health conditions: from what is open, with the last flip's date, and never from a single failed check.
import { describe, expect, it } from '@jest/globals';
import type { Condition, GlitchTipStatus } from '../../../../../operator/api/glitchtip-resource.js';
import type { IncidentStatus } from '../../../../../operator/api/health-fields.js';
import { dateHealth, judgeHealth } from '../../../../../operator/core/health/health-conditions.js';
import type { Facts } from '../../../../../operator/core/health/health-facts.js';
import { emptyAlertState } from '../../../../../operator/core/alerts/alert-state.js';
import { buildHealth, isWorthWriting } from '../../../../../operator/core/health/health-status.js';
import { buildInvalidStatus } from '../../../../../operator/core/credentials/resource-conditions.js';
import { NOW, WORKER_SPEC, clusterOf, diagnosisOf, factsOf, podsOf, specOf, startingPod, REFUSED } from './health-scenarios.js';

const DOWN: Partial<Facts> = { database: { kind: 'unreachable', why: 'ECONNREFUSED' }, canary: { kind: 'refused', status: 500 } };
const incident = (changes: Partial<IncidentStatus> = {}): IncidentStatus => ({ id: '1', reason: 'DatabaseDown', part: 'postgres', severity: 'critical', since: NOW.toISOString(), message: 'Postgres is down.', advice: '', ...changes });
const conditionOf = (type: Condition['type'], status: Condition['status'], reason: string): Condition => ({ type, status, reason, message: 'before', lastTransitionTime: '2025-01-01T00:00:00Z' });
const WELL: GlitchTipStatus = { conditions: (['Healthy', 'WebHealthy', 'WorkerHealthy', 'IngestWorking'] as const).map((type) => conditionOf(type, 'True', 'AllWell')) };

function judge(facts: Partial<Facts>, open: readonly IncidentStatus[] = [], previous?: GlitchTipStatus): string[] {
  const diagnosis = diagnosisOf(facts);
  return judgeHealth({ facts: factsOf(facts), spec: specOf(WORKER_SPEC), now: NOW, diagnosis, open, previous }).map(({ status, reason }) => `${status} ${reason}`);
}

const ALL_WELL = ['True AllWell', 'True AllWell', 'True AllWell', 'True AllWell'];

describe('Healthy, WebHealthy, WorkerHealthy and IngestWorking', () => {
  it.each<[string, Partial<Facts>, IncidentStatus[], GlitchTipStatus | undefined, string[]]>([
    ['all well', {}, [], undefined, ALL_WELL],
    ['suspect at the first check: not known', DOWN, [], undefined, ['Unknown NotObserved', 'True AllWell', 'Unknown NotObserved', 'Unknown NotObserved']],
    ['suspect: as before', DOWN, [], WELL, ['True AllWell', 'True AllWell', 'Unknown NotObserved', 'True AllWell']],
    ['an incident: the root where it reaches', DOWN, [incident()], WELL, ['False DatabaseDown', 'True AllWell', 'Unknown NotObserved', 'False DatabaseDown']],
    ['an incident that this check did not see: not closed yet', {}, [incident()], { conditions: [conditionOf('IngestWorking', 'False', 'DatabaseDown')] }, ['False DatabaseDown', 'True AllWell', 'True AllWell', 'False DatabaseDown']],
    ['a warning: the worst is reported', {}, [incident({ severity: 'warning', reason: 'VolumeFull' }), incident({ id: '2' })], undefined, ['False DatabaseDown', ...ALL_WELL.slice(1)]],
    ['web starts: as before', { cluster: clusterOf({ pods: podsOf(startingPod('web')) }), web: { health: REFUSED, pods: [] }, canary: { kind: 'not sent', why: 'web' } }, [], WELL, ['True AllWell', 'True AllWell', 'Unknown NotObserved', 'True AllWell']],
    ['nothing was sent: nobody knows of the worker', { canary: { kind: 'not sent', why: 'x' } }, [], undefined, ['True AllWell', 'True AllWell', 'Unknown NotObserved', 'Unknown NotObserved']],
  ])('%s', (...[, facts, open, previous, wanted]) => expect(judge(facts, open, previous)).toEqual(wanted));

  it('have the words of the incident, which do not change with every check', () => {
    const [, , , ingest] = judgeHealth({ facts: factsOf(DOWN), spec: specOf(WORKER_SPEC), now: NOW, diagnosis: diagnosisOf(DOWN), open: [incident()], previous: undefined });
    expect(ingest?.message).toBe('Postgres is down.');
  });

  it('are dated by their last flip', () => {
    const findings = [{ type: 'Healthy' as const, status: 'True' as const, reason: 'AllWell' as const, message: '' }, { type: 'WebHealthy' as const, status: 'False' as const, reason: 'WebDown' as const, message: '' }];
    expect(dateHealth(findings, WELL, { now: NOW, generation: 2 }).map(({ lastTransitionTime }) => lastTransitionTime)).toEqual(['2025-01-01T00:00:00Z', '2026-01-02T03:04:05Z']);
  });
});

describe('the status is written', () => {
  const report = { conditions: WELL.conditions ?? [], health: buildHealth(emptyAlertState(), { queueDepth: 3 }, NOW) };
  const written = (checkedAt: string, changes: Partial<GlitchTipStatus> = {}): GlitchTipStatus => ({ conditions: [...(WELL.conditions ?? []), conditionOf('Ready', 'True', 'AllWell')], health: { checkedAt, figures: { queueDepth: 9 } }, ...changes });

  it.each<[string, GlitchTipStatus | undefined, boolean]>([
    ['when there is none', undefined, true],
    ['not for another figure', written('2026-01-02T03:03:00Z'), false],
    ['after five minutes', written('2026-01-02T02:59:05Z'), true],
    ['for an incident that is over', written('2026-01-02T03:03:00Z', { health: { checkedAt: '2026-01-02T03:03:00Z', incidents: [incident()] } }), true],
    ['for a condition', written('2026-01-02T03:03:00Z', { conditions: [conditionOf('Healthy', 'False', 'WebDown')] }), true],
    ['whatever other controllers wrote', written('2026-01-02T03:03:00Z', { observedGeneration: 9, credentials: [] }), false],
  ])('%s', (_, status, wanted) => expect(isWorthWriting(report, status, NOW)).toBe(wanted));
});

it('who cannot understand the spec takes over no condition of health', () => {
  const previous: GlitchTipStatus = { conditions: [conditionOf('Ready', 'True', 'AllWell'), conditionOf('QueueHealthy', 'True', 'PasswordsMatch'), ...(WELL.conditions ?? [])], health: { checkedAt: '2026-01-02T03:03:00Z' } };
  const { conditions, health } = buildInvalidStatus(['spec.version: wrong'], previous, { now: NOW, generation: 2 });
  expect([conditions?.map(({ type }) => type), health]).toEqual([['Ready', 'QueueHealthy'], undefined]);
});
