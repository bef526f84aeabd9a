// `npm run bench -- operator --against BUILD`: the operator of this build beside that of another, on the same real servers, which have no nodes.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { WEB_BACKEND } from '../../charts/part-names.js';
import { API_VERSION, KIND } from '../../operator/api/object-names.js';
import { NAMESPACE, Stage, until, type OperatorProcess } from '../api/operator-stage.js';
import { WebDouble } from '../api/web-double.js';
import { Replay } from '../replay/replay.js';
import { seriesCount } from './operator-metrics.js';
import { atMost, type Row, type Section } from './bench-report.js';
import { describeTenths, medians, peaks, readResident, type Resident } from './resident.js';
import { everySecond } from './sampling.js';

/** After the start. Seconds. */
const SETTLED = 20;
/** GlitchTip resources in all. */
const MANY = 1_000;
/** For a rotation, and for a look at each resource. Seconds. */
const PATIENCE = { rotation: 300, resources: 900 };
const LARGEST_RATIO = 1;

export interface BuildCost {
  /** Folder of the build. */
  readonly build: string;
  /** Medians, 20 s after the start. */
  readonly idle: Resident;
  /** The highest of samples each second. */
  readonly rotating: Resident;
  /** The same, from the start until it has looked at each of 1,000 resources. */
  readonly many: Resident;
  /** For how long that was. Seconds. */
  readonly manySeconds: number;
  /** CPU of the process in the first 20 s, seconds; the median. */
  readonly cpu: number;
}

export interface BuildsFindings {
  readonly node: string;
  readonly bare: Resident;
  readonly ours: BuildCost;
  readonly other: BuildCost;
}

interface Sample {
  readonly resident: Resident;
  readonly cpu: number;
}

/** Builds first. @param against folder of another build @param runs of each while idle, in turns; one of each in a rotation and with 1,000 resources */
export async function measureBuilds(against: string, runs: number, say: (line: string) => void): Promise<Section> {
  await execa('npm', ['run', '--silent', 'build'], { stdio: ['ignore', 'ignore', 'pipe'] });
  const scene = await Scene.open();
  try {
    const found = await scene.measure(['build', against], runs, say);
    return { name: 'builds', rows: buildsRows(found), numbers: found, note: NOTE };
  } finally {
    await scene.close();
  }
}

/** A GlitchTip that is Ready, with "pods" that are rolled and store events. */
class Scene {
  readonly #replay: Replay;
  readonly #stopSyncing: () => Promise<void>;

  private constructor(private readonly stage: Stage, private readonly web: WebDouble, replay: Replay) {
    this.#replay = replay;
    this.#stopSyncing = everySecond(() => replay.pods.sync().catch(() => undefined));
  }

  static async open(): Promise<Scene> {
    const store: { at?: Replay } = {};
    const web = new WebDouble((id) => store.at?.pods.web.sendEvent({ host: WEB_BACKEND, port: 0 }, { canary: { project: 1, key: '' }, id }, new AbortController().signal) ?? Promise.resolve());
    await web.listen();
    const stage = await Stage.open({ web: { host: '127.0.0.1', port: web.port } });
    const first = await stage.startOperator('bootstrap');
    await until('Secrets', async () => Object.keys(await stage.secrets()).length >= 5, true);
    await stage.startPostgres();
    await stage.startValkey();
    await until('DatabaseHealthy', async () => (await stage.condition('DatabaseHealthy')).startsWith('True'), true);
    await first.kill('SIGTERM');
    const replay = new Replay(stage);
    store.at = replay;
    await replay.pods.create();
    await replay.makeAdministrator();
    return new Scene(stage, web, replay);
  }

  async measure(builds: readonly [string, string], runs: number, say: (line: string) => void): Promise<BuildsFindings> {
    const bare: Resident[] = [];
    const idle = new Map<string, Sample[]>(builds.map((build) => [build, []]));
    for (let run = 1; run <= runs; run += 1) {
      bare.push(await bareNode());
      for (const build of builds) idle.get(build)?.push(await this.#withOperator(build, (operator) => lookAt(operator)));
      say(`builds: idle, run ${run} of ${runs}`);
    }
    const rotating = new Map<string, Resident>();
    for (const build of builds) {
      rotating.set(build, await this.#withOperator(build, (operator) => peakWhile(operator, () => this.#rotate())));
      say(`builds: rotation with ${build}`);
    }
    await this.#addResources();
    const [many, seconds] = [new Map<string, Resident>(), new Map<string, number>()];
    for (const build of builds) {
      const began = performance.now();
      many.set(build, await this.#withOperator(build, (operator) => peakWhile(operator, () => untilAllSeen(operator))));
      seconds.set(build, (performance.now() - began) / 1000);
      say(`builds: ${MANY} resources with ${build}`);
    }
    const costOf = (build: string): BuildCost => {
      const samples = idle.get(build) ?? [];
      const none = { resident: Number.NaN, own: Number.NaN };
      const cpu = samples.map((sample) => sample.cpu).sort((a, b) => a - b)[Math.floor(samples.length / 2)] ?? Number.NaN;
      return { build, idle: medians(samples.map(({ resident }) => resident)), rotating: rotating.get(build) ?? none, many: many.get(build) ?? none, manySeconds: seconds.get(build) ?? Number.NaN, cpu };
    };
    return { node: process.version, bare: medians(bare), ours: costOf(builds[0]), other: costOf(builds[1]) };
  }

  async close(): Promise<void> {
    await this.#stopSyncing();
    this.web.stop();
    await this.stage.close();
  }

  async #withOperator<T>(build: string, work: (operator: OperatorProcess) => Promise<T>): Promise<T> {
    const operator = await this.stage.startOperator('bench', build);
    try {
      return await work(operator);
    } finally {
      await operator.kill('SIGTERM');
    }
  }

  /** Everything, once. */
  async #rotate(): Promise<void> {
    const newest = async (): Promise<string | undefined> => (await this.stage.resource()).status?.rotation?.history?.[0]?.id;
    const before = await newest();
    await this.#replay.request('all');
    const deadline = Date.now() + PATIENCE.rotation * 1000;
    while ((await newest()) === before) {
      await sleep(500);
      if (Date.now() > deadline) throw new Error(`the rotation did not end in ${PATIENCE.rotation} s: ${JSON.stringify((await this.stage.resource()).status?.rotation?.current)}`);
    }
  }

  /** Suspended and not watched, so that nothing is made for them: all look at the Secrets and servers of the one. */
  async #addResources(): Promise<void> {
    const items = Array.from({ length: MANY - 1 }, (_, index) => ({
      apiVersion: API_VERSION, kind: KIND, metadata: { name: `gt-${String(index).padStart(4, '0')}`, namespace: NAMESPACE },
      spec: { version: '5.2', suspend: true, health: { enabled: false }, valkey: {}, worker: {} },
    }));
    await this.stage.kubectl(['create', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
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

async function lookAt(operator: OperatorProcess): Promise<Sample> {
  await sleep(SETTLED * 1000);
  if ((await operator.reconciles()) === 0) throw new Error(`it has looked at nothing: ${operator.output.slice(-1000)}`);
  return { resident: await residentOf(operator), cpu: await cpuSeconds(operator) };
}

async function peakWhile(operator: OperatorProcess, work: () => Promise<void>): Promise<Resident> {
  const samples: Resident[] = [];
  const stop = everySecond(async () => {
    samples.push(await residentOf(operator));
  });
  try {
    await work();
  } finally {
    await stop();
  }
  return peaks(samples);
}

/** Every resource has figures of its own in the metrics once the operator has looked at it. */
async function untilAllSeen(operator: OperatorProcess): Promise<void> {
  const deadline = Date.now() + PATIENCE.resources * 1000;
  for (;;) {
    const seen = seriesCount(await operator.metrics(), 'glitchkeeper_rotation_history_undone');
    if (seen >= MANY) return;
    if (Date.now() > deadline) throw new Error(`it has looked at ${seen} of ${MANY} resources after ${PATIENCE.resources} s`);
    await sleep(2000);
  }
}

async function residentOf({ pid }: OperatorProcess): Promise<Resident> {
  return readResident(await readFile(`/proc/${pid}/status`, 'utf8'));
}

/** Of user and system, in clock ticks of a hundredth of a second (proc(5)). */
async function cpuSeconds({ pid }: OperatorProcess): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).replace(/^.*\) /, '').split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

const NOTE = `both operators run with the flags of this build's manifests, one after the other, on one real API server, Postgres and Valkey. Idle is ${SETTLED} s after the start, connected, medians; `
  + `the peaks are the highest of samples each second. Its own is RssAnon; of files is almost all Node's program.`;

export function buildsRows({ node, bare, ours, other }: BuildsFindings): Row[] {
  const compare = (what: string, one: Resident, two: Resident): Row[] => [
    { what: `${what}, this build`, measured: describeTenths(one), goal: atMost(one.resident / two.resident, LARGEST_RATIO, ' times') },
    { what: `${what}, the other`, measured: describeTenths(two) },
    { what: 'this / the other', measured: `resident ${(one.resident / two.resident).toFixed(3)}, its own ${(one.own / two.own).toFixed(3)}` },
  ];
  return [
    { what: 'bare node', measured: `${describeTenths(bare)} (Node ${node})` },
    ...compare('idle', ours.idle, other.idle),
    { what: 'CPU of the first 20 s', measured: `this build ${ours.cpu.toFixed(2)} s, the other ${other.cpu.toFixed(2)} s` },
    ...compare('peak in a rotation', ours.rotating, other.rotating),
    ...compare(`peak with ${MANY} resources`, ours.many, other.many),
    { what: 'until all were looked at', measured: `this build ${ours.manySeconds.toFixed(0)} s, the other ${other.manySeconds.toFixed(0)} s` },
  ];
}
