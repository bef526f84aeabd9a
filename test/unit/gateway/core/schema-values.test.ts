// What GlitchTip 5.2 was seen to take for a time and for a number of bytes (pydantic 2.12 by its schemas; speedate's forms of a time).
import { expect, it } from '@jest/globals';
import { isTime, wholeNumber } from '../../../../gateway/core/schema-values.js';

it.each<unknown>([
  '2026-06-01T02:14:00.123Z', '2026-06-01T02:14:00.123456789Z', '2026-06-01T02:14:00+02:00', '2026-06-01T02:14:00+0200', '2026-06-01T02:14:00', '2026-06-01 02:14:00', '2026-06-01_02:14:00', '2026-06-01T02:14', '2026-06-01T02:14:00,5Z', '2026-06-01t02:14:00z',
  '2026-06-01', '2024-02-29', '2026', '9999-12-31T23:59:59Z', '2026-06-01T02:14:00\u221202:00', '1780000000', '1780000000.5', '-5', '+5', '1.7e9', '.5', '5.', 1780000000, 1780000000.5, 1780000000123, -1, 1e5, 1e13, 253402300799999, -62135596800,
])('%j is a time', (value) => expect(isTime(value)).toBe(true));

it.each<unknown>([
  '2026-06-01T02:14:00+02', '2026-06-01T02:14:00 Z', '2026-06', '2026-6-1', '2026-13-01T00:00:00Z', '2026-02-30T00:00:00Z', '2025-02-29', '2026-06-01T24:00:00Z', '2026-06-01T02:60:00Z', '2026-06-01T02:14:60Z', '2026-06-01T02:14:00+24:00', 'Mon, 01 Jun 2026 02:14:00 GMT',
  'June 1, 2026', 'soon', '', ' ', ' 1780000000', '1e5', '0x5', '-', 'inf', '0000-01-01', '2026-06-01T02', '2026-06-01T02:14:00.Z', '20260601T021400Z', '99999999999999999999', 1e20, -1e20, 1e15, 253402300800000, Number.POSITIVE_INFINITY, null, undefined, true, [], {},
])('%j is no time', (value) => expect(isTime(value)).toBe(false));

it.each<[unknown, number]>([[7, 7], [-1, -1], [1e17, 1e17], ['7', 7], [' 7 ', 7], ['+7', 7], ['-7', -7], ['07', 7], ['7_0', 70], ['7.0', 7], ['7.00', 7], [true, 1], [false, 0]])('%j is the whole number %d', (value, expected) => expect(wholeNumber(value)).toBe(expected));

it.each<unknown>([7.5, 1e30, Number.POSITIVE_INFINITY, '7.5', '7.', '.0', '1e2', '0x7', '', 'all', '\uff17', [], {}])('%j is no whole number', (value) => expect(wholeNumber(value)).toBeUndefined());
