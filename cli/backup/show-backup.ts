// Shows a backup while it goes on: a line a step on a terminal, or a line of JSON a step.
import { endOf, openCursor, phaseLine, printStates, showLines } from '../live/phase-lines.js';
import type { Output } from '../output.js';
import { STEPS, isEnd, isPast, stepOfProgress, type End, type Progress } from './backup-progress.js';

/** A line a step with its seconds; the one that it failed in says why. */
export async function showSteps(polls: AsyncGenerator<Progress, void>): Promise<End> {
  const cursor = await openCursor(polls);
  const lines = STEPS.map((step) => phaseLine({ title: step, isPast: (progress) => isPast(progress, step), hasTurned: isEnd }, cursor));
  await showLines(lines, { exitOnError: true });
  return endOf(cursor.progress, isEnd);
}

/** One JSON line whenever the step changes; the end is the caller's to print. */
export function printSteps(polls: AsyncGenerator<Progress, void>, output: Output): Promise<End> {
  const describe = (progress: Progress) => ({ state: stepOfProgress(progress), ...('copy' in progress ? { copy: progress.copy } : {}), message: progress.message });
  return printStates(polls, isEnd, { describe, output });
}
