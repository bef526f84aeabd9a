// Synth as `npm run synth` starts it once everything is built, against a Node that does nothing: side by side, so that a busy machine slows both.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { percentile } from '../sdk/statistics.js';
import { peakMemory, spend, type Run, type Spent } from './program-cost.js';
import { atMost, mebibytes, type Row, type Section } from './bench-report.js';

/** Of synth's CPU time over bare Node's. */
const LARGEST_RATIO = 3;
/** As a host of somebody's has them. */
const OF_ONE_HOST = 'domain: https://errors.example.com\nhost: { memory: 4Gi }\nresources: { worker: { limits: { memory: 400Mi } } }\n';
/** With these no document is the one that the build has written already (charts/document-texts.ts). */
const CHANGING_ALL = 'namespace: errors\n';

/** In the order of the runs; peaks in bytes. */
export interface ProgramCost {
  readonly spent: readonly Spent[];
  readonly peak: number;
}

export interface SynthCost {
  readonly synth: ProgramCost;
  /** Of the same with settings that change every document. */
  readonly changed: ProgramCost;
  readonly bare: ProgramCost;
}

const PROGRAMS = ['synth', 'changed', 'bare'] as const;

/** Builds first. @param runs of each program, alternating, after one of each that does not count */
export async function measureSynth(runs: number, say: (line: string) => void): Promise<Section> {
  await execa('npm', ['run', '--silent', 'build'], { stdio: ['ignore', 'ignore', 'pipe'] });
  const scratch = await mkdtemp(join(tmpdir(), 'glitchkeeper-synth-'));
  const args = synthArguments(await readFile('package.json', 'utf8'));
  const withSettings = async (name: string, text: string): Promise<Run> => {
    const file = join(scratch, `${name}.yaml`);
    await writeFile(file, text);
    return { args, env: { CDK8S_OUTDIR: join(scratch, name), GLITCHKEEPER_SETTINGS: file } };
  };
  try {
    const programs: Readonly<Record<keyof SynthCost, Run>> = { synth: await withSettings('host', OF_ONE_HOST), changed: await withSettings('all', CHANGING_ALL), bare: { args: ['-e', '0'] } };
    const spent: Record<keyof SynthCost, Spent[]> = { synth: [], changed: [], bare: [] };
    for (let run = 0; run <= runs; run += 1) for (const name of PROGRAMS) spent[name].push(await spend(programs[name]));
    say(`synth and bare node: ${runs} runs of each`);
    const costOf = async (name: keyof SynthCost): Promise<ProgramCost> => ({ spent: spent[name].slice(1), peak: await peakMemory(programs[name], scratch) });
    const cost: SynthCost = { synth: await costOf('synth'), changed: await costOf('changed'), bare: await costOf('bare') };
    return { name: 'synth', rows: synthRows(cost), numbers: cost };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Of node, in `npm run synth`. @throws when the script is another one */
export function synthArguments(packageJson: string): string[] {
  const { scripts: { synth = '' } } = JSON.parse(packageJson) as { scripts: { synth?: string } };
  const [, args] = /&& node (.+)$/.exec(synth) ?? [];
  if (args === undefined) throw new Error(`package.json: scripts.synth: expected to end with "&& node ...", found ${synth}`);
  return args.split(' ');
}

export function synthRows({ synth, changed, bare }: SynthCost): Row[] {
  const ratio = (of: keyof Spent, program = synth): number => median(program, of) / median(bare, of);
  return [
    { what: 'synth, CPU', measured: describe(synth, 'cpu') },
    { what: 'node -e 0, CPU', measured: describe(bare, 'cpu') },
    { what: 'synth / bare node, CPU', measured: `${ratio('cpu').toFixed(1)} (medians; least of each: ${(least(synth, 'cpu') / least(bare, 'cpu')).toFixed(1)})`, goal: atMost(ratio('cpu'), LARGEST_RATIO) },
    { what: 'the same where every document is changed', measured: `${ratio('cpu', changed).toFixed(1)} (${describe(changed, 'cpu')})` },
    { what: 'synth / bare node, wall', measured: `${ratio('wall').toFixed(1)} (${describe(synth, 'wall')})` },
    { what: 'synth / bare node, peak memory', measured: `${(synth.peak / bare.peak).toFixed(1)} (${mebibytes(synth.peak)} / ${mebibytes(bare.peak)})` },
  ];
}

function median({ spent }: ProgramCost, of: keyof Spent): number {
  return percentile(spent.map((each) => each[of]), 50) ?? Number.NaN;
}

function least({ spent }: ProgramCost, of: keyof Spent): number {
  return Math.min(...spent.map((each) => each[of]));
}

function describe(cost: ProgramCost, of: keyof Spent): string {
  const most = Math.max(...cost.spent.map((each) => each[of]));
  const [first, middle, last] = [least(cost, of), median(cost, of), most].map((value) => `${Math.round(value)} ms`);
  return `min ${first ?? ''}, median ${middle ?? ''}, max ${last ?? ''} of ${cost.spent.length}`;
}
