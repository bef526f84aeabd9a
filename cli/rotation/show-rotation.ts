// Shows a rotation while it goes on: a line a phase on a terminal, or a line of JSON a phase.
import { PHASES, type Phase } from '../../operator/api/rotation-fields.js';
import { endOf, openCursor, phaseLine, printStates, showLines } from '../live/phase-lines.js';
import type { Output } from '../output.js';
import { isEnd, isPast, isWayBack, type End, type Progress } from './rotation-progress.js';

/** A line a phase with its seconds; a phase that fails says why, and a rollback counts as failed, too. */
export async function showPhases(polls: AsyncGenerator<Progress, void>): Promise<End> {
  const cursor = await openCursor(polls);
  const line = (phase: Phase) => phaseLine({ title: phase, isPast: (progress) => isPast(progress, phase), hasTurned: (progress) => hasTurned(progress, phase), isWayBack: isWayBack(phase) }, cursor);
  const ways = [PHASES.filter((phase) => !isWayBack(phase)), PHASES.filter(isWayBack)];
  for (const phases of ways) {
    if (isEnd(cursor.progress)) break;
    await showLines(phases.map(line), { exitOnError: !phases.some(isWayBack) });
  }
  return endOf(cursor.progress, isEnd);
}

function hasTurned(progress: Progress, phase: Phase): boolean {
  return isEnd(progress) || (!isWayBack(phase) && progress.kind === 'phase' && isWayBack(progress.phase));
}

/** One JSON line whenever the phase changes; the end is the caller's to print. */
export function printPhases(polls: AsyncGenerator<Progress, void>, output: Output): Promise<End> {
  return printStates(polls, isEnd, { describe, output });
}

function describe(progress: Progress): { readonly state: string; readonly message: string } {
  const { kind, ...rest } = progress;
  return { state: kind === 'phase' ? progress.phase : kind, ...rest };
}
