// The table of old DSNs: what is one, what is wrong with it, and which pairs of it the gateway is given.
import { describe, expect, it } from '@jest/globals';
import { encodeDsnTable, fillIn, keysToFind, pairsOf, parseDsnTable, partsOfDsn, reachedBy, type OldDsn } from '../../../../../operator/core/move/dsn-table.js';

const KEY = 'a'.repeat(32);
const OLD = `https://${KEY}@sentry.example.com/42`;

describe('a table', () => {
  it.each<[string, unknown]>([
    ['of a DSN alone', [{ old: OLD }]],
    ['of a DSN at a port, below a path, with a secret key of before', [{ old: 'http://abc123:def@10.0.0.1:9000/sentry/7' }]],
    ['filled in, with a name', [{ old: OLD, project: 7, key: KEY, name: 'acme/backend' }]],
  ])('%s is read, and written as it was', (_, value) => {
    const parsed = parseDsnTable(JSON.stringify(value));
    expect(parsed).toEqual({ kind: 'valid', rows: value });
    expect(parsed.kind === 'valid' && JSON.parse(encodeDsnTable(parsed.rows))).toEqual(value);
  });

  it.each<[string, string, string]>([
    ['no JSON', 'DSN=https://', 'dsns.json: expected JSON, found something else'],
    ['no list', '{}', 'dsns.json: expected a list, found something else'],
    ['an empty list', '[]', 'dsns.json: expected 1 to 5000 DSNs, found 0'],
    ['no DSN', JSON.stringify([{ old: OLD }, { old: 'https://sentry.example.com/42' }]), 'dsns.json: 1.old: expected a DSN such as https://KEY@sentry.example.com/42, found something else'],
    ['another key', JSON.stringify([{ old: OLD, project: 7, key: 'KEY' }]), 'dsns.json: 0.key: expected 32 hexadecimal digits, found something else'],
    ['half of a pair', JSON.stringify([{ old: OLD, project: 7 }]), 'dsns.json: 0: expected project and key, or neither, found one of them'],
    ['a DSN twice', JSON.stringify([{ old: OLD }, { old: OLD }]), 'dsns.json: 1.old: expected each project and key once, found those of 0 again'],
    ['DSNs of two servers', JSON.stringify([{ old: OLD }, { old: 'https://abc@other.example.com/7' }]), 'dsns.json: 1.old: expected a DSN of https://sentry.example.com, as in 0, found one of https://other.example.com'],
    ['a number that is none any more', JSON.stringify([{ old: 'https://abc@sentry.example.com/9999999999999999' }]), 'dsns.json: 0.old: expected a DSN such as https://KEY@sentry.example.com/42, found something else'],
  ])('of %s says what was expected, and repeats no key', (_, text, why) => {
    expect(parseDsnTable(text)).toEqual({ kind: 'invalid', why });
    expect(why).not.toContain(KEY);
  });
});

describe('the projects of old DSNs', () => {
  const rows: readonly OldDsn[] = [{ old: OLD }, { old: 'https://short@sentry.example.com/2' }, { old: `https://${'B'.repeat(32)}@sentry.example.com/3`, project: 9, key: 'c'.repeat(32) }];

  it('are looked for by their keys, where nobody named them', () => {
    expect(keysToFind(rows)).toEqual([KEY]);
    expect(fillIn(rows, new Map([[KEY, 7]]))).toEqual([{ ...rows[0], project: 7, key: KEY }, rows[1], rows[2]]);
  });

  it('become pairs in one order, without those that are not here', () => {
    const filled = fillIn(rows, new Map([[KEY, 7]]));
    expect(pairsOf([...filled].reverse())).toEqual(pairsOf(filled));
    expect(pairsOf(filled).map(({ project }) => project)).toEqual([9, 7]);
  });

  it.each<[string, string, string]>([
    ['whose name leads here is reached at the other address, below the same path', `https://${KEY}@sentry.example.com/sentry/42`, `http://${KEY}@10.0.0.1:9000/sentry/42`],
    ['with a secret of long ago likewise, without that', `https://${KEY}:def@sentry.example.com/42`, `http://${KEY}@10.0.0.1:9000/42`],
    ['of any other name is reached by that, as sentry.io has one for events', `https://${KEY}@o1.ingest.sentry.io/42`, `https://${KEY}@o1.ingest.sentry.io/42`],
  ])('a DSN %s', (_, old, expected) => {
    expect(reachedBy([{ project: 7, key: KEY, old }], { from: 'http://10.0.0.1:9000', ownNames: ['errors.example.com', 'sentry.example.com'] })).toEqual([{ project: 7, key: KEY, old: expected }]);
  });

  it('have the parts of a DSN', () => {
    expect(partsOfDsn('http://abc123:def@10.0.0.1:9000/sentry/7')).toEqual({ key: 'abc123', origin: 'http://10.0.0.1:9000', project: '7' });
  });
});
