// Shows a restore while it goes on: a line a phase on a terminal, or a line of JSON a phase.
import { printStates, showPhaseLines } from '../live/phase-lines.js';
import type { Output } from '../output.js';
import type { Request } from './request-restore.js';
import { isEnd, isPast, phasesOf, type End, type Progress } from './restore-progress.js';

/** A line a phase with its seconds; the one that it failed in says why, and what is done about it has a line of its own. */
export function showPhases(request: Request, polls: AsyncGenerator<Progress, void>): Promise<End> {
  return showPhaseLines(polls, {
    isEnd, phasesOf: (progress) => phasesOf(request, progress), phaseOf: (progress) => (progress.kind === 'phase' ? progress.phase : undefined), isPast,
  });
}

/** One JSON line whenever the phase changes; the end is the caller's to print. */
export function printPhases(polls: AsyncGenerator<Progress, void>, output: Output): Promise<End> {
  const describe = (progress: Progress) => ({
    state: progress.kind === 'phase' ? progress.phase : progress.kind, ...(progress.kind === 'phase' ? { id: progress.id } : {}), message: progress.message,
  });
  return printStates(polls, isEnd, { describe, output });
}
