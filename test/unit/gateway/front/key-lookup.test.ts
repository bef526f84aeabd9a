// Whether a key opens a project: what is not known is refused only when Postgres, asked after it came, does not have it.
import { describe, expect, it } from '@jest/globals';
import type { KeyRead } from '../../../../gateway/core/project-keys.js';
import { KeyLookup } from '../../../../gateway/front/key-lookup.js';

const [KEY, OTHER] = ['a'.repeat(32), 'b'.repeat(32)];
/** So short that a test may wait for it. Milliseconds. */
const MISSES_EVERY = 20;

/** Postgres, whose answers the test lets go, and the volume. */
class World {
  now = 1_000_000;
  keys: [number, string][] = [[1, KEY]];
  database = 'glitchtip/1';
  reads = 0;
  /** What a read does before it answers. */
  beforeAnswer: () => Promise<void> = () => Promise.resolve();
  kept: string | undefined;
  /** The gateway keeps what was stored: another database may be live soon. */
  keeps = false;

  open(): KeyLookup {
    return new KeyLookup({ now: () => this.now, load: () => this.kept, keep: (text) => { this.kept = text; }, read: () => this.#read(), keeps: () => this.keeps }, MISSES_EVERY);
  }

  async #read(): Promise<KeyRead> {
    this.reads += 1;
    // What the statement sees is what there is when it begins.
    const seen = { database: this.database, keys: [...this.keys] };
    await this.beforeAnswer();
    return seen;
  }
}

async function opened(): Promise<{ readonly world: World; readonly lookup: KeyLookup }> {
  const world = new World();
  const lookup = world.open();
  await lookup.refresh();
  return { world, lookup };
}

describe('a pair of project and key', () => {
  it('that is known is not asked for', async () => {
    const { world, lookup } = await opened();
    expect([await lookup.judge(1, KEY), world.reads]).toEqual(['known', 1]);
  });

  it('that was made since the last read, however short that is ago, is known', async () => {
    const { world, lookup } = await opened();
    world.keys.push([2, OTHER]);
    expect(await Promise.all([lookup.judge(2, OTHER), lookup.judge(2, OTHER)])).toEqual(['known', 'known']);
  });

  it('that was made while Postgres was being read is known: a read that began before it came proves nothing', async () => {
    const { world, lookup } = await opened();
    let answer: () => void = () => undefined;
    world.beforeAnswer = () => new Promise<void>((resolve) => (answer = resolve));
    const before = lookup.refresh();
    world.now += 1;
    world.keys.push([2, OTHER]);
    world.beforeAnswer = () => Promise.resolve();
    const verdict = lookup.judge(2, OTHER);
    answer();
    await before;
    expect(await verdict).toBe('known');
  });

  it('is unknown when Postgres does not have it, or has it for another project', async () => {
    const { lookup } = await opened();
    expect(await Promise.all([lookup.judge(1, OTHER), lookup.judge(2, KEY)])).toEqual(['unknown', 'unknown']);
  });

  it('is unchecked, and not unknown, while Postgres is away; one that the volume has is known', async () => {
    const { world } = await opened();
    world.beforeAnswer = () => Promise.reject(new Error('ECONNREFUSED'));
    const again = world.open();
    expect(await Promise.all([again.judge(1, KEY), again.judge(1, OTHER)])).toEqual(['known', 'unchecked']);
  });

  it('goes away when the same database does not have it any more, and stays when another one does not', async () => {
    const { world, lookup } = await opened();
    Object.assign(world, { database: 'glitchtip/2', keys: [[2, OTHER]] });
    await lookup.refresh();
    expect([await lookup.judge(1, KEY), await lookup.judge(2, OTHER)]).toEqual(['known', 'known']);
    world.database = 'glitchtip/1';
    await lookup.refresh();
    expect([await lookup.judge(2, OTHER), await lookup.judge(1, KEY)]).toEqual(['known', 'unknown']);
  });
});

describe('while there is a way back from a restore', () => {
  /** The copy is live, and lacks what was made since. */
  async function restored(): Promise<{ readonly world: World; readonly lookup: KeyLookup }> {
    const { world } = await opened();
    world.keys.push([2, OTHER]);
    await world.open().refresh();
    Object.assign(world, { keeps: true, database: 'glitchtip/1/other', keys: [[1, KEY]] });
    const lookup = world.open();
    await lookup.refresh();
    return { world, lookup };
  }

  it('a pair that the copy lacks is known, and said not to be in the live database', async () => {
    const { lookup } = await restored();
    expect([await lookup.judge(2, OTHER), lookup.isLive(2, OTHER), lookup.isLive(1, KEY)]).toEqual(['known', false, true]);
  });

  it('none goes away, not even of a database of the same identity', async () => {
    const { world, lookup } = await opened();
    Object.assign(world, { keeps: true, keys: [] });
    await lookup.refresh();
    expect([await lookup.judge(1, KEY), lookup.isLive(1, KEY)]).toEqual(['known', false]);
  });

  it.each([['the same gateway', false], ['the next gateway', true]])('%s lets go of it when the restore is confirmed, and of what is deleted from then on', async (_, restarts) => {
    const { world, lookup: before } = await restored();
    world.keeps = false;
    const lookup = restarts ? world.open() : before;
    await lookup.refresh();
    expect([await lookup.judge(2, OTHER), await lookup.judge(1, KEY)]).toEqual(['unknown', 'known']);
    world.keys = [];
    await lookup.refresh();
    expect(await lookup.judge(1, KEY)).toBe('unknown');
  });

  it('the way back leaves all that the database of before has, and its deletions count again', async () => {
    const { world, lookup } = await restored();
    Object.assign(world, { database: 'glitchtip/1', keys: [[1, KEY], [2, OTHER]] });
    await lookup.refresh();
    world.keeps = false;
    await lookup.refresh();
    expect([await lookup.judge(2, OTHER), lookup.isLive(2, OTHER)]).toEqual(['known', true]);
    world.keys = [[2, OTHER]];
    await lookup.refresh();
    expect(await lookup.judge(1, KEY)).toBe('unknown');
  });
});

describe('a key of a request that names no project', () => {
  it('is known where any project has it, and says which', async () => {
    const { lookup } = await opened();
    expect([await lookup.judge(undefined, KEY), lookup.projectOf(KEY)]).toEqual(['known', 1]);
  });

  it('that was made since the last read is known', async () => {
    const { world, lookup } = await opened();
    world.keys.push([2, OTHER]);
    expect([lookup.projectOf(OTHER), await lookup.judge(undefined, OTHER), lookup.projectOf(OTHER)]).toEqual([undefined, 'known', 2]);
  });

  it('is unknown when Postgres does not have it, and unchecked while Postgres is away; one that the volume has is known', async () => {
    const { world, lookup } = await opened();
    expect(await lookup.judge(undefined, OTHER)).toBe('unknown');
    world.beforeAnswer = () => Promise.reject(new Error('ECONNREFUSED'));
    const again = world.open();
    expect([await again.judge(undefined, KEY), again.projectOf(KEY), await again.judge(undefined, OTHER)]).toEqual(['known', 1, 'unchecked']);
  });
});

describe('misses', () => {
  it('that come at once cost one read', async () => {
    const { world, lookup } = await opened();
    const verdicts = await Promise.all(Array.from({ length: 100 }, (_, project) => lookup.judge(project + 2, KEY)));
    expect([new Set(verdicts), world.reads]).toEqual([new Set(['unknown']), 2]);
  });

  it('of a pair that was looked for a moment ago cost none, and are looked for again later', async () => {
    const { world, lookup } = await opened();
    await lookup.judge(2, KEY);
    world.now += MISSES_EVERY - 1;
    expect([await lookup.judge(2, KEY), world.reads]).toEqual(['unknown', 2]);
    world.now += 1;
    world.keys.push([2, KEY]);
    expect([await lookup.judge(2, KEY), world.reads]).toEqual(['known', 3]);
  });
});

it('a table on the volume that is damaged is read from Postgres', async () => {
  const world = new World();
  world.kept = '{"database":"glitchtip/1","keys":[[1,';
  expect(await world.open().judge(1, KEY)).toBe('known');
});
