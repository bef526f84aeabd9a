import { chmodSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { FolderStore } from '../../../../backup/storage/folder-store.js';
import { fingerprint } from '../copy-scenarios.js';

describe('a folder of copies', () => {
  let folder: string;
  let store: FolderStore;
  const file = () => join(folder, 'source');
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'glitchkeeper-folder-'));
    writeFileSync(file(), 'bytes');
    store = new FolderStore(join(folder, 'copies'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('has what was put', async () => {
    await store.put('copies/a/x', file(), fingerprint('bytes'));
    expect(await store.list()).toEqual([{ key: 'copies/a/x', bytes: 5 }]);
    expect(await store.read('copies/a/x')).toBe('bytes');
    expect(await store.fingerprint('copies/a/x')).toEqual(fingerprint('bytes'));
  });
  it('is readable to the group, as a restore is another user, and to nobody else', async () => {
    chmodSync(file(), 0o600);
    await store.put('copies/a/x', file(), fingerprint('bytes'));
    expect(statSync(join(folder, 'copies', 'copies', 'a', 'x')).mode & 0o777).toBe(0o640);
  });
  it('is not there at first, and empty', async () => expect(await store.list()).toEqual([]));
  it('takes the same bytes a second time', async () => {
    await store.put('x', file(), fingerprint('bytes'));
    await expect(store.put('x', file(), fingerprint('bytes'))).resolves.toBeUndefined();
  });
  it('never writes over other bytes', async () => {
    await store.put('x', file(), fingerprint('bytes'));
    await expect(store.put('x', file(), fingerprint('other'))).rejects.toMatchObject({ reason: 'StoreRefused' });
    expect(await store.read('x')).toBe('bytes');
  });
  it('does not have what is not what it should be', async () => {
    await expect(store.put('x', file(), fingerprint('other'))).rejects.toMatchObject({ reason: 'DumpChanged' });
    expect(await store.read('x')).toBeUndefined();
  });
  it('deletes the folder of a copy with its last file', async () => {
    await store.put('copies/a/x', file(), fingerprint('bytes'));
    await store.put('copies/b/x', file(), fingerprint('bytes'));
    await store.remove('copies/a/x');
    await store.remove('copies/a/x');
    expect(readdirSync(join(folder, 'copies', 'copies'))).toEqual(['b']);
  });
  it('gives what it has into a file, over what was there', async () => {
    await store.put('copies/a/x', file(), fingerprint('bytes'));
    const to = join(folder, 'fetched');
    writeFileSync(to, 'half of something longer');
    expect(await store.fetch('copies/a/x', to)).toEqual(fingerprint('bytes'));
    expect(readFileSync(to, 'utf8')).toBe('bytes');
    expect(await store.fetch('copies/a/y', to)).toBeUndefined();
  });
  it('is told when there is no room for what it gives', async () => {
    await store.put('x', file(), fingerprint('bytes'));
    await expect(store.fetch('x', '/dev/full')).rejects.toMatchObject({ step: 'fetch', reason: 'NoSpace' });
  });
  it('is told when it cannot be written', async () => {
    mkdirSync(join(folder, 'copies', 'x.part'), { recursive: true });
    await expect(store.put('x', file(), fingerprint('bytes'))).rejects.toMatchObject({ step: 'store', reason: 'StoreAway' });
  });
});
