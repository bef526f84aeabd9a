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

/** Proves that the whole way works: an event in through web, out through the worker, found in Postgres. */
export async function proveEventStored(stack: Stack, dsnText: string): Promise<void> {
  const parsed = parseDsn(dsnText);
  if (!parsed.ok) throw new Error(`no DSN: ${dsnText}`);
  const runId = newRunId();
  await withForward(stack, async (baseUrl) => {
    const dsn = dsnAt(parsed.dsn, baseUrl);
    await waitFor({ what: 'an event to be accepted', seconds: 120 }, async () => {
      const eventId = crypto.randomUUID().replaceAll('-', '');
      const { status } = await send({ url: envelopeUrl(dsn), method: 'POST', headers: { 'x-sentry-auth': authHeader(dsn) }, body: envelope(eventId, runId, 1) });
      return when(status === 200, `status ${status}`);
    });
  });
  await waitFor({ what: 'the event to be stored', seconds: 60 }, async () => {
    const [count] = await sql(stack, `SELECT count(*) FROM issue_events_issueevent WHERE title LIKE '%load ${runId} %'`);
    return when(count === '1', `${count ?? 'no answer'} stored`);
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
      expect(livesExcept(await stack.ready(), part)).toEqual(livesExcept(before, part));
    }, 300_000);
  });
}
