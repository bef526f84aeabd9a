// A port-forward that stays: kubectl's own ends when its pod is replaced, and is started again.
import { createConnection } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa, type ResultPromise } from 'execa';
import type { Target } from './kubectl.js';

export interface Forward {
  /** Resolves when the local port answers. */
  readonly open: Promise<void>;
  readonly stop: () => Promise<void>;
}

export interface ForwardOptions {
  readonly namespace: string;
  readonly service: string;
  readonly local: number;
  readonly remote: number;
  /** Called when the state changes, and when there is another reason for the same state. */
  readonly onChange?: (state: 'open' | 'broken', reason: string) => void;
}

const RETRY_MS = 1000;
/** kubectl stays on a pod that is gone until somebody tries to use it, and some versions even then. */
const BROKEN = /lost connection to pod|error forwarding port|error creating (error|forwarding) stream/;

/** Forwards localhost:`local` to a Service's port until stopped. */
export function forward(target: Target, options: ForwardOptions): Forward {
  const { namespace, service, local, remote } = options;
  const stopped = new AbortController();
  const notify = changeNotifier(options, stopped.signal);
  let running: ReturnType<typeof startForward> | undefined;

  const loop = async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      running = startForward(target, ['--namespace', namespace, '--address', '127.0.0.1', `service/${service}`, `${local}:${remote}`]);
      await watchForward(running, notify);
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

/** Its output is read as it comes and not kept: kubectl writes a line a connection, for days. */
function startForward(target: Target, args: readonly string[]): ResultPromise<{ reject: false; all: true; buffer: false }> {
  return execa(target.kubectl, [...target.cluster, 'port-forward', ...args], { reject: false, all: true, buffer: false });
}

/** Resolves when this kubectl has ended, which a broken connection makes it do. */
async function watchForward(running: ReturnType<typeof startForward>, notify: NotifyChange): Promise<void> {
  let last = 'kubectl ended';
  for await (const line of running.iterable({ from: 'all' })) {
    if (line.startsWith('Forwarding from')) notify('open', line);
    else if (!line.startsWith('Handling connection')) last = line.replace(/^E\d{4} .*?\] /, '').replace(/^error: /, '');
    if (BROKEN.test(line)) running.kill('SIGTERM');
  }
  const { originalMessage } = await running;
  notify('broken', last === 'kubectl ended' && originalMessage !== undefined && originalMessage !== '' ? originalMessage : last);
}

type NotifyChange = (state: 'open' | 'broken', reason: string) => void;

function changeNotifier({ onChange, service, remote }: ForwardOptions, stopped: AbortSignal): NotifyChange {
  let said = '';
  return (state, line) => {
    // kubectl says it for each address of this machine.
    const reason = state === 'open' ? `service/${service}, port ${remote}` : line;
    if (stopped.aborted || said === `${state} ${reason}`) return;
    said = `${state} ${reason}`;
    onChange?.(state, reason);
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
