// The advice for a part that was killed for want of memory: what it had in hand, as far as the gateway knows.
import { expect, it } from '@jest/globals';
import { ago, clusterOf, containerOf, diagnosisOf, gatewayOf, podOf, podsOf, specOf, WORKER_SPEC } from './health-scenarios.js';

it.each([
  ['a large event', 'worker', 2_400_000, /^The largest event that it was given and that is not stored has 2Mi: glitchkeeper spool list shows whose it is\. Raise /],
  ['small ones', 'worker', 4_000, /^Raise /],
  ['a large event, and is not on its way', 'operator', 2_400_000, /^Raise /],
])('%s: the %s', (_, part, largestBytes, wanted) => {
  const killed = containerOf({ restarts: 1, lastEnd: { reason: 'OOMKilled', exitCode: 137, finishedAt: ago(60), noSpaceLeft: false } });
  const facts = { cluster: clusterOf({ pods: podsOf(podOf(part, { containers: [killed] })) }), gateway: gatewayOf({ largestBytes }) };
  expect(diagnosisOf(facts, specOf(WORKER_SPEC)).causes.map(({ reason, advice }) => [reason, advice])).toEqual([['OutOfMemory', expect.stringMatching(wanted)]]);
});
