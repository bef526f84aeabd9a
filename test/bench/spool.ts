// The gateway's spool beside two other ways to keep records, one after the other on the same disk (docs/decisions/0004-spool.md).
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { percentile } from '../sdk/statistics.js';
import { atMost, mebibytes, type Row, type Section } from './bench-report.js';

const KINDS = ['segments', 'thread pool', 'node:sqlite'] as const;
type Kind = (typeof KINDS)[number];

export interface SpoolCost {
  /** From the append to its being durable. Milliseconds. */
  readonly waits: readonly number[];
  readonly cores: number;
  /** Bytes. */
  readonly resident: number;
}

/** Of the slowest hundredth of node:sqlite's, or of the thread pool's where this Node.js has no SQLite. */
const LARGEST_RATIO = 1.5;

/** @param seconds of load for each, with 1,000 records of 4 KB a second */
export async function measureSpool(seconds: number, say: (line: string) => void): Promise<Section> {
  const costs: Partial<Record<Kind, SpoolCost>> = {};
  for (const kind of KINDS) {
    const cost = await run(kind, seconds);
    if (cost) costs[kind] = cost;
    say(`spool: ${kind}${cost ? '' : ': not in this Node.js'}`);
  }
  return { name: 'spool', rows: spoolRows(costs), numbers: costs };
}

async function run(kind: Kind, seconds: number): Promise<SpoolCost | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'glitchkeeper-spool-'));
  try {
    const { stdout, stderr, failed } = await execa(process.execPath, ['--import', 'tsx', join(import.meta.dirname, 'spool-program.ts'), kind, String(seconds), folder], { reject: false });
    if (failed && stderr.includes('node:sqlite')) return undefined;
    if (failed) throw new Error(`${kind}: ${stderr.slice(-500)}`);
    return JSON.parse(stdout) as SpoolCost;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export function spoolRows(costs: Partial<Record<Kind, SpoolCost>>): Row[] {
  const rows = KINDS.flatMap((kind): Row[] => {
    const cost = costs[kind];
    return cost ? [{ what: kind, measured: `p50 ${at(cost, 50)} ms, p99 ${at(cost, 99)} ms, longest ${at(cost, 100)} ms; ${cost.cores.toFixed(2)} cores, ${mebibytes(cost.resident)} resident` }] : [{ what: kind, measured: 'not in this Node.js' }];
  });
  const other = costs['node:sqlite'] ?? costs['thread pool'];
  const ratio = costs.segments && other ? p99(costs.segments) / p99(other) : Number.NaN;
  return [...rows, { what: `segments / ${costs['node:sqlite'] ? 'node:sqlite' : 'thread pool'}, p99`, measured: ratio.toFixed(2), goal: atMost(ratio, LARGEST_RATIO) }];
}

function p99({ waits }: SpoolCost): number {
  return percentile(waits, 99) ?? Number.NaN;
}

function at({ waits }: SpoolCost, percent: number): string {
  return (percentile(waits, percent) ?? Number.NaN).toFixed(1);
}
