// What is stored, asked of Postgres itself: the event ids of a load run, and settings of the server.
import type { Release } from '../../../operator/api/glitchtip-releases.js';
import { compareStored, type StoredComparison } from '../../sdk/stored.js';
import type { LoadReport } from '../../sdk/load.js';
import type { Stack } from './stack.js';
import { waitFor, when } from './wait.js';

/** The answer of one query: rows as lines, columns separated by "|". The image lets its superuser in over the local socket. */
export async function sql(stack: Stack, query: string): Promise<string[]> {
  const answer = await stack.exec('postgres', ['psql', '-U', 'glitchkeeper', '-d', 'glitchtip', '-v', 'ON_ERROR_STOP=1', '-At'], query);
  return answer.split('\n').filter((line) => line !== '');
}

/** Ids (32 hexadecimal digits) of the stored events of a run. */
export async function runIds(stack: Stack, runId: string): Promise<Set<string>> {
  return new Set(await idsOfRows(stack, runId));
}

/** Of an event that is stored twice, twice. */
function idsOfRows(stack: Stack, runId: string): Promise<string[]> {
  const column: Readonly<Record<Release, string>> = { '5.2': 'id', '6.2': 'event_id' };
  return sql(stack, `SELECT replace(${column[stack.release]}::text, '-', '') FROM issue_events_issueevent WHERE title LIKE '%load ${runId} %'`);
}

/** Resolves when the only event of a run is stored, once. */
export async function untilStored(stack: Stack, { runId, eventId }: { readonly runId: string; readonly eventId: string }): Promise<void> {
  await waitFor<true>({ what: `event ${eventId} to be stored`, seconds: 120 }, async () => {
    const ids = await idsOfRows(stack, runId);
    return when(ids.length === 1 && ids[0] === eventId, `${ids.length} rows`);
  });
}

/**
 * Longer than what delays an event and does not lose it: GlitchTip's pool of connections tries again after up to 64 s, a worker that takes
 * nothing ends itself after 60 s. What was cut off by the end of a web the gateway gives again after 70 s, and where that web had noted its
 * id before, GlitchTip answers 200 and drops it, and the next copy comes 301 s later, once the operator's next event has come through.
 */
const STILL_MS = 420_000;

/** What became of a run in the end, and how many rows it has: an event that is stored twice has two. @param stillMs as settleStored has it */
export async function storedOnce(stack: Stack, report: LoadReport, stillMs = STILL_MS): Promise<{ readonly run: string; readonly stored: number; readonly lost: readonly number[]; readonly rows: number }> {
  const { stored, lost } = await settleStored(stack, report, new Set(), stillMs);
  const [rows] = await sql(stack, `SELECT count(*) FROM issue_events_issueevent WHERE title LIKE '%load ${report.runId} %'`);
  return { run: report.runId, stored, lost, rows: Number(rows) };
}

/** Compares once every accepted event is stored but those that `mayBeLost`, or the number of stored ones stood still for long: then some are lost. */
export async function settleStored(stack: Stack, report: LoadReport, mayBeLost: ReadonlySet<number> = new Set(), stillMs = STILL_MS): Promise<StoredComparison> {
  let [stored, since] = [-1, Date.now()];
  return waitFor<StoredComparison>({ what: `the events of run ${report.runId} to be stored`, seconds: 140 + stillMs / 1_000, every: 2 }, async () => {
    const comparison = compareStored(report, await runIds(stack, report.runId));
    if (comparison.stored !== stored) [stored, since] = [comparison.stored, Date.now()];
    const settled = comparison.lost.every((number) => mayBeLost.has(number)) || Date.now() - since > stillMs;
    return settled ? { found: comparison } : { seen: `${stored} stored of ${comparison.accepted} accepted` };
  });
}
