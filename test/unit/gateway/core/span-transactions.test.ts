// What becomes of streamed spans: the transactions that GlitchTip stores, and what is left out of them.
import { describe, expect, it } from '@jest/globals';
import { SpanTransactions, type MadeOfSpans } from '../../../../gateway/core/span-transactions.js';

type Json = Readonly<Record<string, unknown>>;

const TRACE = '01679308eeff45399dcc1973f8deb593';
const [ROOT, OTHER] = ['b462cf87a2601e65', 'ace0eb8ecbf6ad90'];
const attributes = (values: Json) => Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { value, type: typeof value }]));

const root = (more: Json = {}, values: Json = {}): Json => ({ trace_id: TRACE, span_id: ROOT, name: 'GET /orders', is_segment: true, status: 'ok', start_timestamp: 10.5, end_timestamp: 12, attributes: attributes(values), ...more });
const child = (of: string, name: string, more: Json = {}): Json => ({ trace_id: TRACE, span_id: '86063071622ad59b', parent_span_id: of, name, is_segment: false, status: 'ok', start_timestamp: 11, end_timestamp: 11.5, attributes: attributes({ 'sentry.segment.id': of, 'sentry.op': 'db' }), ...more });

function make(spans: readonly (Json | undefined)[], mostBelow = 0, project = 1): MadeOfSpans {
  const made = new SpanTransactions(project, mostBelow);
  for (const span of spans) made.add(span);
  return made.finish();
}

describe('a root span', () => {
  it('is the transaction that its SDK would have sent without streaming, as far as GlitchTip 5.2 keeps it', () => {
    const [transaction] = make([root({}, {
      'sentry.segment.name': 'GET /orders/:id', 'sentry.op': 'http.server', 'sentry.release': 'shop@1', 'sentry.environment': 'production', 'sentry.sdk.name': 'sentry.javascript.node', 'sentry.sdk.version': '11.12.0',
      'http.request.method': 'GET', 'url.full': 'https://shop.example/orders/17?x=1', 'user.email': 'person@example.com', 'http.request.header.cookie': 'secret',
    })]).transactions;
    expect(JSON.parse(JSON.stringify(transaction))).toEqual({
      event_id: 'b5055c8f4c9f5b5c29aed6f45abeabf7', type: 'transaction', transaction: 'GET /orders/:id', start_timestamp: 10.5, timestamp: 12,
      platform: 'node', release: 'shop@1', environment: 'production', sdk: { name: 'sentry.javascript.node', version: '11.12.0' },
      contexts: { trace: { trace_id: TRACE, span_id: ROOT, op: 'http.server', status: 'ok' } },
      request: { method: 'GET', url: 'https://shop.example/orders/17?x=1' },
    });
  });

  it.each<[string, Json, Json]>([
    ['no attributes', root({ attributes: undefined }), { transaction: 'GET /orders', platform: 'other', contexts: { trace: { op: undefined, status: 'ok' } }, request: undefined }],
    ['attributes that are none', root({ attributes: { 'sentry.op': null, 'sentry.release': 7, 'sentry.environment': { value: 8 } } }), { release: undefined, environment: undefined }],
    ['no name', root({ name: undefined }), { transaction: '<unlabeled transaction>' }],
    ['an empty name', root({ name: '' }, { 'sentry.segment.name': '' }), { transaction: '<unlabeled transaction>' }],
    ['no end', root({ end_timestamp: null }), { start_timestamp: 10.5, timestamp: 10.5 }],
    ['an SDK without a version', root({}, { 'sentry.sdk.name': 'sentry.python.django' }), { sdk: { name: 'sentry.python.django', version: null }, platform: 'python' }],
    ['an SDK of a browser', root({}, { 'sentry.sdk.name': 'sentry.javascript.react' }), { platform: 'javascript' }],
    ['a platform', root({}, { 'sentry.platform': 'ruby', 'sentry.sdk.name': 'x' }), { platform: 'ruby' }],
    ['an error', root({ status: 'error' }), { contexts: { trace: { status: 'internal_error' } } }],
    ['an error with a word for it', root({ status: 'error' }, { 'sentry.status.message': 'not_found' }), { contexts: { trace: { status: 'not_found' } } }],
    ['ids in capitals', root({ trace_id: TRACE.toUpperCase(), span_id: ROOT.toUpperCase() }), { event_id: 'b5055c8f4c9f5b5c29aed6f45abeabf7', contexts: { trace: { trace_id: TRACE, span_id: ROOT } } }],
    ['what Postgres cannot hold', root({ name: 'a\0b\ud83d' }, { 'sentry.op': 'x'.repeat(300), 'sentry.release': `${'r'.repeat(254)}😀`, 'sentry.segment.name': '' }), { transaction: 'ab\ufffd', release: `${'r'.repeat(254)}\ufffd`, contexts: { trace: { op: 'x'.repeat(255) } } }],
  ])('with %s is one, too', (_, span, expected) => expect(make([span]).transactions).toMatchObject([expected]));

  it.each<[string, Json | undefined]>([
    ['is too long to be read', undefined],
    ['has no trace', root({ trace_id: undefined })],
    ['has a trace that Postgres would refuse, and with it the whole batch', root({ trace_id: 'mine' })],
    ['has no id', root({ span_id: '' })],
    ['has no begin', root({ start_timestamp: undefined })],
    ['has a begin that is a text', root({ start_timestamp: '10' })],
    ['has attributes that are a list', root({ attributes: [] })],
  ])('that %s is left out and counted', (_, span) => expect(make([span, root()])).toMatchObject({ transactions: [{ transaction: 'GET /orders' }], others: 1 }));

  it('has the same id whenever it comes, another than any other span, trace or project', () => {
    const idOf = (more: Json, project = 1) => make([root(more)], 0, project).transactions[0]?.['event_id'];
    expect(idOf({ name: 'renamed', start_timestamp: 99 })).toBe(idOf({}));
    expect(new Set([idOf({}), idOf({ span_id: OTHER }), idOf({ trace_id: `f${TRACE.slice(1)}` }), idOf({}, 2), idOf({ trace_id: '0'.repeat(32), span_id: `${'0'.repeat(15)}1` })]).size).toBe(5);
  });

  it.each<[string, string, { roots: number; bytes: number }]>([
    ['a thousand', 'GET /', { roots: 1_000, bytes: 2 ** 20 }],
    ['a megabyte', '\u0001'.repeat(2_000), { roots: 1_000, bytes: 2 ** 20 + 10_000 }],
  ])('is one of %s at most, and the others are counted', (_, name, most) => {
    const roots = Array.from({ length: 1_200 }, (__, index) => root({ name, span_id: index.toString(16).padStart(16, '0') }));
    const { transactions, others } = make(roots);
    expect(transactions.length).toBeLessThanOrEqual(most.roots);
    expect(JSON.stringify(transactions).length).toBeLessThan(most.bytes);
    expect([transactions.length > 100, transactions.length + others]).toEqual([true, 1_200]);
  });
});

describe('a span below a root', () => {
  it('is left out for GlitchTip 5.2, which keeps none', () => {
    expect(make([child(ROOT, 'SELECT'), root(), child(ROOT, 'UPDATE')])).toMatchObject({ transactions: [{ transaction: 'GET /orders' }], children: 2, others: 0 });
    expect(make([child(ROOT, 'SELECT'), root()]).transactions[0]).not.toHaveProperty('spans');
  });

  const KEPT = { span_id: '86063071622ad59b', op: 'db', start_timestamp: 11, timestamp: 11.5 };

  it('is in its transaction for a release that keeps it, with what that keeps of it, whatever their order', () => {
    const made = make([child(ROOT, 'a'), child(OTHER, 'b'), root(), root({ span_id: OTHER }), child(ROOT, 'c')], 1_000);
    expect(made).toEqual({
      children: 0, others: 0,
      transactions: [
        expect.objectContaining({ contexts: { trace: expect.objectContaining({ span_id: ROOT }) }, spans: [{ ...KEPT, description: 'a' }, { ...KEPT, description: 'c' }] }),
        expect.objectContaining({ contexts: { trace: expect.objectContaining({ span_id: OTHER }) }, spans: [{ ...KEPT, description: 'b' }] }),
      ],
    });
  });

  it.each<[string, Json]>([
    ['has its root elsewhere', child(OTHER, 'a')],
    ['is of another trace', child(ROOT, 'a', { trace_id: 'f'.repeat(32) })],
    ['does not say what it is below', child(ROOT, 'a', { attributes: {} })],
    ['is none', { is_segment: false }],
  ])('that %s is left out and counted', (_, span) => expect(make([span, root()], 1_000)).toMatchObject({ transactions: [{ transaction: 'GET /orders' }], children: 1 }));

  it('is left out when there are too many, and never its root', () => {
    const { transactions, children } = make([...Array.from({ length: 1_500 }, () => child(ROOT, 'x'.repeat(5_000))), root()], 1_000);
    expect([(transactions[0]?.['spans'] as readonly unknown[]).length, children]).toEqual([1_000, 500]);
    expect(JSON.stringify(transactions).length).toBeLessThan(1_000_000);
  });
});
