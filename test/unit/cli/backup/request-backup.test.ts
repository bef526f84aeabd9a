import { describe, expect, it } from '@jest/globals';
import { planRequest } from '../../../../cli/backup/request-backup.js';
import { COPY, NOW, copied, lastFailure, resource, type Scenario } from '../cli-scenarios.js';

const spec = { backup: { store: 's3' } };
const OURS = '20260601T115900Z';
const underway = { copy: OURS, trigger: 'schedule', startedAt: '2026-06-01T11:59:00Z' } as const;

describe('a backup', () => {
  it.each<[string, Scenario, object]>([
    ['is asked for by the time, knowing no run of before', { spec }, { kind: 'ask', value: '2026-06-01T12:00:00Z', request: { value: '2026-06-01T12:00:00Z', known: [] } }],
    ['is asked for, knowing which runs are not its own', { spec, backup: copied({ lastFailure: lastFailure() }) }, { kind: 'ask', request: { known: [COPY, '20260601T113000Z'] } }],
    ['is asked for also where none is made on schedule', { spec: { backup: { store: 's3', enabled: false } } }, { kind: 'ask' }],
    ['that runs is followed', { spec, backup: copied({ current: underway }) }, { kind: 'follow', request: { copy: OURS }, note: expect.stringContaining(`${OURS} runs already (schedule)`) }],
    ['that runs is followed, whatever is asked for beside it', { spec, backupAsked: 'x', backup: copied({ current: underway }) }, { kind: 'follow', request: { copy: OURS } }],
    ['that is asked for already is followed', { spec, backupAsked: '2026-06-01T11:59:59Z' }, { kind: 'follow', request: { value: '2026-06-01T11:59:59Z', known: [] }, note: expect.stringContaining('asked for already') }],
    ['is refused where none are made', {}, { kind: 'refused', message: expect.stringContaining('set backup.store in settings.yaml') }],
    ['is refused while the operator may change nothing', { spec: { ...spec, suspend: true } }, { kind: 'refused', message: expect.stringContaining('spec.suspend is true') }],
    ['is refused while the resource is not valid', { spec: { backup: { store: 'tape' } } }, { kind: 'refused', message: expect.stringContaining('spec.backup.store') }],
  ])('%s', (_, scenario, plan) => expect(planRequest(resource(scenario), NOW)).toMatchObject(plan));
});
