// Shows a rotation while it goes on: a line a phase on a terminal, or a line of JSON a phase.
import type { ListrTask } from 'listr2';
import { PHASES, type Phase } from '../../operator/api/rotation-fields.js';
import { Turned, openCursor, showLines, type Cursor } from '../live/phase-lines.js';
import type { Output } from '../output.js';
import { isEnd, isPast, isWayBack, type End, type Progress } from './rotation-progress.js';

/** A line a phase with its seconds; a phase that fails says why, and a rollback counts as failed, too. */
export async function showPhases(polls: AsyncGenerator<Progress, void>): Promise<End> {
  const cursor = await openCursor(polls);
  const ways = [PHASES.filter((phase) => !isWayBack(phase)), PHASES.filter(isWayBack)];
  for (const phases of ways) {
    if (isEnd(cursor.progress)) break;
    await showLines(phases.map((phase) => line(phase, cursor)), { exitOnError: !phases.some(isWayBack) });
  }
  return endOf(cursor.progress);
}

function line(phase: Phase, cursor: Cursor<Progress>): ListrTask {
  return {
    title: phase,
    task: async (_, task) => {
      const started = Date.now();
      const seconds = (): string => `${phase}: ${Math.round((Date.now() - started) / 1000)} s`;
      const back = isWayBack(phase);
      while (!isPast(cursor.progress, phase)) {
        const { progress } = cursor;
        if (isEnd(progress) || (!back && progress.kind === 'phase' && isWayBack(progress.phase))) throw new Turned(`${seconds()}, ${progress.message}`);
        if (task.output !== progress.message) task.output = progress.message;
        await cursor.move();
      }
      if (back) throw new Turned(seconds());
      task.title = seconds();
    },
  };
}

/** One JSON line whenever the phase changes; the end is the caller's to print. */
export async function printPhases(polls: AsyncGenerator<Progress, void>, output: Output): Promise<End> {
  let said = '';
  let last: Progress = { kind: 'queued', message: '' };
  for await (const progress of polls) {
    last = progress;
    const { kind, ...rest } = progress;
    const state = kind === 'phase' ? progress.phase : kind;
    if (state === said || isEnd(progress)) continue;
    said = state;
    output.printJson({ state, ...rest });
  }
  return endOf(last);
}

function endOf(progress: Progress): End {
  if (!isEnd(progress)) throw new Error(`a rotation was not followed to its end, only to ${progress.kind}`);
  return progress;
}
