// A volume of copies that is full, of a real file system: what is told, what is left there, and that the next run has room.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execa } from 'execa';
import { copyNameOf } from '../../backup/core/copy-name.js';
import { readBackupConfig } from '../../backup/environment.js';
import { FolderStore } from '../../backup/storage/folder-store.js';
import { storeCopy } from '../../backup/store-copy.js';
import { adviceOnFailure } from '../../operator/core/backup/failure-advice.js';
import { EXPECTED, leaveRun } from '../unit/backup/copy-scenarios.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOW = Date.parse('2026-11-29T02:30:00Z');
/** Three copies fit, and a fourth does not. */
const ROOM = '1m';
const DUMP = 'x'.repeat(300_000);

describe('a volume that is full', () => {
  let work: string;
  let volume: string;
  let store: FolderStore;
  /** @param keep days; of the newest, one is kept */
  const run = (at: number, keep: number) => {
    leaveRun(work, DUMP);
    const config = readBackupConfig({ COPY: copyNameOf(new Date(at)), RELEASE: '5.2', WORK: work, FOLDER: volume, EXPECTED: JSON.stringify(EXPECTED), KEEP_DAYS: String(keep), KEEP_NEWEST: '1', KEEP_MONTHS: '1' });
    return storeCopy({ config, store, encrypt: undefined, now: () => new Date(at), random: () => 0, version: '0.1.0' });
  };
  const keys = async () => (await store.list()).map(({ key }) => key).sort();

  beforeAll(async () => {
    work = await mkdtemp(join(tmpdir(), 'glitchkeeper-work-'));
    volume = await mkdtemp(join(tmpdir(), 'glitchkeeper-volume-'));
    await execa('mount', ['-t', 'tmpfs', '-o', `size=${ROOM}`, 'tmpfs', volume]);
    store = new FolderStore(volume);
  });
  afterAll(async () => {
    await execa('umount', [volume]);
    for (const folder of [work, volume]) await rm(folder, { recursive: true });
  });

  it('is told as that, with what helps, and keeps what it had and nothing of the run', async () => {
    for (const days of [3, 2, 1]) await run(NOW - days * DAY, 30);
    const before = await keys();
    await expect(run(NOW, 30)).rejects.toMatchObject({ step: 'store', reason: 'NoSpace', detail: 'the volume: ENOSPC' });
    expect(await keys()).toEqual(before);
    expect(await readFile(join(volume, before[0] ?? ''), 'utf8')).toBe(DUMP);
    expect(adviceOnFailure({ step: 'store', reason: 'NoSpace' })).toContain('raise backup.volume');
  });

  it('has room again at the next run, an hour later, once less is to be kept', async () => {
    await expect(run(NOW, 1)).rejects.toMatchObject({ reason: 'NoSpace' });
    expect(await run(NOW + HOUR, 1)).toMatchObject({ result: 'verified', copy: copyNameOf(new Date(NOW + HOUR)) });
  });
});
