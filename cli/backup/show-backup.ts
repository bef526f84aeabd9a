// Shows a backup while it goes on: a line a step on a terminal, or a line of JSON a step.
import type { ListrTask } from 'listr2';
import { Turned, openCursor, showLines, type Cursor } from '../live/phase-lines.js';
import type { Output } from '../output.js';
import { STEPS, isEnd, isPast, stepOfProgress, type End, type Progress, type Step } from './backup-progress.js';

/** A line a step with its seconds; the one that it failed in says why. */
export async function showSteps(polls: AsyncGenerator<Progress, void>): Promise<End> {
  const cursor = await openCursor(polls);
  await showLines(STEPS.map((step) => line(step, cursor)), { exitOnError: true });
  return endOf(cursor.progress);
}

function line(step: Step, cursor: Cursor<Progress>): ListrTask {
  return {
    title: step,
    task: async (_, task) => {
      const started = Date.now();
      const seconds = (): string => `${step}: ${Math.round((Date.now() - started) / 1000)} s`;
      while (!isPast(cursor.progress, step)) {
        const { progress } = cursor;
        if (isEnd(progress)) throw new Turned(`${seconds()}, ${progress.message}`);
        if (task.output !== progress.message) task.output = progress.message;
        await cursor.move();
      }
      task.title = seconds();
    },
  };
}

/** One JSON line whenever the step changes; the end is the caller's to print. */
export async function printSteps(polls: AsyncGenerator<Progress, void>, output: Output): Promise<End> {
  let said = '';
  let last: Progress = { kind: 'queued', message: '' };
  for await (const progress of polls) {
    last = progress;
    const state = stepOfProgress(progress);
    if (state === said || isEnd(progress)) continue;
    said = state;
    output.printJson({ state, ...('copy' in progress ? { copy: progress.copy } : {}), message: progress.message });
  }
  return endOf(last);
}

function endOf(progress: Progress): End {
  if (!isEnd(progress)) throw new Error(`a backup was not followed to its end, only to ${progress.kind}`);
  return progress;
}
