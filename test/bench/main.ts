// `npm run bench`: measures what the project promises, and prints one table.
import { writeFile } from 'node:fs/promises';
import { availableParallelism, loadavg } from 'node:os';
import { buildProgress } from '../../embedded/index.js';
import { measureBackup } from './backup.js';
import { measureBackupUnderLoad } from './backup-load.js';
import { startCounting } from './cpu.js';
import { ingestSection, prepareLoad, startLoadProgram } from './ingest.js';
import { memorySection, sampleIdle, startSampling, watchedGroups } from './memory.js';
import { measureBuilds } from './builds.js';
import { measureClient } from './client.js';
import { measureHttps } from './https.js';
import { measureMove } from './move.js';
import { measureOperator } from './operator.js';
import { parseOptions, type BenchOptions, type Measurement } from './bench-options.js';
import { measureGateway } from './gateway.js';
import { measureQuiet } from './quiet.js';
import { renderJson, renderNotes, renderTable, renderVerdict, unmetGoals, type Section } from './bench-report.js';
import { measureReleases } from './releases.js';
import { measureResources } from './resources.js';
import { measureRotation } from './rotation.js';
import { openStage, type Stage } from './stage.js';
import { measureSpool } from './spool.js';
import { measureStart } from './start.js';
import { measureSynth } from './synth.js';
import { measureWatching } from './watching.js';

interface Findings {
  readonly sections: readonly Section[];
  readonly image?: string;
}

async function main(options: BenchOptions, signal: AbortSignal): Promise<number> {
  const { say } = buildProgress((line) => console.error(line), Date.now);
  const machine = { cores: availableParallelism(), loadAverageBefore: loadavg()[0], node: process.version };
  say(`${machine.cores} cores, load average ${machine.loadAverageBefore?.toFixed(1) ?? '?'}, Node ${machine.node}`);
  const apart = await measureApart(options, say, signal);
  const onCluster = options.measurements.filter((measurement) => !APART.includes(measurement) && !isOfBuilds(measurement, options));
  const { sections, image }: Findings = onCluster.length === 0 ? { sections: [] } : await measureOnCluster(options, say, signal);
  const all = [...apart, ...sections];
  if (options.json !== undefined) await writeFile(options.json, `${renderJson(all, { measuredAt: new Date().toISOString(), machine, image })}\n`);
  console.log(`${renderTable(all, process.stdout.columns)}\n${image === undefined ? '' : `GlitchTip: ${image}\n`}${renderNotes(all)}${renderVerdict(all)}`);
  return options.check && unmetGoals(all).length > 0 ? 1 : 0;
}

/** What needs no cluster, or more than one. */
const APART: readonly Measurement[] = ['synth', 'spool', 'gateway', 'https', 'backup', 'client', 'move', 'releases'];

function isOfBuilds(measurement: Measurement, { against }: BenchOptions): boolean {
  return measurement === 'operator' && against !== undefined;
}

async function measureApart({ measurements, ...options }: BenchOptions, say: (line: string) => void, signal: AbortSignal): Promise<Section[]> {
  return [
    ...(measurements.includes('synth') ? [await measureSynth(options.runs, say)] : []),
    ...(measurements.includes('spool') ? [await measureSpool(Math.min(options.seconds, 20), say)] : []),
    ...(measurements.includes('backup') ? [await measureBackup(say)] : []),
    ...(measurements.includes('gateway') ? [await measureGateway({ measurements, ...options }, say, signal)] : []),
    ...(measurements.includes('move') ? [await measureMove(options, say)] : []),
    ...(measurements.includes('https') ? [await measureHttps({ measurements, ...options }, say, signal)] : []),
    ...(measurements.includes('releases') ? [await measureReleases({ measurements, ...options }, say, signal)] : []),
    ...(measurements.includes('client') ? [await measureClient(options.runs, say, signal)] : []),
    ...(measurements.includes('operator') && options.against !== undefined ? [await measureBuilds(options.against, options.runs, say)] : []),
  ];
}

async function measureOnCluster(options: BenchOptions, say: (line: string) => void, signal: AbortSignal): Promise<Findings> {
  const stage = await openStage(options, say, signal);
  try {
    const wants = (measurement: Measurement): boolean => options.measurements.includes(measurement);
    const start = await measureStart(stage);
    // While the pages of Node's program are still warm: what is dropped meanwhile would be counted for one of them only.
    const operator = wants('operator') ? [await measureOperator(stage)] : [];
    const loaded = wants('memory') || wants('ingest') ? await measureLoad(stage, options) : [];
    // Last, for it replaces every pod that the others measure.
    const rotation = wants('rotation') ? [await measureRotation(stage)] : [];
    const watching = wants('watching') ? [await measureWatching(stage)] : [];
    const quiet = wants('quiet') ? [await measureQuiet(stage)] : [];
    const backup = wants('backup-load') ? [await measureBackupUnderLoad(stage)] : [];
    const resources = wants('resources') ? [await measureResources(stage)] : [];
    const sections = [start, ...loaded, ...operator, ...rotation, ...watching, ...quiet, ...backup, ...resources].filter(({ name }) => wants(name as Measurement));
    return { sections, image: stage.image };
  } finally {
    await stage.close();
  }
}

/** One load for both: memory without it and with it, and what it says of ingest. */
async function measureLoad(stage: Stage, options: BenchOptions): Promise<Section[]> {
  const groups = await watchedGroups(stage);
  const idle = options.measurements.includes('memory') ? await sampleIdle(stage, groups) : {};
  const job = await prepareLoad(stage, options);
  stage.say(`${options.rate} events/s for ${options.seconds} s`);
  const stopSampling = await startSampling(groups, stage.cluster.cgroup.version);
  const stopCounting = await startCounting(stage);
  const { result: running } = startLoadProgram(stage, job);
  const result = await running;
  const cpu = await stopCounting(result);
  const loaded = await stopSampling();
  return [memorySection({ groups, idle, loaded, rate: options.rate }), ingestSection(result, cpu)];
}

/** Ctrl-C ends what is under way, and the cluster is removed. */
function interruption(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => controller.abort());
  return controller.signal;
}

try {
  process.exitCode = await main(parseOptions(process.argv.slice(2)), interruption());
} catch (error) {
  console.error(error instanceof Error ? `bench: ${error.message}` : error);
  process.exitCode = 2;
}
