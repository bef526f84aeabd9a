// versitygw on a free loopback port: an S3 server that refuses a body of another hash, as S3 does.
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildProgress, ensureVersitygw } from '../../embedded/index.js';
import type { S3Place } from '../../backup/storage/s3-exchange.js';
import { Program, freePort } from './control-plane.js';

export const S3_KEY = { accessKeyId: 'test', secretAccessKey: 'of-the-store' };

/** Of its buckets, where their names are in its own: no DNS knows it. */
export const S3_DOMAIN = 's3.test';

export interface S3Server {
  /** Its one bucket. */
  readonly place: S3Place;
  /** The same by its name in the host's. */
  readonly placeByHost: S3Place;
  /** Where that is on disk: a file an object. */
  readonly folder: string;
  stop(): Promise<void>;
}

/** The first call on a machine builds it, which takes minutes. */
export async function startS3(): Promise<S3Server> {
  const program = await ensureVersitygw(buildProgress((line) => process.stderr.write(`${line}\n`), Date.now));
  const root = await mkdtemp(join(tmpdir(), 'glitchkeeper-bucket-'));
  const folder = join(root, 'data', 'copies');
  await mkdir(folder, { recursive: true });
  await mkdir(join(root, 'metadata'));
  const port = await freePort();
  const env = { ROOT_ACCESS_KEY_ID: S3_KEY.accessKeyId, ROOT_SECRET_ACCESS_KEY: S3_KEY.secretAccessKey };
  const server = new Program(program, ['--quiet', '--port', `127.0.0.1:${port}`, '--virtual-domain', S3_DOMAIN, 'posix', '--sidecar', join(root, 'metadata'), join(root, 'data')], { env });
  server.start();
  await waitUntilListening(port, server);
  const place: S3Place = { endpoint: new URL(`http://127.0.0.1:${port}`), bucket: 'copies', prefix: 'host-a/', region: 'us-east-1', style: 'path', uploadHeaders: {}, credentials: () => S3_KEY };
  return {
    folder, place,
    placeByHost: { ...place, endpoint: new URL(`http://${S3_DOMAIN}:${port}`), style: 'host' },
    async stop() {
      await server.kill();
      await rm(root, { recursive: true, force: true });
    },
  };
}

async function waitUntilListening(port: number, server: Program): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!(await isListening(port))) {
    if (server.ended || Date.now() > deadline) throw new Error(`versitygw is not ready: ${server.output}`);
    await sleep(100);
  }
}

async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  const isOpen = await once(socket, 'connect').then(() => true, () => false);
  socket.destroy();
  return isOpen;
}
