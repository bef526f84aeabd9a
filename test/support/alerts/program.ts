// The three receivers as a program of its own, for a network namespace that only pods reach: `node --import tsx program.ts '{"host":…}'`.
// GET /state of its control port shows what came; POST /state changes how they behave; SIGTERM ends it.
import { z } from 'zod';
import { Listener, type Reply } from './listener.js';
import { Receiver } from './receiver.js';
import { TelegramServer } from './telegram-server.js';

const port = z.int().min(1).max(65_535);
const programOptions = z.object({
  host: z.string(), control: port, telegram: port, webhook: port, heartbeat: port, token: z.string(), chat: z.string(),
});
export type ProgramOptions = z.infer<typeof programOptions>;

const behaviour = z.enum(['well', 'down', 'silent', 'garbage']);
/** What POST /state takes; each part may be left out. */
const receiverChange = z.object({
  telegram: behaviour.optional(), busySeconds: z.number().optional(), blocked: z.boolean().optional(), movedTo: z.string().optional(),
  webhook: behaviour.optional(), webhookStatus: z.number().optional(), heartbeat: behaviour.optional(),
});
export type ReceiverChange = z.infer<typeof receiverChange>;

const options = programOptions.parse(JSON.parse(process.argv[2] ?? ''));
const telegram = new TelegramServer({ ...options, port: options.telegram });
const webhook = new Receiver(options.host, options.webhook);
const heartbeat = new Receiver(options.host, options.heartbeat);

async function change({ busySeconds, blocked, movedTo, webhookStatus, ...behaviours }: ReceiverChange): Promise<void> {
  if (behaviours.telegram !== undefined) await telegram.setBehaviour(behaviours.telegram);
  if (behaviours.webhook !== undefined) await webhook.setBehaviour(behaviours.webhook);
  if (behaviours.heartbeat !== undefined) await heartbeat.setBehaviour(behaviours.heartbeat);
  if (busySeconds !== undefined) telegram.beBusyFor(busySeconds);
  if (blocked !== undefined) telegram.setBlocked(blocked);
  if (movedTo !== undefined) telegram.moveChat(movedTo);
  if (webhookStatus !== undefined) webhook.answerWith(webhookStatus);
}

function state(): Reply {
  return { status: 200, body: JSON.stringify({ messages: telegram.messages(), calls: telegram.calls, webhook: webhook.received(), heartbeat: heartbeat.received() }) };
}

const control = new Listener(async ({ method, body }) => {
  if (method === 'POST') await change(receiverChange.parse(JSON.parse(body)));
  return state();
}, options.host, options.control);

const all = [telegram, webhook, heartbeat, control];
await Promise.all(all.map((each) => each.start()));
process.once('SIGTERM', () => void Promise.all(all.map((each) => each.stop())));
process.stdout.write('ready\n');
