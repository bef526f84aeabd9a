// What GlitchTip's web has put into its queue: nobody takes it out here.
import type { Redis } from 'iovalkey';
import { z } from 'zod';

export interface QueuedTask {
  readonly type: 'event' | 'transaction';
  /** 32 hexadecimal digits. */
  readonly id: string;
  /** The payload's server_name; undefined: it has none. */
  readonly marker: string | undefined;
  /** False for a transaction without a trace: the worker loses the whole batch for it. */
  readonly isStorable: boolean;
}

const message = z.object({ headers: z.object({ task: z.string() }), body: z.string() });
/** An id as a text, and as Celery writes a UUID. The body is no JSON where an event holds NaN. */
const ID = /"event_id": (?:"([0-9a-f]{32})"|\{"__type__": "uuid", "__value__": \{"hex": "([0-9a-f]{32})"\}\})/;
const MARKER = /"server_name": "([^"]*)"/;

/** Oldest first. */
export async function queuedTasks(valkey: Redis): Promise<QueuedTask[]> {
  const messages = await valkey.lrange('celery', 0, -1);
  return messages.reverse().map((text) => {
    const { headers, body } = message.parse(JSON.parse(text));
    const task = Buffer.from(body, 'base64').toString();
    const [, plain, typed] = ID.exec(task) ?? [];
    const id = plain ?? typed;
    if (id === undefined) throw new Error(`expected a task with an event_id, found ${task.slice(0, 500)}`);
    const type = headers.task.endsWith('transaction') ? 'transaction' : 'event';
    return { type, id, marker: MARKER.exec(task)?.[1], isStorable: type === 'event' || task.includes('"trace_id"') };
  });
}
