// The import of a move, in a real Postgres with GlitchTip's double: what it takes over from an old Sentry, and what of this GlitchTip it leaves alone.
import { chown, copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Sensitive } from '../../operator/core/sensitive.js';
import { ensureCanary } from '../../operator/io/postgres/glitchtip-tables.js';
import { findProjects } from '../../operator/io/postgres/project-keys.js';
import { START_MS } from './control-plane.js';
import { environment, GLITCHTIP_IMAGE, GLITCHTIP_USER } from './gateway-fuzz/glitchtip-web.js';
import { SIX } from './glitchtip-six.js';
import { prepareProcess, unpackImage } from './image-process.js';
import { OLD_TOKEN, startOldSentry, type OldSentry } from '../support/old-sentry.js';
import { startPostgres, type PostgresServer } from './postgres-server.js';

const PASSWORD = 'fuzz';
const LOGIN = { user: 'glitchkeeper', password: PASSWORD, database: 'glitchtip' };
const OPERATOR = { user: 'glitchkeeper', password: new Sensitive(PASSWORD) };
const SCRIPTS = ['import_old.py', 'old_server.py', 'own_numbers.py'];
const CANARY = 2_147_483_000;

let postgres: PostgresServer;
let old: OldSentry;
let folder: string;
/** Which GlitchTip it is. */
let image = '';
let answerFirst: NonNullable<Parameters<typeof startOldSentry>[0]>['answerFirst'] & object = () => false;
const sql = <Row extends object>(statement: string) => postgres.query<Row>(LOGIN, statement);
const address = () => ({ host: '127.0.0.1', port: postgres.port, database: 'glitchtip', signal: AbortSignal.timeout(60_000) });

/** A program of the image. @returns what it said, and the report where it made one */
async function inImage(...command: readonly string[]): Promise<{ readonly said: string; readonly report: Record<string, unknown> | undefined }> {
  const unpacked = await unpackImage(image);
  const env = { ...unpacked.env, ...environment(1, postgres.port, 1), VALKEY_URL: '', PATH: `${unpacked.env['PATH'] ?? ''}:/usr/sbin`, OLD_SERVER: old.url, OLD_ORGANIZATION: 'acme', TOKEN_FILE: '/tmp/token', REPORT_FILE: '/tmp/report' };
  const program = prepareProcess({ image: { ...unpacked, env }, user: GLITCHTIP_USER, command: ['sh', '-c', 'cd /code && "$@"; echo "ended with $?"', 'sh', ...command] }, { '/tmp': folder });
  program.start();
  while (!program.ended) await sleep(50);
  await program.kill();
  const line = program.fullOutput.split('\n').find((each) => each.startsWith('{'));
  return { said: program.fullOutput, report: line === undefined ? undefined : JSON.parse(line) as Record<string, unknown> };
}
const runImport = () => inImage('python', '/tmp/import_old.py');

describe.each([GLITCHTIP_IMAGE, SIX])('an import into %s', (release) => {
  beforeAll(async () => {
    image = release;
    [postgres, old] = await Promise.all([startPostgres(PASSWORD), startOldSentry({ answerFirst: (request, response) => answerFirst(request, response) })]);
    await postgres.query({ user: 'glitchkeeper', password: PASSWORD }, 'CREATE ROLE glitchtip');
    await postgres.query({ user: 'glitchkeeper', password: PASSWORD }, 'CREATE DATABASE glitchtip');
    folder = await mkdtemp(join(tmpdir(), 'glitchkeeper-import-'));
    for (const script of SCRIPTS) await copyFile(join('charts', 'runtime', script), join(folder, script));
    await writeFile(join(folder, 'token'), OLD_TOKEN);
    await mkdir(join(folder, 'unused'));
    await chown(folder, GLITCHTIP_USER.uid, GLITCHTIP_USER.gid);
    expect((await inImage('./bin/run-migrate.sh')).said).toContain('ended with 0');
    // As in every GlitchTip that glitchkeeper runs: an administrator of number 1, and the operator's own rows; and somebody's project of number 1.
    await sql("INSERT INTO users_user (email, name, password, is_superuser, is_staff, is_active, created) VALUES ('admin@example.com', 'Administrator', 'own', true, true, true, now())");
    await sql('GRANT ALL ON ALL TABLES IN SCHEMA public TO glitchtip');
    await ensureCanary(address(), OPERATOR);
    await sql("INSERT INTO organizations_ext_organization (name, slug, created, is_accepting_events, event_throttle_rate, open_membership) VALUES ('Here', 'here', now(), true, 0, true)");
    await sql("INSERT INTO projects_project (name, slug, created, scrub_ip_addresses, event_throttle_rate, organization_id) VALUES ('here', 'here', now(), true, 0, 1)");
  }, START_MS);
  afterEach(() => {
    old.answers = undefined;
    answerFirst = () => false;
  });
  afterAll(async () => {
    await Promise.all([postgres.stop(), old.stop()]);
    await rm(folder, { recursive: true, force: true });
  });

  it.each<[string, number | undefined, object]>([
    ['that is refused says so, and is of no use again', 401, { result: 'failed', why: 'it refuses the token (401)', again: false }],
    ['whose server is ill is tried again', 503, { result: 'failed', why: 'it answers 503 to /api/0/', again: true }],
    ['whose server is away is tried again', 0, { result: 'failed', again: true }],
    ['takes the token to no other server', 302, { result: 'failed', why: 'it redirects (302): put the address that it leads to into move.from', again: false }],
  ])('%s', async (_, answers, expected) => {
    old.answers = answers;
    const { said, report } = await runImport();
    expect({ report, code: /ended with (\d)/.exec(said)?.[1] }).toEqual({ report: expect.objectContaining(expected), code: '1' });
    expect(said).not.toContain(OLD_TOKEN);
    expect(await sql('SELECT slug FROM organizations_ext_organization ORDER BY id')).toEqual([{ slug: 'here' }, { slug: 'glitchkeeper-canary' }]);
  });

  const content = async () => ({
    organizations: await sql('SELECT id::int, slug FROM organizations_ext_organization WHERE id < 2147483000 ORDER BY slug'),
    people: (await sql<{ email: string; name: string; is_superuser: boolean; password: string }>('SELECT email, name, is_superuser, password FROM users_user ORDER BY id')).map(({ email, is_superuser: led }) => [email, led]),
    projects: await sql('SELECT p.id::int, p.slug, o.slug AS organization FROM projects_project p JOIN organizations_ext_organization o ON o.id = p.organization_id WHERE p.id < 2147483000 ORDER BY p.slug'),
    members: await sql('SELECT u.email, m.role FROM organizations_ext_organizationuser m JOIN users_user u ON u.id = m.user_id ORDER BY u.email'),
    team: await sql('SELECT t.slug, count(*)::int AS projects FROM teams_team t JOIN teams_team_projects p ON p.team_id = t.id GROUP BY t.slug'),
  });

  it('takes over everything that fits, and nothing of this GlitchTip becomes another one', async () => {
    const { report } = await runImport();
    expect(report).toMatchObject({ result: 'imported', organizations: 1, people: 3, projects: 3, keys: 3, teams: 1, leftOut: 2 });
    const found = await content();
    expect(found.people).toEqual(expect.arrayContaining([['old-first@example.com', false], ['billing@example.com', false]]));
    // Who was number 1 there is not who is number 1 here; who has an account here in other letters is that one.
    expect(found.people).toContainEqual(['admin@example.com', true]);
    expect(await sql("SELECT id::int, name FROM users_user WHERE password = 'own'")).toEqual([{ id: 1, name: 'Administrator' }]);
    expect(found.organizations).toEqual([{ id: 2, slug: 'acme' }, { id: 1, slug: 'here' }]);
    // 42 is free and kept; 1 is somebody's here; what sentry.io counts does not fit.
    expect(found.projects).toEqual([
      { id: expect.any(Number), slug: 'backend', organization: 'acme' }, { id: 1, slug: 'here', organization: 'here' },
      { id: expect.any(Number), slug: 'mobile', organization: 'acme' }, { id: 42, slug: 'web', organization: 'acme' },
    ]);
    expect(found.members).toEqual([{ email: 'admin@example.com', role: 2 }, { email: 'billing@example.com', role: 0 }, { email: 'old-first@example.com', role: 3 }]);
    expect(found.team).toEqual([{ slug: 'core', projects: 2 }]);
  });

  it('leaves the sequences where the next project still fits', async () => {
    const next = await sql<{ id: string }>("SELECT nextval(pg_get_serial_sequence('projects_project', 'id'))::text AS id");
    expect(Number(next[0]?.id)).toBeLessThan(CANARY);
  });

  it('run twice imports nothing twice', async () => {
    const before = await content();
    expect((await runImport()).report).toMatchObject({ result: 'imported' });
    expect(await content()).toEqual(before);
  });

  it('reads every page', () => {
    expect(old.asked).toContain('/api/0/organizations/acme/projects/?&cursor=0:2:0');
  });

  it('leaves keys by which the operator finds the projects, but for one that was turned off', async () => {
    const [backend, revoked, web] = ['a', 'b', 'c'].map((digit) => digit.repeat(32)) as [string, string, string];
    const found = await findProjects(address(), OPERATOR, [backend, revoked, web, 'no key']);
    expect([...found]).toEqual(expect.arrayContaining([[backend, expect.any(Number)], [web, 42]]));
    expect(found.size).toBe(2);
  });

  it('says of an error of a program its class and place, and nothing of the rows that it was at', async () => {
    const planted = 'planted-in-a-row';
    answerFirst = (request, response) => {
      if (!/\/backend\/keys\//.test(request.url ?? '')) return false;
      response.setHeader('content-type', 'application/json').end(JSON.stringify([{ public: 'e'.repeat(32), projectId: planted, label: planted }]));
      return true;
    };
    const { said, report } = await runImport();
    expect(report).toEqual({ result: 'failed', why: expect.stringMatching(/^the importer of this GlitchTip, or the old one, is of another form: KeyError \(import_old\.py:\d+\)$/), again: false });
    expect(said).not.toContain(planted);
  });
});
