// A release is refused unless each part of the soak has passed on what is to be released; asked of real repositories.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { execa } from 'execa';
import { observeCheckout } from '../../runner/checkout.js';
import type { SoakRecord } from '../../soak/record.js';
import { checkRelease } from '../../soak/release.js';

let folder: string;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'glitchkeeper-release-'));
  await git('init', '--quiet', '--initial-branch=main');
});
afterEach(() => rmSync(folder, { recursive: true }));

async function git(...args: string[]): Promise<string> {
  const identity = ['-c', 'user.name=test', '-c', 'user.email=test@example.com', '-c', 'commit.gpgsign=false'];
  return (await execa('git', [...identity, ...args], { cwd: folder, env: { GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null' } })).stdout;
}

function write(file: string, text = file): void {
  mkdirSync(dirname(join(folder, file)), { recursive: true });
  writeFileSync(join(folder, file), text);
}

/** Resolves to its name. */
async function commit(file: string): Promise<string> {
  write(file);
  await git('add', '--all');
  await git('commit', '--quiet', '--message', file);
  return git('rev-parse', 'HEAD');
}

let minute = 0;
const record = (of: string, more: Partial<SoakRecord> = {}): SoakRecord => ({
  part: 'stack', commit: of, dirty: [], machine: { cores: 2, memoryGiB: 4, kernel: '6', architecture: 'x64', node: 'v20' },
  started: new Date(Date.UTC(2026, 0, 1, 0, minute++)).toISOString(), seconds: 60, passed: 3, failed: 0, tests: [], measurements: [], ...more,
});
const check = async (...records: SoakRecord[]): Promise<readonly string[]> => (await checkRelease(folder, ['stack'], records)).problems;
const refusal = (text: string) => [expect.stringContaining(text)];

describe('a release', () => {
  it('is refused without a record, with the parts that lack one', async () => {
    await commit('operator/a.ts');
    expect((await checkRelease(folder, ['stack', 'replay'], [])).problems).toEqual([expect.stringMatching(/^stack: no record of .* npm run soak -- stack$/), expect.stringMatching(/^replay: no record/)]);
  });

  it('is allowed by a record of the last change of the product, whatever else came after it', async () => {
    const changed = await commit('operator/a.ts');
    await commit('docs/a.md');
    await commit('cli/a.ts');
    expect(await check(record(changed))).toEqual([]);
  });

  it('is allowed by a record of a commit that follows the change', async () => {
    await commit('charts/a.ts');
    expect(await check(record(await commit('test/soak/records/a.json')))).toEqual([]);
  });

  it.each(['operator/b.ts', 'charts/b.ts', 'gateway/main.go', 'backup/postgres/dump.sh'])('is refused when %s changed after the record', async (file) => {
    const before = await commit('operator/a.ts');
    await commit(file);
    expect(await check(record(before))).toEqual(refusal('no record of'));
  });

  it('is refused when a record is newer by the clock and older by the history', async () => {
    const before = await commit('operator/a.ts');
    const changed = await commit('operator/b.ts');
    const late = record(before, { started: '2030-01-01T00:00:00.000Z' });
    expect(await check(late)).toEqual(refusal('no record of'));
    expect(await check(late, record(changed))).toEqual([]);
  });

  it('is refused by a record of one side of a merge that brought a change from each', async () => {
    await commit('operator/a.ts');
    await git('switch', '--quiet', '--create', 'side');
    const side = await commit('charts/b.ts');
    await git('switch', '--quiet', 'main');
    const main = await commit('operator/b.ts');
    await git('merge', '--quiet', '--no-edit', 'side');
    expect(await check(record(side), record(main))).toEqual(refusal('no record of'));
    expect(await check(record(await git('rev-parse', 'HEAD')))).toEqual([]);
  });

  it('is refused by a record of a branch that is not in what is released', async () => {
    await commit('operator/a.ts');
    await git('switch', '--quiet', '--create', 'side');
    const side = await commit('charts/b.ts');
    await git('switch', '--quiet', 'main');
    expect(await check(record(side))).toEqual(refusal('no record of'));
  });

  it.each([
    ['has failures', { failed: 2 }, 'has 2 failed'],
    ['was ended', { failed: 1, reason: 'it took longer than 45 minutes' }, 'has 1 failed: it took longer than 45 minutes'],
    ['ran nothing', { passed: 0 }, 'has no passed test'],
    ['had changes that were not committed', { dirty: ['operator/a.ts'] }, 'not committed (operator/a.ts)'],
  ])('is refused when the newest record %s, though an older one is well', async (_sentence, more, text) => {
    const changed = await commit('operator/a.ts');
    const older = record(changed);
    expect(await check(older, record(changed, more))).toEqual(refusal(text));
  });

  it('is allowed again by a newer record that is well', async () => {
    const changed = await commit('operator/a.ts');
    const [first, red, again] = [record(changed), record(changed, { failed: 1 }), record(changed)];
    expect(await check(first, red)).toEqual(refusal('1 failed'));
    expect(await check(first, red, again)).toEqual([]);
  });

  it('is refused while the product has changes that are not committed', async () => {
    const changed = await commit('operator/a.ts');
    write('charts/new.ts');
    write('docs/new.md');
    expect(await check(record(changed))).toEqual(['not committed: charts/new.ts']);
  });
});

describe('a record of a commit that is not here', () => {
  const gone = '0123456789012345678901234567890123456789';
  it('says nothing, and is named; another of the part is enough', async () => {
    const changed = await commit('operator/a.ts');
    expect(await check(record(gone))).toEqual(refusal('no record of'));
    expect(await checkRelease(folder, ['stack'], [record(changed), record(gone)])).toEqual({ problems: [], warnings: refusal(`names the commit ${gone}, which this repository does not have`) });
  });
});

describe('git that cannot tell is an error with words', () => {
  it('a shallow clone', async () => {
    await commit('operator/a.ts');
    const changed = await commit('operator/b.ts');
    await git('clone', '--quiet', '--depth', '1', `file://${folder}`, 'shallow');
    await expect(checkRelease(join(folder, 'shallow'), ['stack'], [record(changed)])).rejects.toThrow('shallow clone');
  });
  it('a repository without the product', async () => {
    await commit('docs/a.md');
    await expect(check()).rejects.toThrow('no commit has ever touched operator, charts, gateway');
  });
});

describe('what is tested', () => {
  it('is a commit, and the files that differ from it but for those left out', async () => {
    const made = await commit('operator/a.ts');
    expect(await observeCheckout('records', folder)).toEqual({ commit: made, dirty: [] });
    write('records/a.json');
    write('operator/a.ts', 'changed');
    write('charts/new.ts');
    expect(await observeCheckout('records', folder)).toEqual({ commit: made, dirty: ['operator/a.ts', 'charts/new.ts'] });
  });
});
