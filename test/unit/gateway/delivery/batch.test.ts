// What a request to GlitchTip says of events that waited: one without a time of its own has that at which it was received, not that at which it is given.
import { expect, it } from '@jest/globals';
import { gzipSync } from 'node:zlib';
import { itemPolicy } from '../../../../gateway/core/item-policy.js';
import type { RecordHeader } from '../../../../gateway/core/record.js';
import { composeRequest, type BatchRecord } from '../../../../gateway/delivery/batch.js';

const [ID, RECEIVED_AT] = ['ab'.repeat(16), 1_780_000_000_000];
const [HOUR, TIME] = [3_600_000, '2026-05-28T20:26:40.000Z'];
const envelope = (event: string) => `{"event_id":"${ID}"}\n{"type":"event"}\n${event}`;
const record = (text: string, more: Partial<RecordHeader> = {}): BatchRecord => {
  const body = more.encoding === 'gzip' ? gzipSync(text) : Buffer.from(text);
  return { header: { id: ID, receivedAt: RECEIVED_AT, project: 1, key: 'a'.repeat(32), kind: 'envelope', events: [{ type: 'event', id: ID }], size: text.length, ...more }, body };
};
const bodyOf = (records: readonly [BatchRecord, ...BatchRecord[]], waited: number) => composeRequest(records, itemPolicy('5.2'), RECEIVED_AT + waited).body.toString();
const events = (body: string) => body.split('\n').filter((line, index) => index % 2 === 0 && index > 0 && line !== '').map((line) => JSON.parse(line) as object);

it('what has just come goes as it came', () => {
  expect(bodyOf([record(envelope('{"message":"a"}'))], 1_000)).toBe(envelope('{"message":"a"}'));
});

it('one that waited has the time at which it was received, and the rest to the letter', () => {
  const [line] = bodyOf([record(envelope(`{"n":12345678901234567890,"event_id":"${ID}"}`))], HOUR).split('\n').slice(2);
  expect(line).toBe(`{"timestamp":"${TIME}","n":12345678901234567890,"event_id":"${ID}"}`);
});

it.each<[string, string, object]>([
  ['its own', '{"timestamp":1700000000.5}', { timestamp: 1_700_000_000.5 }],
  ['none that it could say', '{}', { timestamp: TIME }],
])('one that waited and says %s', (_, event, expected) => {
  expect(events(bodyOf([record(envelope(event))], HOUR))).toMatchObject([expected]);
});

it('of several each has its own', () => {
  const later = record(envelope('{"message":"b"}'), { receivedAt: RECEIVED_AT + HOUR - 1_000 });
  expect(events(bodyOf([record(envelope('{"message":"a"}')), later], HOUR))).toEqual([{ timestamp: TIME, message: 'a', event_id: ID }, { message: 'b', event_id: ID }]);
});

it('the endpoint for single events has it, too, unpacked', () => {
  const request = composeRequest([record('{"message":"a"}', { kind: 'store', encoding: 'gzip' })], itemPolicy('5.2'), RECEIVED_AT + HOUR);
  expect([request.path, request.headers['content-encoding'], JSON.parse(request.body.toString())]).toEqual(['/api/1/store/', undefined, { timestamp: TIME, message: 'a' }]);
});
