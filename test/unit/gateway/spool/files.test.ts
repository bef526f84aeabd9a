import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { realFiles } from '../../../../gateway/spool/files.js';

describe('the names in a folder', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'glitchkeeper-files-'));
    writeFileSync(join(folder, 'delivery.lock'), '');
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each([
    ['of one that is there', '.', ['delivery.lock']],
    ['of one that is not: none', 'absent', []],
    ['of a file beside the folders of gateways: none', 'delivery.lock', []],
  ])('%s', (_, name, names) => expect(realFiles.list(join(folder, name))).toEqual(names));
});
