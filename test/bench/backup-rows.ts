// What a backup and bringing it back cost, as lines of the bench's table.
import { atMost, mebibytes, type Row } from './bench-report.js';

/** Of the Job of a backup, and of the one that brings it back. */
const BACKUP_STEPS = ['dump and count', 'restore and count', 'encrypt and store'] as const;
const RESTORE_STEPS = ['fetch and decrypt', 'load and count'] as const;
export const STEPS = ['plain pg_dump', ...BACKUP_STEPS, ...RESTORE_STEPS] as const;
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

/** @param limit of each container of the Jobs. Bytes */
export function backupRows({ database, copy, steps }: BackupCost, limit: number): Row[] {
  const plain = steps['plain pg_dump'].seconds;
  const own = [...BACKUP_STEPS, ...RESTORE_STEPS].map((name) => steps[name]);
  const whole = BACKUP_STEPS.reduce((sum, name) => sum + steps[name].seconds, 0);
  const most = Math.max(...own.map(({ use }) => use.own));
  const kills = own.reduce((sum, { use }) => sum + use.kills, 0);
  const ratio = Number((whole / plain).toFixed(1));
  return [
    { what: 'database, copy', measured: `${mebibytes(database)}, ${mebibytes(copy)} encrypted` },
    ...STEPS.map((name) => ({ what: name, measured: `${steps[name].seconds.toFixed(1)} s, ${mebibytes(steps[name].use.own)}` })),
    { what: 'whole / plain pg_dump', measured: `${whole.toFixed(0)} s / ${plain.toFixed(0)} s: ${ratio}`, goal: atMost(ratio, MOST_RATIO) },
    { what: 'memory of the Jobs', measured: mebibytes(most), goal: atMost(Math.ceil(most / MEBIBYTE), limit / MEBIBYTE, 'Mi') },
    { what: 'killed for memory', measured: String(kills), goal: atMost(kills, 0) },
  ];
}
