// A move under load, with the gateway as a process, GlitchTip's tables in a real Postgres, and a server in the role of the old Sentry.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import type { MoveAnswer, MoveComparison } from '../../gateway/control/control-answers.js';
import { gatewayLoginName } from '../../operator/api/object-names.js';
import { GATEWAY_TABLES } from '../../operator/core/credentials/postgres-roles.js';
import { GatewayProcess } from '../support/gateway-process.js';
import { startLoad } from '../support/move/event-load.js';
import { IngestServer } from '../support/move/ingest-server.js';
import { makePartitions, TABLES } from './glitchtip-tables.js';
import { until } from './operator-stage.js';
import { startPostgres, type PostgresServer } from './postgres-server.js';

const [PROJECT, KEY, OLD_PROJECT, OLD_KEY] = [7, 'abcdefabcdefabcdefabcdefabcdefab', 42, '0123456789abcdef0123456789abcdef'];
const PASSWORD = 'move';
const RATE = 60;
const MINUTE = 60_000;

/** What was started, in its order. */
const closing: (() => Promise<unknown>)[] = [];
let rows: pg.Pool;
let old: IngestServer;
let gateway: GatewayProcess;

beforeAll(async () => {
  const postgres = await startPostgres(PASSWORD);
  closing.push(() => postgres.stop());
  await makeTables(postgres);
  // It knows an id that was sent again, as GlitchTip does.
  const glitchtip = new IngestServer([PROJECT], (ids) => rows.query('INSERT INTO issue_events_issueevent SELECT id, 1, now() FROM unnest($1::uuid[]) AS id WHERE id NOT IN (SELECT id FROM issue_events_issueevent)', [ids]));
  old = new IngestServer([OLD_PROJECT]);
  for (const server of [glitchtip, old]) {
    await server.listen();
    closing.push(() => server.close());
  }
  gateway = await GatewayProcess.start({ webPort: glitchtip.port, postgresPort: postgres.port, database: 'glitchtip', password: PASSWORD });
  closing.push(() => gateway.stop());
}, 2 * MINUTE);

afterAll(async () => {
  for (const close of closing.reverse()) await close();
}, MINUTE);

/** With a project, its key, and the gateway's login. */
async function makeTables(postgres: PostgresServer): Promise<void> {
  const login = { user: 'glitchkeeper', password: PASSWORD };
  for (const statement of ['CREATE ROLE glitchtip', 'CREATE DATABASE glitchtip OWNER glitchtip']) await postgres.query(login, statement);
  rows = new pg.Pool({ host: '127.0.0.1', port: postgres.port, ...login, database: 'glitchtip', max: 1 });
  // A server that is stopped ends the sessions of those that have not.
  rows.on('error', () => undefined);
  closing.push(() => rows.end());
  const role = gatewayLoginName('glitchtip');
  for (const statement of [
    TABLES, makePartitions(0, 2), 'RESET ROLE', `INSERT INTO projects_project (id, scrub_ip_addresses) VALUES (${PROJECT}, false)`, `INSERT INTO projects_projectkey (id, project_id, is_active, public_key) VALUES (1, ${PROJECT}, true, '${KEY}')`,
    `CREATE ROLE ${role} LOGIN PASSWORD '${PASSWORD}' IN ROLE pg_read_all_stats`, ...GATEWAY_TABLES['5.2'].map((table) => `GRANT SELECT ON ${table} TO ${role}`),
  ]) await rows.query(statement);
}

const order = (leads: string, port = old.port) => ({ leads, share: 25, pairs: [{ project: PROJECT, key: KEY, old: `http://${OLD_KEY}@127.0.0.1:${port}/${OLD_PROJECT}` }] });
const put = (leads: string) => gateway.ask('PUT', '/move', order(leads));
const stored = async () => new Set((await rows.query<{ id: string }>("SELECT replace(id::text, '-', '') AS id FROM issue_events_issueevent")).rows.map(({ id }) => id));
const without = (having: Pick<ReadonlySet<string>, 'has'>, ids: readonly string[]) => ids.filter((id) => !having.has(id));
/** Neither stored nor waiting to be: what was on its way when the gateway was killed is given again after five minutes only. */
const lost = async (ids: readonly string[]) => {
  const waiting = await gateway.waiting();
  return without(await stored(), ids).filter((id) => !waiting.includes(id));
};
const waitingForOld = async () => (await gateway.status()).move?.waiting.records;
const underWay = async () => (await gateway.status()).records;

describe('a move at 60 events/s', () => {
  it('in parallel, cutover, rollback, the old one away, the gateway killed: both have everything, and each change counts at once', async () => {
    await put('old');
    const load = startLoad({ port: gateway.port, project: OLD_PROJECT, key: OLD_KEY }, RATE);
    await sleep(2_000);
    const took: number[] = [];
    for (const leads of ['glitchtip', 'old']) {
      const at = Date.now();
      await put(leads);
      await until(`a record under ${leads}`, async () => (await gateway.status()).move?.ledAt !== undefined, true);
      took.push(Date.parse((await gateway.status()).move?.ledAt ?? '') - at);
      await sleep(1_000);
    }
    const { port } = old;
    await old.close();
    await sleep(2_000);
    await gateway.kill();
    await gateway.start();
    await old.listen(port);
    await sleep(2_000);
    await load.stop();
    await until('records that wait for the old one', waitingForOld, 0);
    await until('records that wait for GlitchTip', async () => (await underWay()).waiting + (await underWay()).underWay, 0);
    expect([load.refused, load.accepted.length > 5 * RATE]).toEqual([{}, true]);
    expect([without(old.taken, load.accepted), await lost(load.accepted)]).toEqual([[], []]);
    // The goal is 10 s; here is nothing but the gateway.
    expect(Math.max(...took)).toBeLessThan(2_000);
    const { hours, lacked } = (await (await gateway.ask('GET', '/move/compare')).json()) as MoveComparison;
    expect([lacked, hours.map(({ project }) => project), hours.some(({ mayLack }) => mayLack)]).toEqual([[], hours.map(() => PROJECT), true]);
  }, 2 * MINUTE);

  it('ends at once, and what comes is for GlitchTip alone', async () => {
    await gateway.ask('DELETE', '/move');
    const before = old.taken.size;
    const load = startLoad({ port: gateway.port, project: PROJECT, key: KEY }, RATE);
    await sleep(500);
    await load.stop();
    await until('events that are not stored', async () => without(await stored(), load.accepted).length, 0);
    expect(old.taken.size).toBe(before);
  }, MINUTE);

  it("does not go round where the old server's address leads back here: it is told, and the old one has all once its address is another", async () => {
    const { move: { sent: before } } = (await (await gateway.ask('PUT', '/move', order('old', gateway.port))).json()) as MoveAnswer;
    const load = startLoad({ port: gateway.port, project: OLD_PROJECT, key: OLD_KEY }, RATE);
    await sleep(1_000);
    await load.stop();
    await until('nothing to be given', async () => (await gateway.status()).move?.closed?.why, 'its address leads back to this gateway (508)');
    const { waiting, sent } = (await gateway.status()).move ?? {};
    expect([waiting?.records, sent]).toEqual([load.accepted.length, before]);
    await put('old');
    await until('records that wait for the old one', waitingForOld, 0);
    expect(without(old.taken, load.accepted)).toEqual([]);
  }, 2 * MINUTE);
});
