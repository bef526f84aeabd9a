// One load on a stage: what came of its events, and what it cost of memory and CPU meanwhile.
import { seconds as inSeconds } from '../sdk/statistics.js';
import { startCounting, type CpuUse } from './cpu.js';
import { prepareLoad, startLoadProgram } from './ingest.js';
import type { LoadResult } from './load-job.js';
import { startSampling, watchedGroups, type MemoryUses } from './memory.js';
import type { Stage } from './stage.js';

export interface Measured {
  readonly result: LoadResult;
  readonly memory: MemoryUses;
  readonly cpu: CpuUse;
}

export interface Pace {
  /** Events per second. */
  readonly rate: number;
  readonly seconds: number;
  /** Keep connections, as SDKs do in a burst. @default false */
  readonly reuse?: boolean;
}

/** @param patience seconds after the last answer that an event may take to be stored */
export async function loadStage(stage: Stage, { rate, seconds, reuse }: Pace, patience?: number): Promise<Measured> {
  const job = await prepareLoad(stage, { rate, seconds });
  stage.say(`${rate} events/s for ${seconds} s`);
  const stopSampling = await startSampling(await watchedGroups(stage), stage.cluster.cgroup.version);
  const stopCounting = await startCounting(stage);
  const result = await startLoadProgram(stage, { ...job, ...(reuse === undefined ? {} : { reuse }), ...(patience === undefined ? {} : { patience }) }).result;
  return { result, cpu: await stopCounting(result), memory: await stopSampling() };
}

export function time(milliseconds: number | undefined): string {
  return milliseconds === undefined ? 'none' : inSeconds(milliseconds);
}
