// What would cost other people's events: GlitchTip 5.2's worker fails on it, and its batch is lost.
import { describe, expect, it } from '@jest/globals';
import type { Json } from '../../../../gateway/core/json.js';
import { storableEvent } from '../../../../gateway/core/storable-event.js';

const TRACE = { trace_id: 'a'.repeat(32), op: 'http.server' };
const TRANSACTION: Json = { transaction: 'GET /', start_timestamp: 1_780_000_000, timestamp: '2026-06-01T02:14:00Z', contexts: { trace: TRACE } };

describe('an event', () => {
  it('stays as it is', () => {
    const body = { message: 'it broke', release: 'r'.repeat(255), contexts: null };
    expect(storableEvent('event', body)).toBe(body);
  });

  it.each<[string, string, string]>([['that is too long', 'r'.repeat(256), 'r'.repeat(255)], ['that is too long in the middle of a character', `${'r'.repeat(254)}\u{1f600}`, 'r'.repeat(254)]])('with a release %s has a shorter one', (_, release, expected) => {
    expect(storableEvent('event', { release })).toEqual({ release: expected });
  });
});

describe('a transaction', () => {
  it('stays as it is', () => expect(storableEvent('transaction', TRANSACTION)).toBe(TRANSACTION));

  it('with an operation, a method and a release that are too long has shorter ones', () => {
    const long = 'x'.repeat(300);
    const short = 'x'.repeat(255);
    expect(storableEvent('transaction', { ...TRANSACTION, release: long, contexts: { os: {}, trace: { ...TRACE, op: long } }, request: { url: '/', method: long } }))
      .toEqual({ ...TRANSACTION, release: short, contexts: { os: {}, trace: { ...TRACE, op: short } }, request: { url: '/', method: short } });
  });

  it.each<[string, Json]>([
    ['a name', { transaction: undefined }], ['a name that is a text', { transaction: {} }], ['a beginning', { start_timestamp: undefined }], ['an end', { timestamp: 'soon' }], ['contexts', { contexts: undefined }], ['contexts that are an object', { contexts: [] }], ['a trace', { contexts: { trace: null } }],
    ["a trace's id", { contexts: { trace: { op: 'a' } } }], ["a trace's id that is one", { contexts: { trace: { trace_id: 'mine' } } }],
  ])('without %s is none', (_, more) => expect(storableEvent('transaction', { ...TRANSACTION, ...more })).toBeUndefined());
});
