// Pods that have ended and are in the way of a rollout.
import { describe, expect, it } from '@jest/globals';
import { podsInTheWay } from '../../../../../operator/core/health/ended-pods.js';
import type { PodFacts } from '../../../../../operator/core/health/health-facts.js';
import { ago, NOW, podOf, podsOf, UNSEEN } from './health-scenarios.js';

const ended = (part: string, seconds: number, more: Partial<PodFacts> = {}) => podOf(part, { name: `${part}-0`, alive: false, ready: false, evicted: { at: ago(seconds) }, ...more });

describe('a pod that the node put out', () => {
  it.each<[string, readonly PodFacts[], readonly string[]]>([
    ['and that has no successor, a minute later', [ended('worker', 61)], ['worker-0']],
    ['and whose successor is about to come', [ended('worker', 30)], []],
    ['and whose successor waits', [ended('worker', 300), podOf('worker', { ready: false })], []],
    ['and of whose end everybody was told', [ended('operator', 601), podOf('operator')], ['operator-0']],
    ['and that is being deleted', [ended('worker', 61, { ending: true })], []],
    ['of a part whose new pods come before the old ones go', [ended('web', 900)], []],
    ['of a Job', [ended('backup', 900, { job: 'backup-1' })], []],
    ['and that was a server: its own controller makes it anew', [ended('postgres', 900)], []],
  ])('%s', (_, pods, expected) => {
    expect(podsInTheWay({ pods: podsOf(...pods) }, NOW).map(({ name }) => name)).toEqual(expected);
  });

  it('is none that was not seen', () => {
    expect(podsInTheWay({ pods: UNSEEN }, NOW)).toEqual([]);
  });
});
