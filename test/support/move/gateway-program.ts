// The gateway as a process of its own, on a folder of this machine: started, asked, killed.
import { execa, type ResultPromise } from 'execa';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export const PASSWORD = 'move';
/** Milliseconds. */
const START_WITHIN = 60_000;

export class GatewayProgram {
  #process: ResultPromise | undefined;

  private constructor(private readonly folder: string, readonly port: number, private readonly controlPort: number, private readonly env: Readonly<Record<string, string>>) {}

  /** @param addresses UPSTREAM and DATABASE of gateway/environment.ts. @param keys that it knows from the beginning */
  static async start(addresses: Readonly<Record<'UPSTREAM' | 'DATABASE', string>>, keys: readonly (readonly [project: number, key: string])[] = []): Promise<GatewayProgram> {
    const folder = await mkdtemp(join(tmpdir(), 'glitchkeeper-move-'));
    for (const name of ['spool', 'credentials']) await mkdir(join(folder, name));
    for (const name of ['database-password', 'control-token']) await writeFile(join(folder, 'credentials', name), PASSWORD);
    if (keys.length > 0) await writeFile(join(folder, 'spool', 'keys.json'), JSON.stringify({ database: 'of the volume', keys }));
    const program = new GatewayProgram(folder, await freePort(), await freePort(), addresses);
    await program.start();
    return program;
  }

  async start(): Promise<void> {
    const env = {
      ...this.env, RELEASE: '5.2', POD_NAME: 'gateway', PORT: String(this.port), CONTROL_PORT: String(this.controlPort), LOG_LEVEL: 'warn',
      SPOOL_DIR: join(this.folder, 'spool'), CREDENTIALS_DIR: join(this.folder, 'credentials'), NODE_OPTIONS: '',
    };
    this.#process = execa(process.execPath, ['--import', 'tsx', resolve('gateway/main.ts')], { env, reject: false, all: true });
    const deadline = Date.now() + START_WITHIN;
    while (!(await fetch(`http://127.0.0.1:${this.controlPort}/readyz`).then(({ ok }) => ok, () => false))) {
      if (Date.now() > deadline || this.#process.exitCode !== null) throw new Error('the gateway is not ready');
      await sleep(50);
    }
  }

  /** @throws Error for an answer of 400 and more */
  async ask<T>(method: string, path: string, body?: object): Promise<T> {
    const text = await this.#ask(method, path, body);
    return (text === '' ? undefined : JSON.parse(text)) as T;
  }

  /** Ids of events that GlitchTip has not stored yet. */
  async waiting(): Promise<readonly string[]> {
    const lines = (await this.#ask('GET', '/records?limit=1000')).split('\n').filter((line) => line !== '');
    return lines.flatMap((line) => (JSON.parse(line) as { readonly events?: readonly string[] }).events ?? []);
  }

  async #ask(method: string, path: string, body?: object): Promise<string> {
    const answer = await fetch(`http://127.0.0.1:${this.controlPort}${path}`, { method, headers: { authorization: `Bearer ${PASSWORD}` }, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: expected 2xx, found ${answer.status}: ${text}`);
    return text;
  }

  async kill(signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<void> {
    this.#process?.kill(signal);
    await this.#process;
  }

  /** For good. */
  async stop(): Promise<void> {
    await this.kill('SIGTERM');
    await rm(this.folder, { recursive: true, force: true });
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}
