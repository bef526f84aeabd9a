// The frame of every suite on real pods: a cluster of its own, from empty to installed, and at the end what the tests in it left behind.
import { afterAll, beforeAll, describe } from '@jest/globals';
import type { SettingsInput } from '../../../charts/settings/schema.js';
import { ensureImages, imageCatalog, type ImageEntry } from '../../../embedded/images/index.js';
import { recordImage } from '../../support/measurements.js';
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
  /** Texts of places outside the cluster, by the name of the place: in the end they are looked through for credentials, too. */
  readonly elsewhere: Map<string, string>;
  /** Ports of this machine that something listened on before the cluster was started. */
  readonly portsBefore: () => ReadonlySet<number>;
}

interface Tests {
  /** Beside those of every suite. */
  readonly settings?: SettingsInput;
  /** Images that are in no cluster otherwise. */
  readonly images?: readonly ImageEntry[];
  /** Brings the cluster up; the stack may already be on its way. @default the empty cluster, with a file system of its own for the volumes */
  readonly bringUp?: (stack: Stack) => Promise<void>;
  /** Tests from there to a stack that is up. */
  readonly onEmpty?: (stack: Stack) => void;
  /** Sees to it that the stack is there, also where a single test is run without those. @default it is applied, if it was not */
  readonly install?: (stack: Stack) => Promise<unknown>;
  /** Each needs a stack that is up, and leaves one that is up. */
  readonly onInstalled: (installed: Installed) => void;
  /** When nobody looks at the cluster any more. */
  readonly onLeaving?: (stack: Stack) => void;
}

/** @param cluster name of the cluster: suites run side by side */
export function describeOnPods(title: string, cluster: string, { settings, images = [], bringUp = bringUpEmpty, onEmpty, install = (stack) => stack.install(), onInstalled, onLeaving }: Tests): void {
  describe(title, () => {
    leaveEvidenceOfFailure(cluster);
    const stack = new Stack(cluster, settings);
    const canaries = new Canaries(stack);
    const elsewhere = new Map<string, string>();
    let portsBefore: ReadonlySet<number> = new Set();
    let processes: ProcessWatch | undefined;
    let neighbour: Neighbour | undefined;
    let alerts: Alerts | undefined;
    let dsn = '';

    beforeAll(async () => {
      portsBefore = await hostPorts();
      await bringUp(stack);
      for (const { name } of imageCatalog.filter((entry) => entry.isDouble)) recordImage({ image: name, isDouble: stack.cluster.doubles.includes(name) });
      for (const { name, archive, isDouble } of images.length > 0 ? await ensureImages({ entries: images }) : []) {
        await stack.cluster.importArchive(archive);
        if (images.some((entry) => entry.name === name && entry.isDouble)) recordImage({ image: name, isDouble });
      }
      processes = new ProcessWatch(stack.cluster);
      neighbour = await startNeighbour(stack.cluster);
    }, START_MS);
    const dismiss = async (): Promise<void> => {
      await Promise.all([processes?.stop(), neighbour?.stop(), alerts?.stop()]);
      processes = neighbour = alerts = undefined;
    };
    afterAll(async () => {
      await dismiss();
      await stack.stop();
    }, 120_000);

    onEmpty?.(stack);

    describe('once installed', () => {
      beforeAll(async () => {
        await install(stack);
        await stack.rolledOut();
        const project = await makeProject(stack);
        dsn = project.dsn;
        canaries.note('a row of the database', project.token);
        alerts = await Alerts.start(stack);
      }, 480_000);

      onInstalled({ stack, canaries, dsn: () => dsn, alerts: () => started(alerts), elsewhere, portsBefore: () => portsBefore });
      describeAfterwards(stack, () => {
        return { canaries, elsewhere, processes: started(processes), neighbour: started(neighbour) };
      });
    });

    if (onLeaving === undefined) return;
    describe('at the end', () => {
      beforeAll(dismiss, 60_000);
      onLeaving(stack);
    });
  });
}

async function bringUpEmpty(stack: Stack): Promise<void> {
  await stack.start();
  await mountVolumeStore(stack.cluster);
}

function started<T>(monitor: T | undefined): T {
  if (monitor === undefined) throw new Error('a monitor was not started');
  return monitor;
}
