// The frame of every suite on real pods: a cluster of its own, from empty to installed, and at the end what the tests in it left behind.
import { afterAll, beforeAll, describe } from '@jest/globals';
import { Alerts } from '../support/alerts.js';
import { Canaries, ProcessWatch } from '../support/canaries.js';
import { leaveEvidenceOfFailure } from '../support/failure-evidence.js';
import { hostPorts } from '../support/listeners.js';
import { startNeighbour, type Neighbour } from '../support/neighbour.js';
import { makeProject } from '../support/project.js';
import { Stack } from '../support/stack.js';
import { mountVolumeStore } from '../support/volume-store.js';
import { describeAfterwards } from './afterwards.js';

/** Half a minute on idle processors. Milliseconds. */
const START_MS = 300_000;

/** What is there once the stack is installed; functions, for tests are declared before. */
export interface Installed {
  readonly stack: Stack;
  /** Of a project that takes events. */
  readonly dsn: () => string;
  readonly alerts: () => Alerts;
  readonly canaries: Canaries;
  /** Ports of this machine that something listened on before the cluster was started. */
  readonly portsBefore: () => ReadonlySet<number>;
}

interface Tests {
  /** On the empty cluster; the last of them leaves a stack that is up. */
  readonly onEmpty?: (stack: Stack) => void;
  /** Each needs a stack that is up, and leaves one that is up. */
  readonly onInstalled: (installed: Installed) => void;
}

/** @param cluster name of the cluster: suites run side by side */
export function describeOnPods(title: string, cluster: string, { onEmpty, onInstalled }: Tests): void {
  describe(title, () => {
    const stack = new Stack(cluster);
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
    }, START_MS);
    leaveEvidenceOfFailure(cluster);
    afterAll(async () => {
      await processes?.stop();
      await neighbour?.stop();
      await alerts?.stop();
      await stack.stop();
    }, 120_000);

    onEmpty?.(stack);

    describe('once installed', () => {
      beforeAll(async () => {
        await stack.apply();
        await stack.rolledOut();
        dsn = (await makeProject(stack)).dsn;
        alerts = await Alerts.start(stack);
      }, 480_000);

      onInstalled({ stack, canaries, dsn: () => dsn, alerts: () => started(alerts), portsBefore: () => portsBefore });
      describeAfterwards(stack, () => {
        return { canaries, processes: started(processes), neighbour: started(neighbour) };
      });
    });
  });
}

function started<T>(witness: T | undefined): T {
  if (witness === undefined) throw new Error('a witness was not started');
  return witness;
}
