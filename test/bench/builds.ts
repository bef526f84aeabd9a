// `npm run bench -- operator --against BUILD`: the operator of this build beside that of another, on the same real servers, which have no nodes.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { PROGRAMS } from '../../charts/programs.js';
import type { OperatorProcess } from '../api/operator-stage.js';
import { percentile } from '../sdk/statistics.js';
import { atMost, type Row, type Section } from './bench-report.js';
import { Scene } from './builds-scene.js';
import { untilSeen } from './many-resources.js';
import { describeReady } from './requested-rotation.js';
import { describeTenths, medians, peaks, readResident, type Resident } from './resident.js';
import { everySecond } from './sampling.js';

/** After the start. Seconds. */
const SETTLED = 20;
/** GlitchTip resources in all. */
const MANY = 1_000;
/** For a look at each of them. Seconds. */
const PATIENCE = 900;
const LARGEST_RATIO = 1;

/** A value a run. */
export interface BuildCost {
  /** Folder of the build. */
  readonly build: string;
  /** 20 s after the start. */
  readonly idle: Resident[];
  /** CPU of the process in these 20 s. Seconds. */
  readonly cpu: number[];
  /** The highest of samples each second, from the start until a rotation of everything has ended. */
  readonly rotating: Resident[];
  /** The same, until it has looked at each of 1,000 resources. */
  readonly many: Resident[];
  /** For how long that was. Seconds. */
  readonly manySeconds: number[];
}

export interface BuildsFindings {
  readonly node: string;
  /** A value a run. */
  readonly bare: Resident[];
  readonly ours: BuildCost;
  readonly other: BuildCost;
}

/** Builds first. @param against folder of another build @param runs of each build in each of the three measurements, in turns @throws Error when there is no operator in that folder */
export async function measureBuilds(against: string, runs: number, say: (line: string) => void): Promise<Section> {
  await access(join(against, 'assets', PROGRAMS.operator.bundle)).catch((error: unknown) => {
    throw new Error(`--against ${against}: expected the build/ of another version after its "npm run build"`, { cause: error });
  });
  await execa('npm', ['run', '--silent', 'build'], { stdio: ['ignore', 'ignore', 'pipe'] });
  const scene = await Scene.open();
  try {
    const found: BuildsFindings = { node: process.version, bare: [], ours: noCost('build'), other: noCost(against) };
    for (const measure of [measureIdle, measureRotating, measureMany]) await inTurns(found, runs, (cost) => measure(scene, cost), say);
    return { name: 'builds', rows: buildsRows(found), numbers: found, note: NOTE };
  } finally {
    await scene.close();
  }
}

function noCost(build: string): BuildCost {
  return { build, idle: [], cpu: [], rotating: [], many: [], manySeconds: [] };
}

/** Now the one, now the other is first: whatever grows from run to run is no advantage of either. @param measure what it did */
async function inTurns(found: BuildsFindings, runs: number, measure: (cost: BuildCost) => Promise<string>, say: (line: string) => void): Promise<void> {
  for (let run = 1; run <= runs; run += 1) {
    found.bare.push(await bareNode());
    const costs = run % 2 === 1 ? [found.ours, found.other] : [found.other, found.ours];
    for (const cost of costs) say(`builds: ${await measure(cost)}, run ${run} of ${runs}: ${cost.build}`);
  }
}

async function bareNode(): Promise<Resident> {
  const bare = spawn(process.execPath, ['-e', 'setInterval(() => {}, 60_000)'], { stdio: 'ignore' });
  await sleep(2000);
  const resident = readResident(await readFile(`/proc/${String(bare.pid)}/status`, 'utf8'));
  const ended = once(bare, 'exit');
  bare.kill('SIGKILL');
  await ended;
  return resident;
}

/** @throws Error when it does nothing: that costs little */
async function measureIdle(scene: Scene, { build, idle, cpu }: BuildCost): Promise<string> {
  await scene.withOperator(build, async (operator) => {
    await sleep(SETTLED * 1000);
    idle.push(await residentOf(operator));
    cpu.push(await cpuSeconds(operator));
    if ((await operator.reconciles()) === 0) throw new Error('it has looked at nothing');
    const resource = await scene.resource();
    if (!isReady(resource)) throw new Error(`it should have nothing to do: ${describeReady(resource)}`);
  });
  return 'idle';
}

function isReady({ status }: Awaited<ReturnType<Scene['resource']>>): boolean {
  return status.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') === true;
}

async function measureRotating(scene: Scene, { build, rotating }: BuildCost): Promise<string> {
  rotating.push(await scene.withOperator(build, (operator) => peakWhile(operator, () => scene.rotate())));
  return 'rotation';
}

async function measureMany(scene: Scene, { build, many, manySeconds }: BuildCost): Promise<string> {
  await scene.makeMany(MANY);
  const began = performance.now();
  many.push(await scene.withOperator(build, (operator) => peakWhile(operator, () => untilSeen({ metrics: () => operator.metrics(), count: MANY, seconds: PATIENCE }))));
  manySeconds.push((performance.now() - began) / 1000);
  return `${MANY} resources`;
}

async function peakWhile(operator: OperatorProcess, work: () => Promise<void>): Promise<Resident> {
  const samples: Resident[] = [];
  const stop = everySecond(async () => {
    samples.push(await residentOf(operator));
  });
  try {
    await work();
  } catch (error) {
    // Of a process that has ended there are no samples either; why it is looked at no more says more.
    await stop().catch(() => undefined);
    throw error;
  }
  await stop();
  return peaks(samples);
}

async function residentOf({ pid }: OperatorProcess): Promise<Resident> {
  return readResident(await readFile(`/proc/${pid}/status`, 'utf8'));
}

/** Of user and system, in clock ticks of a hundredth of a second (proc(5)). */
async function cpuSeconds({ pid }: OperatorProcess): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).replace(/^.*\) /, '').split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

const NOTE = `both operators run with the flags of this build's manifests, one after the other, on one real API server, Postgres and Valkey; figures are medians of the runs, in brackets the least and the `
  + `greatest ratio of a run. Idle is ${SETTLED} s after the start, connected; the peaks are the highest of samples each second. Its own is RssAnon; of files is almost all Node's program. Each begins without a `
  + `journal of rotations, and rotates everything that it knows: an older build knows fewer credentials.`;

export function buildsRows({ node, bare, ours, other }: BuildsFindings): Row[] {
  return [
    { what: 'bare node', measured: `${describeTenths(medians(bare))} (Node ${node})` },
    ...compare('idle', ours.idle, other.idle),
    ...compare('peak in a rotation', ours.rotating, other.rotating),
    ...compare(`peak with ${MANY} resources`, ours.many, other.many),
    { what: 'CPU of the first 20 s', measured: `this build ${median(ours.cpu).toFixed(2)} s, the other ${median(other.cpu).toFixed(2)} s` },
    { what: 'until all were looked at', measured: `this build ${median(ours.manySeconds).toFixed(0)} s, the other ${median(other.manySeconds).toFixed(0)} s` },
  ];
}

/** The ratio is of the medians. */
function compare(what: string, ours: readonly Resident[], other: readonly Resident[]): Row[] {
  const [one, two] = [medians(ours), medians(other)];
  const ratio = one.resident / two.resident;
  return [
    { what: `${what}, this build`, measured: describeTenths(one) },
    { what: `${what}, the other`, measured: describeTenths(two) },
    { what: `${what}, this / the other`, measured: `resident ${describeRatio('resident', ours, other)}; its own ${describeRatio('own', ours, other)}`, goal: atMost(ratio, LARGEST_RATIO, ' times') },
  ];
}

function describeRatio(of: keyof Resident, ours: readonly Resident[], other: readonly Resident[]): string {
  const each = ours.map((one, run) => one[of] / (other[run]?.[of] ?? Number.NaN));
  const [all, least, most] = [medians(ours)[of] / medians(other)[of], Math.min(...each), Math.max(...each)].map((ratio) => ratio.toFixed(3));
  return `${all ?? ''} (${least ?? ''} to ${most ?? ''})`;
}

function median(values: readonly number[]): number {
  return percentile(values, 50) ?? Number.NaN;
}
