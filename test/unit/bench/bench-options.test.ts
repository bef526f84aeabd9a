// The command line of the bench.
import { describe, expect, it } from '@jest/globals';
import { DEFAULT_MEASUREMENTS, parseOptions } from '../../bench/bench-options.js';

describe('parseOptions', () => {
  it('measures everything on the instance "bench" when nothing is said', () => {
    expect(parseOptions([])).toMatchObject({ measurements: DEFAULT_MEASUREMENTS, name: 'bench', rate: 104, seconds: 60, check: false, keep: false });
  });

  it('takes several measurements and options in any order', () => {
    expect(parseOptions(['memory', '--rate', '60', 'ingest', '--check'])).toMatchObject({ measurements: ['memory', 'ingest'], rate: 60, check: true });
  });
});
