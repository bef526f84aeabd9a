import { expect, it } from '@jest/globals';
import { formatBoth, formatDistance, formatDuration } from '../../../cli/moments.js';
import { NOW } from './cli-scenarios.js';

it.each([
  [0, '0 s'], [-5000, '0 s'], [119_999, '119 s'], [120_000, '2 min'], [7_199_000, '119 min'], [172_799_000, '47 h'], [172_800_000, '2 d'],
])('%s milliseconds are %s', (milliseconds, text) => expect(formatDuration(milliseconds)).toBe(text));

it('the past is ago and the future is in', () => {
  expect(formatDistance('2026-06-01T09:00:00Z', NOW)).toBe('3 h ago');
  expect(formatBoth('2026-06-04T12:00:00Z', NOW)).toBe('2026-06-04 12:00 UTC (in 3 d)');
});
