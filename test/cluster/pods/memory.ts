// A part that exceeds its limit restarts alone, and works again; nobody else notices.
import { describe, expect, it } from '@jest/globals';
import { dsnAt, parseDsn, envelopeUrl, authHeader } from '../../sdk/dsn.js';
import { envelope, newRunId } from '../../sdk/load.js';
import { send } from '../../sdk/http-client.js';
import { runIds } from '../support/stored-events.js';
import { killByMemory } from '../support/out-of-memory.js';
import { memoryKillsOfPod } from '../support/kernel-log.js';
import { PARTS, lifeOf, presentPod, type Part, type PartPod } from '../support/parts.js';
import { withForward } from '../support/project.js';
import { printFigure } from '../support/fault-report.js';
import type { Installed } from './on-pods.js';
import type { Stack } from '../support/stack.js';
import { waitFor, when } from '../support/wait.js';

/** After Postgres was away GlitchTip's pool of connections tries again after up to 64 s, twice at worst. */
const STORED_SECONDS = 180;

/** Proves that the whole way works: an event in through web, out through the worker, found in Postgres. */
export async function proveEventStored(stack: Stack, dsnText: string): Promise<void> {
  const parsed = parseDsn(dsnText);
  if (!parsed.ok) throw new Error(`no DSN: ${dsnText}`);
  const runId = newRunId();
  const accepted = await withForward(stack, (baseUrl) => {
    const dsn = dsnAt(parsed.dsn, baseUrl);
    return waitFor<string>({ what: 'an event to be accepted', seconds: 120 }, async () => {
      const eventId = crypto.randomUUID().replaceAll('-', '');
      const { status } = await send({ url: envelopeUrl(dsn), method: 'POST', headers: { 'x-sentry-auth': authHeader(dsn) }, body: envelope(eventId, runId, 1) });
      return status === 200 ? { found: eventId } : { seen: `status ${status}` };
    });
  });
  await waitFor({ what: 'the event to be stored', seconds: STORED_SECONDS }, async () => when((await runIds(stack, runId)).has(accepted), 'not stored'));
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
    // The kubelet forgets it when it has removed the ended container.
    if (Date.parse(pod.lastEnd?.finishedAt ?? '') > since - 2000) end = pod.lastEnd;
    const done = pod.uid === before.uid && pod.restarts === before.restarts + 1 && pod.ready;
    return done ? { found: { pods, end } } : { seen: `restarts ${pod.restarts}, ready ${String(pod.ready)}` };
  });
}

function livesExcept(pods: ReadonlyMap<Part, PartPod>, part: Part): Record<string, unknown> {
  return Object.fromEntries([...pods].filter(([other]) => other !== part).map(([other, pod]) => [other, lifeOf(pod)]));
}

/** One that connected to the new Valkey and took nothing (celery#10205) ends by itself after a minute: charts/runtime/sitecustomize.py. */
async function workerEndedItself(stack: Stack): Promise<boolean> {
  const { container } = await stack.pod('worker');
  const log = await stack.kubectl('logs', container.pod, '--container', container.container, '--previous').catch(() => '');
  return log.includes('nothing was taken from the queue');
}

export function describeMemory({ stack, dsn, alerts }: Installed): void {
  describe('an out-of-memory kill restarts that part alone, and a person hears of it', () => {
    const incidents: string[] = [];
    it.each(PARTS)('%s', async (part) => {
      const before = await stack.ready();
      const { uid } = presentPod(before, part);
      const kills = () => memoryKillsOfPod(stack.cluster.cgroup.name, uid);
      const killed = await kills();
      const started = Date.now();
      await killByMemory(stack, part);
      const { pods: after, end } = await untilRestarted(stack, presentPod(before, part), started);
      printFigure(`${part}: killed, restarted and Ready again after ${((Date.now() - started) / 1000).toFixed(0)} s`);
      // The kernel's word: the kubelet may have heard of the end before it heard of the reason.
      expect(end).toMatchObject({ exitCode: 137 });
      expect((await kills()).length).toBeGreaterThan(killed.length);
      expect(livesExcept(after, part)).toEqual(livesExcept(before, part));
      await proveEventStored(stack, dsn());
      const [unchanged, lives] = [livesExcept(before, part), livesExcept(await stack.ready(), part)];
      if (part === 'valkey' && await workerEndedItself(stack)) unchanged['worker'] = expect.anything();
      expect(lives).toEqual(unchanged);
      // Of an end that the kubelet heard of before the reason it says "Error".
      if (end?.reason !== 'OOMKilled') return;
      const { incident } = await alerts().opened({ reason: 'OutOfMemory', part }, started);
      incidents.push(incident);
    }, 420_000);

    it('of which a person heard, part by part', () => {
      expect(incidents.length).toBeGreaterThan(0);
      expect(new Set(incidents).size).toBe(incidents.length);
    });
  });
}
