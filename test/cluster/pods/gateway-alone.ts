// The gateway without what is behind it, or with a GlitchTip that holds, loses or refuses what it is given: a part of the soak.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { bodyLimit } from '../../../charts/releases.js';
import { topologyOf } from '../../../charts/topology.js';
import { authHeader, parseDsn, type Dsn } from '../../sdk/dsn.js';
import { send } from '../../sdk/http-client.js';
import { envelope, newRunId, type LoadReport } from '../../sdk/load.js';
import { cli } from '../support/cli.js';
import { freezeWorker } from '../support/fault-actions.js';
import { rollGateway } from '../support/gateway-pods.js';
import { startLoad } from '../support/inside.js';
import { tellLoad } from '../support/load-report.js';
import { killMain, processesOf } from '../support/out-of-memory.js';
import { withForward } from '../support/project.js';
import { spoolEmpty, spoolGiven } from '../support/spool.js';
import { runIds } from '../support/stored-events.js';
import type { Stack } from '../support/stack.js';
import { waitFor, when } from '../support/wait.js';
import { RATE, untilAcknowledged } from './gateway.js';
import type { Installed } from './on-pods.js';

/** GlitchTip's duplicate guard knows an id for 300 s: a copy that is given later is stored a second time, if the first is. Seconds. */
const BEYOND_THE_GUARD = 315;
/** Often enough for a liveness probe that takes a minute's silence for a death. Seconds. */
const TOUCHED_EVERY = 10;
/** What web unpacks at most, so small that it refuses what the gateway takes; and events of which no two go in one request (MOST_BYTES in gateway/delivery/batch.ts). Bytes. */
const MISTAKEN = { variable: bodyLimit('5.2').name, limit: 100_000, event: 200_000 };
const EVENTS = 3;

const listed = z.object({ records: z.array(z.object({ id: z.string(), why: z.string().optional(), events: z.array(z.string()).optional() })) });

/** @param reports collects runs: what they sent has to be stored in the end */
export function describeGatewayAlone({ stack, dsn }: Installed, reports: LoadReport[]): void {
  describe('the gateway, and what is behind it', () => {
    let baseUrl = '';
    beforeAll(async () => {
      await stack.ready();
      baseUrl = await stack.baseUrl();
    }, 240_000);
    /** Events come in while it happens, and none of them is refused. */
    const underLoad = async (what: string, load: { readonly rate: number; readonly bytes?: number }, during: () => Promise<unknown>) => {
      const running = startLoad(stack.cluster, { dsn: dsn(), baseUrl, ...load, seconds: 900 });
      await sleep(5_000);
      await during().finally(running.stop);
      const report = await running.report;
      reports.push(report);
      expect(tellLoad(what, report).losses).toEqual({});
    };

    // First: what is lost waits for GlitchTip's duplicate guard while the others run.
    it('the worker killed (kill -9) with events of 400 KB: what it had taken comes back without killing the next one', async () => {
      await underLoad('worker killed with large events', { rate: 10, bytes: 400_000 }, async () => {
        await killMain(stack, 'worker');
        await sleep(2_000);
      });
      await stack.ready();
      const { restarts } = await stack.pod('worker');
      await untilAcknowledged(stack);
      await spoolGiven(stack);
      expect((await stack.pod('worker')).restarts).toBe(restarts);
    }, 900_000);

    it(`the worker frozen for ${BEYOND_THE_GUARD} s, longer than GlitchTip knows an id, and thawed: no event is refused`, async () => {
      // It would make a new worker in the middle of it.
      await stack.scale('deployment/glitchkeeper', 'operator', 0);
      try {
        await underLoad('worker frozen', { rate: 20 }, async () => {
          await freezeWorker(stack);
          await pretendToBeAlive(stack, BEYOND_THE_GUARD);
          for (const id of await processesOf(stack, 'worker')) process.kill(id, 'SIGCONT');
          await sleep(5_000);
        });
      } finally {
        await stack.scale('deployment/glitchkeeper', 'operator', 1);
      }
      await stack.ready();
    }, 900_000);

    it('web scaled to nothing: people get a page that says so and reloads itself, programs a 503 that says when to come again', async () => {
      await stack.scale('deployment/web', 'web', 0);
      try {
        const [page, api] = await withForward(stack, (url) => Promise.all([send({ url: `${url}/login`, headers: { accept: 'text/html' } }), send({ url: `${url}/api/0/organizations/`, headers: { accept: 'application/json' } })]));
        const shown = ({ status, headers }: typeof page) => ({ status, again: headers['retry-after'], type: headers['content-type'] });
        expect([shown(page), shown(api)]).toEqual([{ status: 503, again: '5', type: 'text/html; charset=utf-8' }, { status: 503, again: '5', type: 'application/json' }]);
        expect(page.body).toContain('<meta http-equiv="refresh" content="5">');
      } finally {
        await stack.scale('deployment/web', 'web', 1);
      }
      expect((await withForward(stack, (url) => send({ url: `${url}/login`, headers: { accept: 'text/html' } }))).status).toBe(200);
    }, 400_000);

    it(`restarted while Postgres is away, at ${RATE} events/s: it knows the keys from its volume, and refuses nothing`, async () => {
      await underLoad('gateway restarted without Postgres', { rate: RATE }, async () => {
        await stack.scale('statefulset/postgres', 'postgres', 0);
        await rollGateway(stack);
        // The pods that knew them are gone.
        await sleep(10_000);
        await stack.scale('statefulset/postgres', 'postgres', 1);
      });
      await stack.ready();
    }, 600_000);

    it('what web refuses for a mistaken setting is set aside; dropped it is gone, resent once that is mended it is stored (`glitchkeeper spool`)', async () => {
      const run = newRunId();
      await stack.kubectl('set', 'env', 'deployment/web', `${MISTAKEN.variable}=${MISTAKEN.limit}`);
      await stack.rolledOut();
      const ids = Array.from({ length: EVENTS }, () => randomUUID().replaceAll('-', ''));
      for (const [index, id] of ids.entries()) await postPacked(stack, dsn(), envelope(id, run, index + 1, { bytes: MISTAKEN.event }));
      const aside = await waitFor<z.infer<typeof listed>['records']>({ what: `${EVENTS} to be set aside`, seconds: 120, every: 2 }, async () => {
        const records = await setAside(stack, ids);
        return records.length === EVENTS ? { found: records } : { seen: JSON.stringify(records) };
      });
      expect(aside.map(({ why }) => why)).toEqual(aside.map(() => expect.stringMatching(/^GlitchTip answered 4\d\d$/)));
      const [dropped, ...others] = aside;
      await cli(stack, 'spool', 'drop', dropped?.id ?? '', '--yes');
      await stack.kubectl('set', 'env', 'deployment/web', `${MISTAKEN.variable}=${bodyLimit('5.2').value}`);
      await stack.rolledOut();
      await cli(stack, 'spool', 'resend', '--all');
      await waitFor<true>({ what: 'what was sent again to be stored', seconds: 120, every: 2 }, async () => when((await runIds(stack, run)).size === others.length, 'not all of it is'));
      await spoolEmpty(stack);
      expect(await setAside(stack, ids)).toEqual([]);
      expect(await runIds(stack, run)).toEqual(new Set(others.flatMap(({ events = [] }) => events)));
    }, 900_000);
  });
}

/** To its liveness probe, which goes by the age of a file. */
async function pretendToBeAlive(stack: Stack, seconds: number): Promise<void> {
  const { worker } = topologyOf(stack.manifests.settings);
  if (worker === undefined) throw new Error('there is no worker');
  const { restarts } = await stack.pod('worker');
  const until = Date.now() + seconds * 1_000;
  while (Date.now() < until) {
    await stack.exec('worker', ['touch', worker.heartbeat.file]);
    await sleep(TOUCHED_EVERY * 1_000);
  }
  expect((await stack.pod('worker')).restarts).toBe(restarts);
}

/** As SDKs do that pack what they send, which the gateway gives on as it came. */
async function postPacked(stack: Stack, dsn: string, body: string): Promise<void> {
  const parsed = parsedDsn(dsn);
  const headers = { 'content-type': 'application/x-sentry-envelope', 'content-encoding': 'gzip', 'x-sentry-auth': authHeader(parsed) };
  const answer = await withForward(stack, (url) => fetch(`${url}/api/${parsed.projectId}/envelope/`, { method: 'POST', headers, body: gzipSync(body) }));
  expect(answer.status).toBe(200);
}

function parsedDsn(text: string): Dsn {
  const parsed = parseDsn(text);
  if (!parsed.ok) throw new Error(`no DSN: ${text}`);
  return parsed.dsn;
}

/** Of these events, what is set aside: the operator's own may be there, too. */
async function setAside(stack: Stack, ids: readonly string[]): Promise<z.infer<typeof listed>['records']> {
  const { records } = listed.parse(JSON.parse(await cli(stack, 'spool', 'list', '--state', 'set-aside', '--json')));
  return records.filter(({ events = [] }) => events.some((id) => ids.includes(id)));
}
