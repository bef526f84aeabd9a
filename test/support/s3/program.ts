// versitygw with a front before it as a program of its own, for a network namespace that only pods reach: `node --import tsx program.ts '{"host":…}'`.
// POST of its control port changes how the front behaves; SIGTERM ends both.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { Listener } from '../alerts/listener.js';
import { S3Front, frontBehaviour } from './s3-front.js';

const port = z.int().min(1).max(65_535);
const programOptions = z.object({
  host: z.string(), port, control: port, backend: port,
  /** versitygw, and a folder with `data`, in which a folder is a bucket, and `metadata`. */
  gateway: z.string(), root: z.string(),
  accessKeyId: z.string(), secretAccessKey: z.string(),
});
export type S3ProgramOptions = z.infer<typeof programOptions>;

const options = programOptions.parse(JSON.parse(process.argv[2] ?? ''));
const gateway = spawn(options.gateway, ['--quiet', '--port', `127.0.0.1:${options.backend}`, 'posix', '--sidecar', `${options.root}/metadata`, `${options.root}/data`], {
  env: { ROOT_ACCESS_KEY_ID: options.accessKeyId, ROOT_SECRET_ACCESS_KEY: options.secretAccessKey }, stdio: ['ignore', 'ignore', 'inherit'],
});
const front = new S3Front(options);
const control = new Listener(async ({ method, body }) => {
  if (method === 'POST') await front.behave(frontBehaviour.parse(JSON.parse(body)));
  return { status: 200, body: JSON.stringify({ asked: front.asked, held: front.held }) };
}, options.host, options.control);

async function isListening(): Promise<boolean> {
  const socket = connect(options.backend, '127.0.0.1');
  const isOpen = await once(socket, 'connect').then(() => true, () => false);
  socket.destroy();
  return isOpen;
}

while (!(await isListening())) {
  if (gateway.exitCode !== null) throw new Error(`versitygw ended with ${gateway.exitCode}`);
  await sleep(100);
}
await Promise.all([front.start(), control.start()]);
process.once('SIGTERM', () => {
  gateway.kill('SIGTERM');
  void Promise.all([front.stop(), control.stop()]);
});
process.stdout.write('ready\n');
