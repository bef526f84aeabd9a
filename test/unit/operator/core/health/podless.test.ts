// A part without any pod: for a while its old one has just ended and its new one is about to come.
import { describe, expect, it } from '@jest/globals';
import { remember } from '../../../../../operator/core/health/previous-samples.js';
import { NOW, UNSEEN, ago, causesOf, clusterOf, factsOf, podOf, seen, workloadsOf } from './health-scenarios.js';

const WORKLOADS = workloadsOf({ name: 'worker', part: 'worker', wanted: 1 });
const withoutWorker = clusterOf({ pods: seen(['web', 'postgres', 'valkey'].map((part) => podOf(part))), workloads: WORKLOADS });
const since = (seconds: number) => ({ podless: new Map([['worker', ago(seconds)]]), samples: [] });

describe('the worker has no pod', () => {
  it.each<[string, number, string[]]>([
    ['for a moment', 20, []],
    ['for longer than it takes to replace one', 31, ['WorkerDown/worker critical']],
  ])('%s', (_, seconds, expected) => expect(causesOf({ cluster: withoutWorker, before: since(seconds) })).toEqual(expected));

  it('because somebody scaled it to nothing: that is told at once', () => {
    expect(causesOf({ cluster: { ...withoutWorker, workloads: workloadsOf({ name: 'worker', part: 'worker', wanted: 0 }) }, before: since(0) })).toEqual(['WorkerDown/worker critical']);
  });
});

describe('since when it has none', () => {
  const remembered = (cluster = withoutWorker, before = since(20)) => [...remember(factsOf({ cluster, before }), NOW).podless ?? []];
  it('stays while it has none', () => expect(remembered()).toEqual([['worker', ago(20)]]));
  it('begins with the check that sees it first', () => expect(remembered(withoutWorker, { podless: new Map(), samples: [] })).toEqual([['worker', NOW]]));
  it('is forgotten when there is one', () => expect(remembered(clusterOf({ workloads: WORKLOADS }))).toEqual([]));
  it('stays while pods cannot be seen', () => expect(remembered(clusterOf({ pods: UNSEEN, workloads: WORKLOADS }))).toEqual([['worker', ago(20)]]));
});
