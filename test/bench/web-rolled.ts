// Web rolled behind the gateway while events come: without a second pod beside it, as its Deployment has it, and with one.
import { HOST, startSampling, watchedGroups } from './memory.js';
import { mebibytes, type Row } from './bench-report.js';
import { underLoad } from './rotation-runs.js';
import { everySecond } from './sampling.js';
import type { Stage } from './stage.js';

export interface WebRolled {
  /** Largest working set of the host meanwhile. Bytes. */
  readonly peak: number;
  /** Looks, one a second, at which no pod of web was Ready: people saw the gateway's page instead. */
  readonly away: number;
  /** From the restart to the end of the rollout. */
  readonly seconds: number;
  readonly sent: number;
  readonly accepted: number;
  /** Accepted, and not stored a minute after the last. */
  readonly lost: number;
}

export interface BothWays {
  readonly alone: WebRolled;
  readonly surge: WebRolled;
}

/** The quota goes with it: it leaves no room for a second web, on purpose. */
export async function rollWebBothWays(stage: Stage, rate: number): Promise<BothWays> {
  const alone = await rollWeb(stage, rate, 0);
  await inNamespace(stage, 'delete', 'resourcequota', '--all');
  return { alone, surge: await rollWeb(stage, rate, 1) };
}

async function rollWeb(stage: Stage, rate: number, maxSurge: 0 | 1): Promise<WebRolled> {
  stage.say(`web rolled at ${rate} events/s, ${maxSurge === 0 ? 'without' : 'with'} a second pod`);
  await inNamespace(stage, 'patch', 'deployment', 'web', '--type', 'merge', '--patch', JSON.stringify({ spec: { strategy: { rollingUpdate: { maxSurge, maxUnavailable: 1 - maxSurge } } } }));
  const host = (await watchedGroups(stage)).filter(({ name }) => name === HOST);
  const { done, load: { sent, accepted, lost } } = await underLoad(stage, rate, async () => {
    let away = 0;
    const stopSampling = await startSampling(host, stage.cluster.cgroup.version);
    const stopLooking = everySecond(async () => {
      if (!(await stage.isReady('web'))) away += 1;
    });
    const began = performance.now();
    await inNamespace(stage, 'rollout', 'restart', 'deployment/web');
    await inNamespace(stage, 'rollout', 'status', 'deployment/web', '--timeout=300s');
    const seconds = (performance.now() - began) / 1_000;
    await stopLooking();
    return { seconds, away, peak: (await stopSampling())[HOST]?.workingSetMost ?? Number.NaN };
  });
  return { ...done, sent, accepted, lost };
}

function inNamespace({ cluster, settings: { namespace } }: Stage, ...args: readonly string[]): Promise<string> {
  return cluster.kubectl(['--namespace', namespace, ...args]);
}

/** The default is the way without: it is to need less of the host, and to refuse no event. */
export function webRolledRows(rate: number, { alone, surge }: BothWays): Row[] {
  const both = (text: (rolled: WebRolled) => string) => `${text(alone)} without a second pod, ${text(surge)} with one`;
  return [
    { what: `${rate}/s: web rolled, host`, measured: both(({ peak }) => mebibytes(peak)), goal: { text: 'less without', met: alone.peak < surge.peak } },
    { what: `${rate}/s: web rolled, accepted`, measured: both(({ sent, accepted }) => `${accepted} of ${sent}`), goal: { text: 'all without', met: alone.accepted === alone.sent } },
    { what: `${rate}/s: web rolled, stored`, measured: both(({ accepted, lost }) => `${accepted - lost} of ${accepted}`), goal: { text: 'all without', met: alone.lost === 0 } },
    { what: `${rate}/s: web rolled, pages away`, measured: both(({ away, seconds }) => `${away} of ${seconds.toFixed(0)} s`) },
  ];
}
