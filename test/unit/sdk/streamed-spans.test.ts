// What it means when streamed spans are accepted and no transaction comes of them.
import { describe, expect, it } from '@jest/globals';
import { unstoredSpans, type GatewayFact } from '../../sdk/streamed-spans.js';

describe('spans without a transaction', () => {
  it.each<[string, GatewayFact, string, RegExp]>([
    ['fail where the caller says that there is a gateway', { kind: 'there', source: '--gateway' }, 'failed', /answered 200.*--gateway.*spansToTransactions/],
    ['fail where the cluster has a gateway', { kind: 'there', source: 'namespace errors' }, 'failed', /namespace errors/],
    ['are skipped where the cluster has none, with what to set in the SDK', { kind: 'not there', source: 'namespace errors' }, 'skipped', /traceLifecycle: 'static'.*no gateway: namespace errors/],
    ['are skipped where nobody knows, with how to tell', { kind: 'untold' }, 'skipped', /traceLifecycle: 'static'.*--gateway/],
  ])('%s', (_, gateway, result, detail) => {
    expect(unstoredSpans(gateway, 200)).toEqual({ result, detail: expect.stringMatching(detail) });
  });
});
