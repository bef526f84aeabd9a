// A real Postgres on a free loopback port, run from the stack's own image by its own entrypoint.
import { chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { freePort, type Program } from './control-plane.js';
import { prepareProcess, unpackImage } from './image-process.js';

export const POSTGRES_IMAGE = 'docker.io/library/postgres:17-alpine';
/** User postgres of the official alpine image. */
export const POSTGRES_USER = { uid: 70, gid: 70 };

export interface PostgresServer {
  readonly port: number;
  /** All that it logged so far; it logs every statement. */
  readonly log: () => string;
  /** Runs one query as `user`, in `database` ("postgres" when not given). */
  query<T extends pg.QueryResultRow>(login: { user: string; password: string; database?: string }, sql: string): Promise<T[]>;
  /** Ends it at once, as kill -9 does, and starts it again on the same port and data. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts it with the superuser glitchkeeper and this password, as the manifests do; about 5 s. */
export async function startPostgres(password: string, chosenPort?: number): Promise<PostgresServer> {
  const image = await unpackImage(POSTGRES_IMAGE);
  const env = { ...image.env, PGDATA: '/data/pgdata', POSTGRES_USER: 'glitchkeeper', POSTGRES_PASSWORD_FILE: '/data/password', POSTGRES_INITDB_ARGS: '--auth-host=scram-sha-256' };
  const folder = await mkdtemp(join(tmpdir(), 'glitchkeeper-postgres-'));
  await chown(folder, POSTGRES_USER.uid, POSTGRES_USER.gid);
  await writeFile(join(folder, 'password'), password);
  const port = chosenPort ?? (await freePort());
  const settings = [
    '-p', String(port), '-c', 'listen_addresses=127.0.0.1', '-c', 'log_statement=all',
    '-c', 'log_connections=on', '-c', 'fsync=off', '-c', 'shared_buffers=16MB',
  ];
  const program = prepareProcess({ image: { ...image, env }, user: POSTGRES_USER, command: ['docker-entrypoint.sh', 'postgres', ...settings] }, { '/data': folder, '/run/postgresql': folder });
  const start = async () => {
    program.start();
    await waitUntilReady(program, port, password);
  };
  await start();
  return {
    port,
    log: () => program.fullOutput,
    query: (login, sql) => query({ port, ...login }, sql),
    async restart() {
      await program.kill();
      await start();
    },
    async stop() {
      await program.kill('SIGINT');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function query<T extends pg.QueryResultRow>({ database = 'postgres', ...login }: { port: number; user: string; password: string; database?: string }, sql: string): Promise<T[]> {
  const client = new pg.Client({ host: '127.0.0.1', database, ...login });
  try {
    await client.connect();
    return (await client.query<T>(sql)).rows;
  } finally {
    await client.end();
  }
}

async function waitUntilReady(program: Program, port: number, password: string): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!(await query({ port, user: 'glitchkeeper', password }, 'SELECT 1').then(() => true, () => false))) {
    if (Date.now() > deadline || program.ended) throw new Error(`Postgres is not ready: ${program.output}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
