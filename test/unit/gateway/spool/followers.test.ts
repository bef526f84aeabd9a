// Two destinations: who is given which record, who fills the spool, and who goes for whom.
import { describe, expect, it } from '@jest/globals';
import { Spool, SpoolFullError, type PlaceMark } from '../../../../gateway/spool/spool.js';
import type { Place } from '../../../../gateway/spool/place.js';
import { Crash, FailingFiles, type Cut } from './failing-files.js';

const FOLDER = '/spool/gateway-1';
const [GLITCHTIP, OLD] = [0, 1] as const;
/** Of a record with a body of 100 bytes and a name of one letter. */
const SIZE = 24 + '{"name":"a"}'.length + 100;

interface Opened {
  readonly spool: Spool;
  /** "NAME DESTINATION" of what went for others. */
  readonly dropped: string[];
}

function open(files: FailingFiles, maxBytes = 10 * SIZE): Opened {
  const dropped: string[] = [];
  const spool = Spool.open({
    files, folder: FOLDER, maxBytes, destinations: [GLITCHTIP, OLD], segmentBytes: 3 * SIZE, defer: (write) => queueMicrotask(write), onDamage: () => { throw new Error('damage'); },
    onDrop: ({ header, destination }) => dropped.push(`${nameOf(header)} ${destination}`),
  });
  return { spool, dropped };
}

const record = (name: string, destinations: readonly number[] = [GLITCHTIP, OLD]) => ({ header: Buffer.from(JSON.stringify({ name })), body: Buffer.alloc(100, name), destinations });
const nameOf = (header: Buffer) => (JSON.parse(header.toString()) as { name: string }).name;
const add = async (spool: Spool, names: string, destinations?: readonly number[]): Promise<readonly Place[]> => Promise.all(Array.from(names).map(async (name) => (await spool.appendAll([record(name, destinations)]))[0] as Place));
const mark = (place: Place, destination: number, kind: PlaceMark['kind'] = 'done'): PlaceMark => ({ place, kind, destination, at: 1_000, attempts: 1 });

/** Names of what a destination waits for, in order. */
function waiting(spool: Spool, destination: number): string {
  let [names, cursor] = ['', spool.start];
  for (let found = spool.read(cursor); found.kind !== 'end'; found = spool.read(cursor)) {
    cursor = found.next;
    if (found.kind === 'record' && spool.isAwaited(found.place, destination)) names += nameOf(found.header);
  }
  return names;
}

describe('a record', () => {
  it('is for whom it was written, also to the next process', async () => {
    const files = new FailingFiles();
    const { spool } = open(files);
    await add(spool, 'a');
    await add(spool, 'b', [GLITCHTIP]);
    await add(spool, 'c', [OLD]);
    for (const each of [spool, open(files.after('none')).spool]) expect([waiting(each, GLITCHTIP), waiting(each, OLD)]).toEqual(['ab', 'ac']);
  });

  it.each([[[]], [[3]]])('for %j is refused', (destinations) => {
    const { spool } = open(new FailingFiles());
    expect(() => spool.appendAll([record('a', destinations)])).toThrow(RangeError);
  });

  it('that leaves is gone when both have let it go, and its segment with it', async () => {
    const files = new FailingFiles();
    const { spool } = open(files);
    const places = await add(spool, 'abc');
    await add(spool, 'd', [OLD]);
    spool.mark(places.map((place) => mark(place, GLITCHTIP)), true);
    expect([spool.liveBytes, spool.followersBytes]).toEqual([0, 4 * SIZE]);
    spool.mark(places.map((place) => mark(place, OLD)), true);
    expect([spool.followersBytes, spool.segments.length]).toEqual([SIZE, 1]);
  });
});

describe('several records', () => {
  it('are taken together or not at all', async () => {
    const { spool } = open(new FailingFiles(), 3 * SIZE);
    await add(spool, 'a');
    await expect(spool.appendAll([record('b', [GLITCHTIP]), record('c', [GLITCHTIP]), record('d', [OLD])])).rejects.toThrow(SpoolFullError);
    expect(await spool.appendAll([record('e', [GLITCHTIP]), record('f', [OLD])])).toHaveLength(2);
    expect([waiting(spool, GLITCHTIP), waiting(spool, OLD)]).toEqual(['ae', 'af']);
  });

  it.each<Cut>(['before', 'middle', 'after'])('of which a crash cut the write %s it are what was answered, and each for whom it was written', async (cut) => {
    for (let at = 0; at < 14; at += 1) {
      const files = new FailingFiles({ at, cut });
      const answered: string[] = [];
      try {
        const { spool } = open(files);
        for (const names of ['ab', 'cd', 'ef']) {
          await spool.appendAll([record(names[0] as string, [GLITCHTIP]), record(names[1] as string, [OLD])]);
          answered.push(names);
        }
      } catch (error) {
        if (!(error instanceof Crash)) throw error;
      }
      for (const aftermath of ['kill', 'none', 'zeros', 'half'] as const) {
        const { spool } = open(files.after(aftermath));
        const [glitchtip, old] = [waiting(spool, GLITCHTIP), waiting(spool, OLD)];
        expect([answered.every(([name]) => glitchtip.includes(name as string)), answered.every(([, name]) => old.includes(name as string))]).toEqual([true, true]);
        expect([/^a?c?e?$/.test(glitchtip), /^b?d?f?$/.test(old)]).toEqual([true, true]);
      }
    }
  });
});

describe('a destination that follows', () => {
  it('has its share; beyond it the oldest that only it waits for go, and are told', async () => {
    const { spool, dropped } = open(new FailingFiles());
    spool.lead({ destination: GLITCHTIP, share: 0.3 });
    const places = await add(spool, 'abcdef');
    expect(dropped).toEqual([]);
    spool.mark(places.map((place) => mark(place, GLITCHTIP)), true);
    await add(spool, 'g');
    expect([dropped, waiting(spool, OLD), waiting(spool, GLITCHTIP)]).toEqual([['a 1', 'b 1', 'c 1', 'd 1'], 'efg', 'g']);
  });

  it('never costs the other what it waits for: both have what the one that leads waits for', async () => {
    const { spool, dropped } = open(new FailingFiles(), 4 * SIZE);
    spool.lead({ destination: OLD, share: 0 });
    await add(spool, 'abcd');
    await expect(add(spool, 'e')).rejects.toThrow(SpoolFullError);
    expect([dropped, waiting(spool, GLITCHTIP), waiting(spool, OLD)]).toEqual([[], 'abcd', 'abcd']);
  });

  it('makes room within its share, too, where the one that leads needs it', async () => {
    const { spool, dropped } = open(new FailingFiles(), 4 * SIZE);
    spool.lead({ destination: GLITCHTIP, share: 1 });
    await add(spool, 'ab', [OLD]);
    await add(spool, 'cde', [GLITCHTIP]);
    expect([dropped.includes('a 1'), waiting(spool, GLITCHTIP), spool.liveBytes + spool.followersBytes <= 4 * SIZE]).toEqual([true, 'cde', true]);
  });

  it('keeps what it was given already and may have', async () => {
    const { spool, dropped } = open(new FailingFiles());
    spool.lead({ destination: OLD, share: 0.2 });
    const [a, b, c] = await add(spool, 'abc');
    spool.mark([mark(a as Place, GLITCHTIP, 'sent')], true);
    spool.mark([a, b, c].map((place) => mark(place as Place, OLD)), true);
    await add(spool, 'd');
    expect([dropped, waiting(spool, GLITCHTIP)]).toEqual([['b 0', 'c 0'], 'ad']);
  });

  it('that leads from now on loses nothing more, and fills the spool', async () => {
    const { spool, dropped } = open(new FailingFiles());
    spool.lead({ destination: GLITCHTIP, share: 0.5 });
    await add(spool, 'abcd', [OLD]);
    spool.lead({ destination: OLD, share: 0 });
    await add(spool, 'e');
    expect([dropped, spool.liveBytes, spool.followersBytes]).toEqual([[], 5 * SIZE, 0]);
  });

  it.each([['the same gateway', false], ['the next gateway', true]])('that leads no more keeps what it waited for, in %s, and falls behind no further', async (_, restarts) => {
    const files = new FailingFiles();
    const { spool: before } = open(files);
    before.lead({ destination: GLITCHTIP, share: 0.2 });
    await add(before, 'abcd', [GLITCHTIP]);
    const { spool, dropped } = restarts ? open(files.after('kill')) : { spool: before, dropped: [] };
    for (let time = 0; time < 2; time += 1) spool.lead({ destination: OLD, share: 0.2 });
    expect([dropped, waiting(spool, GLITCHTIP)]).toEqual([[], 'abcd']);
    await add(spool, 'ef', [GLITCHTIP]);
    spool.lead({ destination: OLD, share: 0.2 });
    expect([waiting(spool, GLITCHTIP).endsWith('def'), spool.followersBytes <= 4 * SIZE]).toEqual([true, true]);
  });

  it('that is let go waits for nothing, and the other for what it waited for', async () => {
    const files = new FailingFiles();
    const { spool } = open(files);
    await add(spool, 'ab');
    await add(spool, 'cd', [OLD]);
    spool.letGoOf(OLD);
    for (const each of [spool, open(files.after('kill')).spool]) expect([waiting(each, OLD), waiting(each, GLITCHTIP), each.followersBytes]).toEqual(['', 'ab', 0]);
  });
});
