// What is read of a cgroup's memory, and how samples become the report's figures.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { parseFields, readMemory } from '../../bench/cgroup.js';
import { HOST, memoryRows, summarizeMemory } from '../../bench/memory.js';

const MIB = 2 ** 20;

describe('readMemory', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bench-cgroup-'));
  });
  afterEach(() => rm(folder, { recursive: true }));
  const files = (contents: Readonly<Record<string, string>>): Promise<unknown> =>
    Promise.all(Object.entries(contents).map(([name, text]) => writeFile(join(folder, name), text)));

  it('reads version 1 with everything below the group', async () => {
    await files({
      'memory.usage_in_bytes': '1000\n', 'memory.max_usage_in_bytes': '1500\n',
      'memory.stat': 'cache 1\ninactive_file 1\ntotal_cache 400\ntotal_rss 550\ntotal_inactive_file 300\n',
    });
    expect(await readMemory(folder, 1)).toEqual({ used: 1000, pageCache: 400, own: 550, workingSet: 700, peak: 1500 });
  });

  it('reads version 2', async () => {
    await files({ 'memory.current': '1000\n', 'memory.peak': '1500\n', 'memory.stat': 'anon 600\nfile 400\ninactive_file 300\n' });
    expect(await readMemory(folder, 2)).toEqual({ used: 1000, pageCache: 400, own: 600, workingSet: 700, peak: 1500 });
  });

  it('has no peak where the kernel has none', async () => {
    await files({ 'memory.current': '1000\n', 'memory.stat': 'file 400\ninactive_file 300\n' });
    expect(await readMemory(folder, 2)).toMatchObject({ peak: undefined });
  });

  it('never says a negative working set, though the two files are read one after the other', async () => {
    await files({ 'memory.current': '100\n', 'memory.stat': 'file 400\ninactive_file 300\n' });
    expect(await readMemory(folder, 2)).toMatchObject({ workingSet: 0 });
  });

  it('rejects when the group is gone', async () => {
    await expect(readMemory(join(folder, 'gone'), 1)).rejects.toThrow('ENOENT');
  });
});

describe('parseFields', () => {
  it('reads a flat keyed file', () => {
    expect([...parseFields('nr_periods 12\nnr_throttled 3\n')]).toEqual([['nr_periods', 12], ['nr_throttled', 3]]);
  });
});

describe('summarizeMemory', () => {
  const samples = [100, 300, 200].map((used) => ({ used, pageCache: used / 10, own: used / 4, workingSet: used / 2, peak: 900 }));

  it('has the medians, the highest working set, and the peak of the kernel', () => {
    expect(summarizeMemory(samples, 1)).toEqual({ used: 200, pageCache: 20, own: 50, workingSet: 100, workingSetMost: 150, peak: 900 });
  });

  it('takes the highest sample for the peak in version 2, whose own cannot be reset', () => {
    expect(summarizeMemory(samples, 2).peak).toBe(300);
  });
});

describe('memoryRows', () => {
  const use = (mebibytes: number): ReturnType<typeof summarizeMemory> => ({
    used: mebibytes * MIB, pageCache: 10 * MIB, own: (mebibytes - 30) * MIB, workingSet: (mebibytes - 5) * MIB, workingSetMost: (mebibytes - 1) * MIB, peak: (mebibytes + 50) * MIB,
  });
  const groups = [{ name: HOST, folder: '', limit: 1945 * MIB }, { name: 'web', folder: '', limit: 300 * MIB }];
  const rows = (idle: number, loaded: number): ReturnType<typeof memoryRows> =>
    memoryRows({ groups, idle: { [HOST]: use(idle), web: use(180) }, loaded: { [HOST]: use(loaded), web: use(220) }, rate: 104 });

  it('holds the host to the higher working set of the two, whatever the page cache made of the peak', () => {
    expect(rows(900, 1330).find(({ goal }) => goal !== undefined)).toMatchObject({ what: 'host, peak working set', measured: '1329Mi', goal: { met: true } });
    expect(rows(1340, 900).find(({ goal }) => goal !== undefined)).toMatchObject({ goal: { met: false } });
  });

  it('says page cache and working set apart', () => {
    expect(rows(900, 1000)[1]).toEqual({ what: 'host, 104 events/s', measured: "working set 995Mi, 970Mi of it the processes' own; page cache 10Mi; used 1000Mi, peak used 1050Mi" });
  });

  it('gives a part with its limit', () => {
    expect(rows(900, 1000).at(-1)).toEqual({ what: 'web', measured: 'working set idle 175Mi (own 150Mi), at 104/s at most 219Mi (own 190Mi) of 300Mi; peak used 270Mi' });
  });
});
