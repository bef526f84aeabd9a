// Waits until every part is ready, showing what each is doing.
import { Listr } from 'listr2';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PartReport } from '../cli/part-states.js';

const ASK_EVERY_MS = 1000;

/**
 * Resolves, with what was seen last, when all parts that `observe` reports are ready.
 * @param timeout seconds
 * @throws Error naming the parts that are not ready, and why, after the timeout; or why they could not be looked at
 */
export async function waitForParts(observe: () => Promise<PartReport[]>, timeout: number, say: (line: string) => void): Promise<readonly PartReport[]> {
  const started = Date.now();
  const watch = watchParts(observe, started + timeout * 1000);
  const parts = (await watch.latest()).map(({ part }) => part);
  const seconds = () => Math.round((Date.now() - started) / 1000);
  const tasks = new Listr(
    parts.map((part) => ({
      title: part,
      task: async (_, task): Promise<void> => {
        let said = '';
        for (;;) {
          const report = (await watch.latest()).find((each) => each.part === part);
          if (report?.ready) break;
          if (report !== undefined && report.state !== said) task.output = said = report.state;
          await sleep(ASK_EVERY_MS);
        }
        task.title = `${part}: ready after ${seconds()} s`;
      },
    })),
    { concurrent: true, exitOnError: true, fallbackRenderer: 'simple' },
  );
  await tasks.run();
  say(`all parts ready after ${seconds()} s`);
  return watch.seen();
}

/** One observation a second, shared by all parts; one that fails is made again: an API server on a small host may be away for a moment. */
function watchParts(observe: () => Promise<PartReport[]>, deadline: number): { readonly latest: () => Promise<PartReport[]>; readonly seen: () => readonly PartReport[] } {
  let current: { at: number; reports: Promise<PartReport[]> } | undefined;
  let seen: readonly PartReport[] = [];
  const untilSeen = async (): Promise<PartReport[]> => {
    for (;;) {
      try {
        return await observe();
      } catch (error) {
        if (Date.now() > deadline) throw error;
        await sleep(ASK_EVERY_MS);
      }
    }
  };
  return {
    latest: async () => {
      if (current === undefined || Date.now() - current.at >= ASK_EVERY_MS) current = { at: Date.now(), reports: untilSeen() };
      const reports = await current.reports;
      seen = reports;
      const waiting = reports.filter(({ ready }) => !ready);
      if (waiting.length > 0 && Date.now() > deadline) {
        throw new Error(`not ready in time: ${waiting.map(({ part, state }) => `${part} (${state})`).join(', ')}`);
      }
      return reports;
    },
    seen: () => seen,
  };
}
