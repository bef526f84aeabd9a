// The gateway as the manifests run it: its compressed bundle by its loader, on Node 24 from its image, with a spool of its own.
import { chown, copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PROGRAMS, PROGRAM_PATH, commandOf } from '../../../charts/programs.js';
import type { GatewayStatus } from '../../../gateway/control/control-answers.js';
import { freePort } from '../../api/control-plane.js';
import { prepareProcess, unpackImage } from '../../api/image-process.js';
import { DATABASE, PASSWORD, type GlitchTipDouble } from './glitchtip-double.js';

const IMAGE = 'docker.io/library/node:24-alpine';
/** User node of the image. */
const USER = { uid: 1000, gid: 1000 };
const PATHS = { spool: '/spool', credentials: '/run/credentials' };
/** Milliseconds. */
const START_WITHIN = 60_000;

export interface GatewayProcess {
  /** For people and SDKs. */
  readonly port: number;
  status(): Promise<GatewayStatus>;
  /** Resolves when nothing is given to GlitchTip any more. */
  hold(why: string): Promise<void>;
  release(): Promise<void>;
  /** What comes is for an old Sentry, too, which leads. */
  move(pair: { readonly project: number; readonly key: string; readonly old: string }): Promise<void>;
  endMove(): Promise<void>;
  stop(): Promise<void>;
}

/** @param spoolSize as the manifests have it, such as 1Gi */
export async function startGateway(double: GlitchTipDouble, spoolSize: string): Promise<GatewayProcess> {
  const [port, controlPort] = [await freePort(), await freePort()];
  const folder = await mkdtemp(join(tmpdir(), 'glitchkeeper-gateway-'));
  const folders = { [PROGRAM_PATH]: join(folder, 'program'), [PATHS.spool]: join(folder, 'spool'), [PATHS.credentials]: join(folder, 'credentials') };
  await layFiles(folders);
  const image = await unpackImage(IMAGE);
  const env = {
    ...image.env, PATH: `${image.env['PATH'] ?? ''}:/usr/sbin`, RELEASE: '5.2', POD_NAME: 'gateway', SPOOL_SIZE: spoolSize, PORT: String(port), CONTROL_PORT: String(controlPort),
    UPSTREAM: `127.0.0.1:${double.port}`, DATABASE: `127.0.0.1:${double.postgresPort}/${DATABASE}`, VALKEY: `127.0.0.1:${double.valkeyPort}`,
    SPOOL_DIR: PATHS.spool, CREDENTIALS_DIR: PATHS.credentials, LOG_LEVEL: 'debug',
  };
  const program = prepareProcess({ image: { ...image, env }, user: USER, command: commandOf(PROGRAMS.gateway) }, folders);
  program.start();
  const control = `http://127.0.0.1:${controlPort}`;
  const deadline = Date.now() + START_WITHIN;
  while (!(await fetch(`${control}/readyz`).then(({ ok }) => ok, () => false))) {
    if (Date.now() > deadline || program.ended) throw new Error(`the gateway is not ready: ${program.output}`);
    await sleep(50);
  }
  const ask = async (method: string, path: string, body?: object): Promise<Response> => {
    const answer = await fetch(`${control}${path}`, { method, headers: { authorization: `Bearer ${PASSWORD}` }, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    if (!answer.ok) throw new Error(`${method} ${path}: expected 2xx, found ${answer.status}: ${await answer.text()}`);
    return answer;
  };
  return {
    port,
    status: async () => (await ask('GET', '/status')).json() as Promise<GatewayStatus>,
    hold: async (why) => {
      await ask('PUT', '/hold', { why });
    },
    release: async () => {
      await ask('DELETE', '/hold');
    },
    move: async (pair) => {
      await ask('PUT', '/move', { leads: 'old', share: 25, pairs: [pair] });
    },
    endMove: async () => {
      await ask('DELETE', '/move');
    },
    stop: async () => {
      await program.kill('SIGTERM');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** What its Secret and its ConfigMap hold, and an empty volume. */
async function layFiles(folders: Readonly<Record<string, string>>): Promise<void> {
  for (const [inside, folder] of Object.entries(folders)) {
    await mkdir(folder);
    if (inside !== PROGRAM_PATH) await chown(folder, USER.uid, USER.gid);
  }
  const program = folders[PROGRAM_PATH] ?? '';
  const assets = resolve('build/assets');
  await Promise.all([copyFile(join(assets, 'runtime/run.mjs'), join(program, 'run.mjs')), copyFile(join(assets, PROGRAMS.gateway.bundle), join(program, PROGRAMS.gateway.bundle))]);
  for (const name of ['database-password', 'valkey-password', 'control-token']) await writeFile(join(folders[PATHS.credentials] ?? '', name), PASSWORD);
}
