// What the gateway has on its disk, as a person asks for it.
import { z } from 'zod';
import { cli } from './cli.js';
import type { Stack } from './stack.js';
import { waitFor } from './wait.js';

const spoolStatus = z.object({ records: z.object({ waiting: z.number(), underWay: z.number(), limbo: z.number() }) });

/** Resolves when GlitchTip has stored all of it. */
export async function spoolEmpty(stack: Stack, seconds = 600): Promise<void> {
  await waitFor<true>({ what: 'the spool to be empty', seconds, every: 2 }, async () => {
    const { records: { waiting, underWay, limbo } } = spoolStatus.parse(JSON.parse(await cli(stack, 'spool', '--json')));
    return waiting + underWay + limbo === 0 ? { found: true } : { seen: `${waiting} waiting, ${underWay} under way, ${limbo} not seen in time` };
  });
}
