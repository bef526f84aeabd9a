// Which events the gateway's records hold, found again by the markers of the requests that they came with.
import { composeRequest, mayJoin, type BatchRecord, type UpstreamRequest } from '../../../gateway/delivery/batch.js';
import { EnvelopeReader } from '../../../gateway/core/envelope-reader.js';
import { itemPolicy } from '../../../gateway/core/item-policy.js';
import { unpackWhole } from '../../../gateway/encoding/unpack.js';
import type { QueuedTask } from './queued-tasks.js';

const POLICY = itemPolicy('5.2');

type Json = Readonly<Record<string, unknown>>;

export interface KeptEvent extends Omit<QueuedTask, 'isStorable'> {
  readonly body: Json;
}

/** Events of a record with their markers. @throws when a record promises other events than it holds */
export function keptEvents({ header, body }: BatchRecord): KeptEvent[] {
  if (header.kind === 'security') return [];
  const bytes = unpackWhole(body, header.encoding);
  const bodies = (header.kind === 'store' ? [bytes] : itemsOf(bytes)).map((payload) => JSON.parse(payload.toString()) as Json);
  if (bodies.length !== header.events.length) throw new Error(`a record promises ${header.events.length} events and holds ${bodies.length}: ${bytes.toString('latin1')}`);
  return header.events.map(({ type, id }, index) => ({ type, id, marker: textOf(bodies[index]?.['server_name']), body: bodies[index] ?? {} }));
}

function itemsOf(bytes: Buffer): Buffer[] {
  const reader = new EnvelopeReader(POLICY);
  reader.push(bytes);
  const result = reader.end();
  if (result.kind === 'refused') throw new Error(`a record is no envelope: ${result.detail}`);
  return result.envelope.items.map(({ payload }) => payload);
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

const [TEXTS, DAYS_KEPT] = [['level', 'logger', 'transaction'], 90];

/** GlitchTip answers 200 to an event with a field of a wrong kind, and to a transaction that is none or is old, and forgets them. */
export function isForgotten({ type, body }: KeptEvent): boolean {
  const isWrong = TEXTS.some((name) => body[name] !== undefined && typeof body[name] !== 'string') || ['tags', 'exception'].some((name) => typeof body[name] === 'string');
  if (type === 'event') return isWrong;
  const start = body['start_timestamp'];
  return isWrong || typeof body['transaction'] !== 'string' || body['contexts'] === undefined || typeof start !== 'number' || start < Date.now() / 1_000 - DAYS_KEPT * 86_400;
}

/** One request for each record. */
export function oneByOne(records: readonly BatchRecord[]): UpstreamRequest[] {
  return records.map((record) => composeRequest([record], POLICY, record.header.receivedAt));
}

/** Together what may go together, as the delivery does it. */
export function joined(records: readonly BatchRecord[]): UpstreamRequest[] {
  const requests: UpstreamRequest[] = [];
  let group: [BatchRecord, ...BatchRecord[]] | undefined;
  for (const record of [...records].sort((left, right) => left.header.project - right.header.project)) {
    const together = { events: sum(group, ({ header }) => header.events.length), bytes: sum(group, ({ header }) => header.size) };
    if (group && mayJoin(group[0].header, record.header, together)) group.push(record);
    else {
      if (group) requests.push(composeRequest(group, POLICY, group[0].header.receivedAt));
      group = [record];
    }
  }
  return group ? [...requests, composeRequest(group, POLICY, group[0].header.receivedAt)] : requests;
}

function sum(records: readonly BatchRecord[] | undefined, of: (record: BatchRecord) => number): number {
  return (records ?? []).reduce((total, record) => total + of(record), 0);
}
