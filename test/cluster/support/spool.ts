// What the gateway has on its disk, as a person asks for it.
import { z } from 'zod';
import { cli } from './cli.js';
import type { Stack } from './stack.js';
import { waitFor, when } from './wait.js';

const spoolStatus = z.object({ records: z.object({ waiting: z.number(), underWay: z.number(), limbo: z.number() }) });

/** Resolves when GlitchTip has stored all of it. */
export async function spoolEmpty(stack: Stack, seconds = 600): Promise<void> {
  await recordsGone(stack, { what: 'the spool to be empty', seconds }, ({ waiting, underWay, limbo }) => waiting + underWay + limbo);
}

/** Resolves when all of it was given to GlitchTip and is stored, but for what GlitchTip lost and will be given again. */
export async function spoolGiven(stack: Stack, seconds = 600): Promise<void> {
  await recordsGone(stack, { what: 'all of the spool to be given', seconds }, ({ waiting, underWay }) => waiting + underWay);
}

async function recordsGone(stack: Stack, goal: { readonly what: string; readonly seconds: number }, left: (records: z.infer<typeof spoolStatus>['records']) => number): Promise<void> {
  await waitFor<true>({ ...goal, every: 2 }, async () => {
    const { records } = spoolStatus.parse(JSON.parse(await cli(stack, 'spool', '--json')));
    return when(left(records) === 0, `${records.waiting} waiting, ${records.underWay} under way, ${records.limbo} not seen in time`);
  });
}
