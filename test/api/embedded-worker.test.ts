// One process of GlitchTip 6.2 without Valkey (profile tiny), on its double: its worker dies, and web goes on answering 200 to events that nobody stores.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import pg from 'pg';
import type { GlitchTipSpec } from '../../operator/api/glitchtip-resource.js';
import type { CanaryFacts } from '../../operator/core/health/health-facts.js';
import type { Cause } from '../../operator/core/health/root-cause.js';
import { Sensitive } from '../../operator/core/sensitive.js';
import { Canaries } from '../../operator/io/postgres/canary.js';
import { observeDatabase } from '../../operator/io/postgres/database-observer.js';
import { systemClock } from '../../operator/runtime/clock.js';
import { diagnosisOf, specOf } from '../unit/operator/core/health/health-scenarios.js';
import { GlitchTipSix, KEY, PASSWORD, SUPERUSER } from './glitchtip-six.js';
import { until } from './operator-stage.js';

const MINUTE = 60_000;
const WITHOUT_VALKEY = { VALKEY_URL: '' };
const never = new AbortController().signal;

let six: GlitchTipSix;
let spec: GlitchTipSpec;
const canaries = new Canaries(systemClock);
beforeAll(async () => {
  six = await GlitchTipSix.start();
  await six.migrate(WITHOUT_VALKEY);
  // As which the operator makes the canary's project; the tables here are the superuser's.
  await six.sql('CREATE ROLE glitchtip SUPERUSER');
  spec = specOf({ version: '6.2', valkey: undefined, web: { host: '127.0.0.1', port: six.port }, database: { host: '127.0.0.1', port: six.postgres.port } });
}, 3 * MINUTE);
afterAll(() => six.stop());

/** One check of the operator's, with pods that are all Ready. */
async function check(): Promise<{ readonly canary: CanaryFacts; readonly causes: readonly Cause[] }> {
  const operator = [{ user: 'glitchkeeper', password: new Sensitive(PASSWORD) }];
  const { database, canary } = await observeDatabase({ spec, operator, application: undefined, canaries, takesEvents: true, withVolume: false, signal: never });
  return { canary, causes: diagnosisOf({ database, canary, queue: { kind: 'none' } }, spec).causes };
}

it('is named as what stores nothing, with a restart of web as its repair; what waited is stored by the next process', async () => {
  const first = await six.start('single', WITHOUT_VALKEY);
  await until('a canary to be stored', async () => (await check()).canary.kind, 'stored');
  expect((await check()).causes).toEqual([]);

  await six.endEmbeddedWorker();
  await until('a canary to be missing', async () => (await check()).canary.kind, 'not stored');
  expect((await check()).causes).toMatchObject([{ reason: 'WorkerStuck', part: 'web', severity: 'critical', healing: 'restart-worker', message: expect.stringMatching(/^The pod of web is Ready and stores nothing: .* tasks wait, the oldest since /) }]);
  expect([first.ended, (await fetch(`http://localhost:${six.port}/_health/`)).status]).toEqual([false, 200]);

  await first.kill('SIGTERM');
  const next = await six.start('single', WITHOUT_VALKEY);
  await until('what waited to be stored', async () => (await six.sql("SELECT FROM db_queuedtask WHERE queue = 'ingest'")).length, 0);
  expect(await check()).toMatchObject({ canary: { kind: 'stored' }, causes: [] });
  await next.kill('SIGTERM');
}, 5 * MINUTE);

it('that is told to end first stores what its worker has taken, and leaves no task that nobody would take again', async () => {
  const process = await six.start('single', WITHOUT_VALKEY);
  await until('a canary to be stored', async () => (await check()).canary.kind, 'stored');
  const eventId = randomUUID().replaceAll('-', '');
  const held = await holdEvents();
  const answer = await fetch(`http://localhost:${six.port}/api/1/store/?sentry_key=${KEY}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ event_id: eventId, message: 'the last one' }) });
  expect(answer.status).toBe(200);
  await until('it to be taken', async () => (await six.sql("SELECT FROM db_queuedtask WHERE status = 'PROCESSING'")).length, 1);
  const ended = process.kill('SIGTERM');
  await until('web to answer nobody any more', async () => fetch(`http://localhost:${six.port}/_health/`).then(() => 'answered', () => 'away'), 'away');
  await held.letGo();
  await ended;
  expect(await six.sql('SELECT status FROM db_queuedtask')).toEqual([]);
  expect(await six.sql(`SELECT FROM issue_events_issueevent WHERE event_id = '${eventId}'`)).toHaveLength(1);
}, 5 * MINUTE);

/** Nothing is stored meanwhile. */
async function holdEvents(): Promise<{ readonly letGo: () => Promise<void> }> {
  const client = new pg.Client({ host: '127.0.0.1', port: six.postgres.port, ...SUPERUSER });
  await client.connect();
  await client.query('BEGIN; LOCK TABLE issue_events_issueevent IN EXCLUSIVE MODE');
  return { letGo: () => client.end() };
}
