// Logs of OpenTelemetry: which bodies are some, in either encoding.
import { describe, expect, it } from '@jest/globals';
import { countLogRecords } from '../../../../gateway/core/otlp-logs.js';
import { counted, fixed64, logsRequest, logRecord, text, varint } from '../logs-message.js';

const [PROTOBUF, JSON_TYPE] = ['application/x-protobuf', 'application/json'];
const ofJson = (value: unknown) => countLogRecords(Buffer.from(JSON.stringify(value)), JSON_TYPE);

describe('a protobuf', () => {
  it.each<[string, Buffer, number]>([
    ['without anything', Buffer.alloc(0), 0],
    ['with a resource and no record', logsRequest([]), 0],
    ['with two records', logsRequest([logRecord('one'), logRecord('two')]), 2],
    ['with two resources', Buffer.concat([logsRequest([logRecord('one')]), logsRequest([logRecord('two')])]), 2],
    ['with a field of a version to come', Buffer.concat([logsRequest([logRecord('one')]), text(99, 'new'), varint(98, 5)]), 1],
    ['with letters beyond ASCII', logsRequest([logRecord('größer')]), 1],
  ])('%s is taken', (_, body, records) => expect(['', PROTOBUF].map((type) => countLogRecords(body, type))).toEqual([records, records]));

  it.each<[string, Buffer]>([
    ['that is a sentence', Buffer.from('not a valid protobuf')],
    ['that is cut off', logsRequest([logRecord('one')]).subarray(0, -1)],
    ['that says it is longer', Buffer.from([0x0a, 0x7f, 0x00])],
    ['with a length beyond all bounds', Buffer.from([0x0a, ...Array<number>(9).fill(0xff), 0x01])],
    ['with a number without an end', Buffer.from(Array<number>(11).fill(0xff))],
    ['with field 0', Buffer.from([0x00, 0x00])],
    ['with a type that there is not', Buffer.from([0x0f])],
    ['with a text that is no UTF-8', counted(1, counted(2, counted(2, counted(5, counted(1, Buffer.from([0xff]))))))],
    ['with a time that is cut off', counted(1, counted(2, counted(2, fixed64(1, 1n).subarray(0, 5))))],
  ])('%s is none', (_, body) => expect(countLogRecords(body, PROTOBUF)).toBeUndefined());

  it('that is deeper than protobuf goes is none, however deep', () => {
    let value = text(1, 'x');
    // Of lists in lists: each is two messages.
    for (let depth = 0; depth < 5_000; depth += 1) value = counted(5, counted(1, value));
    expect(countLogRecords(logsRequest([counted(5, value)]), PROTOBUF)).toBeUndefined();
  });
});

describe('JSON', () => {
  const record = { timeUnixNano: '1', body: { stringValue: 'Disk full' } };
  it.each<[string, unknown, number]>([
    ['without anything', {}, 0],
    ['with a record', { resourceLogs: [{ resource: { attributes: [] }, scopeLogs: [{ logRecords: [record] }] }] }, 1],
    ["in protobuf's own names", { resource_logs: [{ scope_logs: [{ log_records: [record, record] }] }] }, 2],
    ['with null for what is not there', { resourceLogs: [{ resource: null, scopeLogs: [{ logRecords: null }] }] }, 0],
  ])('%s is taken', (_, value, records) => expect(ofJson(value)).toBe(records));

  it.each<[string, unknown]>([
    ['a list', []], ['a text', 'logs'], ['logs that are no list', { resourceLogs: { a: 1 } }], ['a resource that is none', { resourceLogs: [{ resource: 'a' }] }],
    ['attributes that are no list', { resourceLogs: [{ resource: { attributes: 5 } }] }], ['a record that is none', { resourceLogs: [{ scopeLogs: [{ logRecords: ['one'] }] }] }],
  ])('of %s is none', (_, value) => expect(ofJson(value)).toBeUndefined());

  it('that is none is none', () => expect(countLogRecords(Buffer.from('{"resourceLogs":['), JSON_TYPE)).toBeUndefined());
});
