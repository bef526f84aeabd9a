// What is asked for of a move, and what is wrong with it.
import { describe, expect, it } from '@jest/globals';
import { pairName, readMoveOrder } from '../../../../gateway/core/move-order.js';

const [OLD, NEW] = ['0123456789abcdef0123456789abcdef', 'abcdefabcdefabcdefabcdefabcdefab'];
const PAIR = { project: 7, key: NEW, old: `https://${OLD}@sentry.example.com/42` };
const ORDER = { leads: 'old', share: 25, pairs: [PAIR] };

describe('an order', () => {
  it('is read, with keys however they are written', () => {
    const hyphenated = `${NEW.slice(0, 8)}-${NEW.slice(8, 12)}-${NEW.slice(12, 16)}-${NEW.slice(16, 20)}-${NEW.slice(20)}`;
    expect(readMoveOrder({ ...ORDER, pairs: [{ ...PAIR, key: hyphenated }] })).toMatchObject({ leads: 'old', share: 25, pairs: [{ project: 7, key: NEW, old: { project: 42, key: OLD } }] });
  });

  it('may leave out the pairs, which stay', () => expect(readMoveOrder({ leads: 'glitchtip', share: 0 })).toEqual({ leads: 'glitchtip', share: 0, pairs: undefined }));

  it.each<[unknown, string]>([
    [undefined, 'leads: expected old or glitchtip, found nothing'],
    [{ ...ORDER, leads: 'mine' }, 'leads: expected old or glitchtip, found "mine"'],
    [{ ...ORDER, share: 101 }, 'share: expected a whole number from 0 to 100, found 101'],
    [{ ...ORDER, share: '25' }, 'share: expected a whole number from 0 to 100, found "25"'],
    [{ ...ORDER, pairs: [] }, 'pairs: expected a list of 1 to 5000 pairs, found "a list of 0"'],
    [{ ...ORDER, pairs: 'x'.repeat(200) }, `pairs: expected a list of 1 to 5000 pairs, found "${'x'.repeat(99)}... (202 characters)`],
    [{ ...ORDER, pairs: [{ ...PAIR, project: 0 }] }, 'pairs[0].project: expected a whole number from 1 on, found 0'],
    [{ ...ORDER, pairs: [{ ...PAIR, key: 'mine' }] }, 'pairs[0].key: expected 32 hexadecimal digits, found "mine"'],
    [{ ...ORDER, pairs: [{ ...PAIR, old: 'mine' }] }, 'pairs[0].old: expected a DSN such as https://KEY@sentry.example.com/42, found "mine"'],
    [{ ...ORDER, pairs: [PAIR, { ...PAIR, project: 8 }] }, 'pairs[1].old: expected each project and key once, found "those of pairs[0]"'],
    [{ ...ORDER, pairs: [PAIR, { ...PAIR, old: `https://${OLD}@other.example.com/43` }] }, 'pairs[1].old: expected a DSN of https://sentry.example.com, as in pairs[0], found "https://other.example.com"'],
  ])('%j is refused: %s', (json, refusal) => expect(readMoveOrder(json)).toEqual({ refusal }));

  it('of 5,000 pairs is read in no time', () => {
    const pairs = Array.from({ length: 5_000 }, (_, index) => ({ ...PAIR, old: `https://${OLD}@sentry.example.com/${index + 1}` }));
    const began = performance.now();
    expect(readMoveOrder({ ...ORDER, pairs })).toMatchObject({ leads: 'old' });
    expect(performance.now() - began).toBeLessThan(1_000);
  });
});

it('a key that is none to GlitchTip names its pair, too', () => {
  expect([pairName({ project: 42, key: OLD.toUpperCase() }), pairName({ project: 42, key: 'public' })]).toEqual([`42 ${OLD}`, '42 public']);
});
