// A spool whose disk is full: nothing of it is lost, and it goes on by itself.
import { describe, expect, it } from '@jest/globals';
import { SpoolFullError } from '../../../../gateway/spool/spool.js';
import { FailingFiles } from './failing-files.js';
import { MEBIBYTE, add, mark, open, pending, placeOf } from './opened-spool.js';

describe('a spool whose disk is full', () => {
  it('refuses what a full disk has no room for, keeps what it had, and goes on when there is room', async () => {
    const files = new FailingFiles(undefined, 400);
    const { spool } = open(files);
    await add(spool, 'a');
    await expect(add(spool, 'b', 1_000)).rejects.toMatchObject({ code: 'ENOSPC' });
    expect(pending(spool)).toEqual(['a']);
    await add(spool, 'c');
    expect(pending(spool)).toEqual(['a', 'c']);
    expect(pending(open(files.after('none')).spool)).toEqual(['a', 'c']);
  });

  it('leaves the last of its disk alone: what waits is marked and let go, and there is room again', async () => {
    const files = new FailingFiles(undefined, 400);
    const { spool } = open(files, { leavesBytes: 100 });
    const taken: string[] = [];
    let refusal: unknown;
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']) await add(spool, name).then(() => taken.push(name), (error: unknown) => (refusal = error));
    expect([taken.length > 2, refusal instanceof SpoolFullError, files.freeBytes() >= 100]).toEqual([true, true, true]);
    spool.mark(taken.map((name) => mark(placeOf(spool, name), 'sent')), true);
    spool.mark(taken.map((name) => mark(placeOf(spool, name), 'done')), false);
    await add(spool, 'next');
    expect(pending(spool)).toEqual(['next']);
  });

  it('counts what a full disk has no room to note where that may be forgotten, and notes it later', async () => {
    const files = new FailingFiles();
    const { spool } = open(files, { segmentBytes: MEBIBYTE });
    const [a, b] = [await add(spool, 'a'), await add(spool, 'b'), await add(spool, 'c')];
    files.room = files.used;
    expect(() => spool.mark([mark(a, 'sent')], true)).toThrow('ENOSPC');
    spool.mark([mark(a, 'done')], false);
    expect([pending(spool), pending(open(files.after('kill')).spool)]).toEqual([['b', 'c'], ['a', 'b', 'c']]);
    files.room = Number.POSITIVE_INFINITY;
    spool.mark([mark(b, 'done')], false);
    expect([pending(spool), pending(open(files.after('kill')).spool)]).toEqual([['c'], ['c']]);
  });
});
