// A steady load of events from an application that is told its DSN, and how long each answer took.
import { randomUUID } from 'node:crypto';
import { Agent, request as connect } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

export interface EventLoad {
  /** Ids that were answered 200. */
  readonly accepted: readonly string[];
  /** Milliseconds of each answer. */
  readonly waits: readonly number[];
  /** Other answers, by status. */
  readonly refused: Readonly<Record<string, number>>;
  /** Ends it, and resolves when every answer is there. */
  stop(): Promise<void>;
}

/** Milliseconds until an event that found no gateway is sent again. */
const AGAIN_AFTER = 100;

/** @param target path of the endpoint and key. @param rate events a second. @param bytes of each, unpacked */
export function startLoad({ port, project, key }: { readonly port: number; readonly project: number; readonly key: string }, rate: number, bytes = 4_000): EventLoad {
  const [accepted, waits, refused, open]: [string[], number[], Record<string, number>, Set<Promise<void>>] = [[], [], {}, new Set()];
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const [began, pad] = [performance.now(), 'x'.repeat(bytes)];
  const post = (body: string): Promise<number> => new Promise((resolve, reject) => {
    const outgoing = connect({ host: '127.0.0.1', port, agent, method: 'POST', path: `/api/${project}/envelope/?sentry_key=${key}`, headers: { 'content-length': Buffer.byteLength(body) } }, (incoming) => {
      incoming.resume();
      incoming.on('end', () => resolve(incoming.statusCode ?? 0));
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
  const send = async (): Promise<void> => {
    const id = randomUUID().replaceAll('-', '');
    const body = `{"event_id":"${id}"}\n{"type":"event"}\n${JSON.stringify({ event_id: id, message: pad })}`;
    for (;;) {
      const at = performance.now();
      const status = await post(body).catch(() => undefined);
      if (status === 200) {
        waits.push(performance.now() - at);
        accepted.push(id);
        return;
      }
      if (status !== undefined) refused[status] = (refused[status] ?? 0) + 1;
      await sleep(AGAIN_AFTER);
    }
  };
  let sent = 0;
  const timer = setInterval(() => {
    for (const due = Math.floor(((performance.now() - began) / 1_000) * rate); sent < due; sent += 1) {
      const sending = send().finally(() => open.delete(sending));
      open.add(sending);
    }
  }, 5);
  return {
    accepted, waits, refused,
    stop: async () => {
      clearInterval(timer);
      await Promise.all(open);
      agent.destroy();
    },
  };
}
