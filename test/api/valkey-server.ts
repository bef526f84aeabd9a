// A real Valkey on a loopback port, run from the stack's own image with the users file of its Secret.
import { chown, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'iovalkey';
import { prepareProcess, unpackImage } from './image-process.js';

export const VALKEY_IMAGE = 'docker.io/valkey/valkey:8-alpine';
/** User valkey of the official alpine image. */
export const VALKEY_USER = { uid: 999, gid: 1000 };

export interface ValkeyServer {
  /** Whether a login is let in. */
  accepts(user: string, password: string): Promise<boolean>;
  /** One command as a user. */
  command(login: { user: string; password: string }, ...words: string[]): Promise<unknown>;
  /** The users file: what a restart would read. */
  savedUsers(): Promise<string>;
  /** Its data on this machine. */
  readonly folder: string;
  /** Starts again with the users that it saved, as a container that restarts; with `users`, as a new pod. `meanwhile`: what is done while it is down. */
  restart(users?: string, meanwhile?: () => Promise<unknown>): Promise<void>;
  stop(): Promise<void>;
}

/** Starts it on this port; `users`: the users file of the Secret, which the pod's init container copies; `more`: of its options. */
export async function startValkey(port: number, users: string, more: readonly string[] = []): Promise<ValkeyServer> {
  const image = await unpackImage(VALKEY_IMAGE);
  const folder = await mkdtemp(join(tmpdir(), 'glitchkeeper-valkey-'));
  await chown(folder, VALKEY_USER.uid, VALKEY_USER.gid);
  const write = async (text: string) => {
    await writeFile(join(folder, 'users.acl'), text, { mode: 0o600 });
    await chown(join(folder, 'users.acl'), VALKEY_USER.uid, VALKEY_USER.gid);
  };
  const arguments_ = ['--port', String(port), '--bind', '127.0.0.1', '--dir', '/data', '--aclfile', '/data/users.acl', '--save', '', '--protected-mode', 'no', ...more];
  const program = prepareProcess({ image, user: VALKEY_USER, command: ['valkey-server', ...arguments_] }, { '/data': folder });
  const start = async () => {
    program.start();
    for (let tries = 0; !(await answers(port)); tries += 1) {
      if (tries > 200 || program.ended) throw new Error(`Valkey is not ready: ${program.output}`);
      await sleep(50);
    }
  };
  await write(users);
  await start();
  return {
    accepts: (user, password) => asUser(port, { user, password }, () => Promise.resolve(true)).catch(() => false),
    command: (login, ...words) => asUser(port, login, (client) => client.call(words[0] ?? '', ...words.slice(1))),
    savedUsers: () => readFile(join(folder, 'users.acl'), 'utf8'),
    folder,
    async restart(renewed, meanwhile) {
      await program.kill('SIGKILL');
      await meanwhile?.();
      if (renewed !== undefined) await write(renewed);
      await start();
    },
    async stop() {
      await program.kill('SIGKILL');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The probe's user needs no password. */
function answers(port: number): Promise<boolean> {
  return asUser(port, { user: 'probe', password: 'none' }, (client) => client.ping()).then(() => true, () => false);
}

async function asUser<T>(port: number, { user, password }: { user: string; password: string }, use: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis({ host: '127.0.0.1', port, lazyConnect: true, retryStrategy: () => null, maxRetriesPerRequest: 0, enableReadyCheck: false });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.call('AUTH', user, password);
    return await use(client);
  } finally {
    client.disconnect();
  }
}
