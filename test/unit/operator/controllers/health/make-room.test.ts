// What the health controller deletes because it is in the way of something newer.
import { describe, expect, it } from '@jest/globals';
import type { Leadership } from '../../../../../operator/controllers/health/health-controller.js';
import { ago, clusterOf, factsOf, jobOf, podOf, podsOf, seen, unready } from '../../core/health/health-scenarios.js';
import { HealthWorld } from './health-controller-scenarios.js';

describe('in the way', () => {
  it.each<[string, object, Leadership, readonly string[]]>([
    ['goes', {}, 'leads', ['delete migrate-12345678', 'event Normal JobDeleted']],
    ['stays while the operator is suspended', { suspend: true }, 'leads', []],
    ['stays where migrations are not repaired', { health: { heal: ['restart-worker'] } }, 'leads', []],
    ['stays when another operator leads', {}, 'follows', []],
  ])('a migrate Job that cannot start, and has a newer one, for which the quota has no room, %s', async (_, spec, leadership, wanted) => {
    const world = new HealthWorld(spec);
    const hopeless = unready('migrate', { state: { kind: 'waiting', reason: 'ImagePullBackOff' } }, { job: 'migrate-12345678' });
    world.facts = factsOf({ cluster: clusterOf({ pods: podsOf(hopeless), jobs: seen([jobOf('running'), { ...jobOf('running', 60), name: 'migrate-new' }]) }) });
    world.leadership = leadership;
    await world.check();
    expect(world.take().filter((each) => /^delete|JobDeleted/.test(each))).toEqual(wanted);
  });

  it.each<[string, object, readonly string[]]>([
    ['goes', {}, ['delete worker-0', 'event Normal PodDeleted']],
    ['stays while the operator is suspended', { suspend: true }, []],
    ['stays where the worker is not repaired', { health: { heal: ['migrate'] } }, []],
  ])('a worker that the node put out, and that has no successor, for which its rollout waits, %s', async (_, spec, wanted) => {
    const world = new HealthWorld(spec);
    world.facts = factsOf({ cluster: clusterOf({ pods: podsOf(podOf('worker', { name: 'worker-0', alive: false, ready: false, evicted: { at: ago(90) } })) }) });
    await world.check();
    expect(world.take().filter((each) => /^delete|PodDeleted/.test(each))).toEqual(wanted);
  });
});
