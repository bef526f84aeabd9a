// From `kubectl apply -f dist/` on an empty cluster to all Ready: seconds, part by part.
import { setTimeout as sleep } from 'node:timers/promises';
import type { PartReport } from '../../cli/part-states.js';
import { readMemory } from './cgroup.js';
import { mebibytes, type Row, type Section } from './bench-report.js';
import type { Stage } from './stage.js';

const POLL_EVERY_MS = 250;
/** Seconds. */
const PATIENCE = 600;

/** Seconds since the apply began. */
export interface StartTimes {
  readonly applied: number;
  /** When each part was first seen Ready (the migrate Job: done), in the order in which that came. */
  readonly ready: readonly { readonly part: string; readonly seconds: number }[];
  /** When all were, at the same look. */
  readonly all: number;
  /** Restarts on the way, by part. */
  readonly restarts: Readonly<Record<string, number>>;
  /** Highest working set of the whole host on the way, bytes. */
  readonly workingSet: number;
}

/** Applies and waits. @throws Error naming what is not Ready after 600 s */
export async function measureStart(stage: Stage): Promise<Section> {
  const { cluster, say, signal } = stage;
  const began = performance.now();
  const elapsed = (): number => (performance.now() - began) / 1000;
  let applied: number | undefined;
  const applying = cluster.kubectl(['apply', '--warnings-as-errors', '-f', stage.dist]).then(() => (applied = elapsed()));
  const ready = new Map<string, number>();
  let workingSet = 0;
  let reports: PartReport[];
  do {
    // A failed apply ends the wait at once.
    await (applied === undefined ? Promise.race([applying, sleep(POLL_EVERY_MS, undefined, { signal })]) : sleep(POLL_EVERY_MS, undefined, { signal }));
    reports = await stage.observe();
    for (const { part } of reports.filter((report) => report.ready && !ready.has(report.part))) {
      ready.set(part, elapsed());
      say(`${part} ready after ${elapsed().toFixed(1)} s`);
    }
    workingSet = Math.max(workingSet, (await readMemory(cluster.cgroup.memory, cluster.cgroup.version)).workingSet);
    if (elapsed() > PATIENCE) throw new Error(`not ready in ${PATIENCE} s: ${describeWaiting(reports)}`);
  } while (reports.some((report) => !report.ready));
  const all = elapsed();
  await applying;
  const times: StartTimes = {
    applied: applied ?? all, all, workingSet,
    ready: [...ready].map(([part, seconds]) => ({ part, seconds })),
    restarts: Object.fromEntries(reports.map(({ part, restarts }) => [part, restarts])),
  };
  return { name: 'start', rows: startRows(times), numbers: times };
}

function describeWaiting(reports: readonly PartReport[]): string {
  return reports.filter(({ ready }) => !ready).map(({ part, state }) => `${part} (${state})`).join(', ');
}

export function startRows({ applied, ready, all, restarts, workingSet }: StartTimes): Row[] {
  const restarted = Object.entries(restarts).filter(([, count]) => count > 0).map(([part, count]) => `${part} ${count}`);
  return [
    { what: 'apply to all Ready', measured: `${all.toFixed(1)} s (kubectl apply itself: ${applied.toFixed(1)} s)` },
    { what: 'part by part', measured: ready.map(({ part, seconds }) => `${part} ${seconds.toFixed(1)} s`).join(', ') },
    { what: 'restarts on the way', measured: restarted.length === 0 ? 'none' : restarted.join(', ') },
    { what: 'host, working set on the way', measured: `at most ${mebibytes(workingSet)}` },
  ];
}
