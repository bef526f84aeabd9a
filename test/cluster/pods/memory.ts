// A part that exceeds its limit restarts alone, and works again; nobody else notices.
import { describe, expect, it } from '@jest/globals';
import { dsnAt, parseDsn, envelopeUrl, authHeader } from '../../sdk/dsn.js';
import { envelope, newRunId } from '../../sdk/load.js';
import { send } from '../../sdk/http-client.js';
import { sql } from '../support/database.js';
import { killByMemory } from '../support/out-of-memory.js';
import { PARTS, lifeOf, type Part, type PartPod } from '../support/parts.js';
import { withForward } from '../support/project.js';
import { tell } from '../support/report.js';
import type { Stack } from '../support/stack.js';
import { waitFor, when } from '../support/wait.js';

/** As many at a look that a batch of 100 is full within a quarter of a minute. */
const EVENTS_A_LOOK = 10;

/**
 * Proves that the whole way works: an event in through web, out through the worker, found in Postgres.
 * Others follow it as in real traffic: after a restart of Valkey celery-batches has lost the timer that stores a batch
 * after 2 s (Celery clears it on reconnection, and the task goes on believing that it runs), and stores only full ones.
 */
export async function proveEventStored(stack: Stack, dsnText: string): Promise<void> {
  const parsed = parseDsn(dsnText);
  if (!parsed.ok) throw new Error(`no DSN: ${dsnText}`);
  const runId = newRunId();
  await withForward(stack, async (baseUrl) => {
    const dsn = dsnAt(parsed.dsn, baseUrl);
    const sendOne = async (number: number): Promise<number> => {
      const eventId = crypto.randomUUID().replaceAll('-', '');
      return (await send({ url: envelopeUrl(dsn), method: 'POST', headers: { 'x-sentry-auth': authHeader(dsn) }, body: envelope(eventId, runId, number) })).status;
    };
    let sent = 0;
    await waitFor({ what: 'an event to be stored', seconds: 240, every: 1 }, async () => {
      const statuses: number[] = [];
      for (let left = EVENTS_A_LOOK; left > 0; left -= 1) statuses.push(await sendOne(sent += 1));
      const [count] = await sql(stack, `SELECT count(*) FROM issue_events_issueevent WHERE title LIKE '%load ${runId} %'`);
      return when(Number(count) > 0, `${count ?? 'no answer'} of ${sent} stored, answers ${[...new Set(statuses)].join(', ')}`);
    });
  });
}

function presentPod(pods: ReadonlyMap<Part, PartPod>, part: Part): PartPod {
  const pod = pods.get(part);
  if (pod === undefined) throw new Error(`${part} has no pod`);
  return pod;
}

interface Restarted {
  readonly pods: ReadonlyMap<Part, PartPod>;
  readonly end: PartPod['lastEnd'];
}

/** Waits until the same pod runs a new container and is Ready, and notes how the old one ended. */
async function untilRestarted(stack: Stack, before: PartPod, since: number): Promise<Restarted> {
  let end: PartPod['lastEnd'];
  return waitFor<Restarted>({ what: `${before.part} to be restarted once and Ready`, seconds: 120 }, async () => {
    const pods = await stack.pods();
    const pod = presentPod(pods, before.part);
    // The kubelet forgets it when it has removed the dead container.
    if (Date.parse(pod.lastEnd?.finishedAt ?? '') > since - 2000) end = pod.lastEnd;
    const done = pod.uid === before.uid && pod.restarts === before.restarts + 1 && pod.ready;
    return done ? { found: { pods, end } } : { seen: `restarts ${pod.restarts}, ready ${String(pod.ready)}` };
  });
}

function livesExcept(pods: ReadonlyMap<Part, PartPod>, part: Part): Record<string, object> {
  return Object.fromEntries([...pods].filter(([other]) => other !== part).map(([other, pod]) => [other, lifeOf(pod)]));
}

/** A worker that Celery's reconnection left without a consumer (charts/runtime/sitecustomize.py) ends itself a minute after Valkey's restart. */
function bystanders(pods: ReadonlyMap<Part, PartPod>, part: Part): Record<string, object> {
  const { worker, ...others } = livesExcept(pods, part);
  return part === 'valkey' || worker === undefined ? others : { worker, ...others };
}

export function describeMemory(stack: Stack, dsn: () => string): void {
  describe('an out-of-memory kill restarts that part alone', () => {
    it.each(PARTS)('%s', async (part) => {
      const before = await stack.ready();
      const started = Date.now();
      await killByMemory(stack, part);
      const { pods: after, end } = await untilRestarted(stack, presentPod(before, part), started);
      tell(`${part}: killed, restarted and Ready again after ${((Date.now() - started) / 1000).toFixed(0)} s`);
      expect(end).toMatchObject({ reason: 'OOMKilled', exitCode: 137 });
      expect(livesExcept(after, part)).toEqual(livesExcept(before, part));
      await proveEventStored(stack, dsn());
      expect(bystanders(await stack.ready(), part)).toEqual(bystanders(before, part));
    }, 400_000);
  });
}
