// Whatever is stopped, frozen or killed behind the gateway while events come in: parts of the soak.
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { VALKEY_APPLICATION_USER } from '../../../operator/api/object-names.js';
import type { LoadReport } from '../../sdk/load.js';
import { recordMeasurement } from '../../support/measurements.js';
import { freezeApiServer } from '../support/api-server.js';
import { freezeWorker } from '../support/fault-actions.js';
import { rollGateway } from '../support/gateway-pods.js';
import { startLoad } from '../support/inside.js';
import { acceptedOf, tellLoad } from '../support/load-report.js';
import { memoryKillsOfPod } from '../support/kernel-log.js';
import { killByMemory, killMain, processesOf } from '../support/out-of-memory.js';
import { queueDepth, valkey } from '../support/queue-access.js';
import { spoolEmpty } from '../support/spool.js';
import { storedOnce } from '../support/stored-events.js';
import type { Stack } from '../support/stack.js';
import { waitFor, when } from '../support/wait.js';
import { RATE } from './gateway.js';
import type { Installed } from './on-pods.js';
import { RotationRuns } from './rotation-runs.js';

const SECONDS = 1_000;
/** Longest that a rotation of everything may take at this rate, on a machine that does nothing else. Seconds. */
const ROTATION_GOAL = 30;
/** GlitchTip drops what it is given again within 300 s of its answer, so what it lost comes later. */
export const GIVEN_AGAIN_MS = 470 * SECONDS;
/** So small that a few seconds fill it. */
export const SMALL_SPOOL = '16Mi';

interface Scene {
  readonly what: string;
  /** Makes it happen, and undoes it. */
  readonly during: (stack: Stack) => Promise<unknown>;
}

const stopped = (workload: string, part: 'postgres' | 'valkey', seconds: number): Scene => ({
  what: `${part} stopped for ${seconds} s`,
  during: async (stack) => {
    await stack.scale(workload, part, 0);
    await sleep(seconds * SECONDS);
    await stack.scale(workload, part, 1);
  },
});

const SCENES: readonly Scene[] = [
  { what: 'web killed (kill -9) twice', during: async (stack) => {
    for (let kill = 0; kill < 2; kill += 1) {
      await killMain(stack, 'web');
      await sleep(2 * SECONDS);
      await stack.ready();
    }
  } },
  { what: 'web killed for memory', during: async (stack) => {
    await killByMemory(stack, 'web');
    await stack.ready();
  } },
  { what: 'the worker killed for memory', during: async (stack) => {
    await killByMemory(stack, 'worker');
    await stack.ready();
  } },
  { what: 'the worker frozen for 60 s', during: async (stack) => {
    await freezeWorker(stack);
    await sleep(60 * SECONDS);
    for (const id of await processesOf(stack, 'worker')) process.kill(id, 'SIGCONT');
    await stack.ready();
  } },
  stopped('statefulset/postgres', 'postgres', 120),
  stopped('statefulset/valkey', 'valkey', 120),
  { what: 'Valkey killed with its queue', during: async (stack) => {
    await stack.scale('deployment/worker', 'worker', 0);
    await waitFor({ what: 'events to wait in the queue', seconds: 60 }, async () => {
      const depth = await queueDepth(stack);
      return depth > 0 ? { found: depth } : { seen: 'none' };
    });
    await stack.exec('valkey', ['sh', '-c', 'rm -r /data/appendonlydir']);
    await killMain(stack, 'valkey');
    await stack.scale('deployment/worker', 'worker', 1);
    await stack.ready();
  } },
  { what: 'the API server away for 60 s', during: async (stack) => {
    await freezeApiServer(stack, 60 * SECONDS);
    await waitFor({ what: 'the API server to answer', seconds: 60 }, async () => ({ found: await stack.kubectl('get', 'gt') }));
  } },
  { what: 'the gateway rolled three times', during: async (stack) => {
    for (let roll = 0; roll < 3; roll += 1) await rollGateway(stack);
  } },
  { what: 'web rolled', during: async (stack) => {
    await stack.kubectl('rollout', 'restart', 'deployment/web');
    await stack.rolledOut();
  } },
  { what: 'all of GlitchTip scaled to nothing for 5 minutes', during: async (stack) => {
    const both = (replicas: 0 | 1) => Promise.all([stack.scale('deployment/web', 'web', replicas), stack.scale('deployment/worker', 'worker', replicas)]);
    await both(0);
    await sleep(300 * SECONDS);
    await both(1);
  } },
];

/** Bytes of one event, and how many a second: up to GlitchTip's own limit for an item, 2.5 MB. */
const SIZES = [{ bytes: 1_000, rate: 40 }, { bytes: 50_000, rate: 8 }, { bytes: 400_000, rate: 2 }, { bytes: 2_400_000, rate: 0.2 }];

interface Disturbed {
  /** Events a second. */
  readonly rate: number;
  readonly scenes: readonly Scene[];
}

/** Of GlitchTip 6.2, whose connection does not recover from it: web ends itself and is started again (charts/runtime/valkey_login.py). */
const LOGIN_REFUSED_ONCE: Scene = {
  what: "Valkey refuses web's login",
  during: async (stack) => {
    const { ip } = await stack.pod('web');
    // Valkey's log has one line for all who are refused, with the address of the last: the worker's would hide web's.
    await stack.scale('deployment/worker', 'worker', 0);
    await valkey(stack, 'ACL LOG RESET', `ACL SETUSER ${VALKEY_APPLICATION_USER} off`, `CLIENT KILL USER ${VALKEY_APPLICATION_USER}`);
    // It logs in with its next use of Valkey but one.
    await waitFor<true>({ what: "web's login to be refused", seconds: 60 }, async () => {
      const log = await valkey(stack, 'ACL LOG');
      return when(log.some((line) => line.includes(` addr=${ip}:`)), `${log.length} lines of the log`);
    }).finally(() => valkey(stack, `ACL SETUSER ${VALKEY_APPLICATION_USER} on`));
    await waitFor<true>({ what: 'web to have ended for it', seconds: 60 }, async () => {
      const before = await stack.kubectl('logs', 'deployment/web', '--container', 'web', '--previous').catch(() => '');
      return when(before.includes('Valkey refused this process once'), 'no such line before its last start');
    });
    await stack.scale('deployment/worker', 'worker', 1);
    await stack.ready();
  },
};

/** What has another worker, queue and web in GlitchTip 6.2; the others are of the gateway itself. */
export const SCENES_OF_GLITCHTIP = [...SCENES.filter(({ what }) => /^(web|the worker|postgres|valkey)/i.test(what)), LOGIN_REFUSED_ONCE];

export function describeGatewayDisturbed(installed: Installed, { rate, scenes }: Disturbed = { rate: RATE, scenes: SCENES }): void {
  const { stack, dsn } = installed;
  /** Their events are looked for at the end: what GlitchTip loses it lets be given again minutes later. */
  const reports: LoadReport[] = [];
  describe(`at ${rate} events/s nothing is refused, and nothing lost or stored twice`, () => {
    let baseUrl = '';
    beforeAll(async () => {
      await stack.ready();
      baseUrl = await stack.baseUrl();
    }, 240_000);

    it.each(scenes)('$what: no event is refused', async ({ what, during }) => {
      const load = startLoad(stack.cluster, { dsn: dsn(), baseUrl, rate, seconds: 900 });
      try {
        await sleep(3 * SECONDS);
        await during(stack);
        await sleep(5 * SECONDS);
      } finally {
        // A scene that failed must not disturb the next one.
        load.stop();
      }
      const report = await load.report;
      reports.push(report);
      expect(tellLoad(what, report).losses).toEqual({});
    }, 900_000);

    it('of all sizes up to GlitchTip\'s own limit, mixed, for a minute: no event is refused', async () => {
      const runs = await Promise.all(SIZES.map(({ bytes, rate }) => startLoad(stack.cluster, { dsn: dsn(), baseUrl, rate, bytes, seconds: 60 }).report));
      reports.push(...runs);
      expect(runs.map((report, index) => tellLoad(`${SIZES[index]?.bytes ?? 0} bytes`, report).losses)).toEqual(SIZES.map(() => ({})));
    }, 240_000);

    it.each(['all', 'compromised'])('a rotation (%s): no event is refused', async (request) => {
      const runs = new RotationRuns(installed, rate);
      await runs.prepare();
      const { ended, report } = await runs.rotateUnderLoad(`${request} at ${rate}/s`, request);
      reports.push(report);
      const refused = report.events.filter(({ outcome }) => outcome.kind !== 'accepted');
      expect({ result: ended.result, refused }).toEqual({ result: 'Completed', refused: [] });
      recordMeasurement({ what: `rotation (${request}) at ${rate} events/s${stack.release === '5.2' ? '' : `, GlitchTip ${stack.release}`}`, value: Math.round(ended.seconds), unit: 's', goal: ROTATION_GOAL });
    }, 600_000);

    it('a spool that is full answers 429 and nothing else, and takes events again by itself', async () => {
      // Before it is rolled: a new one says nothing of what the old one left until it takes that over, which may be more than it has room for.
      await spoolEmpty(stack);
      await rollGateway(stack, 'set', 'env', 'deployment/gateway', `SPOOL_SIZE=${SMALL_SPOOL}`);
      await Promise.all([stack.scale('deployment/web', 'web', 0), stack.scale('deployment/worker', 'worker', 0)]);
      const large = await startLoad(stack.cluster, { dsn: dsn(), baseUrl, rate: 20, bytes: 100_000, seconds: 20 }).report;
      await Promise.all([stack.scale('deployment/web', 'web', 1), stack.scale('deployment/worker', 'worker', 1)]);
      await rollGateway(stack, 'set', 'env', 'deployment/gateway', `SPOOL_SIZE=${stack.manifests.settings.gateway.spool}`);
      const afterwards = await startLoad(stack.cluster, { dsn: dsn(), baseUrl, rate: 20, seconds: 5 }).report;
      reports.push(large, afterwards);
      const { accepted, losses } = tellLoad(`a spool of ${SMALL_SPOOL}`, large);
      expect({ some: accepted > 0, losses: Object.keys(losses) }).toEqual({ some: true, losses: ['429'] });
      expect(tellLoad('afterwards', afterwards).losses).toEqual({});
    }, 600_000);

    it('at the end every event of every run is stored, and none twice', async () => {
      for (const report of reports) {
        const accepted = acceptedOf(report);
        expect(await storedOnce(stack, report, GIVEN_AGAIN_MS)).toEqual({ run: report.runId, stored: accepted, lost: [], rows: accepted });
      }
      // Scenes kill web and the worker for memory, and these two never.
      for (const part of ['postgres', 'valkey'] as const) expect(await memoryKillsOfPod(stack.cluster.cgroup.name, (await stack.pod(part)).uid)).toEqual([]);
    }, 1_200_000);
  });
}
