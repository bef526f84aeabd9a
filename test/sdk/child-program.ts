// Runs a small program with an SDK of its own, and learns from it how each of its envelopes was answered.
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { z } from 'zod';
import type { Dsn } from './dsn.js';
import type { Delivery } from './recording-transport.js';

const delivery = z.object({ eventId: z.string(), kinds: z.array(z.string()), answer: z.union([z.number(), z.string()]) });

/** Files of this folder that end with -program.ts. */
export type ChildProgram = 'unhandled-rejection' | 'streamed-spans';

export interface ChildReport {
  /** In the order in which they were answered. */
  readonly deliveries: readonly Delivery[];
  readonly exitCode: number | undefined;
  readonly stderr: string;
}

/**
 * The DSN goes by environment, as applications give it to the SDK. The program prints one delivery a line.
 * @param text what makes this run's event recognisable; TEXT in the program's environment
 */
export async function runChild(program: ChildProgram, dsn: Dsn, text: string): Promise<ChildReport> {
  const file = fileURLToPath(new URL(`./${program}-program.ts`, import.meta.url));
  const { stdout, stderr, exitCode } = await execa({
    node: true,
    nodeOptions: process.execArgv,
    env: { SENTRY_DSN: dsn.text, TEXT: text },
    reject: false,
    timeout: 60_000,
  })`${file}`;
  const deliveries = stdout.split('\n').filter((line) => line.startsWith('{')).map((line) => delivery.parse(JSON.parse(line)));
  return { deliveries, exitCode, stderr };
}

/** The first delivery with an item of this kind, or why there is none. */
export function deliveryOf(kind: string, { deliveries, exitCode, stderr }: ChildReport): Delivery | string {
  const found = deliveries.find(({ kinds }) => kinds.includes(kind));
  return found ?? `the child process sent no ${kind} (exit code ${exitCode}): ${stderr.slice(0, 200)}`;
}
