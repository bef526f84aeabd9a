// What a Sentry says of how much it takes, and what may go all the same.
import { describe, expect, it } from '@jest/globals';
import { limitsOf, RateLimits, readRateLimits } from '../../../../gateway/core/rate-limits.js';

const NOW = 1_000_000;

describe('X-Sentry-Rate-Limits', () => {
  it.each<[string, ReturnType<typeof readRateLimits>]>([
    ['60:error:key', [{ seconds: 60, categories: ['error'], isOfOrganization: false }]],
    ['60:error;transaction:project:quota, 2700::organization', [{ seconds: 60, categories: ['error', 'transaction'], isOfOrganization: false }, { seconds: 2_700, categories: [], isOfOrganization: true }]],
    ['60', [{ seconds: 60, categories: [], isOfOrganization: false }]],
    ['soon:error', []], ['', []], ['-1:error,99999999999:error', []],
  ])('%j is read', (header, limits) => expect(readRateLimits(header)).toEqual(limits));

  it('is believed before Retry-After, and where there is neither a 429 means a minute', () => {
    expect(limitsOf({ status: 429, rateLimits: '5:error:key', retryAfter: 9 })).toMatchObject([{ seconds: 5 }]);
    expect(limitsOf({ status: 429, rateLimits: undefined, retryAfter: 9 })).toMatchObject([{ seconds: 9, categories: [] }]);
    expect(limitsOf({ status: 429, rateLimits: undefined, retryAfter: undefined })).toMatchObject([{ seconds: 60 }]);
    expect(limitsOf({ status: 200, rateLimits: undefined, retryAfter: 9 })).toEqual([]);
  });
});

describe('a record', () => {
  const limited = (header: string, project = 1): RateLimits => {
    const limits = new RateLimits();
    limits.obey(project, readRateLimits(header), NOW);
    return limits;
  };

  it.each<[string, readonly string[], string, boolean]>([
    ['of the category waits', ['event'], '60:error:project', true],
    ['of another does not', ['transaction'], '60:error:project', false],
    ['of which a part may go does not: Sentry leaves out the rest', ['event', 'attachment'], '60:attachment:project', false],
    ['of which no part may go waits', ['event', 'attachment'], '60:attachment;error:project', true],
    ['of whatever type waits for a limit of all', ['check_in'], '60::project', true],
    ['of a type that nobody knows is of the default', ['other'], '60:default:key', true],
    ['that could not be read is of the default, too', [], '60:default:key', true],
  ])('%s', (_, types, header, waits) => expect(limited(header).until(1, types, NOW)).toBe(waits ? NOW + 60_000 : undefined));

  it('goes when the limit is over', () => expect(limited('60:error:project').until(1, ['event'], NOW + 60_000)).toBeUndefined());
  it('of another project goes', () => expect(limited('60:error:project').until(2, ['event'], NOW)).toBeUndefined());
  it('of another project waits for a limit of the organization', () => expect(limited('60:error:organization').until(2, ['event'], NOW)).toBe(NOW + 60_000));
});
