// The move from an old Sentry on pods, while numbered events come in by an old DSN: at the end each is on both sides, but for what one of them was meant to lack.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { MOVE_SECRET } from '../../../operator/api/object-names.js';
import { parseDsnTable } from '../../../operator/core/move/dsn-table.js';
import type { LoadReport } from '../../sdk/load.js';
import { recordMeasurement } from '../../support/measurements.js';
import { OLD_TOKEN } from '../../support/old-sentry.js';
import { cli, cliSays, printedBy } from '../support/cli.js';
import { printFigure } from '../support/fault-report.js';
import { startLoad } from '../support/inside.js';
import { tellLoad } from '../support/load-report.js';
import { ledAt, moveStatus, step, typed } from '../support/move-runs.js';
import { OldServer } from '../support/old-server.js';
import { killMain } from '../support/out-of-memory.js';
import { settleStored } from '../support/stored-events.js';
import type { Stack } from '../support/stack.js';
import { waitFor } from '../support/wait.js';
import { expectRefusedWhileAwayOnly, killGateway, type Away } from './gateway.js';
import type { Installed } from './on-pods.js';

/** Events a second, all the time. */
const RATE = 60;
/** Longer than the part may take. Seconds. */
const LOAD_SECONDS = 2_600;
const SCENE_MS = 600_000;
/** From the command until the other one leads. Seconds. */
const GOAL = 10;
const AWAY_SECONDS = 600;
const RECENT_SECONDS = 15;

export function describeMove({ stack }: Installed): void {
  describe(`a move at ${RATE} events/s`, () => {
    let old: OldServer;
    let folder = '';
    const killed: Away[] = [];
    let load: { readonly report: Promise<LoadReport>; readonly stop: () => void } | undefined;

    beforeAll(async () => {
      old = await OldServer.start(stack.cluster);
      folder = await mkdtemp(join(tmpdir(), 'glitchkeeper-move-'));
      await writeFile(join(folder, 'token'), OLD_TOKEN, { mode: 0o600 });
      await stack.apply(await stack.synthesize('move', { move: old.settings }));
      await stack.rolledOut();
      await typed(stack, 'takenUp', folder);
    }, SCENE_MS);
    afterAll(async () => {
      load?.stop();
      await old.stop();
      await rm(folder, { recursive: true, force: true });
    }, 120_000);

    it('a plan reads the old one, and changes nothing', async () => {
      expect(await typed(stack, 'plan', folder)).toMatch(/3 projects with 3 keys/);
      expect(await moveStatus(stack)).toEqual({});
    }, SCENE_MS);

    it('starts: saved, imported, and both get every event', async () => {
      const began = Date.now();
      expect(await typed(stack, 'start', folder)).toMatch(/both get every event, and the old one leads/);
      recordMeasurement({ what: 'a move, from its start until both get every event', value: Math.round((Date.now() - began) / 1_000), unit: 's' });
      expect(await moveStatus(stack)).toMatchObject({ current: { phase: 'Parallel', dsns: { known: 3, served: 3 } } });
      await typed(stack, 'export', folder);
      const table = parseDsnTable(await readFile(join(folder, 'dsns.json'), 'utf8'));
      expect(table.kind === 'valid' && table.rows.every(({ project }) => project !== undefined)).toBe(true);
      // By the old number and key: 1 is somebody else's number here.
      const dsn = table.kind === 'valid' ? table.rows.find(({ name }) => name === 'acme/backend')?.old ?? '' : '';
      load = startLoad(stack.cluster, { dsn, baseUrl: `http://${await stack.serviceAddress('web')}:8080`, rate: RATE, seconds: LOAD_SECONDS });
    }, SCENE_MS);

    it('compares equal', async () => {
      await sleep(20_000);
      await equal(stack);
      // Word for word: it exits with 2 while something is on its way.
      const text = await typed(stack, 'compare', folder).catch(printedBy);
      expect(text).toMatch(/both have every event|some events are still on their way/);
    }, SCENE_MS);

    it.each<['cutover' | 'rollback', string]>([['cutover', 'Cutover'], ['rollback', 'Parallel'], ['cutover', 'Cutover'], ['rollback', 'Parallel']])(`%s: the other one leads within ${GOAL} s of the command`, async (turn, phase) => {
      const began = Date.now();
      const confirmed = await step(stack, turn);
      const led = await waitFor<number>({ what: 'the first event under the other one', seconds: 60, every: 0.2 }, async () => {
        const at = await ledAt(stack);
        return at === undefined || at < began ? { seen: String(at) } : { found: at };
      });
      printFigure(`${turn} at ${RATE} events/s: confirmed after ${confirmed.toFixed(1)} s, first event after ${((led - began) / 1_000).toFixed(1)} s`);
      recordMeasurement({ what: `${turn} at ${RATE} events/s, from the command to the first event that the other one leads`, value: (led - began) / 1_000, unit: 's', goal: GOAL });
      expect((led - began) / 1_000).toBeLessThanOrEqual(GOAL);
      expect((await moveStatus(stack)).current?.phase).toBe(phase);
    }, SCENE_MS);

    it('the gateway killed (kill -9) in each phase, and the operator in each step: it comes to the same end', async () => {
      for (const turn of ['cutover', 'rollback'] as const) {
        const back = killGateway(stack);
        const turning = step(stack, turn);
        await killMain(stack, 'operator').catch(() => undefined);
        await turning;
        killed.push(await back);
      }
      await stack.ready();
      expect((await moveStatus(stack)).current).toMatchObject({ phase: 'Parallel', inForceSince: expect.any(String) });
    }, SCENE_MS);

    it('two people at once: one is told that somebody else was first, and the end is that of one of them', async () => {
      const ends = await Promise.allSettled([step(stack, 'cutover'), step(stack, 'cutover')]);
      expect(ends.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThan(0);
      expect((await moveStatus(stack)).current?.phase).toBe('Cutover');
    }, SCENE_MS);

    it('the Secret of DSNs deleted: told, the way back works, and the export still prints them', async () => {
      await stack.kubectl('delete', 'secret', MOVE_SECRET);
      await waitFor<boolean>({ what: 'the condition to say so', seconds: 60 }, async () => {
        const { conditions = [] } = JSON.parse(await stack.kubectl('get', 'gt', 'glitchtip', '--output', 'jsonpath={.status}')) as { conditions?: { type: string; reason: string }[] };
        const reason = conditions.find(({ type }) => type === 'MoveHealthy')?.reason;
        return reason === 'TableMissing' ? { found: true } : { seen: reason ?? 'nothing' };
      });
      await step(stack, 'rollback');
      expect(JSON.parse(await cli(stack, 'migrate', 'export', '--json'))).toMatchObject({ source: 'the gateway', dsns: expect.arrayContaining([expect.objectContaining({ project: expect.any(Number) })]) });
      await stack.kubectl('create', 'secret', 'generic', MOVE_SECRET, `--from-file=${join(folder, 'dsns.json')}`);
    }, SCENE_MS);

    it('the old one slow, then limiting: GlitchTip is not held up, and the old one gets everything afterwards', async () => {
      for (const behaviour of [{ delay: 2_000 }, { status: 429 }, { status: 503 }]) {
        await old.behave(behaviour);
        await sleep(20_000);
      }
      await old.behave({});
      await equal(stack);
    }, 2 * SCENE_MS);

    it(`the old one away for ${AWAY_SECONDS / 60} minutes: told, and it gets everything afterwards`, async () => {
      await old.behave({ away: true });
      await sleep(AWAY_SECONDS * 1_000);
      const told = await cliSays(stack, 'migrate', 'status');
      expect(told).toMatch(/takes nothing/);
      await old.behave({});
      await equal(stack);
    }, AWAY_SECONDS * 1_000 + 2 * SCENE_MS);

    it('at the end nothing was refused but while the gateway was killed, GlitchTip has each other event, and so does the old one', async () => {
      load?.stop();
      const report = await load?.report;
      load = undefined;
      if (report === undefined) throw new Error('no load was started');
      tellLoad('beside a move', report);
      expectRefusedWhileAwayOnly(report, killed);
      const { lost } = await settleStored(stack, report);
      await equal(stack);
      const ids = new Set((await old.taken()).ids);
      const missing = report.events.filter(({ eventId, outcome }) => outcome.kind === 'accepted' && !ids.has(eventId)).length;
      // More than what was accepted may be there: a kill between the disk and the answer.
      expect({ lost, missing }).toEqual({ lost: [], missing: 0 });
    }, 2 * SCENE_MS);

    it('refused by the old one: listed by project with the reason, and nothing else waits for it', async () => {
      await old.behave({ status: 413 });
      const [row] = JSON.parse(await readFile(join(folder, 'dsns.json'), 'utf8')) as { old: string }[];
      await startLoad(stack.cluster, { dsn: row?.old ?? '', baseUrl: `http://${await stack.serviceAddress('web')}:8080`, rate: 5, seconds: 4 }).report;
      await old.behave({});
      await sleep(10_000);
      const text = await cliSays(stack, 'migrate', 'compare');
      expect(text).toMatch(/the old one .*413/);
    }, SCENE_MS);

    it('finishes: the old one gets nothing any more, and the Secret stays', async () => {
      await step(stack, 'cutover');
      await typed(stack, 'finish', folder);
      expect(await cli(stack, 'migrate', 'export', '--json')).toContain('Secret glitchtip-move');
      expect(await moveStatus(stack)).toMatchObject({ current: { phase: 'Finished', inForceSince: expect.any(String) } });
    }, SCENE_MS);
  });
}

interface Compared {
  readonly hours: readonly { readonly lacks: Sides; readonly waiting: Sides }[];
}
interface Sides { readonly glitchtip: number; readonly old: number }

/** Neither lacks anything; of what comes all the time, what came within the last seconds may be on its way. */
async function equal(stack: Stack): Promise<void> {
  await waitFor<boolean>({ what: 'both to have every event', seconds: 420, every: 3 }, async () => {
    const { hours } = await compare(stack);
    const sum = (which: 'lacks' | 'waiting') => hours.reduce((all, { [which]: { glitchtip, old } }) => all + glitchtip + old, 0);
    return hours.length > 0 && sum('lacks') === 0 && sum('waiting') <= RATE * RECENT_SECONDS ? { found: true } : { seen: `${sum('lacks')} lack, ${sum('waiting')} wait` };
  });
}

/** It exits with another code while something waits. */
async function compare(stack: Stack): Promise<Compared> {
  const text = await cliSays(stack, 'migrate', 'compare', '--json');
  return JSON.parse(text) as Compared;
}
