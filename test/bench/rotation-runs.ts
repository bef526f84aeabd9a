// What is measured of rotations: one rotation from its request to its end, and the restart of everything that it spares.
import { setTimeout as sleep } from 'node:timers/promises';
import { RESOURCE } from '../../charts/part-names.js';
import { ROTATE_ANNOTATION } from '../../operator/api/object-names.js';
import type { RotationProgress, RotationResult } from '../../operator/api/rotation-fields.js';
import { prepareLoad, startLoadProgram } from './ingest.js';
import type { LoadResult } from './load-job.js';
import type { Stage } from './stage.js';

const POLL_EVERY_MS = 250;
/** Seconds. */
const PATIENCE = 420;
/** Seconds of load before and after. */
const MARGIN = 10;

export interface RotationRun {
  /** From the request to the end. */
  readonly seconds: number;
  readonly result: RotationResult;
  readonly message: string;
}

/** Everything, once. @throws Error saying where it stands when it has not ended in 420 s */
export async function rotate({ cluster, settings, status, say, signal }: Stage): Promise<RotationRun> {
  const before = (await status()).rotation?.history?.[0]?.id;
  const began = performance.now();
  const elapsed = (): number => (performance.now() - began) / 1000;
  await cluster.kubectl(['--namespace', settings.namespace, 'annotate', 'gt', RESOURCE, `${ROTATE_ANNOTATION}=all`]);
  for (;;) {
    const { current, history: [latest] = [] } = (await status()).rotation ?? {};
    if (latest !== undefined && latest.id !== before) {
      say(`rotation ${latest.result} after ${elapsed().toFixed(1)} s`);
      return { seconds: elapsed(), result: latest.result, message: latest.message };
    }
    if (elapsed() > PATIENCE) throw new Error(`the rotation did not end in ${PATIENCE} s: ${describeProgress(current)}`);
    await sleep(POLL_EVERY_MS, undefined, { signal });
  }
}

function describeProgress(current: RotationProgress | undefined): string {
  return current === undefined ? 'not begun' : `${current.phase}: ${current.message}`;
}

/** Application down, servers restarted, application up. @returns seconds until all is Ready again */
export async function stopAndStart({ cluster, settings, parts }: Stage): Promise<number> {
  const began = performance.now();
  const kubectl = (...args: string[]): Promise<string> => cluster.kubectl(['--namespace', settings.namespace, ...args]);
  const present = (names: readonly string[]): string[] => names.filter((name) => parts.includes(name));
  const application = present(['web', 'worker']).map((name) => `deployment/${name}`);
  const servers = present(['postgres', 'valkey']).map((name) => `statefulset/${name}`);
  const rolledOut = (workloads: readonly string[]): Promise<unknown> =>
    Promise.all(workloads.map((workload) => kubectl('rollout', 'status', workload, '--timeout=300s')));
  await kubectl('scale', ...application, '--replicas=0');
  await kubectl('wait', '--for=delete', 'pod', '--selector=app.kubernetes.io/component in (web, worker)', '--timeout=120s');
  await kubectl('rollout', 'restart', ...servers);
  await rolledOut(servers);
  await kubectl('scale', ...application, '--replicas=1');
  await rolledOut(application);
  return (performance.now() - began) / 1000;
}

/** Does something while events are sent, and says what became of both. */
export async function underLoad<T>(stage: Stage, rate: number, work: () => Promise<T>): Promise<{ done: T; load: LoadResult }> {
  const load = startLoadProgram(stage, await prepareLoad(stage, { rate, seconds: PATIENCE + 2 * MARGIN }));
  // Asked for at the end only; a load that failed before must not end the process.
  load.result.catch(() => undefined);
  try {
    await sleep(MARGIN * 1000, undefined, { signal: stage.signal });
    const done = await work();
    await sleep(MARGIN * 1000, undefined, { signal: stage.signal });
    load.stop();
    return { done, load: await load.result };
  } finally {
    load.stop();
  }
}
