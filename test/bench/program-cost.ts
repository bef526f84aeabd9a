// What one run of a program costs: time, and the peak of its resident memory as the kernel counted it.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';

export interface Run {
  /** Arguments of this very Node. */
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Milliseconds. */
export interface Spent {
  /** From the start of the process to its end. */
  readonly wall: number;
  /** Of the processors, outside the kernel: on a busy machine it stays what it is. */
  readonly cpu: number;
}

/** Rejects with what the program wrote to standard error when it fails. */
export async function spend({ args, env }: Run): Promise<Spent> {
  const timed = ['-c', 'TIMEFORMAT="%3R %3U"; time "$@"', 'bash', process.execPath, ...args];
  const { stderr } = await execa('bash', timed, { env: { ...env, LC_ALL: 'C' }, stdio: ['ignore', 'ignore', 'pipe'] });
  return parseSpent(stderr);
}

/** Of bash's `time`, whose line is the last. */
export function parseSpent(stderr: string): Spent {
  const [, wall, cpu] = /(\d+\.\d{3}) (\d+\.\d{3})$/.exec(stderr.trim()) ?? [];
  if (wall === undefined || cpu === undefined) throw new Error(`expected the seconds of bash's time, found ${stderr.slice(-100)}`);
  return { wall: Number(wall) * 1_000, cpu: Number(cpu) * 1_000 };
}

/** Saves the process's own status at its end. Not ru_maxrss: after a fork that begins with the size of the parent. */
const atExit = `const fs = require('node:fs');
process.on('exit', () => fs.writeFileSync(process.env.BENCH_STATUS, fs.readFileSync('/proc/self/status')));
`;

/** Peak resident memory in bytes (VmHWM), from a run of its own, because the look at the end takes time. */
export async function peakMemory({ args, env }: Run, scratch: string): Promise<number> {
  const [hook, status] = [join(scratch, 'at-exit.cjs'), join(scratch, 'status')];
  await writeFile(hook, atExit);
  await spend({ args: ['--require', hook, ...args], env: { ...env, BENCH_STATUS: status } });
  return parseStatus(await readFile(status, 'utf8'), 'VmHWM');
}

/** Bytes of a field of /proc/PID/status. @throws Error when the field is not there */
export function parseStatus(text: string, field: string): number {
  const kibibytes = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1];
  if (kibibytes === undefined) throw new Error(`/proc/PID/status has no ${field}`);
  return Number(kibibytes) * 1024;
}
