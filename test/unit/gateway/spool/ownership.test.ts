// Two gateways on one volume, on a real file system: what one leaves, the other takes over.
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { realFiles } from '../../../../gateway/spool/files.js';
import type { TryLock } from '../../../../gateway/spool/locks.js';
import { SharedVolume } from '../../../../gateway/spool/ownership.js';

/** Locks as the kernel has them, without node:sqlite, which Node.js 20 has not: a file each. */
function locks(): TryLock {
  const held = new Set<string>();
  return (path) => {
    if (held.has(path)) return undefined;
    writeFileSync(path, '');
    held.add(path);
    return { release: () => held.delete(path) };
  };
}

describe('a volume that two gateways share', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'glitchkeeper-volume-'));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  it('hands over the folder of a gateway that is gone, whatever files and folders are beside it, and not of one that lives', () => {
    const tryLock = locks();
    const [first, second, third] = [1, 2, 3].map(() => new SharedVolume(realFiles, tryLock, root)) as [SharedVolume, SharedVolume, SharedVolume];
    for (const [index, volume] of [first, second, third].entries()) volume.claim(`gateway-${index + 1}`);
    expect(second.tryToDeliver()).toBeDefined();
    writeFileSync(join(root, 'keys.json'), '{}');
    mkdirSync(join(root, 'set-aside'));
    first.release();
    const adopted: string[] = [];
    const spool = { adopt: (folder: string) => adopted.push(folder) };
    expect([second.adoptOrphans(spool), adopted]).toEqual([['gateway-1'], [join(root, 'gateway-1')]]);
    expect([second.adoptOrphans(spool), readdirSync(root).sort()]).toEqual([[], ['delivery.lock', 'gateway-2', 'gateway-3', 'keys.json', 'set-aside']]);
  });
});
