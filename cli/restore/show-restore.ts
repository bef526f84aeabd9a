// Shows a restore while it goes on: a line a phase on a terminal, or a line of JSON a phase.
import type { ListrTask } from 'listr2';
import type { RestorePhase } from '../../operator/api/restore-fields.js';
import { Turned, openCursor, showLines, type Cursor } from '../live/phase-lines.js';
import type { Output } from '../output.js';
import type { Request } from './request-restore.js';
import { isEnd, isPast, phasesOf, type End, type Progress } from './restore-progress.js';

/** A line a phase with its seconds; the one that it failed in says why, and what is done about it has a line of its own. */
export async function showPhases(request: Request, polls: AsyncGenerator<Progress, void>): Promise<End> {
  const cursor = await openCursor(polls);
  for (;;) {
    const { progress } = cursor;
    if (isEnd(progress)) return progress;
    const phases = phasesOf(request, progress);
    await showLines(phases.map((phase) => line(phase, phases, cursor)), { exitOnError: true, ownSignals: true });
  }
}

function line(phase: RestorePhase, phases: readonly RestorePhase[], cursor: Cursor<Progress>): ListrTask {
  return {
    title: phase,
    task: async (_, task) => {
      const started = Date.now();
      const seconds = (): string => `${phase}: ${Math.round((Date.now() - started) / 1000)} s`;
      while (!isPast(cursor.progress, phase, phases)) {
        const { progress } = cursor;
        if (isEnd(progress) || (progress.kind === 'phase' && !phases.includes(progress.phase))) throw new Turned(`${seconds()}, ${progress.message}`);
        if (task.output !== progress.message) task.output = progress.message;
        await cursor.move();
      }
      task.title = seconds();
    },
  };
}

/** One JSON line whenever the phase changes; the end is the caller's to print. */
export async function printPhases(polls: AsyncGenerator<Progress, void>, output: Output): Promise<End> {
  let said = '';
  for await (const progress of polls) {
    if (isEnd(progress)) return progress;
    const state = progress.kind === 'phase' ? progress.phase : progress.kind;
    if (state === said) continue;
    said = state;
    output.printJson({ state, ...(progress.kind === 'phase' ? { id: progress.id } : {}), message: progress.message });
  }
  throw new Error('a restore was not followed to its end');
}
