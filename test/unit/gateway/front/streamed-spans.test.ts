// Streamed spans over real sockets, as the Sentry SDK sends them: what is on the disk when they are answered 200.
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from '@jest/globals';
import { execa } from 'execa';
import { KEY, RunningGateway, type GatewayOptions } from './running-gateway.js';

const PROGRAM = fileURLToPath(new URL('./traced-program.ts', import.meta.url));
const [TRACE, ROOT, CHILD] = ['0'.repeat(31) + '1', '000000000000000a', '000000000000000b'];

let gateway: RunningGateway;
const open = async (options: GatewayOptions = {}) => (gateway = await RunningGateway.open(options));
afterEach(() => gateway.close());

type Json = Readonly<Record<string, unknown>>;

/** The payloads of what is stored, by the id that their row will have. */
function storedPayloads(): ReadonlyMap<string, Json> {
  const payloads = gateway.stored.flatMap(({ header, body }) => {
    const lines = (header.encoding === 'gzip' ? gunzipSync(body) : body).toString().trim().split('\n');
    return header.events.map(({ id }, index) => [id, JSON.parse(lines[2 * index + 2] ?? '') as Json] as const);
  });
  return new Map(payloads);
}

const ignored = () => gateway.counts.flatMap((count) => (count.kind === 'ignored' ? [[count.type, count.items]] : []));

const span = (id: string, isRoot: boolean) => ({
  trace_id: TRACE, span_id: id, name: isRoot ? 'GET /orders' : 'SELECT', is_segment: isRoot, status: 'ok', start_timestamp: 1_780_000_000.5, end_timestamp: 1_780_000_001,
  ...(isRoot ? {} : { parent_span_id: ROOT }), attributes: { 'sentry.segment.id': { type: 'string', value: ROOT } },
});
const container = (...spans: readonly object[]) => `{}\n${JSON.stringify({ type: 'span', item_count: spans.length, content_type: 'application/vnd.sentry.items.span.v2+json' })}\n${JSON.stringify({ version: 2, items: spans })}\n`;

describe('streamed spans', () => {
  it('of the Sentry SDK, as it comes, are one transaction for each root', async () => {
    await open();
    const { exitCode, stderr } = await execa({ node: true, nodeOptions: ['--import', 'tsx'], reject: false, timeout: 60_000, env: { NODE_OPTIONS: '', SENTRY_DSN: `http://${KEY}@127.0.0.1:${gateway.port}/1` } })`${PROGRAM}`;
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    const stored = storedPayloads();
    const common = { type: 'transaction', platform: 'node', release: 'shop@1', environment: 'production', sdk: { name: 'sentry.javascript.node', version: expect.any(String) } };
    const trace = (op: string, status = 'ok') => ({ trace: { op, status, trace_id: expect.stringMatching(/^[0-9a-f]{32}$/), span_id: expect.stringMatching(/^[0-9a-f]{16}$/) } });
    const transactions = [...stored.values()].filter((payload) => payload['type'] === 'transaction');
    expect(transactions).toEqual(expect.arrayContaining([
      expect.objectContaining({ ...common, transaction: 'nightly report', contexts: trace('job') }),
      expect.objectContaining({ ...common, transaction: 'clean up', contexts: trace('job', 'internal_error') }),
      expect.objectContaining({ ...common, contexts: trace('http.server'), request: { method: 'GET', url: expect.stringMatching(/^http:\/\/.*\/orders\/17$/) } }),
    ]));
    expect([...stored].filter(([id, payload]) => payload['event_id'] !== id)).toEqual([]);
    expect(transactions.filter((payload) => Number(payload['timestamp']) < Number(payload['start_timestamp']))).toEqual([]);
    expect(ignored().filter(([type]) => type === 'child span')).toEqual([['child span', 1], ['child span', 1]]);
  }, 90_000);

  it.each<[string, readonly object[][]]>([
    ['in one envelope', [[span(CHILD, false), span(ROOT, true)]]],
    ['with the root first', [[span(ROOT, true)], [span(CHILD, false)]]],
    ['with the root last', [[span(CHILD, false)], [span(ROOT, true)]]],
    ['sent twice', [[span(ROOT, true), span(CHILD, false)], [span(ROOT, true)]]],
  ])('%s are one transaction', async (_, envelopes) => {
    await open();
    for (const spans of envelopes) expect(await gateway.envelope(container(...spans))).toMatchObject({ status: 200, body: '{}' });
    expect([...storedPayloads().values()]).toMatchObject([{ transaction: 'GET /orders', start_timestamp: 1_780_000_000.5, timestamp: 1_780_000_001 }]);
    expect(ignored()).toEqual([['child span', 1]]);
  });

  it('whose root never comes leave nothing, and are counted', async () => {
    await open();
    expect((await gateway.envelope(container(span(CHILD, false)))).status).toBe(200);
    expect([gateway.stored, ignored()]).toEqual([[], [['child span', 1]]]);
  });

  it('are other transactions in another project, for GlitchTip drops an id that it has seen in any', async () => {
    await open();
    gateway.verdict = 'known';
    await gateway.envelope(container(span(ROOT, true)));
    await gateway.send({ path: `/api/2/envelope/?sentry_key=${KEY}`, body: container(span(ROOT, true)) });
    expect(new Set(storedPayloads().keys()).size).toBe(2);
  });

  it('hold no event back that is in the same envelope, and are in its record', async () => {
    await open();
    const id = 'a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0';
    await gateway.envelope(`${container(span(ROOT, true))}{"type":"event"}\n{"event_id":"${id}"}\n`);
    expect(gateway.stored.map(({ header }) => header.events.map(({ type }) => type))).toEqual([['event', 'transaction']]);
  });

  it('are left out and counted where the settings say so', async () => {
    await open({ spansToTransactions: false });
    expect((await gateway.envelope(container(span(CHILD, false), span(ROOT, true)))).status).toBe(200);
    expect([gateway.stored, ignored()]).toEqual([[], [['span', 1]]]);
  });
});
