// The gateway as the manifests run it: its compressed bundle by its loader, on Node 24 from its image, with a spool of its own.
import { chown, copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PROGRAMS, PROGRAM_PATH, commandOf } from '../../charts/programs.js';
import type { GatewayStatus } from '../../gateway/control/control-answers.js';
import { freePort, type Program } from '../api/control-plane.js';
import { prepareProcess, unpackImage } from '../api/image-process.js';

const IMAGE = 'docker.io/library/node:24-alpine';
/** User node of the image. */
const USER = { uid: 1000, gid: 1000 };
const PATHS = { spool: '/spool', credentials: '/run/credentials' };
/** Milliseconds. */
const START_WITHIN = 60_000;

/** What it is beside; all on loopback. */
export interface GatewayNeighbours {
  /** GlitchTip's web. */
  readonly webPort: number;
  /** Undefined: Postgres is away. */
  readonly postgresPort?: number;
  /** Undefined: GlitchTip has none. */
  readonly valkeyPort?: number;
  readonly database: string;
  /** Its own, for all of them, and its control token. */
  readonly password: string;
}

export interface GatewayOptions {
  /** As the manifests have it. @default 64Mi */
  readonly spoolSize?: string;
  /** Keys that it knows from the beginning. */
  readonly keys?: readonly (readonly [project: number, key: string])[];
}

export class GatewayProcess {
  private constructor(private readonly folder: string, private readonly program: Program, private readonly password: string, private readonly ports: { readonly front: number; readonly control: number }) {}

  /** For people and SDKs. */
  get port(): number {
    return this.ports.front;
  }

  /** As this machine numbers it. @throws Error while it does not run */
  get pid(): number {
    const { pid } = this.program;
    if (pid === undefined) throw new Error('the gateway was not started');
    return pid;
  }

  /** @throws when it is not ready in time */
  static async start({ webPort, postgresPort = 1, valkeyPort, database, password }: GatewayNeighbours, { spoolSize = '64Mi', keys = [] }: GatewayOptions = {}): Promise<GatewayProcess> {
    const [port, controlPort] = [await freePort(), await freePort()];
    const folder = await mkdtemp(join(tmpdir(), 'glitchkeeper-gateway-'));
    const folders = { [PROGRAM_PATH]: join(folder, 'program'), [PATHS.spool]: join(folder, 'spool'), [PATHS.credentials]: join(folder, 'credentials') };
    await layFiles(folders, password, keys);
    const image = await unpackImage(IMAGE);
    const env = {
      ...image.env, PATH: `${image.env['PATH'] ?? ''}:/usr/sbin`, RELEASE: '5.2', POD_NAME: 'gateway', SPOOL_SIZE: spoolSize, PORT: String(port), CONTROL_PORT: String(controlPort),
      UPSTREAM: `127.0.0.1:${webPort}`, DATABASE: `127.0.0.1:${postgresPort}/${database}`, ...(valkeyPort === undefined ? {} : { VALKEY: `127.0.0.1:${valkeyPort}` }),
      SPOOL_DIR: PATHS.spool, CREDENTIALS_DIR: PATHS.credentials, LOG_LEVEL: 'debug',
    };
    const gateway = new GatewayProcess(folder, prepareProcess({ image: { ...image, env }, user: USER, command: commandOf(PROGRAMS.gateway) }, folders), password, { front: port, control: controlPort });
    await gateway.start();
    return gateway;
  }

  /** After kill(): on the same volume. @throws when it is not ready in time */
  async start(): Promise<void> {
    this.program.start();
    const deadline = Date.now() + START_WITHIN;
    while (!(await fetch(`http://127.0.0.1:${this.ports.control}/readyz`).then(({ ok }) => ok, () => false))) {
      if (Date.now() > deadline || this.program.ended) throw new Error(`the gateway is not ready: ${this.program.output}`);
      await sleep(50);
    }
  }

  /** @throws Error for an answer of 400 and more */
  async ask(method: string, path: string, body?: object): Promise<Response> {
    const answer = await fetch(`http://127.0.0.1:${this.ports.control}${path}`, { method, headers: { authorization: `Bearer ${this.password}` }, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    if (!answer.ok) throw new Error(`${method} ${path}: expected 2xx, found ${answer.status}: ${await answer.text()}`);
    return answer;
  }

  async status(): Promise<GatewayStatus> {
    return (await this.ask('GET', '/status')).json() as Promise<GatewayStatus>;
  }

  /** Ids of events that GlitchTip has not stored yet, of the oldest 1,000 records. */
  async waiting(): Promise<readonly string[]> {
    const lines = (await (await this.ask('GET', '/records?limit=1000')).text()).split('\n').filter((line) => line !== '');
    return lines.flatMap((line) => (JSON.parse(line) as { readonly events?: readonly string[] }).events ?? []);
  }

  /** As kill -9. */
  async kill(): Promise<void> {
    await this.program.kill();
  }

  /** For good. */
  async stop(): Promise<void> {
    await this.program.kill('SIGTERM');
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** What its Secret and its ConfigMap hold, and a volume. */
async function layFiles(folders: Readonly<Record<string, string>>, password: string, keys: GatewayOptions['keys'] = []): Promise<void> {
  const at = (path: string) => folders[path] ?? '';
  for (const folder of Object.values(folders)) await mkdir(folder);
  const assets = resolve('build/assets');
  await Promise.all([copyFile(join(assets, 'runtime/run.mjs'), join(at(PROGRAM_PATH), 'run.mjs')), copyFile(join(assets, PROGRAMS.gateway.bundle), join(at(PROGRAM_PATH), PROGRAMS.gateway.bundle))]);
  for (const name of ['database-password', 'valkey-password', 'control-token']) await writeFile(join(at(PATHS.credentials), name), password);
  if (keys.length > 0) await writeFile(join(at(PATHS.spool), 'keys.json'), JSON.stringify({ database: 'of the volume', keys }));
  for (const path of [PATHS.spool, PATHS.credentials]) await chown(at(path), USER.uid, USER.gid);
}
