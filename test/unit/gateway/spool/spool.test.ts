// The spool: what was answered 200 is there after any crash, and damage costs what it touches and no more.
import { describe, expect, it } from '@jest/globals';
import { Spool, SpoolFullError } from '../../../../gateway/spool/spool.js';
import { sizeOf, type Place } from '../../../../gateway/spool/place.js';
import { FOLDER, GLITCHTIP, MEBIBYTE, add, mark, open, pending, placeOf, readOn } from './opened-spool.js';
import { Crash, FailingFiles, type Aftermath, type Cut } from './failing-files.js';

describe('the spool', () => {
  it('gives back what was appended, in its order, also to the next process', async () => {
    const files = new FailingFiles();
    const { spool } = open(files);
    await Promise.all(['a', 'b', 'c'].map((name) => add(spool, name)));
    await add(spool, 'd', 300);
    expect(pending(spool)).toEqual(['a', 'b', 'c', 'd']);
    expect(pending(open(files.after('none')).spool)).toEqual(['a', 'b', 'c', 'd']);
  });

  it('writes what arrives together with one sync', async () => {
    const files = new FailingFiles();
    const { spool } = open(files, { segmentBytes: MEBIBYTE });
    await add(spool, 'first');
    const before = files.calls;
    await Promise.all(Array.from({ length: 50 }, (_, index) => add(spool, `r${index}`)));
    expect(files.calls - before).toBe(2);
  });

  it('is empty again, and takes no room on the disk, when all is done', async () => {
    const files = new FailingFiles();
    const { spool } = open(files);
    for (const name of ['a', 'b', 'c', 'd', 'e']) await add(spool, name);
    spool.mark(['a', 'b', 'c', 'd', 'e'].map((name) => mark(placeOf(spool, name), 'done')), false);
    expect([pending(spool), spool.liveBytes]).toEqual([[], 0]);
    expect(files.paths().filter((path) => path.endsWith('records'))).toHaveLength(1);
    open(files.after('kill'));
    expect(open(files.after('kill')).spool.segments).toEqual([]);
  });

  it('keeps a record until every destination has let it go', async () => {
    const files = new FailingFiles();
    const { spool } = open(files, { destinations: [0, 1] });
    await add(spool, 'a');
    spool.mark([mark(placeOf(spool, 'a'), 'done', 0)], true);
    expect([pending(spool, 0), pending(spool, 1)]).toEqual([[], ['a']]);
    const later = open(files.after('none'), { destinations: [0, 1] }).spool;
    expect([pending(later, 0), pending(later, 1), later.liveBytes, later.followersBytes > 0]).toEqual([[], ['a'], 0, true]);
    later.mark([mark(placeOf(later, 'a'), 'done', 1)], true);
    expect([later.liveBytes, later.followersBytes]).toEqual([0, 0]);
  });

  it('knows after a crash what was sent, how often and when', async () => {
    const files = new FailingFiles();
    const { spool } = open(files);
    await add(spool, 'a');
    await add(spool, 'b');
    spool.mark([{ ...mark(placeOf(spool, 'b'), 'sent'), at: 1_234, attempts: 2 }], true);
    const left = files.after('none');
    const later = open(left).spool;
    const openMarks = ({ segments }: Spool) => segments.flatMap((segment) => [...segment.sent(GLITCHTIP).values()]);
    expect(openMarks(later)).toEqual([{ at: 1_234, attempts: 2, isAnswered: true }]);
    later.mark([{ ...mark(placeOf(later, 'b'), 'unanswered'), at: 1_240, attempts: 2 }], true);
    expect(openMarks(open(left.after('none')).spool)).toEqual([{ at: 1_240, attempts: 2, isAnswered: false }]);
  });

  it('takes nothing beyond its bound, and takes again what fits when something left', async () => {
    const { spool } = open(new FailingFiles(), { maxBytes: 200 });
    await add(spool, 'a', 100);
    await expect(add(spool, 'b', 100)).rejects.toThrow(SpoolFullError);
    spool.mark([mark(placeOf(spool, 'a'), 'done')], false);
    await add(spool, 'c', 100);
    expect(pending(spool)).toEqual(['c']);
  });

  it('keeps what was seen stored as long as nothing else needs its room, and counts what goes', async () => {
    const files = new FailingFiles();
    const { spool } = open(files, { maxBytes: 600 });
    for (const name of ['a', 'b', 'c', 'd']) await add(spool, name, 60);
    spool.mark(['a', 'b', 'c'].map((name) => ({ ...mark(placeOf(spool, name), 'kept'), attempts: 7 })), true);
    const [held] = [spool.keptBytes];
    expect([spool.keptBytes, spool.liveBytes]).toEqual([held, sizeOf(placeOf(spool, 'd'))]);
    expect(spool.segments.flatMap((segment) => segment.keptRecords(GLITCHTIP, (round) => round === 7))).toHaveLength(3);
    const later = open(files.after('none'), { maxBytes: 600 }).spool;
    expect([later.keptBytes, later.liveBytes, later.keptDropped]).toEqual([held, spool.liveBytes, 0]);
    for (const name of ['e', 'f', 'g']) await add(later, name, 60);
    expect(pending(later)).toEqual(expect.arrayContaining(['d', 'e', 'f', 'g']));
    expect(later.keptBytes + later.liveBytes).toBeLessThanOrEqual(600);
    expect([later.keptDropped > 0, pending(later)[0]]).toEqual([true, 'c']);
    later.letGoOfKept(GLITCHTIP, () => true);
    expect(later.keptDropped).toBe(0);
  });

  it('waits again for what was kept and is given anew, and lets go of what is kept of the rounds that are wanted', async () => {
    const files = new FailingFiles();
    const { spool } = open(files, { segmentBytes: MEBIBYTE });
    for (const name of ['a', 'b', 'c']) await add(spool, name);
    const kept = (name: string, round: number) => ({ ...mark(placeOf(spool, name), 'kept'), attempts: round });
    spool.mark([kept('a', 1), kept('b', 2), kept('c', 2), mark(placeOf(spool, 'b'), 'sent')], true);
    const awaited = (each: Spool) => ['a', 'b', 'c'].filter((name) => each.isAwaited(placeOf(each, name), GLITCHTIP));
    expect([awaited(spool), spool.liveBytes, spool.segments[0]?.left(GLITCHTIP)]).toEqual([['b'], sizeOf(placeOf(spool, 'b')), 1]);
    spool.letGoOfKept(GLITCHTIP, (round) => round === 2);
    expect([pending(spool), awaited(spool)]).toEqual([['a', 'b'], ['b']]);
    const later = open(files.after('kill'), { segmentBytes: MEBIBYTE }).spool;
    expect([pending(later), awaited(later), later.keptBytes]).toEqual([['a', 'b'], ['b'], spool.keptBytes]);
    later.mark([mark(placeOf(later, 'b'), 'done')], true);
    later.letGoOfKept(GLITCHTIP, () => true);
    expect([later.liveBytes, later.keptBytes]).toEqual([0, 0]);
  });

  it('counts what waits to be written, so that a burst cannot pass its bound', async () => {
    const { spool } = open(new FailingFiles(), { maxBytes: 300 });
    const results = await Promise.allSettled(Array.from({ length: 5 }, (_, index) => add(spool, `${index}`, 100)));
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'rejected', 'rejected']);
    expect(spool.liveBytes).toBeLessThanOrEqual(300);
  });

  it('gives one that has read what was adopted all that is appended afterwards', async () => {
    const files = new FailingFiles();
    const left = Spool.open({ files, folder: '/spool/gateway-0', maxBytes: MEBIBYTE, destinations: [GLITCHTIP], defer: (write) => queueMicrotask(write), onDamage: () => undefined });
    await add(left, 'a');
    left.close();
    const { spool } = open(files, { segmentBytes: MEBIBYTE });
    await add(spool, 'b');
    spool.adopt('/spool/gateway-0');
    const { names, cursor } = readOn(spool, spool.start);
    expect(names).toEqual(['b', 'a']);
    await add(spool, 'c');
    expect(readOn(spool, cursor).names).toEqual(['c']);
  });

  it('adopts what another gateway left, with its marks', async () => {
    const files = new FailingFiles();
    const left = Spool.open({ files, folder: '/spool/gateway-0', maxBytes: MEBIBYTE, destinations: [GLITCHTIP], segmentBytes: 100, defer: (write) => queueMicrotask(write), onDamage: () => undefined });
    for (const name of ['x', 'y', 'z']) await add(left, name);
    left.mark([mark(placeOf(left, 'x'), 'done')], true);
    const { spool } = open(files);
    await add(spool, 'a');
    expect(spool.adopt('/spool/gateway-0')).toBe(2);
    expect(pending(spool)).toEqual(['a', 'y', 'z']);
    expect(pending(open(files.after('none')).spool)).toEqual(['a', 'y', 'z']);
  });
});

/** Appends, marks and adopts; resolves to the names that were answered, and of those the ones that were marked as done. */
async function story(files: FailingFiles): Promise<{ readonly answered: readonly string[]; readonly done: readonly string[] }> {
  const [answered, done]: [string[], string[]] = [[], []];
  const append = async (spool: Spool, name: string) => {
    await add(spool, name);
    answered.push(name);
  };
  try {
    const { spool } = open(files);
    await Promise.all(['a', 'b', 'c'].map((name) => append(spool, name)));
    await append(spool, 'd');
    done.push('a', 'b');
    spool.mark(['a', 'b'].map((name) => mark(placeOf(spool, name), 'done')), true);
    await append(spool, 'e');
    done.push('c', 'd');
    spool.mark(['c', 'd'].map((name) => mark(placeOf(spool, name), 'done')), false);
    spool.mark([{ ...mark(placeOf(spool, 'e'), 'kept'), attempts: 1 }], false);
    await append(spool, 'f');
    done.push('e');
    spool.letGoOfKept(GLITCHTIP, () => true);
    await append(spool, 'g');
  } catch (error) {
    if (!(error instanceof Crash)) throw error;
  }
  return { answered, done };
}

describe('a crash of the spool', () => {
  const AFTERMATHS: readonly Aftermath[] = ['kill', 'none', 'zeros', 'half'];
  const CUTS: readonly Cut[] = ['before', 'middle', 'after'];

  it.each(AFTERMATHS.flatMap((aftermath) => CUTS.map((cut) => [cut, aftermath] as const)))('at each of its calls (%s it; then %s) loses nothing that was answered, and stops nothing', async (cut, aftermath) => {
    const whole = new FailingFiles();
    await story(whole);
    expect(whole.calls).toBeGreaterThan(20);
    for (let at = 0; at < whole.calls; at += 1) {
      const files = new FailingFiles({ at, cut });
      const { answered, done } = await story(files);
      const { spool, damage } = open(files.after(aftermath));
      const left = pending(spool);
      const missing = answered.filter((name) => !left.includes(name) && !done.includes(name));
      expect({ at, missing, torn: left.filter((name) => name.endsWith('!')), damage }).toEqual({ at, missing: [], torn: [], damage: [] });
      await add(spool, 'next');
      expect(pending(spool)).toContain('next');
    }
  });

  it('at each call of its next start (and of the one after) loses nothing either', async () => {
    const files = new FailingFiles();
    const { answered, done } = await story(files);
    const start = files.after('zeros');
    open(start);
    for (let at = 0; at < start.calls; at += 1) {
      const again = files.after('zeros', { at, cut: 'middle' });
      expect(() => open(again)).toThrow(Crash);
      const left = pending(open(again.after('none')).spool);
      expect(answered.filter((name) => !left.includes(name) && !done.includes(name))).toEqual([]);
    }
  });

  it('while it adopts leaves each record with one owner', async () => {
    const left = '/spool/gateway-0';
    const files = new FailingFiles();
    const other = Spool.open({ files, folder: left, maxBytes: MEBIBYTE, destinations: [GLITCHTIP], segmentBytes: 100, defer: (write) => queueMicrotask(write), onDamage: () => undefined });
    for (const name of ['x', 'y', 'z']) await add(other, name);
    const whole = files.after('none');
    open(whole).spool.adopt(left);
    for (let at = 0; at < whole.calls; at += 1) {
      for (const cut of CUTS) {
        const cutOff = files.after('none', { at, cut });
        expect(() => open(cutOff).spool.adopt(left)).toThrow(Crash);
        const { spool } = open(cutOff.after('kill'));
        spool.adopt(left);
        expect({ at, cut, names: [...pending(spool)].sort() }).toEqual({ at, cut, names: ['x', 'y', 'z'] });
      }
    }
  });
});

describe('damage', () => {
  const NAMES = ['a', 'b', 'c', 'd'];
  async function filled(): Promise<{ readonly files: FailingFiles; readonly records: string; readonly places: readonly Place[] }> {
    const files = new FailingFiles();
    const { spool } = open(files, { segmentBytes: MEBIBYTE });
    for (const name of NAMES) await add(spool, name);
    return { files, records: `${FOLDER}/00000001/records`, places: NAMES.map((name) => placeOf(spool, name)) };
  }

  it('of any byte of a segment costs the record that it is in, is reported, and stops no other', async () => {
    const { files, records, places } = await filled();
    for (let at = 0; at < files.contents(records).length; at += 1) {
      const hit = NAMES[places.findIndex((place) => at < place.offset + sizeOf(place))];
      const damaged = files.after('kill');
      damaged.damage(records, (bytes) => {
        bytes[at] = (bytes[at] ?? 0) ^ 0x10;
        return bytes;
      });
      const { spool, damage } = open(damaged, { segmentBytes: MEBIBYTE });
      const left = pending(spool);
      expect(damage.map(({ offset, bytes, content }) => content(MEBIBYTE).equals(damaged.contents(records).subarray(offset, offset + bytes)))).toEqual([true]);
      expect({ at, left, places: damage.length }).toEqual({ at, left: NAMES.filter((name) => name !== hit), places: 1 });
      await add(spool, 'next');
      expect(pending(spool)).toEqual([...left, 'next']);
    }
  });

  it.each([1, 10, 24, 40, 50])('a file that is cut off by %i bytes has the records before, and takes new ones', async (bytes) => {
    const { files, records } = await filled();
    files.damage(records, (all) => all.subarray(0, all.length - bytes));
    const { spool, damage } = open(files.after('kill'), { segmentBytes: MEBIBYTE });
    expect(pending(spool)).toEqual(['a', 'b', 'c']);
    await add(spool, 'next');
    expect(pending(spool)).toEqual(['a', 'b', 'c', 'next']);
    expect(damage).toEqual([]);
  });

  it('of marks makes a record pending again, and no other done', async () => {
    const { files, places } = await filled();
    const { spool } = open(files, { segmentBytes: MEBIBYTE });
    spool.mark(places.slice(0, 2).map((place) => mark(place, 'done')), true);
    const marks = `${FOLDER}/00000001/marks`;
    for (let at = 0; at < 16; at += 1) {
      const damaged = files.after('none');
      damaged.damage(marks, (bytes) => {
        bytes[at] = (bytes[at] ?? 0) ^ 0x10;
        return bytes;
      });
      expect(pending(open(damaged, { segmentBytes: MEBIBYTE }).spool)).toEqual(['a', 'c', 'd']);
    }
  });
});
