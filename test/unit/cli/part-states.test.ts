import { describe, expect, it } from '@jest/globals';
import { parseMetrics, parsePods, reportParts, type PartReport } from '../../../cli/part-states.js';
import { renderParts } from '../../../cli/parts-table.js';

const pod = (component: string, status: object, more: object = {}): object => ({
  kind: 'Pod',
  metadata: { name: `${component}-0`, labels: { 'app.kubernetes.io/component': component }, creationTimestamp: '2026-01-01T00:00:00Z', ...more },
  spec: { containers: [{ resources: { limits: { memory: '300Mi' } } }] },
  status,
});
const ready = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }], containerStatuses: [{ ready: true, restartCount: 2, state: { running: {} } }] };

const report = (...pods: object[]): PartReport => {
  const [first] = reportParts(['web'], parsePods(JSON.stringify({ items: pods })), new Map([['web-0', 120]]));
  if (first === undefined) throw new Error('no report');
  return first;
};

describe('a part is', () => {
  it.each([
    ['waiting for its pod', undefined],
    ['not scheduled: Insufficient memory', { conditions: [{ type: 'PodScheduled', status: 'False', message: 'Insufficient memory' }] }],
    ['ErrImagePull: not found', { containerStatuses: [{ ready: false, restartCount: 0, state: { waiting: { reason: 'ErrImagePull', message: 'not found\nmore' } } }] }],
    ['ContainerCreating', { containerStatuses: [{ ready: false, restartCount: 0, state: { waiting: { reason: 'ContainerCreating', message: 'noise' } } }] }],
    ['waiting for what it depends on', { initContainerStatuses: [{ ready: false, restartCount: 0, state: { running: {} } }] }],
    ['starting', { initContainerStatuses: [{ ready: true, restartCount: 0 }], containerStatuses: [{ ready: false, restartCount: 0, state: { running: {} } }] }],
    ['ended: OOMKilled', { containerStatuses: [{ ready: false, restartCount: 1, state: { terminated: { reason: 'OOMKilled' } } }] }],
    ['pending', {}],
  ])('%s', (state, status) => {
    expect(status === undefined ? report() : report(pod('web', status))).toMatchObject({ ready: false, state });
  });

  it('ready, with its memory, limit and restarts', () => {
    expect(report(pod('web', ready))).toEqual({ part: 'web', pod: 'web-0', ready: true, state: 'ready', restarts: 2, memoryLimit: 300, memoryUsed: 120 });
  });

  it('done, when it is a Job that succeeded', () => expect(report(pod('web', { phase: 'Succeeded' }))).toMatchObject({ ready: true, state: 'done' }));

  it('judged by its newest pod, and not by one that is being deleted', () => {
    const old = pod('web', ready, { name: 'old', creationTimestamp: '2025-01-01T00:00:00Z' });
    const leaving = pod('web', ready, { name: 'leaving', creationTimestamp: '2027-01-01T00:00:00Z', deletionTimestamp: '2027-01-01T00:00:01Z' });
    expect(report(old, pod('web', {}), leaving)).toMatchObject({ pod: 'web-0', ready: false });
  });
});

describe('memory used', () => {
  it('is the sum of a pod\'s containers, in mebibytes', () => {
    const metrics = { items: [{ metadata: { name: 'web-0' }, containers: [{ usage: { memory: '1024Ki' } }, { usage: { memory: '2Mi' } }] }] };
    expect(parseMetrics(JSON.stringify(metrics))).toEqual(new Map([['web-0', 3]]));
  });

  it.each([['', 'no answer'], ['{"items":null}', 'a list without items'], ['{"items":[]}', 'an empty one'], ['{}', 'none at all']])('is unknown where nothing measures (%j: %s)', (json) => {
    expect(parseMetrics(json)).toEqual(new Map());
  });

  it('that is unknown is a dash in the table', () => {
    expect(renderParts([{ part: 'web', pod: 'web-0', ready: true, state: 'ready', restarts: 0, memoryLimit: 300 }])).toContain('- / 300Mi');
  });
});
