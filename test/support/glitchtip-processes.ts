// GlitchTip's double as processes: web and worker from its image, with a real Postgres and Valkey, and one project.
import { chown, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { POSTGRES_SUPERUSER, gatewayLoginName } from '../../operator/api/object-names.js';
import { buildUsersFile } from '../../operator/core/credentials/generated-secrets.js';
import { GATEWAY_TABLES } from '../../operator/core/credentials/postgres-roles.js';
import { sha256Hex } from '../../operator/io/crypto.js';
import { freePort, type Program } from '../api/control-plane.js';
import { prepareProcess, unpackImage } from '../api/image-process.js';
import { startPostgres, type PostgresServer } from '../api/postgres-server.js';
import { startValkey, type ValkeyServer } from '../api/valkey-server.js';
import type { GatewayNeighbours } from './gateway-process.js';

const IMAGE = 'docker.io/glitchtip/glitchtip:5.2';
/** User app of the image. */
const USER = { uid: 5000, gid: 5000 };
export const DATABASE = 'glitchtip';
/** Of every server here: they listen on loopback, and hold nothing but what the test makes. */
export const PASSWORD = 'sdks';
/** Of the administrator, who has the same password. */
export const EMAIL = 'admin@example.com';
const LOOPBACK = '127.0.0.1';
/** Migrations from empty, on busy processors. Milliseconds. */
const START_WITHIN = 240_000;

interface Project {
  readonly id: number;
  /** 32 hexadecimal digits. */
  readonly key: string;
}

export interface GlitchTipDouble {
  /** Of web. */
  readonly port: number;
  readonly project: Project;
  readonly postgresPort: number;
  readonly valkeyPort: number;
  /** Rows, as the superuser. */
  sql<T extends Record<string, unknown>>(statement: string): Promise<T[]>;
  stop(): Promise<void>;
}

/** Starts all of it, with logins for the gateway and an administrator; about 30 s. @param address of this machine, where web listens and as which its DSNs name it. @default loopback, with DSNs of localhost */
export async function startGlitchTipDouble(address?: string): Promise<GlitchTipDouble> {
  const [port, valkeyPort] = [await freePort(), await freePort()];
  const folder = await mkdtemp(join(tmpdir(), 'glitchkeeper-glitchtip-'));
  await chown(folder, USER.uid, USER.gid);
  const hashes = [sha256Hex(PASSWORD)];
  const users = buildUsersFile({ application: hashes, operator: hashes, gateway: hashes }).reveal();
  const [postgres, valkey] = await Promise.all([startPostgres(PASSWORD), startValkey(valkeyPort, users)]);
  const sql = <T extends Record<string, unknown>>(statement: string, database = DATABASE) => postgres.query<T>({ user: POSTGRES_SUPERUSER, password: PASSWORD, database }, statement);
  await sql(`CREATE DATABASE ${DATABASE}`, 'postgres');
  const env = environment(address, { web: port, postgres: postgres.port, valkey: valkeyPort });
  const [web, worker] = [await prepare({ ...env, SERVER_ROLE: 'web' }, folder, WEB_SCRIPT), await prepare({ ...env, SERVER_ROLE: 'worker' }, folder, 'exec ./bin/start.sh')];
  const stop = () => stopAll([web, worker], { postgres, valkey }, folder);
  try {
    web.start();
    await waitUntilReady(web, `http://${address ?? LOOPBACK}:${port}`);
    worker.start();
    for (const statement of gatewayLogin()) await sql(statement);
    const project = JSON.parse(await readFile(join(folder, 'project.json'), 'utf8')) as Project;
    return { port, project, postgresPort: postgres.port, valkeyPort, sql: (statement) => sql(statement), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** For the gateway in front of it. */
export function neighboursOf({ port, postgresPort, valkeyPort }: GlitchTipDouble): GatewayNeighbours {
  return { webPort: port, postgresPort, valkeyPort, database: DATABASE, password: PASSWORD };
}

function environment(address: string | undefined, ports: { readonly web: number; readonly postgres: number; readonly valkey: number }): Record<string, string> {
  const [host, domain] = address === undefined ? [LOOPBACK, 'http://localhost'] : [address, `http://${address}:${ports.web}`];
  return {
    PORT: `${host}:${ports.web}`, SECRET_KEY: PASSWORD, GLITCHTIP_DOMAIN: domain, ALLOWED_HOSTS: `localhost,${host}`, EMAIL_URL: 'consolemail://',
    // Only what it answers and stores matters here.
    GLITCHTIP_DOUBLE_BALLAST: 'off',
    ENABLE_USER_REGISTRATION: 'false', DJANGO_SUPERUSER_EMAIL: EMAIL, DJANGO_SUPERUSER_PASSWORD: PASSWORD,
    DATABASE_HOST: LOOPBACK, DATABASE_PORT: String(ports.postgres), DATABASE_NAME: DATABASE, DATABASE_USER: POSTGRES_SUPERUSER, DATABASE_PASSWORD: PASSWORD,
    VALKEY_URL: `redis://:${PASSWORD}@${LOOPBACK}:${ports.valkey}/0`,
    // As the manifests have it (charts/releases.ts).
    UWSGI_THREADS: '4', UWSGI_LISTEN: '128', UWSGI_ADD_HEADER: 'Connection: close', PYTHONDONTWRITEBYTECODE: '1',
    CELERY_WORKER_POOL: 'threads', CELERY_WORKER_CONCURRENCY: '10', CELERY_WORKER_PREFETCH_MULTIPLIER: '11',
  };
}

/** For Django's shell. */
const MAKE_PROJECT = [
  'import json',
  'from apps.organizations_ext.models import Organization',
  'from apps.projects.models import Project, ProjectKey',
  'organization = Organization.objects.create(name="sdks", slug="sdks")',
  'project = Project.objects.create(organization=organization, name="sdks", slug="sdks")',
  'key = ProjectKey.objects.filter(project=project).first() or ProjectKey.objects.create(project=project)',
  'with open("/tmp/project.json", "w") as file:',
  '    file.write(json.dumps({"id": project.id, "key": key.public_key.hex}))',
].join('\n');
const WEB_SCRIPT = `./bin/run-migrate.sh && ./manage.py createsuperuser --noinput && ./manage.py shell -c '${MAKE_PROJECT}' && exec ./bin/start.sh`;

async function prepare(env: Readonly<Record<string, string>>, folder: string, script: string): Promise<Program> {
  const image = await unpackImage(IMAGE);
  // The image's own PATH has no chroot in it.
  const PATH = `${image.env['PATH'] ?? ''}:/usr/sbin`;
  return prepareProcess({ image: { ...image, env: { ...image.env, ...env, PATH } }, user: USER, command: ['sh', '-c', `cd /code && ${script}`] }, { '/tmp': folder });
}

/** What the operator gives it (operator/core/credentials/postgres-roles.ts). */
function gatewayLogin(): string[] {
  const role = gatewayLoginName(DATABASE);
  return [`CREATE ROLE ${role} LOGIN PASSWORD '${PASSWORD}' IN ROLE pg_read_all_stats`, ...GATEWAY_TABLES['5.2'].map((table) => `GRANT SELECT ON ${table} TO ${role}`)];
}

async function waitUntilReady(web: Program, url: string): Promise<void> {
  const deadline = Date.now() + START_WITHIN;
  while (!(await fetch(`${url}/_health/`).then(({ ok }) => ok, () => false))) {
    if (Date.now() > deadline || web.ended) throw new Error(`the double's web is not ready: ${web.output}`);
    await sleep(100);
  }
}

async function stopAll(programs: readonly Program[], { postgres, valkey }: { readonly postgres: PostgresServer; readonly valkey: ValkeyServer }, folder: string): Promise<void> {
  for (const program of programs) await program.kill('SIGTERM');
  await Promise.all([postgres.stop(), valkey.stop()]);
  await rm(folder, { recursive: true, force: true });
}
