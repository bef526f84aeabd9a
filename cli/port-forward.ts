// A port-forward that stays: kubectl's own ends when its pod is replaced, and is started again.
import { createConnection } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa, type ResultPromise } from 'execa';
import { Failure, explainFailure } from './failure.js';
import type { Target } from './kubectl.js';

export interface Forward {
  /** Resolves when the local port answers. @param within milliseconds @default 60000 @throws Failure with what kubectl said last, when it does not in that time */
  readonly open: (within?: number) => Promise<void>;
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
  let trouble = 'kubectl has said nothing yet';
  const onChange: ForwardOptions['onChange'] = (state, reason) => {
    trouble = reason;
    options.onChange?.(state, reason);
  };
  const notify = changeNotifier({ ...options, onChange }, stopped.signal);
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
    open: async (within = FIRST_OPEN_WITHIN) => {
      if (!(await waitForPort(local, within, stopped.signal))) throw new Failure('unreachable', `kubectl port-forward to service/${service} did not open localhost:${local} within ${within / 1_000} s: ${trouble}`);
    },
    stop: async () => {
      stopped.abort();
      running?.kill('SIGTERM');
      await finished;
    },
  };
}

/** Until a forward that stays is open for the first time, tries that fail included. Milliseconds. */
const FIRST_OPEN_WITHIN = 60_000;
/** Until kubectl has found a pod and listens. Milliseconds. */
const OPEN_WITHIN = 20_000;
/** Of what kubectl wrote before it ended: it logs its tries before it says what it made of them. */
const LINES_KEPT = 5;

export interface ShortForward {
  /** A free one of this machine's loopback. */
  readonly port: number;
  readonly stop: () => Promise<void>;
}

/** For a few requests; it stays on one pod. @throws Failure when it does not open */
export async function forwardOnce(target: Target, { namespace, service, remote }: Pick<ForwardOptions, 'namespace' | 'service' | 'remote'>): Promise<ShortForward> {
  const running = startForward(target, ['--namespace', namespace, '--address', '127.0.0.1', `service/${service}`, `:${remote}`]);
  const tooLate = setTimeout(() => running.kill('SIGTERM'), OPEN_WITHIN);
  const lines: string[] = [];
  let finished: Promise<unknown> = Promise.resolve();
  const port = await new Promise<number | undefined>((resolve) => {
    const read = async (): Promise<void> => {
      for await (const line of running.iterable({ from: 'all' })) {
        const [, port] = /^Forwarding from 127\.0\.0\.1:(\d+)/.exec(line) ?? [];
        if (port !== undefined) resolve(Number(port));
        else lines.splice(0, lines.length, ...lines.slice(1 - LINES_KEPT), line);
      }
      resolve(undefined);
    };
    finished = read();
  });
  clearTimeout(tooLate);
  if (port === undefined) throw await explainEnd(running, lines);
  return {
    port,
    stop: async () => {
      running.kill('SIGTERM');
      await finished;
    },
  };
}

async function explainEnd(running: ReturnType<typeof startForward>, lines: readonly string[]): Promise<Failure> {
  const { code, isTerminated } = await running;
  if (isTerminated && lines.length === 0) return new Failure('unreachable', `the cluster does not answer: kubectl port-forward did not begin within ${OPEN_WITHIN / 1000} s`);
  return explainFailure({ code, stderr: lines.join('\n') });
}

/** Its output is read as it comes and not kept: kubectl writes a line a connection, for days. */
function startForward(target: Target, args: readonly string[]): ResultPromise<{ reject: false; all: true; buffer: false }> {
  return execa(target.kubectl, [...target.cluster, 'port-forward', ...args], { reject: false, all: true, buffer: false });
}

/** Resolves when this kubectl has ended, which a broken connection makes it do. */
async function watchForward(running: ReturnType<typeof startForward>, notify: NotifyChange): Promise<void> {
  let last = 'kubectl ended';
  // Towards a host that is gone kubectl itself waits for ever.
  const tooLate = setTimeout(() => {
    last = `the cluster does not answer: it did not begin within ${OPEN_WITHIN / 1_000} s`;
    running.kill('SIGTERM');
  }, OPEN_WITHIN);
  for await (const line of running.iterable({ from: 'all' })) {
    if (line.startsWith('Forwarding from')) {
      clearTimeout(tooLate);
      notify('open', line);
    } else if (!line.startsWith('Handling connection')) last = line.replace(/^E\d{4} .*?\] /, '').replace(/^error: /, '');
    if (BROKEN.test(line)) running.kill('SIGTERM');
  }
  clearTimeout(tooLate);
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

/** False: nothing answered in that time. Milliseconds. */
async function waitForPort(port: number, within: number, stopped: AbortSignal): Promise<boolean> {
  const deadline = Date.now() + within;
  while (!stopped.aborted && !(await answers(port))) {
    if (Date.now() >= deadline) return false;
    await sleep(200);
  }
  return true;
}

/** Whether something listens on a port of this machine's loopback. */
export async function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: '127.0.0.1', port });
    socket.once('connect', () => { socket.destroy(); resolve(true); });
    socket.once('error', () => resolve(false));
  });
}
