// The move from another GlitchTip, its double beside the cluster, while numbered events come in by its DSN: at the end both have stored each of them, once.
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parseDsnTable } from '../../../operator/core/move/dsn-table.js';
import type { LoadReport } from '../../sdk/load.js';
import { provision } from '../../sdk/provision.js';
import { EMAIL, PASSWORD, startGlitchTipDouble, type GlitchTipDouble } from '../../support/glitchtip-processes.js';
import { startLoad } from '../support/inside.js';
import { tellLoad } from '../support/load-report.js';
import { equal, keepsUp, untilDifference } from '../support/move-compared.js';
import { moveStatus, offerMove, timedTurn, typed } from '../support/move-runs.js';
import { storedOnce } from '../support/stored-events.js';
import { waitFor } from '../support/wait.js';
import type { Installed } from './on-pods.js';

/** Events a second: the old one shares two cores with the cluster; at 60 the way back is timed beside a lighter one (move-scenes.ts). */
const RATE = 20;
/** Longer than the part may take. Seconds. */
const LOAD_SECONDS = 2_600;
const SCENE_MS = 600_000;
/** From the command until the other one leads. Seconds. */
const GOAL = 10;
/** What comes at least before a look at both. Seconds. */
const BOTH_SECONDS = 60;

export function describeMoveFromGlitchTip({ stack }: Installed): void {
  describe(`a move from another GlitchTip at ${RATE} events/s`, () => {
    let old: GlitchTipDouble;
    let folder = '';
    let load: { readonly report: Promise<LoadReport>; readonly stop: () => void } | undefined;

    beforeAll(async () => {
      // Pods reach this machine by its end of the node's network.
      const { hostAddress } = stack.cluster.network;
      old = await startGlitchTipDouble(hostAddress);
      const from = `http://${hostAddress}:${old.port}`;
      const { org, token } = await provision({ baseUrl: from, email: EMAIL, password: PASSWORD, organization: 'acme', project: 'backend' });
      folder = await offerMove(stack, { from, organization: org, privateNetworks: [`${hostAddress}/32`] }, token);
    }, SCENE_MS);
    afterAll(async () => {
      load?.stop();
      await old.stop();
      await rm(folder, { recursive: true, force: true });
    }, 120_000);

    it('a plan reads it, and says what a GlitchTip does not tell', async () => {
      const plan = await typed(stack, 'plan', folder);
      expect(plan).toMatch(/1 project with 1 key/);
      expect(plan).toMatch(/does not say how much comes/);
    }, SCENE_MS);

    it('starts: imported with its key, and both get every event', async () => {
      await typed(stack, 'start', folder);
      expect(await moveStatus(stack)).toMatchObject({ current: { phase: 'Parallel', dsns: { known: 1, served: 1 } } });
      await typed(stack, 'export', folder);
      const table = parseDsnTable(await readFile(join(folder, 'dsns.json'), 'utf8'));
      expect(table).toMatchObject({ kind: 'valid', rows: [{ name: 'acme/backend', project: expect.any(Number) }] });
      const [row] = table.kind === 'valid' ? table.rows : [];
      load = startLoad(stack.cluster, { dsn: row?.old ?? '', baseUrl: await stack.baseUrl(), rate: RATE, seconds: LOAD_SECONDS });
      await untilBothTook(BOTH_SECONDS * RATE);
      await equal(stack, RATE);
    }, SCENE_MS);

    it.each<['cutover' | 'rollback', string]>([['cutover', 'Cutover'], ['rollback', 'Parallel']])(`%s: the other one leads within ${GOAL} s of the command`, async (turn, phase) => {
      await timedTurn(stack, turn, { rate: RATE, goal: GOAL, ask: () => typed(stack, turn, folder) });
      expect((await moveStatus(stack)).current?.phase).toBe(phase);
      await untilBothTook((await storedByOld()) + BOTH_SECONDS * RATE);
      await equal(stack, RATE);
    }, SCENE_MS);

    it('at the end not one event was refused, and each is stored by both, once', async () => {
      load?.stop();
      const report = await load?.report;
      load = undefined;
      if (report === undefined) throw new Error('no load was started');
      expect(tellLoad('beside a move from another GlitchTip', report).losses).toEqual({});
      await untilDifference(stack, { what: 'both to have every event', seconds: 420 }, ({ lacks, waiting }) => [lacks, waiting].every(({ glitchtip, old: there }) => glitchtip + there === 0));
      const { lost, stored, rows } = await storedOnce(stack, report);
      expect({ lost, rows }).toEqual({ lost: [], rows: stored });
      // It has its own queue behind its answers.
      await waitFor<true>({ what: 'the old one to have stored each', seconds: 120 }, async () => {
        const found = await storedByOld();
        return found === stored ? { found: true } : { seen: `${found} of ${stored}` };
      });
      const there = new Set((await old.sql<{ id: string }>('SELECT replace(id::text, \'-\', \'\') AS id FROM issue_events_issueevent')).map(({ id }) => id));
      expect(report.events.filter(({ eventId, outcome }) => outcome.kind === 'accepted' && !there.has(eventId))).toEqual([]);
    }, 2 * SCENE_MS);

    const storedByOld = async (): Promise<number> => Number((await old.sql<{ count: string }>('SELECT count(*) FROM issue_events_issueevent'))[0]?.count);

    /** Rows of the old one; ours keeps up with it. */
    async function untilBothTook(events: number): Promise<void> {
      await waitFor<true>({ what: `the old one to store ${events}`, seconds: 240, every: 1 }, async () => {
        const found = await storedByOld();
        return found >= events ? { found: true } : { seen: String(found) };
      });
      await untilDifference(stack, { what: 'both to keep up', seconds: 240 }, ({ waiting }) => keepsUp(waiting.glitchtip + waiting.old, RATE));
    }
  });
}
