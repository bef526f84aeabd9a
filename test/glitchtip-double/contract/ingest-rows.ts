/** Rows of the contract: what ingest takes and what it refuses. */
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import type { ContractRequest } from './contract-client.js';
import { type ContractRow, type ContractState, type EventName, newId, type RequestOf } from './contract-row.js';

/** A key in the right form that opens nothing. */
export const strangerKey = '0123456789abcdef0123456789abcdef';
const stranger = { host: 'stranger.example' };
const packers = { gzip: gzipSync, deflate: deflateSync, br: brotliCompressSync } as const;

const seconds = (): number => Date.now() / 1000;

function event(id: string): object {
  return {
    event_id: id,
    timestamp: seconds(),
    platform: 'node',
    level: 'error',
    environment: 'contract',
    release: 'contract@1',
    transaction: 'GET /contract',
    tags: { suite: 'contract' },
    user: { id: '7', email: 'person@example.com' },
    exception: { values: [{ type: 'ContractError', value: 'the contract broke' }] },
  };
}

const message = (id: string): object => ({ event_id: id, timestamp: seconds(), platform: 'node', level: 'info', message: 'a contract message' });

const transaction = (id: string): object => ({
  event_id: id,
  type: 'transaction',
  transaction: 'GET /contract',
  platform: 'node',
  start_timestamp: seconds() - 1,
  timestamp: seconds(),
  contexts: { trace: { trace_id: newId(), span_id: '0123456789abcdef', op: 'http.server' } },
  spans: [],
});

function envelope(id: string, type: string, payload: object | string): string {
  const text = typeof payload === 'string' ? payload : JSON.stringify(payload);
  const header = { event_id: id, sent_at: new Date().toISOString() };
  return `${JSON.stringify(header)}\n${JSON.stringify({ type, length: Buffer.byteLength(text) })}\n${text}\n`;
}

interface PostOptions {
  readonly key?: string;
  readonly project?: string;
  readonly headers?: Record<string, string>;
  readonly chunked?: boolean;
}

type IngestBody = string | Buffer | ((state: ContractState) => string | Buffer);

/** Posts to the envelope endpoint as an SDK does; by default with the right key to the real project. */
export const ingest = (body: IngestBody, options: PostOptions = {}): RequestOf => (state): ContractRequest => ({
  method: 'POST',
  path: `/api/${options.project ?? state.projectId}/envelope/`,
  headers: { 'x-sentry-auth': `Sentry sentry_version=7, sentry_client=contract/1, sentry_key=${options.key ?? state.key}`, ...options.headers },
  body: typeof body === 'function' ? body(state) : body,
  anonymous: true,
  chunked: options.chunked ?? false,
});

const store = (options: PostOptions = {}): RequestOf => (state) => ({
  ...ingest(({ events }) => JSON.stringify(event(events.store)), options)(state),
  path: `/api/${options.project ?? state.projectId}/store/`,
});

const item = (name: EventName, type = 'event', payload: (id: string) => object | string = event) => ({ events }: ContractState): string =>
  envelope(events[name], type, payload(events[name]));

const packed = (encoding: keyof typeof packers): ContractRow => ({
  name: `an event packed with ${encoding} is accepted`,
  request: ingest((state) => packers[encoding](item(encoding)(state)), { headers: { 'content-encoding': encoding } }),
  status: 200,
  has: ['id'],
});

export const ingestRows: readonly ContractRow[] = [
  { name: 'an envelope to a project that does not exist is refused', request: ingest(item('plain'), { project: '999999', key: strangerKey }), status: 403 },
  { name: 'a key that is no UUID is refused', request: ingest('{}\n', { key: 'short' }), status: 403 },
  { name: 'no key is refused', request: (state) => ({ ...ingest('{}\n')(state), headers: {} }), status: 403 },
  { name: 'an envelope is not read by GET', request: ({ projectId, key }) => ({ path: `/api/${projectId}/envelope/?sentry_key=${key}` }), status: 405 },
  {
    name: 'a Host that is not allowed is refused on ingest too', request: ingest('{}\n', { headers: stranger }), status: 400,
    otherwise: { '6.2': { name: 'a Host that is not allowed is no matter on ingest', status: 200 } },
  },
  { name: 'an empty body is refused', request: ingest(''), status: 400 },
  { name: 'a header that is no JSON is refused', request: ingest('nonsense\n'), status: 400 },
  { name: 'an event is accepted', request: ingest(item('plain')), status: 200, has: ['id'] },
  { name: 'the same event again is accepted, and dropped', request: ingest(item('plain')), status: 200, has: ['id'] },
  packed('gzip'),
  packed('deflate'),
  packed('br'),
  {
    name: 'a chunked and packed event is accepted',
    request: ingest((state) => gzipSync(item('chunked')(state)), { headers: { 'content-encoding': 'gzip' }, chunked: true }), status: 200, has: ['id'],
  },
  { name: 'a message is accepted', request: ingest(item('message', 'event', message)), status: 200 },
  { name: 'a transaction is accepted', request: ingest(item('transaction', 'transaction', transaction)), status: 200 },
  { name: 'a session is accepted and ignored', request: ingest(item('malformed', 'session', (id) => ({ sid: id, init: true }))), status: 200 },
  { name: 'a payload that is no JSON is accepted and ignored', request: ingest(item('malformed', 'event', () => '{nonsense')), status: 200 },
  { name: 'the store endpoint takes an event', request: store(), status: 200, has: ['event_id'] },
  { name: 'and takes it twice', request: store(), status: 200 },
  { name: 'the store endpoint refuses a project that does not exist', request: store({ project: '999998', key: strangerKey }), status: 401 },
  { name: 'the store endpoint refuses a key that is no UUID', request: store({ key: 'short' }), status: 422 },
];
