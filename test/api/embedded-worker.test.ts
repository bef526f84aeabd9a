// One process of GlitchTip 6.2 without Valkey (profile tiny), on its double: its worker dies, and web goes on answering 200 to events that nobody stores.
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { GlitchTipSpec } from '../../operator/api/glitchtip-resource.js';
import type { CanaryFacts } from '../../operator/core/health/health-facts.js';
import type { Cause } from '../../operator/core/health/root-cause.js';
import { Sensitive } from '../../operator/core/sensitive.js';
import { Canaries } from '../../operator/io/postgres/canary.js';
import { observeDatabase } from '../../operator/io/postgres/database-observer.js';
import { systemClock } from '../../operator/runtime/clock.js';
import { diagnosisOf, specOf } from '../unit/operator/core/health/health-scenarios.js';
import { GlitchTipSix, PASSWORD } from './glitchtip-six.js';
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
