// Compares what was accepted with what is stored: the ids and numbers of a load run, read back from the instance.
import { setTimeout as sleep } from 'node:timers/promises';
import type { GlitchTipApi, ProjectPath } from './glitchtip-api.js';
import { loadNumber, type LoadReport } from './load.js';
import { storageLags, type Watermark } from './statistics.js';

/** What of a run is in the database. */
export interface StoredReader {
  /** Ids (32 hexadecimal digits) of the stored events of the run; `since` bounds the search (milliseconds, epoch). */
  storedIds(runId: string, since: number): Promise<Set<string>>;
  /** The number of the event of the run that was received last, or undefined while there is none. One cheap question. */
  newestNumber(runId: string): Promise<number | undefined>;
}

/** How far the server's clock may be behind this machine's. */
export const CLOCK_SKEW_MS = 60_000;

/** Reads through the REST API: 100 events a page, newest first. */
export function apiReader(api: GlitchTipApi, at: ProjectPath): StoredReader {
  return {
    async storedIds(runId, since) {
      const ids = new Set<string>();
      for await (const event of api.eventsSince(at, new Date(since - CLOCK_SKEW_MS))) {
        if (loadNumber(event.title, runId) !== undefined) ids.add(event.eventID.replaceAll('-', ''));
      }
      return ids;
    },
    async newestNumber(runId) {
      // A few rows instead of one, because requests that run side by side are received in any order.
      const page = await api.events(at, 10).next();
      return page.done === true ? undefined : highestNumber(page.value.map(({ title }) => title), runId);
    },
  };
}

function highestNumber(titles: readonly string[], runId: string): number | undefined {
  const numbers = titles.map((title) => loadNumber(title, runId)).filter((number) => number !== undefined);
  return numbers.length === 0 ? undefined : Math.max(...numbers);
}

/** How a run ended in the database. */
export interface StoredComparison {
  readonly accepted: number;
  readonly stored: number;
  /** Numbers of events that were accepted but are not stored: the ones that the instance lost. */
  readonly lost: readonly number[];
  /** Numbers of events that are stored though their sender saw a refusal or an error. */
  readonly storedUnseen: readonly number[];
}

export function compareStored(report: LoadReport, storedIds: ReadonlySet<string>): StoredComparison {
  const accepted = report.events.filter(({ outcome }) => outcome.kind === 'accepted');
  const rest = report.events.filter(({ outcome }) => outcome.kind !== 'accepted');
  return {
    accepted: accepted.length,
    stored: report.events.filter(({ eventId }) => storedIds.has(eventId)).length,
    lost: accepted.filter(({ eventId }) => !storedIds.has(eventId)).map(({ number }) => number),
    storedUnseen: rest.filter(({ eventId }) => storedIds.has(eventId)).map(({ number }) => number),
  };
}

/** Looks at the store at a fixed pace until stopped, and gives what it saw. A look that fails is no look. */
export interface StorageWatch {
  readonly watermarks: readonly Watermark[];
  stop(): Promise<void>;
}

/**
 * @param everyMs pause between two looks: the resolution of the lag. A look through the API costs web about 40 ms of CPU
 * (GlitchTip 5.2), which at twice a second is a sixth of a 0.5 CPU limit that the load needs.
 * @default 2000
 */
export function watchStorage(reader: StoredReader, runId: string, everyMs = 2000): StorageWatch {
  const watermarks: Watermark[] = [];
  const stopped = new AbortController();
  const look = async (): Promise<void> => {
    const number = await reader.newestNumber(runId).catch(() => undefined);
    if (number !== undefined) watermarks.push({ at: Date.now(), number });
  };
  const loop = (async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      await look();
      await sleep(everyMs, undefined, { signal: stopped.signal }).catch(() => undefined);
    }
  })();
  return {
    watermarks,
    stop: async () => {
      stopped.abort();
      await loop;
    },
  };
}

/**
 * Waits until every accepted event of the run is stored, or the time is over, and compares. The cheap look says when an
 * exact count (all pages) is worth its cost: when the newest number has come, or stands still.
 */
export async function settle(
  report: LoadReport,
  reader: StoredReader,
  watch: StorageWatch,
  timeoutMs: number,
): Promise<StoredComparison> {
  const deadline = Date.now() + timeoutMs;
  await untilStill(report, watch, deadline);
  for (;;) {
    const comparison = compareStored(report, await reader.storedIds(report.runId, report.startedAt));
    const left = deadline - Date.now();
    if (comparison.lost.length === 0 || left <= 0) return comparison;
    await sleep(Math.min(STILL_MS, left));
  }
}

// Batches are stored every 2 s at the latest (GlitchTip 5.2), so a store that stands still for longer is done or stuck.
const STILL_MS = 5000;

async function untilStill(report: LoadReport, watch: StorageWatch, deadline: number): Promise<void> {
  const last = report.events.findLast(({ outcome }) => outcome.kind === 'accepted')?.number ?? 0;
  let [seen, since] = [0, Date.now()];
  while (Date.now() < deadline && seen < last && Date.now() - since <= STILL_MS) {
    const newest = watch.watermarks.at(-1)?.number ?? 0;
    if (newest !== seen) [seen, since] = [newest, Date.now()];
    await sleep(200);
  }
}

/**
 * Milliseconds from each event's acceptance to the look that found it stored. Give `now` once everything is proven to be
 * stored: it is the last look, for the few events that arrived out of order at the very end.
 */
export function lagsOf(report: LoadReport, watch: StorageWatch, now?: number): number[] {
  const accepted = report.events
    .filter(({ outcome }) => outcome.kind === 'accepted')
    .map(({ number, answeredAt }) => ({ number, acceptedAt: answeredAt }));
  const end: Watermark[] = now === undefined ? [] : [{ at: now, number: Infinity }];
  return storageLags(accepted, [...watch.watermarks, ...end]);
}
