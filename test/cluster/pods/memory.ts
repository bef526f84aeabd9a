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
    await waitFor({ what: 'an event to be accepted', seconds: 60 }, async () => {
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

function livesExcept(pods: ReadonlyMap<Part, PartPod>, part: Part): Record<string, object> {
  return Object.fromEntries([...pods].filter(([other]) => other !== part).map(([other, pod]) => [other, lifeOf(pod)]));
}

export function describeMemory(stack: Stack, dsn: () => string): void {
  describe('an out-of-memory kill restarts that part alone', () => {
    it.each(PARTS)('%s', async (part) => {
      const before = await stack.ready();
      const restarts = before.get(part)?.restarts ?? 0;
      const started = Date.now();
      await killByMemory(stack, part);
      let end: PartPod['lastEnd'];
      const after = await waitFor<ReadonlyMap<Part, PartPod>>({ what: `${part} to be restarted and Ready`, seconds: 120 }, async () => {
        const pods = await stack.pods();
        const pod = pods.get(part);
        // The kubelet forgets it when it has removed the dead container.
        if (Date.parse(pod?.lastEnd?.finishedAt ?? '') > started - 2000) end = pod?.lastEnd;
        const done = pod !== undefined && pod.restarts > restarts && pod.ready;
        return done ? { found: pods } : { seen: `restarts ${pod?.restarts ?? '-'}, ready ${String(pod?.ready)}` };
      });
      tell(`${part}: killed, restarted and Ready again after ${((Date.now() - started) / 1000).toFixed(0)} s`);
      expect(after.get(part)).toMatchObject({ restarts: restarts + 1, uid: before.get(part)?.uid });
      expect(end).toMatchObject({ reason: 'OOMKilled', exitCode: 137 });
      expect(livesExcept(after, part)).toEqual(livesExcept(before, part));
      await proveEventStored(stack, dsn());
      expect(livesExcept(await stack.ready(), part)).toEqual(livesExcept(before, part));
    }, 300_000);
  });
}
