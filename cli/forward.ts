// A port-forward that stays: kubectl's own ends when its pod is replaced, and is started again.
import { createConnection } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { startKubectl, type Target } from './kubectl.js';

export interface Forward {
  /** Resolves when the local port answers. */
  readonly open: Promise<void>;
  readonly stop: () => Promise<void>;
}

const RETRY_MS = 1000;

/** Forwards localhost:`local` to a Service's port until stopped. */
export function forward(target: Target, { namespace, service, local, remote }: { namespace: string; service: string; local: number; remote: number }): Forward {
  const stopped = new AbortController();
  let running: ReturnType<typeof startKubectl> | undefined;

  const loop = async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      running = startKubectl(target, 'port-forward', '--namespace', namespace, '--address', '127.0.0.1', `service/${service}`, `${local}:${remote}`);
      await running;
      await sleep(RETRY_MS, undefined, { signal: stopped.signal }).catch(() => undefined);
    }
  };
  const finished = loop();

  return {
    open: waitForPort(local, stopped.signal),
    stop: async () => {
      stopped.abort();
      running?.kill('SIGTERM');
      await finished;
    },
  };
}

async function waitForPort(port: number, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && !(await answers(port))) await sleep(200);
}

/** Whether something listens on a port of this machine's loopback. */
export async function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: '127.0.0.1', port });
    socket.once('connect', () => { socket.destroy(); resolve(true); });
    socket.once('error', () => resolve(false));
  });
}
