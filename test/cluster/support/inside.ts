// Clients that run inside the node's network namespace, where Services and pods have their addresses: a port-forward would drop connections.
import { fileURLToPath } from 'node:url';
import { execa, type ResultPromise } from 'execa';
import { z } from 'zod';
import type { LoadReport } from '../../sdk/load.js';
import type { ClusterHandle } from '../../../embedded/index.js';

export const PROGRAM = fileURLToPath(new URL('./inside-program.ts', import.meta.url));

/** How long answers may still be due when it is told to stop. */
const ANSWERS_MS = 45_000;

/** What the program is told, as JSON on its command line. `host`: what the server calls itself (web). */
export type Task =
  | { readonly kind: 'load'; readonly dsn: string; readonly baseUrl: string; readonly rate: number; readonly seconds: number; readonly bytes?: number; readonly attachmentBytes?: number; readonly host?: string; readonly reuse?: boolean }
  | { readonly kind: 'sign-up'; readonly addresses: readonly string[] };

/** What became of the attempts to sign up. */
const signUpReport = z.object({
  /** How often each answer came: refused, created, pending, or the first words of an error. */
  answers: z.record(z.string(), z.number()),
  /** How often /api/settings/ answered that registration is open, and closed. */
  settingsOpen: z.number(),
  settingsClosed: z.number(),
  /** Attempts without any answer: nothing listened yet. */
  unanswered: z.number(),
  /** Addresses that answered. */
  answered: z.array(z.string()),
});
export type SignUpReport = z.infer<typeof signUpReport>;

interface Client<T> {
  /** What the program reports once it is done, or was told to stop. */
  readonly report: Promise<T>;
  /** Tells it to stop sending; it still waits for answers that are due. */
  readonly stop: () => void;
}

export function startLoad(cluster: ClusterHandle, task: Omit<Extract<Task, { kind: 'load' }>, 'kind'>): Client<LoadReport> {
  const running = start(cluster, { kind: 'load', ...task });
  return { report: running.then(({ stdout }) => JSON.parse(stdout) as LoadReport), stop: () => running.kill('SIGTERM') };
}

export function startSignUps(cluster: ClusterHandle, addresses: readonly string[]): Client<SignUpReport> {
  const running = start(cluster, { kind: 'sign-up', addresses });
  return { report: running.then(({ stdout }) => signUpReport.parse(JSON.parse(stdout))), stop: () => running.kill('SIGTERM') };
}

function start(cluster: ClusterHandle, task: Task): ResultPromise<{ encoding: 'utf8'; maxBuffer: number; forceKillAfterDelay: number }> {
  const node = [process.execPath, '--import', 'tsx', PROGRAM, JSON.stringify(task)];
  // nsenter becomes the program, so that a signal reaches it.
  return execa('nsenter', [`--net=/run/netns/${cluster.nodeName}`, ...node], { encoding: 'utf8', maxBuffer: 1e9, forceKillAfterDelay: ANSWERS_MS });
}
