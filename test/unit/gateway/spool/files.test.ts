// Files that are written whole, and a volume that holds files beside folders.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readWhole, realFiles, writeWhole } from '../../../../gateway/spool/files.js';
import { SharedVolume } from '../../../../gateway/spool/ownership.js';
import { Locks } from './fake-locks.js';
import { Crash, FailingFiles, type Aftermath, type Cut } from './failing-files.js';

const PATH = '/spool/hold.json';
const textOf = (files: FailingFiles) => readWhole(files, PATH)?.toString();
const write = (files: FailingFiles, text: string) => writeWhole(files, PATH, [Buffer.from(text)]);

/** @returns whether the second write was finished */
function writeTwice(files: FailingFiles): boolean {
  try {
    write(files, 'before');
    write(files, 'and afterwards');
    return true;
  } catch (error) {
    if (!(error instanceof Crash)) throw error;
    return false;
  }
}

describe('a file that is written whole', () => {
  it('is there after a power cut as soon as the write is over', () => {
    const files = new FailingFiles();
    write(files, 'before');
    write(files, 'after');
    expect(textOf(files.after('none'))).toBe('after');
  });

  const cuts = (['kill', 'none', 'zeros', 'half'] as const).flatMap((aftermath: Aftermath) => (['before', 'middle', 'after'] as const).map((cut: Cut) => [cut, aftermath] as const));

  it.each(cuts)('is what it was or what it becomes, whatever call is cut (%s it; then %s)', (cut, aftermath) => {
    const whole = new FailingFiles();
    writeTwice(whole);
    for (let at = 0; at < whole.calls; at += 1) {
      const files = new FailingFiles({ at, cut });
      expect(writeTwice(files)).toBe(false);
      const left = files.after(aftermath);
      expect([undefined, 'before', 'and afterwards']).toContain(textOf(left));
      write(left, 'x');
      expect(textOf(left.after('none'))).toBe('x');
    }
  });

  it('is as it was when the disk is full', () => {
    const files = new FailingFiles(undefined, 10);
    write(files, 'before');
    expect(() => write(files, 'and afterwards')).toThrow('ENOSPC');
    expect(textOf(files)).toBe('before');
  });
});

describe('a real volume', () => {
  let root: string;
  beforeEach(() => { root = mkdtempSync(join(tmpdir(), 'glitchkeeper-spool-')); });
  afterEach(() => rmSync(root, { recursive: true }));

  it('has what was written whole, and nothing beside it', () => {
    const path = join(root, 'hold.json');
    for (const text of ['before', 'after']) writeWhole(realFiles, path, [Buffer.from(text.slice(0, 2)), Buffer.from(text.slice(2))]);
    expect([readWhole(realFiles, path)?.toString(), realFiles.list(root)]).toEqual(['after', ['hold.json']]);
    expect([readWhole(realFiles, join(root, 'other.json')), realFiles.list(path)]).toEqual([undefined, []]);
  });

  it('is searched for what another gateway left past the files that lie in it', () => {
    const { tryLock } = new Locks(realFiles);
    const [gone, mine] = [new SharedVolume(realFiles, tryLock, root), new SharedVolume(realFiles, tryLock, root)];
    for (const name of ['a.json', 'hold.json', 'z.json']) writeWhole(realFiles, join(root, name), [Buffer.from('{}')]);
    gone.claim('gateway-0');
    mine.claim('gateway-1');
    const adopted: string[] = [];
    const spool = { adopt: (folder: string) => adopted.push(folder) };
    expect([mine.adoptOrphans(spool), adopted]).toEqual([[], []]);
    gone.release();
    expect([mine.adoptOrphans(spool), adopted]).toEqual([['gateway-0'], [join(root, 'gateway-0')]]);
  });
});
