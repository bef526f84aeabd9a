// Makes messages for GlitchTip 5.2's queue out of one that GlitchTip itself queued: the same task with another event.
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { LoadReport } from '../../sdk/load.js';
import type { Stack } from './stack.js';
import { QUEUE, valkey } from './valkey.js';

const message = z.looseObject({
  body: z.string(),
  headers: z.looseObject({ id: z.string() }),
  properties: z.looseObject({ correlation_id: z.string(), delivery_tag: z.string() }),
});

/** Makes messages like the newest one in the queue, each with an event id of its own, which `ids` collects. */
export async function copier(stack: Stack, report: LoadReport, ids: string[]): Promise<() => string> {
  const [text = ''] = await valkey(stack, `LINDEX ${QUEUE} 0`);
  const template = message.parse(JSON.parse(text));
  const body = Buffer.from(template.body, 'base64').toString('utf8');
  const original = report.events.find(({ eventId }) => body.includes(eventId))?.eventId;
  if (original === undefined) throw new Error('the newest message in the queue is no event of this run');
  return () => {
    const [eventId, task] = [randomUUID().replaceAll('-', ''), randomUUID()];
    ids.push(eventId);
    const properties = { ...template.properties, correlation_id: task, delivery_tag: randomUUID() };
    return JSON.stringify({
      ...template, properties, headers: { ...template.headers, id: task, root_id: task },
      body: Buffer.from(body.replaceAll(original, eventId)).toString('base64'),
    });
  };
}
