// The stack on real pods: one embedded cluster, from empty to installed, loaded, starved, killed and updated; in this order, one after the other.
import { afterAll, beforeAll, describe } from '@jest/globals';
import { describeAfterwards } from './pods/afterwards.js';
import { describeFacts } from './pods/facts.js';
import { describeHealth } from './pods/health.js';
import { describeInstall } from './pods/install.js';
import { describeMemory } from './pods/memory.js';
import { describeNetwork } from './pods/network.js';
import { describeOutage } from './pods/outage.js';
import { describeQueue } from './pods/queue.js';
import { describeRollout } from './pods/rollout.js';
import { describeRotation } from './pods/rotation.js';
import { Alerts } from './support/alerts.js';
import { Canaries, ProcessWatch } from './support/canaries.js';
import { startChatterbox } from './support/chatterbox.js';
import { hostPorts } from './support/listeners.js';
import { startNeighbour, type Neighbour } from './support/neighbour.js';
import { makeProject } from './support/project.js';
import { Stack } from './support/stack.js';
import { mountVolumeStore } from './support/volume-store.js';

/** A first start builds the cluster's programs and the images, which takes minutes; a warm one half a minute. */
const FIRST_START_MS = 1_800_000;

describe('the stack on real pods', () => {
  const stack = new Stack('pods');
  const canaries = new Canaries(stack);
  let portsBefore: ReadonlySet<number> = new Set();
  let processes: ProcessWatch | undefined;
  let neighbour: Neighbour | undefined;
  let alerts: Alerts | undefined;
  let dsn = '';

  beforeAll(async () => {
    portsBefore = await hostPorts();
    await stack.start();
    await mountVolumeStore(stack.cluster);
    processes = new ProcessWatch(stack.cluster);
    neighbour = await startNeighbour(stack.cluster);
  }, FIRST_START_MS);
  afterAll(async () => {
    await processes?.stop();
    await neighbour?.stop();
    await alerts?.stop();
    await stack.stop();
  }, 120_000);

  describeInstall(stack);

  // Everything below needs a stack that is up, and leaves one that is up.
  describe('once installed', () => {
    beforeAll(async () => {
      await stack.apply();
      await stack.rolledOut();
      await startChatterbox(stack.cluster);
      dsn = (await makeProject(stack)).dsn;
      alerts = await Alerts.start(stack);
    }, 480_000);

    describeFacts(stack);
    describeNetwork(stack, () => portsBefore);
    describeRollout(stack, () => dsn);
    describeRotation(stack, () => dsn, { canaries, alerts: () => started(alerts) });
    describeMemory(stack, () => dsn);
    describeQueue(stack, () => dsn);
    describeOutage(stack, () => dsn);
    describeHealth(stack, () => started(alerts), () => dsn);
    describeAfterwards(stack, () => {
      return { canaries, processes: started(processes), neighbour: started(neighbour) };
    });
  });
});

function started<T>(witness: T | undefined): T {
  if (witness === undefined) throw new Error('a witness was not started');
  return witness;
}
