// Memory that grows towards its limit, and what a check leaves for the next ones.
import { describe, expect, it } from '@jest/globals';
import { secondsUntilLimit } from '../../../../../operator/core/health/age-rules.js';
import { remember } from '../../../../../operator/core/health/previous-samples.js';
import type { PodFacts, Sample } from '../../../../../operator/core/health/health-facts.js';
import { NOW, ago, clusterOf, containerOf, factsOf, podOf, queueOf, seen } from './health-scenarios.js';

const MIB = 2 ** 20;

/** One sample a minute, the oldest first. */
function samplesOf(minutes: number, megabytes: (minutesAgo: number) => number): Sample[] {
  return Array.from({ length: minutes }, (_, index) => minutes - index).map((past) => ({ at: ago(past * 60), memory: new Map([['web-1', megabytes(past) * MIB]]) }));
}

describe('a leak', () => {
  const young = podOf('web', { containers: [containerOf({ state: { kind: 'running', startedAt: ago(1_200) } })] });

  it.each<[string, number, Sample[], number | undefined, PodFacts?]>([
    ['a megabyte a minute: an hour is left', 240, samplesOf(20, (past) => 240 - past), 3_600],
    ['hardly any growth: days are left', 250, samplesOf(20, (past) => 250 - past / 100), undefined],
    ['far from the limit', 200, samplesOf(20, (past) => 200 - past), undefined],
    ['ten minutes are too few', 250, samplesOf(10, (past) => 250 - past), undefined],
    ['it levels off', 260, samplesOf(20, (past) => (past > 10 ? 260 - 6 * (past - 10) : 260)), undefined],
    ['it shrinks', 260, samplesOf(20, (past) => 260 + past), undefined],
    ['the pod is still warming up', 250, samplesOf(19, (past) => 250 - past), undefined, young],
    ['Postgres counts its file pages', 250, samplesOf(20, (past) => 250 - past), undefined, podOf('postgres', { name: 'web-1' })],
  ])('%s', (...[, used, samples, wanted, pod = podOf('web')]) => {
    const left = secondsUntilLimit(pod, used * MIB, samples, NOW);
    expect(left === undefined ? undefined : Math.round(left / 60) * 60).toBe(wanted);
  });
});

describe('what is remembered', () => {
  it('is the depth of the queue, and at most one sample a minute, of half an hour', () => {
    let before: ReturnType<typeof remember> = { samples: [] };
    for (let second = 7_200; second >= 0; second -= 30) {
      const facts = factsOf({ before, queue: queueOf({ depth: second }), cluster: clusterOf({ memory: seen(new Map([['web-1', second]])) }) });
      before = remember(facts, ago(second));
    }
    expect([before.last?.depth, before.samples.length, before.samples[0]?.at]).toEqual([0, 32, ago(31 * 60)]);
  });
});
