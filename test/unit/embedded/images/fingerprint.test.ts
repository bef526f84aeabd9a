/** A cached archive is named after its inputs: what changes the name, and what must not. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { fingerprint, listFiles } from '../../../../embedded/images/fingerprint.js';

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fingerprint-'));
  mkdirSync(join(folder, 'code'));
  writeFileSync(join(folder, 'Containerfile'), 'FROM scratch\n');
  writeFileSync(join(folder, 'code/app.py'), 'print(1)\n');
});

afterEach(() => rmSync(folder, { recursive: true }));

describe('the fingerprint of an image', () => {
  it('is the same for the same inputs', () => {
    expect(fingerprint(folder, 'a', 'b')).toBe(fingerprint(folder, 'a', 'b'));
    expect(fingerprint(folder, 'a')).toMatch(/^[0-9a-f]{16}$/);
  });

  it.each<[string, () => void]>([
    ['a file has other content', () => writeFileSync(join(folder, 'code/app.py'), 'print(2)\n')],
    ['a file is added', () => writeFileSync(join(folder, 'code/new.py'), '')],
    ['a file has another name', () => {
      rmSync(join(folder, 'code/app.py'));
      writeFileSync(join(folder, 'code/other.py'), 'print(1)\n');
    }],
  ])('changes when %s', (_name, change) => {
    const before = fingerprint(folder);
    change();
    expect(fingerprint(folder)).not.toBe(before);
  });

  it.each(['README.md', 'contract.ts', 'code/__pycache__/app.pyc', '.ruff_cache/x'])('does not change for %s', (file) => {
    const before = fingerprint(folder);
    mkdirSync(join(folder, file, '..'), { recursive: true });
    writeFileSync(join(folder, file), 'anything');
    expect(fingerprint(folder)).toBe(before);
  });

  it('tells words apart that join to the same text', () => {
    expect(fingerprint(folder, 'ab', 'c')).not.toBe(fingerprint(folder, 'a', 'bc'));
  });

  it('lists files in a fixed order', () => {
    expect(listFiles(folder)).toEqual([join(folder, 'Containerfile'), join(folder, 'code/app.py')]);
  });
});
