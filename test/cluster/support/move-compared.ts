// What both sides of a move have, as `glitchkeeper migrate compare` says it, and how far one of them is behind.
import { cliSays } from './cli.js';
import type { Stack } from './stack.js';
import { waitFor } from './wait.js';

interface Sides { readonly glitchtip: number; readonly old: number }
interface Compared {
  readonly hours: readonly { readonly lacks: Sides; readonly waiting: Sides }[];
}

/** Events of all hours. */
export interface Difference {
  readonly lacks: Sides;
  readonly waiting: Sides;
}

/** Of what comes all the time, what came within the last seconds may be on its way. */
const RECENT_SECONDS = 15;

/** It exits with another code while something waits. @throws Error where there is nothing to compare yet */
async function difference(stack: Stack): Promise<Difference> {
  const { hours } = JSON.parse(await cliSays(stack, 'migrate', 'compare', '--json')) as Compared;
  if (hours.length === 0) throw new Error('nothing came for both');
  const sum = (which: 'lacks' | 'waiting', side: keyof Sides) => hours.reduce((all, hour) => all + hour[which][side], 0);
  return { lacks: { glitchtip: sum('lacks', 'glitchtip'), old: sum('lacks', 'old') }, waiting: { glitchtip: sum('waiting', 'glitchtip'), old: sum('waiting', 'old') } };
}

/** Looks until the difference is as wanted; the last one that was seen is in the error. */
export async function untilDifference(stack: Stack, { what, seconds }: { readonly what: string; readonly seconds: number }, isSo: (found: Difference) => boolean): Promise<Difference> {
  return waitFor<Difference>({ what, seconds, every: 1 }, async () => {
    const found = await difference(stack);
    return isSo(found) ? { found } : { seen: JSON.stringify(found) };
  });
}

/** Neither lacks anything, nor is behind. @param rate events a second that come meanwhile */
export async function equal(stack: Stack, rate: number): Promise<void> {
  await untilDifference(stack, { what: 'both to have every event', seconds: 420 }, ({ lacks, waiting }) => lacks.glitchtip + lacks.old === 0 && keepsUp(waiting.glitchtip + waiting.old, rate));
}

/** @param waiting events */
export function keepsUp(waiting: number, rate: number): boolean {
  return waiting <= rate * RECENT_SECONDS;
}
