// Makes messages for GlitchTip 5.2's queue out of one that GlitchTip itself queued: the same task with another event.
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { LoadReport } from '../../sdk/load.js';
import type { Stack } from './stack.js';
import { QUEUE, valkey } from './queue-access.js';

const message = z.looseObject({
  body: z.string(),
  headers: z.looseObject({ id: z.string() }),
  properties: z.looseObject({ correlation_id: z.string(), delivery_tag: z.string() }),
});

/** Of the newest messages: others are of another run, or of the operator. */
const LOOKED_AT = 500;

/** Makes messages like the newest one of the run in the queue, each with an event id of its own, which `ids` collects. */
export async function copier(stack: Stack, report: LoadReport, ids: string[]): Promise<() => string> {
  const newest = (await valkey(stack, `LRANGE ${QUEUE} 0 ${LOOKED_AT - 1}`)).filter((text) => text !== '').map((text) => {
    const template = message.parse(JSON.parse(text));
    const body = Buffer.from(template.body, 'base64').toString('utf8');
    return { template, body, original: report.events.find(({ eventId }) => body.includes(eventId))?.eventId };
  });
  const found = newest.find(({ original }) => original !== undefined);
  if (found?.original === undefined) throw new Error(`none of the ${newest.length} newest messages in the queue is an event of this run`);
  const { template, body, original } = found;
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
