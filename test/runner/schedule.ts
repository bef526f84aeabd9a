// Which stage starts when: at once when what it needs is there; at low priority, one after the other in the slots that there are.
import { SLOTS, type Stage } from './stages.js';

export interface Position {
  readonly begun: ReadonlySet<string>;
  readonly passed: ReadonlySet<string>;
  /** Begun and not ended. */
  readonly running: ReadonlySet<string>;
}

/**
 * Stages that start now. Those at low priority pass each other when an earlier one waits for a step or for more slots than are free;
 * they wait for the short steps, as the clusters do.
 */
export function startable(stages: readonly Stage[], { begun, passed, running }: Position): Stage[] {
  const isOver = (name: string) => !stages.some((stage) => stage.name === name) || (begun.has(name) && !running.has(name));
  const ready = stages.filter(({ name, needs, after = [] }) => !begun.has(name) && needs.every((need) => passed.has(need)) && after.every(isOver));
  const waitsForStep = stages.some(({ name, kind, lowPriority }) => kind === 'step' && !lowPriority && (!begun.has(name) || running.has(name)));
  let free = SLOTS - slotsOf(stages.filter(({ name }) => running.has(name)));
  return ready.filter((stage) => {
    if (!stage.lowPriority || stage.kind === 'step') return true;
    if (waitsForStep || stage.workers > free) return false;
    free -= stage.workers;
    return true;
  });
}

function slotsOf(running: readonly Stage[]): number {
  return running.filter(({ lowPriority }) => lowPriority).reduce((sum, { workers }) => sum + workers, 0);
}

export interface Work<Result> {
  readonly run: (stage: Stage) => Promise<Result>;
  /** What stands in its way does not start; a fatal one ends the run. */
  readonly judge: (result: Result) => 'passed' | 'failed' | 'fatal';
  /** Ends everything that runs; each then resolves. */
  readonly stop: () => Promise<void>;
  /** Whether somebody else did: nothing starts any more. */
  readonly wasStopped: () => boolean;
}

/** Runs the stages; resolves to the results in the order in which they ended, those of the stopped included. @throws what a stage threw, when the others have ended */
export async function runStages<Result>(stages: readonly Stage[], { run, judge, stop, wasStopped }: Work<Result>): Promise<Result[]> {
  const results: Result[] = [];
  const position = { begun: new Set<string>(), passed: new Set<string>(), running: new Set<string>(), fatal: false };
  const ends = new Map<string, Promise<void>>();
  const begin = async (stage: Stage): Promise<void> => {
    const result = await run(stage);
    results.push(result);
    const verdict = judge(result);
    if (verdict === 'passed') position.passed.add(stage.name);
    if (verdict === 'fatal') position.fatal = true;
    position.running.delete(stage.name);
    ends.delete(stage.name);
  };
  try {
    while (!position.fatal && !wasStopped()) {
      for (const stage of startable(stages, position)) {
        position.begun.add(stage.name);
        position.running.add(stage.name);
        ends.set(stage.name, begin(stage));
      }
      if (ends.size === 0) return results;
      await Promise.race(ends.values());
    }
  } catch (error) {
    await stop();
    await Promise.allSettled(ends.values());
    throw error;
  }
  await stop();
  await Promise.all(ends.values());
  return results;
}
