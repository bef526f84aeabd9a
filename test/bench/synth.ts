// Synth from the built JavaScript, against a Node that does nothing: side by side, so that a busy machine slows both.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { percentile } from '../sdk/statistics.js';
import { NO_SETTINGS } from '../support/settings.js';
import { peakMemory, wallTime, type Run } from './program-cost.js';
import { atMost, mebibytes, type Row, type Section } from './bench-report.js';

/** Of synth's wall time over bare Node's. */
const LARGEST_RATIO = 4;

/** Wall times in milliseconds, in the order of the runs; peaks in bytes. */
export interface SynthCost {
  readonly synth: { readonly wall: readonly number[]; readonly peak: number };
  readonly bare: { readonly wall: readonly number[]; readonly peak: number };
}

/** Builds first. @param runs of each program, alternating, after one of each that does not count */
export async function measureSynth(runs: number, say: (line: string) => void): Promise<Section> {
  await execa('npm', ['run', '--silent', 'build'], { stdio: ['ignore', 'ignore', 'pipe'] });
  const scratch = await mkdtemp(join(tmpdir(), 'glitchkeeper-synth-'));
  const synth: Run = { args: ['build/main.js'], env: { CDK8S_OUTDIR: join(scratch, 'dist'), GLITCHKEEPER_SETTINGS: NO_SETTINGS } };
  const bare: Run = { args: ['-e', '0'] };
  try {
    const wall = { synth: [] as number[], bare: [] as number[] };
    for (let run = 0; run <= runs; run += 1) {
      wall.synth.push(await wallTime(synth));
      wall.bare.push(await wallTime(bare));
    }
    say(`synth and bare node: ${runs} runs of each`);
    const cost: SynthCost = {
      synth: { wall: wall.synth.slice(1), peak: await peakMemory(synth, scratch) },
      bare: { wall: wall.bare.slice(1), peak: await peakMemory(bare, scratch) },
    };
    return { name: 'synth', rows: synthRows(cost), numbers: cost };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

export function synthRows({ synth, bare }: SynthCost): Row[] {
  const ratio = median(synth.wall) / median(bare.wall);
  return [
    { what: 'synth, wall', measured: describeWall(synth.wall) },
    { what: 'node -e 0, wall', measured: describeWall(bare.wall) },
    {
      what: 'synth / bare node, wall',
      measured: `${ratio.toFixed(1)} (medians; fastest of each: ${(Math.min(...synth.wall) / Math.min(...bare.wall)).toFixed(1)})`,
      goal: atMost(ratio, LARGEST_RATIO),
    },
    {
      what: 'synth / bare node, peak memory',
      measured: `${(synth.peak / bare.peak).toFixed(1)} (${mebibytes(synth.peak)} / ${mebibytes(bare.peak)})`,
    },
  ];
}

function median(values: readonly number[]): number {
  return percentile(values, 50) ?? Number.NaN;
}

function describeWall(values: readonly number[]): string {
  const [least, middle, most] = [Math.min(...values), median(values), Math.max(...values)].map((value) => `${Math.round(value)} ms`);
  return `min ${least ?? ''}, median ${middle ?? ''}, max ${most ?? ''} of ${values.length}`;
}
