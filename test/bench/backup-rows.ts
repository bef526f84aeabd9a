// What a backup cost, as lines of the bench's table.
import { atMost, mebibytes, type Row } from './bench-report.js';

export const STEPS = ['plain pg_dump', 'dump and count', 'restore and count', 'encrypt and store'] as const;
export type Step = (typeof STEPS)[number];

export interface StepCost {
  readonly seconds: number;
  /** Anonymous and shared memory at most, in bytes; processes that the kernel killed for want of memory. */
  readonly use: { readonly own: number; readonly kills: number };
}

export interface BackupCost {
  /** Bytes. */
  readonly database: number;
  readonly copy: number;
  readonly steps: Readonly<Record<Step, StepCost>>;
}

const MEBIBYTE = 2 ** 20;
/** Of a plain dump's wall time, with the restore. */
const MOST_RATIO = 5;

/** @param limit of each container of the Job. Bytes */
export function backupRows({ database, copy, steps }: BackupCost, limit: number): Row[] {
  const plain = steps['plain pg_dump'].seconds;
  const own = STEPS.filter((name) => name !== 'plain pg_dump').map((name) => steps[name]);
  const whole = own.reduce((sum, { seconds }) => sum + seconds, 0);
  const most = Math.max(...own.map(({ use }) => use.own));
  const kills = own.reduce((sum, { use }) => sum + use.kills, 0);
  const ratio = Number((whole / plain).toFixed(1));
  return [
    { what: 'database, copy', measured: `${mebibytes(database)}, ${mebibytes(copy)} encrypted` },
    ...STEPS.map((name) => ({ what: name, measured: `${steps[name].seconds.toFixed(1)} s, ${mebibytes(steps[name].use.own)}` })),
    { what: 'whole / plain pg_dump', measured: `${whole.toFixed(0)} s / ${plain.toFixed(0)} s: ${ratio}`, goal: atMost(ratio, MOST_RATIO) },
    { what: 'memory of the Job', measured: mebibytes(most), goal: atMost(Math.ceil(most / MEBIBYTE), limit / MEBIBYTE, 'Mi') },
    { what: 'killed for memory', measured: String(kills), goal: atMost(kills, 0) },
  ];
}
