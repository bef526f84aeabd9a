// GlitchTip's web as a process, with a Postgres and a Valkey of its own: the double, or GlitchTip itself where the machine has it.
import { chown, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort, Program } from '../control-plane.js';
import { prepareProcess, unpackImage } from '../image-process.js';
import { startPostgres, type PostgresServer } from '../postgres-server.js';
import { startValkey, type ValkeyServer } from '../valkey-server.js';

export const GLITCHTIP_IMAGE = 'docker.io/glitchtip/glitchtip:5.2';
/** User app of the image. */
export const GLITCHTIP_USER = { uid: 5000, gid: 5000 };
/** Of every server here: they listen on loopback, and hold nothing but what the test makes. */
const PASSWORD = 'fuzz';
const USERS = [`user default on >${PASSWORD} ~* &* +@all`, 'user probe on nopass +ping', ''].join('\n');
/** Migrations from empty, on busy processors. Milliseconds. */
const START_WITHIN = 240_000;

/** One of the projects that were made. */
export interface Project {
  readonly id: number;
  /** 32 hexadecimal digits. */
  readonly key: string;
}

/** So many pairs of projects: of an organization that takes events, and of one that does not. */
export interface Projects {
  readonly open: readonly Project[];
  readonly throttled: readonly Project[];
}

export interface GlitchTipWeb {
  readonly host: string;
  readonly port: number;
  readonly projects: Projects;
  readonly login: { readonly host: string; readonly port: number; readonly user: string; readonly password: string; readonly database: string };
  readonly valkey: { readonly port: number; readonly password: string };
  stop(): Promise<void>;
}

/**
 * Starts all of it; about 20 s. Where GLITCHTIP_SOURCE names a folder with GlitchTip's own code/ and venv/, that is what runs.
 * @param pairs how many projects of either kind
 */
export async function startGlitchTip(pairs: number): Promise<GlitchTipWeb> {
  const [port, valkeyPort] = [await freePort(), await freePort()];
  const folder = await mkdtemp(join(tmpdir(), 'glitchkeeper-fuzz-'));
  const [postgres, valkey] = await Promise.all([startPostgres(PASSWORD), startValkey(valkeyPort, USERS)]);
  await postgres.query({ user: 'glitchkeeper', password: PASSWORD }, 'CREATE DATABASE glitchtip');
  const env = environment(port, postgres.port, valkeyPort);
  const web = process.env['GLITCHTIP_SOURCE'] === undefined ? await prepareDouble(env, folder, pairs) : prepareItself(process.env['GLITCHTIP_SOURCE'], env, folder, pairs);
  const stop = () => stopAll(web, { postgres, valkey }, folder);
  web.start();
  try {
    await waitUntilReady(web, port);
    const projects = JSON.parse(await readFile(join(folder, 'projects.json'), 'utf8')) as Projects;
    return { host: '127.0.0.1', port, projects, stop, login: { host: '127.0.0.1', port: postgres.port, user: 'glitchkeeper', password: PASSWORD, database: 'glitchtip' }, valkey: { port: valkeyPort, password: PASSWORD } };
  } catch (error) {
    await stop();
    throw error;
  }
}

export function environment(port: number, postgresPort: number, valkeyPort: number): Record<string, string> {
  return {
    SERVER_ROLE: 'web', PORT: `127.0.0.1:${port}`, SECRET_KEY: PASSWORD, GLITCHTIP_DOMAIN: 'http://localhost', ALLOWED_HOSTS: 'localhost,127.0.0.1', EMAIL_URL: 'consolemail://',
    DATABASE_HOST: '127.0.0.1', DATABASE_PORT: String(postgresPort), DATABASE_NAME: 'glitchtip', DATABASE_USER: 'glitchkeeper', DATABASE_PASSWORD: PASSWORD,
    VALKEY_URL: `redis://:${PASSWORD}@127.0.0.1:${valkeyPort}/0`,
    // As many requests at a time as the product has it, and a process for either core.
    UWSGI_THREADS: '4', UWSGI_PROCESSES: '2', UWSGI_LISTEN: '128', UWSGI_DISABLE_LOGGING: 'true', PYTHONDONTWRITEBYTECODE: '1',
    // Not as heavy as the real one: only its answers matter here (test/glitchtip-double/code/glitchtip/ballast.py).
    GLITCHTIP_DOUBLE_BALLAST: 'off',
  };
}

/** Tables, projects, and then web. */
const SCRIPT = 'cd "$1" && ./bin/run-migrate.sh && ./manage.py shell -c "$2" && exec ./bin/start.sh';

async function prepareDouble(env: Readonly<Record<string, string>>, folder: string, pairs: number): Promise<Program> {
  const image = await unpackImage(GLITCHTIP_IMAGE);
  await chown(folder, GLITCHTIP_USER.uid, GLITCHTIP_USER.gid);
  // The image's own PATH has no chroot in it.
  const PATH = `${image.env['PATH'] ?? ''}:/usr/sbin`;
  return prepareProcess({ image: { ...image, env: { ...image.env, ...env, PATH } }, user: GLITCHTIP_USER, command: ['sh', '-c', SCRIPT, 'sh', '/code', makeProjects(pairs, '/tmp')] }, { '/tmp': folder });
}

function prepareItself(source: string, env: Readonly<Record<string, string>>, folder: string, pairs: number): Program {
  const venv = join(source, 'venv');
  return new Program('sh', ['-c', SCRIPT, 'sh', join(source, 'code'), makeProjects(pairs, folder)], { env: { ...env, PATH: `${join(venv, 'bin')}:/usr/bin:/bin`, UWSGI_VIRTUALENV: venv, UWSGI_PIDFILE: join(folder, 'pid') } });
}

/** For Django's shell: both have these models. Keys are the same in each run: what is made of them would not be repeated otherwise. */
function makeProjects(pairs: number, folder: string): string {
  return [
    'import json, uuid',
    'from apps.organizations_ext.models import Organization',
    'from apps.projects.models import Project, ProjectKey',
    'def project(organization, name):',
    '    made = Project.objects.create(organization=organization, name=name, slug=name)',
    '    ProjectKey.objects.filter(project=made).delete()',
    '    key = ProjectKey.objects.create(project=made, public_key=uuid.uuid5(uuid.NAMESPACE_DNS, name))',
    '    return {"id": made.id, "key": key.public_key.hex}',
    'def projects(name, takes):',
    '    organization = Organization.objects.create(name=name, slug=name, is_accepting_events=takes)',
    `    return [project(organization, f"{name}-{number}") for number in range(${pairs})]`,
    `with open("${folder}/projects.json", "w") as file:`,
    '    file.write(json.dumps({"open": projects("open", True), "throttled": projects("throttled", False)}))',
  ].join('\n');
}

async function waitUntilReady(web: Program, port: number): Promise<void> {
  const deadline = Date.now() + START_WITHIN;
  while (!(await fetch(`http://127.0.0.1:${port}/_health/`).then(({ ok }) => ok, () => false))) {
    if (Date.now() > deadline || web.ended) throw new Error(`GlitchTip's web is not ready: ${web.output}`);
    await sleep(100);
  }
}

async function stopAll(web: Program, { postgres, valkey }: { readonly postgres: PostgresServer; readonly valkey: ValkeyServer }, folder: string): Promise<void> {
  await web.kill('SIGTERM');
  await Promise.all([postgres.stop(), valkey.stop()]);
  await rm(folder, { recursive: true, force: true });
}
