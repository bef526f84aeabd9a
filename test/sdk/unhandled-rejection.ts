// Runs a small program that forgets to await a promise, and learns from it how its event was answered.
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { z } from 'zod';
import type { Dsn } from './dsn.js';
import type { Delivery } from './recording-transport.js';

const delivery = z.object({ eventId: z.string(), kinds: z.array(z.string()), answer: z.union([z.number(), z.string()]) });

export interface ChildReport {
  /** The event's delivery, or undefined when the SDK sent none. */
  readonly delivery: Delivery | undefined;
  readonly exitCode: number | undefined;
  readonly stderr: string;
}

const PROGRAM = fileURLToPath(new URL('./unhandled-rejection-program.ts', import.meta.url));

/** The DSN goes by environment, as applications give it to the SDK. The program prints one delivery a line. */
export async function runUnhandledRejection(dsn: Dsn, text: string): Promise<ChildReport> {
  const { stdout, stderr, exitCode } = await execa({
    node: true,
    nodeOptions: process.execArgv,
    env: { SENTRY_DSN: dsn.text, REJECTION: text },
    reject: false,
    timeout: 60_000,
  })`${PROGRAM}`;
  const deliveries = stdout.split('\n').filter((line) => line.startsWith('{')).map((line) => delivery.parse(JSON.parse(line)));
  return { delivery: deliveries.find(({ kinds }) => kinds.includes('event')), exitCode, stderr };
}
