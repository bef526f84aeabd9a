// The parts as `npm start` looks at them: no question without a limit, and none that takes away what is up already.
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import type { PartReport } from '../../../cli/part-states.js';
import { observeParts, withMemory } from '../../../start/observe-parts.js';
import { fakeKubectl, type FakeKubectl } from '../cli/fake-kubectl.js';

const CLUSTER = { kubectl: 'kubectl', cluster: [], description: 'a test' };
const part = (memoryUsed?: number): PartReport => ({ part: 'web', pod: 'web-1', ready: true, state: 'ready', restarts: 0, ...(memoryUsed === undefined ? {} : { memoryUsed }) });

let kubectl: FakeKubectl;
beforeEach(() => { kubectl = fakeKubectl(); });
afterEach(() => kubectl.remove());

it('are asked for with a limit for each answer, for kubectl has none by itself', async () => {
  kubectl.prepare('pods', '{"items":[]}');
  kubectl.prepare('metrics', '{"items":[]}');
  expect(await observeParts(CLUSTER, ['web'], 'glitchtip')).toEqual([expect.objectContaining({ part: 'web', state: 'waiting for its pod' })]);
  expect(kubectl.calls().filter((call) => call.includes('--request-timeout=15s'))).toHaveLength(2);
});

it('are told without memory where nothing measures it', async () => {
  kubectl.prepare('pods', '{"items":[]}');
  kubectl.prepare('metrics', { error: 'error: the server could not find the requested resource' });
  expect(await withMemory(() => observeParts(CLUSTER, ['web'], 'glitchtip'), [])).toMatchObject([{ part: 'web' }]);
});

it.each<[string, readonly (readonly PartReport[] | Error)[], readonly PartReport[]]>([
  ['as they were seen last, when the last look fails', [new Error('connection refused')], [part()]],
  ['with their memory, though one look fails', [[part(120), part()], new Error('connection refused'), [part(120), part(80)]], [part(120), part(80)]],
])('are told %s', async (_, looks, told) => {
  const left = [...looks];
  const look = () => {
    const next = left.shift();
    return next instanceof Error || next === undefined ? Promise.reject(next ?? new Error('nothing')) : Promise.resolve([...next]);
  };
  expect(await withMemory(look, [part()])).toEqual(told);
}, 20_000);
