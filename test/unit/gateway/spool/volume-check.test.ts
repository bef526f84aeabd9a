// A volume that cannot be written makes the gateway not Ready, until it can again.
import { expect, it } from '@jest/globals';
import { VolumeCheck } from '../../../../gateway/spool/volume-check.js';
import { FailingFiles } from './failing-files.js';

/** A disk that fails with a code, until it is mended. */
function broken(code: string): { code: string | undefined; readonly check: VolumeCheck } {
  const files = new FailingFiles();
  const disk = { code: code as string | undefined, check: new VolumeCheck({
    open: (path) => {
      if (disk.code !== undefined) throw Object.assign(new Error(disk.code), { code: disk.code });
      return files.open(path);
    },
    rename: (from, to) => files.rename(from, to), syncFolder: (folder) => files.syncFolder(folder),
  }, '/spool/written') };
  return disk;
}

it.each(['EIO', 'EROFS', 'EACCES'])('%s is told until the disk is mended, and no longer', (code) => {
  const disk = broken(code);
  disk.check.failed(Object.assign(new Error(code), { code }));
  disk.check.look();
  expect(disk.check.problem).toBe(`the volume cannot be written (${code})`);
  disk.code = undefined;
  disk.check.look();
  expect(disk.check.problem).toBeUndefined();
});

it.each(['ENOSPC', 'EDQUOT'])('%s is none: a full disk is answered 429', (code) => {
  const { check } = broken(code);
  check.failed(Object.assign(new Error(code), { code }));
  expect(check.problem).toBeUndefined();
});

it('one that turned from broken to full is told no more', () => {
  const disk = broken('EROFS');
  disk.check.failed(new Error('EIO'));
  disk.code = 'ENOSPC';
  disk.check.look();
  expect(disk.check.problem).toBeUndefined();
});
