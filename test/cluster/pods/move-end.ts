// The end of a move on pods: what the old one refuses, the finish by the commands of the runbook, another start after it, and the settings without it.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { MOVE_SECRET } from '../../../operator/api/object-names.js';
import { recordMeasurement } from '../../support/measurements.js';
import { cli, cliSays } from '../support/cli.js';
import { startLoad } from '../support/inside.js';
import { tellLoad } from '../support/load-report.js';
import { equal } from '../support/move-compared.js';
import { moveStatus, newDsnOf, step, typed, untilReason } from '../support/move-runs.js';
import type { OldServer } from '../support/old-server.js';
import { killMain } from '../support/out-of-memory.js';
import type { Stack } from '../support/stack.js';
import { settleStored } from '../support/stored-events.js';
import { waitFor, when } from '../support/wait.js';
import { killGateway } from './gateway.js';

const SCENE_MS = 600_000;
/** From the command until a server that was let go gets events again. Seconds. */
const BACK_GOAL = 300;

/** @param at what is there once the move was begun */
export function describeMoveEnd(stack: Stack, at: () => { readonly old: OldServer; readonly folder: string; readonly baseUrl: string }): void {
  it.each([413, 403])('refused by the old one with %i: listed by project with the reason, told, and nothing else waits for it', async (status) => {
    await at().old.behave({ status });
    const [row] = JSON.parse(await readFile(join(at().folder, 'dsns.json'), 'utf8')) as { old: string }[];
    await startLoad(stack.cluster, { dsn: row?.old ?? '', baseUrl: at().baseUrl, rate: 5, seconds: 4 }).report;
    await waitFor<true>({ what: `compare to list ${status}`, seconds: 60 }, async () => {
      const text = await cliSays(stack, 'migrate', 'compare');
      return when(new RegExp(`the old one .*${status}`).test(text), text.slice(-300));
    });
    await at().old.behave({});
    await untilReason(stack, 'OldRefuses');
  }, SCENE_MS);

  /** Few, by the new DSN: all are taken and stored. */
  const expectTaken = async (): Promise<void> => {
    const report = await startLoad(stack.cluster, { dsn: await newDsnOf(stack, 'acme/backend'), baseUrl: at().baseUrl, rate: 5, seconds: 4 }).report;
    expect(tellLoad('after a move', report).losses).toEqual({});
    expect((await settleStored(stack, report)).lost).toEqual([]);
  };

  it('finishes: the old one gets nothing any more, also after gateway and operator were killed, and the Secret stays', async () => {
    await step(stack, 'cutover');
    await typed(stack, 'finish', at().folder);
    await Promise.all([killGateway(stack), killMain(stack, 'operator')]);
    await stack.ready();
    expect(await cli(stack, 'migrate', 'export', '--json')).toContain('Secret glitchtip-move');
    expect(await moveStatus(stack)).toMatchObject({ current: { phase: 'Finished', inForceSince: expect.any(String) } });
    const before = (await at().old.taken()).ids.length;
    await expectTaken();
    expect((await at().old.taken()).ids.length).toBe(before);
  }, SCENE_MS);

  it('from the end, the way back is another start: within minutes, and nothing is imported twice', async () => {
    const importedAt = (await moveStatus(stack)).current?.importedAt;
    const again = startLoad(stack.cluster, { dsn: await newDsnOf(stack, 'acme/backend'), baseUrl: at().baseUrl, rate: 20, seconds: 2 * BACK_GOAL });
    const began = Date.now();
    await cli(stack, 'migrate', 'start', '--yes', '--json');
    const back = await waitFor<number>({ what: 'the old one to get events again', seconds: BACK_GOAL }, async () => {
      const found = (await at().old.taken()).at.find((each) => each >= began);
      return found === undefined ? { seen: 'none' } : { found };
    });
    again.stop();
    recordMeasurement({ what: 'start after finish, from the command to the first event that the old one gets', value: (back - began) / 1_000, unit: 's', goal: BACK_GOAL });
    expect((back - began) / 1_000).toBeLessThanOrEqual(BACK_GOAL);
    expect(tellLoad('after another start', await again.report).losses).toEqual({});
    await equal(stack, 0);
    expect((await moveStatus(stack)).current).toMatchObject({ phase: 'Parallel', importedAt });
  }, 2 * SCENE_MS);

  it('ends as the runbook does: the token removed, and `move` taken out of the settings', async () => {
    for (const turn of ['cutover', 'finish'] as const) await step(stack, turn);
    await typed(stack, 'removeToken', at().folder);
    expect(await stack.secret(MOVE_SECRET, 'token')).toBe('');
    await stack.apply(await stack.synthesize('moved'));
    await stack.rolledOut();
    await waitFor<true>({ what: 'the operator to take it up', seconds: 180 }, async () => {
      const move = await stack.kubectl('get', 'gt', 'glitchtip', '--output', 'jsonpath={.spec.move}');
      return when(move === '', move);
    });
    await expectTaken();
    expect((await moveStatus(stack)).current?.phase).toBe('Finished');
  }, 2 * SCENE_MS);
}
