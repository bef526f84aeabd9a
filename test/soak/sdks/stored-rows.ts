// Looks for events of SDKs in GlitchTip's tables, by their ids.
import { setTimeout as sleep } from 'node:timers/promises';
import type { GlitchTipDouble } from '../../support/glitchtip-processes.js';
import type { Sent } from './sdk-program.js';

/** From the answer to the row, on busy processors. Milliseconds. */
const STORED_WITHIN = 60_000;

/**
 * The id of the row: what the SDK says, or, of a streamed root span, the trace's id XOR the span's (twice) XOR the project's
 * (docs/decisions/0005-spans.md). @throws when it sent nothing
 */
export function rowId({ id, traceId, spanId }: Pick<Sent, 'id' | 'traceId' | 'spanId'>, project: number): string {
  if (id !== undefined) return id;
  if (traceId === undefined || spanId === undefined) throw new Error('the program named neither an id nor a span');
  return (BigInt(`0x${traceId}`) ^ BigInt(`0x${spanId.repeat(2)}`) ^ BigInt(project)).toString(16).padStart(32, '0');
}

/** Letters of each row's JSON, by id; 0 for a transaction, of which GlitchTip keeps no more than its columns. */
export async function lookForRows({ sql }: Pick<GlitchTipDouble, 'sql'>, ids: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const list = ids.map((id) => `'${id}'`).join(', ');
  const rows = await sql<{ id: string; letters: number }>(
    `SELECT id::text AS id, length(data::text) AS letters FROM issue_events_issueevent WHERE id IN (${list})
     UNION ALL SELECT event_id::text, 0 FROM performance_transactionevent WHERE event_id IN (${list}) AND transaction = 'GET /orders' AND op = 'http.server'`,
  );
  return new Map(rows.map(({ id, letters }) => [id.replaceAll('-', ''), letters]));
}

/** As soon as all are there, or when the time is over. */
export async function waitForRows(double: Pick<GlitchTipDouble, 'sql'>, ids: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const deadline = Date.now() + STORED_WITHIN;
  for (;;) {
    const found = await lookForRows(double, ids);
    if (found.size === ids.length || Date.now() > deadline) return found;
    await sleep(200);
  }
}
