// Nothing is wrong for 20 minutes of load with a rolling update in it: any alert then is a false one.
import { setTimeout as sleep } from 'node:timers/promises';
import { prepareLoad, startLoadProgram } from './ingest.js';
import type { LoadResult } from './load-job.js';
import { atMost, type Row, type Section } from './bench-report.js';
import { everySecond } from './sampling.js';
import type { Stage } from './stage.js';

/** Events per second. */
const RATE = 60;
const MINUTES = 20;
/** After so many of them. */
const UPDATE_AFTER = 5;

export interface QuietFindings {
  readonly load: LoadResult;
  /** Every incident that the status showed, by its id: reason, part and message. */
  readonly incidents: Readonly<Record<string, string>>;
  /** Looks at the status that were answered. */
  readonly looks: number;
  /** From the restart of web and worker to both rolled out. Seconds. */
  readonly updateSeconds: number;
}

export async function measureQuiet(stage: Stage): Promise<Section> {
  const load = startLoadProgram(stage, await prepareLoad(stage, { rate: RATE, seconds: MINUTES * 60 }));
  load.result.catch(() => undefined);
  const incidents: Record<string, string> = {};
  let looks = 0;
  const stopLooking = everySecond(async () => {
    const { health } = await stage.status();
    if (health?.checkedAt !== undefined) looks += 1;
    for (const { id, reason, part, message } of health?.incidents ?? []) incidents[id] = `${reason} of ${part}: ${message}`;
  });
  try {
    stage.say(`${RATE} events/s for ${MINUTES} minutes`);
    await sleep(UPDATE_AFTER * 60_000, undefined, { signal: stage.signal });
    const updateSeconds = await update(stage);
    stage.say(`web and worker replaced in ${updateSeconds.toFixed(0)} s`);
    const result = await load.result;
    await stopLooking();
    const found: QuietFindings = { load: result, incidents, looks, updateSeconds };
    return { name: 'quiet', rows: quietRows(found), numbers: found };
  } finally {
    load.stop();
  }
}

async function update({ cluster, settings: { namespace }, parts }: Stage): Promise<number> {
  const began = performance.now();
  const workloads = ['web', 'worker'].filter((part) => parts.includes(part)).map((part) => `deployment/${part}`);
  await cluster.kubectl(['--namespace', namespace, 'rollout', 'restart', ...workloads]);
  for (const workload of workloads) await cluster.kubectl(['--namespace', namespace, 'rollout', 'status', workload, '--timeout=300s']);
  return (performance.now() - began) / 1000;
}

export function quietRows({ load, incidents, looks, updateSeconds }: QuietFindings): Row[] {
  const shown = Object.values(incidents);
  return [
    { what: 'rolling update', measured: `web and worker replaced in ${updateSeconds.toFixed(0)} s, ${UPDATE_AFTER} minutes after the start` },
    {
      what: 'accepted and stored', measured: `${load.accepted} and ${load.stored} of ${load.sent}${load.losses === '' ? '' : ` (not accepted: ${load.losses})`}`,
      goal: { text: 'all', met: load.sent > 0 && load.stored === load.sent },
    },
    { what: 'incidents', measured: `${shown.length === 0 ? 'none' : shown.join('; ')}, in ${looks} looks at the status`, goal: { ...atMost(looks > 0 ? shown.length : Number.NaN, 0), text: 'none' } },
  ];
}
