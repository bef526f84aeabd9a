// GlitchTip 6.2's double, or another image of it, as processes, with a Postgres and a Valkey of its own: the users have the rights that the operator gives them.
import { createHash } from 'node:crypto';
import { chmod, chown, cp, mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { gatewayLoginName, VALKEY_OPERATOR_USER } from '../../operator/api/object-names.js';
import { buildUsersFile } from '../../operator/core/credentials/generated-secrets.js';
import { GATEWAY_TABLES, QUEUE_TABLES } from '../../operator/core/credentials/postgres-roles.js';
import { releaseFacts, type Process } from '../../charts/releases.js';
import { freePort, type Program } from './control-plane.js';
import { GLITCHTIP_USER } from './gateway-fuzz/glitchtip-web.js';
import { prepareProcess, unpackImage } from './image-process.js';
import { startPostgres, type PostgresServer } from './postgres-server.js';
import { startValkey, type ValkeyServer } from './valkey-server.js';

export const SIX = 'docker.io/glitchtip/glitchtip:6.2.6';
/** Of every server here: they listen on loopback, and hold nothing but what the test makes. */
export const PASSWORD = 'six';
export const SUPERUSER = { user: 'glitchkeeper', password: PASSWORD, database: 'glitchtip' };
export const AS_OPERATOR = { user: VALKEY_OPERATOR_USER, password: PASSWORD };
/** Migrations from empty, on busy processors. Milliseconds. */
const START_WITHIN = 120_000;
/** For Django's shell, of either release. */
export const PROJECT = `
import uuid
from apps.organizations_ext.models import Organization
from apps.projects.models import Project, ProjectKey
organization = Organization.objects.create(name='o', slug='o')
project = Project.objects.create(organization=organization, name='p', slug='p')
ProjectKey.objects.filter(project=project).delete()
ProjectKey.objects.create(project=project, public_key=uuid.UUID(int=1))`;

/** Likewise: a project with id and key 2, of an organization that takes no events. */
export const THROTTLED = PROJECT.replace("'o', slug='o'", "'t', slug='t', is_accepting_events=False").replace("'p', slug='p'", "'t', slug='t'").replace('int=1', 'int=2');

/** Of the project that is made. */
export const KEY = `${'0'.repeat(31)}1`;

export class GlitchTipSix {
  #folders: string[] = [];
  #image = SIX;
  /** Folder that is /tmp to the process that was started last. */
  #tmp = '';

  private constructor(readonly postgres: PostgresServer, readonly valkey: ValkeyServer, readonly valkeyPort: number, readonly port: number) {}

  /** Servers, and an empty database with the gateway's login; nothing of GlitchTip runs yet. @param image as unpackImage takes it */
  static async start(image = SIX): Promise<GlitchTipSix> {
    const [valkeyPort, port] = [await freePort(), await freePort()];
    const hash = createHash('sha256').update(PASSWORD).digest('hex');
    const users = buildUsersFile({ application: [hash], operator: [hash], gateway: [hash] }).reveal();
    const [postgres, valkey] = await Promise.all([startPostgres(PASSWORD), startValkey(valkeyPort, users, ['--maxmemory-policy', 'noeviction'])]);
    const six = new GlitchTipSix(postgres, valkey, valkeyPort, port);
    six.#image = image;
    await six.emptyDatabase();
    await postgres.query({ ...SUPERUSER, database: 'postgres' }, `CREATE ROLE ${gatewayLoginName('glitchtip')} LOGIN PASSWORD '${PASSWORD}' IN ROLE pg_read_all_stats`);
    return six;
  }

  async emptyDatabase(): Promise<void> {
    await this.postgres.query({ ...SUPERUSER, database: 'postgres' }, 'DROP DATABASE IF EXISTS glitchtip WITH (FORCE)');
    await this.postgres.query({ ...SUPERUSER, database: 'postgres' }, 'CREATE DATABASE glitchtip');
  }

  sql<T extends pg.QueryResultRow>(statement: string): Promise<T[]> {
    return this.postgres.query<T>(SUPERUSER, statement);
  }

  /** A process of the image that ends by itself; its output. @throws when it fails */
  async run(script: string, env: Readonly<Record<string, string>> = {}, image = this.#image): Promise<string> {
    const program = await this.#prepare(['sh', '-ec', `cd /code; ${script}`], env, image);
    program.start();
    while (!program.ended) await sleep(20);
    if (program.exitCode !== 0) throw new Error(`${script}: ${program.output}`);
    return program.output;
  }

  /** Tables, a project, and what the gateway may read. */
  async migrate(env: Readonly<Record<string, string>> = {}): Promise<void> {
    await this.run(`./bin/run-migrate.sh; ./manage.py shell -c "$PROJECT"`, { PROJECT, ...env });
    for (const table of [...GATEWAY_TABLES['6.2'], ...QUEUE_TABLES]) await this.sql(`GRANT SELECT ON ${table} TO ${gatewayLoginName('glitchtip')}`);
  }

  /** One of its processes, with the environment that the manifests give it. */
  async start(of: 'web' | 'worker' | 'single', env: Readonly<Record<string, string>> = {}): Promise<Program> {
    const { split, single } = releaseFacts('6.2');
    const process = of === 'single' ? (single as Process) : split[of];
    const variables = Object.fromEntries(process.env.map(({ name, value }) => [name, value]));
    const program = await this.#prepare(['sh', '-ec', 'cd /code; exec ./bin/start.sh'], { ...variables, DATABASE_POOL_MIN_SIZE: '1', DATABASE_POOL_MAX_SIZE: String(process.connections), ...env, GRANIAN_HOST: '127.0.0.1', GRANIAN_PORT: String(this.port) }, this.#image);
    program.start();
    if (of !== 'worker') await this.#untilReady(program);
    return program;
  }

  /** Of the process that was started last, which is a single one: web goes on. */
  async endEmbeddedWorker(): Promise<void> {
    await writeFile(join(this.#tmp, 'end-the-worker'), '');
  }

  /** When the process that was started last, a worker, wrote the file of its probe. Milliseconds since the epoch. */
  async heartbeatAt(): Promise<number> {
    const { heartbeat } = releaseFacts('6.2').split;
    return (await stat(join(this.#tmp, basename(heartbeat.file)))).mtimeMs;
  }

  async stop(): Promise<void> {
    await Promise.all([this.postgres.stop(), this.valkey.stop()]);
    for (const folder of this.#folders) await rm(folder, { recursive: true, force: true });
  }

  async #prepare(command: readonly string[], env: Readonly<Record<string, string>>, name: string): Promise<Program> {
    const image = await unpackImage(name);
    const folder = await mkdtemp(join(tmpdir(), 'glitchkeeper-six-'));
    await chmod(folder, 0o755);
    this.#folders.push(folder);
    this.#tmp = join(folder, 'tmp');
    await mkdir(this.#tmp);
    await chown(this.#tmp, GLITCHTIP_USER.uid, GLITCHTIP_USER.gid);
    const own = {
      PYTHONPATH: '/glitchkeeper', SECRET_KEY: PASSWORD, GLITCHTIP_DOMAIN: 'http://localhost', ALLOWED_HOSTS: 'localhost', EMAIL_URL: 'consolemail://', PYTHONDONTWRITEBYTECODE: '1', GLITCHTIP_DOUBLE_BALLAST: 'off',
      DATABASE_HOST: '127.0.0.1', DATABASE_PORT: String(this.postgres.port), DATABASE_NAME: 'glitchtip', DATABASE_USER: 'glitchkeeper', DATABASE_PASSWORD: PASSWORD,
      VALKEY_URL: `redis://:${PASSWORD}@127.0.0.1:${this.valkeyPort}/0`,
    };
    await cp('charts/runtime', join(folder, 'runtime'), { recursive: true });
    return prepareProcess({ image: { ...image, env: { ...image.env, PATH: `${image.env['PATH'] ?? ''}:/usr/sbin`, ...own, ...env } }, user: GLITCHTIP_USER, command }, { '/tmp': this.#tmp, '/glitchkeeper': join(folder, 'runtime') });
  }

  async #untilReady(web: Program): Promise<void> {
    const deadline = Date.now() + START_WITHIN;
    while (!(await fetch(`http://localhost:${this.port}/_health/`).then(({ ok }) => ok, () => false))) {
      if (Date.now() > deadline || web.ended) throw new Error(`GlitchTip's web is not ready: ${web.output}`);
      await sleep(50);
    }
  }
}
