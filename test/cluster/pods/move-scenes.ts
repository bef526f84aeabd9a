// The move from an old Sentry on pods, while numbered events come in by an old DSN: at the end each is on both sides, but for what one of them was meant to lack.
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { MOVE_SECRET } from '../../../operator/api/object-names.js';
import { parseDsnTable } from '../../../operator/core/move/dsn-table.js';
import type { LoadReport } from '../../sdk/load.js';
import { recordMeasurement } from '../../support/measurements.js';
import type { OldBehaviour } from '../../support/old-sentry-program.js';
import { OLD_TOKEN } from '../../support/old-sentry.js';
import { cli, cliSays, printedBy } from '../support/cli.js';
import { freeze } from '../support/frozen.js';
import { startLoad } from '../support/inside.js';
import { tellLoad } from '../support/load-report.js';
import { equal, keepsUp, untilDifference } from '../support/move-compared.js';
import { moveStatus, offerMove, step, timedTurn, typed, untilAsked, untilPhase, untilReason } from '../support/move-runs.js';
import { OldServer } from '../support/old-server.js';
import { killMain, processesOf } from '../support/out-of-memory.js';
import type { Stack } from '../support/stack.js';
import { settleStored } from '../support/stored-events.js';
import { waitFor, when } from '../support/wait.js';
import { expectRefusedWhileAwayOnly, killGateway, type Away } from './gateway.js';
import { describeMoveEnd } from './move-end.js';
import type { Installed } from './on-pods.js';

/** Events a second, all the time. */
const RATE = 60;
/** Longer than the part may take. Seconds. */
const LOAD_SECONDS = 2_600;
const SCENE_MS = 600_000;
/** From the command until the other one leads. Seconds. */
const GOAL = 10;
const AWAY_SECONDS = 600;
/** Events that the old one is behind at most before a scene, and that come in it at least: while it limits the gateway keeps 2,500 of them, and seconds pass until somebody looks. */
const BEHIND = 300;

/** The operator stands still until it is asked, so that the first kill is before it took that up; the gateway is killed, too, so that the second is most likely before the gateway has confirmed it. */
async function turnWithKills(stack: Stack, turn: 'cutover' | 'rollback'): Promise<Away> {
  await freeze(stack, (await stack.pod('operator')).container);
  const turning = step(stack, turn);
  // Looked at in the end; until then its failure must not end the process.
  turning.catch(() => undefined);
  await untilAsked(stack, turn);
  await killMain(stack, 'operator');
  const back = killGateway(stack);
  back.catch(() => undefined);
  await untilPhase(stack, { cutover: 'Cutover', rollback: 'Parallel' }[turn]);
  await killMain(stack, 'operator');
  await turning;
  return back;
}

export function describeMove({ stack, canaries, dsn }: Installed): void {
  describe(`a move at ${RATE} events/s`, () => {
    let old: OldServer;
    let [folder, baseUrl] = ['', ''];
    const killed: Away[] = [];
    /** While it was begun: looked for at the end, for what a killed gateway had given to web may be given again minutes later. */
    let begun: LoadReport | undefined;
    let load: { readonly report: Promise<LoadReport>; readonly stop: () => void } | undefined;

    beforeAll(async () => {
      old = await OldServer.start(stack.cluster);
      folder = await offerMove(stack, old.settings, OLD_TOKEN);
      baseUrl = await stack.baseUrl();
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

    it('starts, gateway and operator killed (kill -9) while it imports: saved, imported, and both get every event', async () => {
      // By a project of ours: the old ones are not known yet.
      const own = startLoad(stack.cluster, { dsn: dsn(), baseUrl, rate: RATE, seconds: LOAD_SECONDS });
      load = own;
      const began = Date.now();
      const starting = typed(stack, 'start', folder);
      await waitFor<true>({ what: 'the import', seconds: 120, every: 0.2 }, async () => {
        const phase = (await moveStatus(stack)).current?.phase;
        return when(phase === 'Importing', String(phase));
      });
      const [away] = await Promise.all([killGateway(stack), killMain(stack, 'operator')]);
      expect(await starting).toMatch(/both get every event, and the old one leads/);
      recordMeasurement({ what: 'a move, from its start until both get every event, gateway and operator killed in between', value: Math.round((Date.now() - began) / 1_000), unit: 's' });
      own.stop();
      const report = await own.report;
      tellLoad('while a move is begun', report);
      expectRefusedWhileAwayOnly(report, [away]);
      begun = report;
      expect((await canaries.collect()).map(({ name }) => name)).toContain('glitchtip-move/token');
      expect(await moveStatus(stack)).toMatchObject({ current: { phase: 'Parallel', dsns: { known: 3, served: 3 } } });
      await typed(stack, 'export', folder);
      const table = parseDsnTable(await readFile(join(folder, 'dsns.json'), 'utf8'));
      expect(table.kind === 'valid' && table.rows.every(({ project }) => project !== undefined)).toBe(true);
      // By the old number and key: 1 is somebody else's number here.
      const oldDsn = table.kind === 'valid' ? table.rows.find(({ name }) => name === 'acme/backend')?.old ?? '' : '';
      load = startLoad(stack.cluster, { dsn: oldDsn, baseUrl, rate: RATE, seconds: LOAD_SECONDS });
    }, SCENE_MS);

    it('compares equal', async () => {
      await sleep(20_000);
      await equal(stack, RATE);
      // Word for word: it exits with 2 while something is on its way.
      const text = await typed(stack, 'compare', folder).catch(printedBy);
      expect(text).toMatch(/both have every event|some events are still on their way/);
    }, SCENE_MS);

    // Once word for word, and once by itself.
    it.each<['cutover' | 'rollback', string, typeof typed | typeof step]>([
      ['cutover', 'Cutover', typed], ['rollback', 'Parallel', typed], ['cutover', 'Cutover', step], ['rollback', 'Parallel', step],
    ])(`%s: the other one leads within ${GOAL} s of the command`, async (turn, phase, ask) => {
      await timedTurn(stack, turn, { rate: RATE, goal: GOAL, ask: () => ask(stack, turn, folder) });
      expect((await moveStatus(stack)).current?.phase).toBe(phase);
    }, SCENE_MS);

    it('the gateway killed (kill -9) in each phase, and the operator when it was asked and once more when it has written that: it comes to the same end', async () => {
      for (const turn of ['cutover', 'rollback'] as const) {
        // A new pod: the kubelet lets a container wait the longer, the more often it died.
        await stack.kubectl('rollout', 'restart', 'deployment/glitchkeeper');
        await stack.rolledOut();
        killed.push(await turnWithKills(stack, turn));
      }
      await stack.ready();
      expect((await moveStatus(stack)).current).toMatchObject({ phase: 'Parallel', inForceSince: expect.any(String) });
    }, SCENE_MS);

    it.each<['cutover' | 'rollback', string]>([['cutover', 'Cutover'], ['rollback', 'Parallel']])('gateway and operator killed at rest after a %s: it stays as it was, and neither lacks anything', async (turn, phase) => {
      await step(stack, turn);
      const { current } = await moveStatus(stack);
      const [away] = await Promise.all([killGateway(stack), killMain(stack, 'operator')]);
      killed.push(away);
      await stack.ready();
      await equal(stack, RATE);
      expect((await moveStatus(stack)).current).toMatchObject({ phase, inForceSince: current?.inForceSince });
    }, 2 * SCENE_MS);

    it('two people: whoever comes second is told that somebody else was first, and it is as the first one wanted', async () => {
      // The operator stands still meanwhile: the first request is not taken up before the second is made.
      const held = await processesOf(stack, 'operator');
      for (const id of held) process.kill(id, 'SIGSTOP');
      const first = step(stack, 'cutover');
      // Looked at in the end; until then its failure must not end the process.
      first.catch(() => undefined);
      const second = untilAsked(stack, 'cutover').then(() => step(stack, 'cutover')).then(() => 'done', String);
      await second.finally(() => { for (const id of held) process.kill(id, 'SIGCONT'); });
      expect(await second).toMatch(/somebody else was first/);
      await first;
      expect((await moveStatus(stack)).current?.phase).toBe('Cutover');
    }, SCENE_MS);

    it('the Secret of DSNs deleted: told, the way back works, and the export still prints them', async () => {
      await stack.kubectl('delete', 'secret', MOVE_SECRET);
      await untilReason(stack, 'TableMissing');
      await step(stack, 'rollback');
      expect(JSON.parse(await cli(stack, 'migrate', 'export', '--json'))).toMatchObject({ source: 'the gateway', dsns: expect.arrayContaining([expect.objectContaining({ project: expect.any(Number) })]) });
      await stack.kubectl('create', 'secret', 'generic', MOVE_SECRET, `--from-file=${join(folder, 'dsns.json')}`, `--from-file=${join(folder, 'token')}`);
    }, SCENE_MS);

    it.each<OldBehaviour>([{ status: 429 }, { delay: 2_000 }, { status: 503 }])('the old one limiting, slow and ill (%j): GlitchTip is not held up, and the old one gets everything afterwards', async (behaviour) => {
      await untilDifference(stack, { what: 'the old one to have caught up', seconds: 300 }, ({ waiting }) => waiting.old <= BEHIND);
      await old.behave(behaviour);
      // While it limits nobody waits for GlitchTip: more than the gateway keeps for later would be refused for good.
      await untilDifference(stack, { what: 'the old one, and not GlitchTip, to be behind', seconds: 300 }, ({ waiting }) => waiting.old >= 2 * BEHIND && (behaviour.status === 429 || keepsUp(waiting.glitchtip, RATE)));
      await old.behave({});
      await equal(stack, RATE);
    }, 2 * SCENE_MS);

    it('GlitchTip away for two minutes while the old one leads: the old one is not held up, and GlitchTip gets everything afterwards', async () => {
      expect((await moveStatus(stack)).current?.phase).toBe('Parallel');
      const both = (replicas: 0 | 1) => Promise.all([stack.scale('deployment/web', 'web', replicas), stack.scale('deployment/worker', 'worker', replicas)]);
      await both(0);
      await untilDifference(stack, { what: 'GlitchTip, and not the old one, to be behind by two minutes', seconds: 300 }, ({ waiting }) => waiting.glitchtip >= 120 * RATE && keepsUp(waiting.old, RATE));
      await both(1);
      await equal(stack, RATE);
    }, 2 * SCENE_MS);

    it(`the old one away for ${AWAY_SECONDS / 60} minutes: told, and it gets everything afterwards`, async () => {
      await old.behave({ away: true });
      await sleep(AWAY_SECONDS * 1_000);
      const told = await cliSays(stack, 'migrate', 'status');
      expect(told).toMatch(/takes nothing/);
      await old.behave({});
      await equal(stack, RATE);
    }, AWAY_SECONDS * 1_000 + 2 * SCENE_MS);

    it('at the end nothing was refused but while the gateway was killed, GlitchTip has each other event, and so does the old one', async () => {
      load?.stop();
      const report = await load?.report;
      load = undefined;
      if (report === undefined) throw new Error('no load was started');
      tellLoad('beside a move', report);
      expectRefusedWhileAwayOnly(report, killed);
      const { lost } = await settleStored(stack, report);
      if (begun !== undefined) expect((await settleStored(stack, begun)).lost).toEqual([]);
      await equal(stack, RATE);
      const ids = new Set((await old.taken()).ids);
      const missing = report.events.filter(({ eventId, outcome }) => outcome.kind === 'accepted' && !ids.has(eventId)).length;
      // More than what was accepted may be there: a kill between the disk and the answer.
      expect({ lost, missing }).toEqual({ lost: [], missing: 0 });
    }, 2 * SCENE_MS);

    describeMoveEnd(stack, () => ({ old, folder, baseUrl }));
  });
}
