// What was set aside stays within its bounds, and the newest of it stays.
import { describe, expect, it } from '@jest/globals';
import type { BatchRecord } from '../../../../gateway/delivery/batch.js';
import { SetAside } from '../../../../gateway/delivery/set-aside.js';
import { FailingFiles } from '../spool/failing-files.js';

const idOf = (number: number) => number.toString(16).padStart(32, '0');
const record = (number: number, bytes = 100): BatchRecord => ({
  header: { id: idOf(number), receivedAt: 1, project: 1, key: 'a'.repeat(32), kind: 'envelope', events: [], size: bytes, client: '127.0.0.1' },
  body: Buffer.alloc(bytes, 'x'),
});

function opened(files: FailingFiles, most: { readonly records: number; readonly bytes: number }): { readonly aside: SetAside; readonly add: (...numbers: number[]) => void } {
  let now = 0;
  const aside = new SetAside(files, '/set-aside', () => (now += 1), most);
  return { aside, add: (...numbers) => { for (const number of numbers) aside.add(record(number), { why: 'GlitchTip answered 400', attempts: 1 }); } };
}

describe('beyond its bounds the oldest go', () => {
  it('by number, a tenth at once', () => {
    const { aside, add } = opened(new FailingFiles(), { records: 10, bytes: 2 ** 20 });
    add(...Array.from({ length: 10 }, (_, index) => 20 - index));
    expect([aside.ids().length, aside.dropped]).toEqual([10, 0]);
    add(1);
    expect([[...aside.ids()].sort(), aside.dropped]).toEqual([[1, 11, 12, 13, 14, 15, 16, 17, 18].map(idOf), 2]);
  });

  it('by bytes', () => {
    const { aside, add } = opened(new FailingFiles(), { records: 100, bytes: 1_500 });
    add(1, 2, 3, 4, 5);
    const left = aside.ids().length;
    expect([left + aside.dropped, left < 5, aside.ids().includes(idOf(5))]).toEqual([5, true, true]);
  });

  it('with what an earlier process left', () => {
    const files = new FailingFiles();
    opened(files, { records: 10, bytes: 2 ** 20 }).add(1, 2, 3, 4, 5, 6, 7, 8, 9, 10);
    const { aside, add } = opened(files, { records: 10, bytes: 2 ** 20 });
    add(11);
    expect([aside.ids().length, aside.dropped]).toEqual([9, 2]);
  });

  it('and none goes while a person has made room', () => {
    const { aside, add } = opened(new FailingFiles(), { records: 3, bytes: 2 ** 20 });
    add(1, 2, 3);
    aside.remove(idOf(1));
    add(4);
    expect([[...aside.ids()].sort(), aside.dropped]).toEqual([[2, 3, 4].map(idOf), 0]);
  });

  it('what is damaged first', () => {
    const files = new FailingFiles();
    const { aside, add } = opened(files, { records: 3, bytes: 2 ** 20 });
    add(1, 2, 3);
    const file = files.open(`/set-aside/${idOf(3)}.record`);
    file.truncate(0);
    file.close();
    add(4);
    expect(aside.ids()).not.toContain(idOf(3));
  });
});
