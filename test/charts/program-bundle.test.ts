// A program in ConfigMaps: one that is larger than `kubectl apply` takes is cut into several, and starts from them.
import { randomBytes } from 'node:crypto';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execa } from 'execa';
import { LARGEST_PIECE, piecesOf } from '../../charts/parts/program-bundle.js';
import { LOADER_FILE } from '../../charts/programs.js';
import { renderStack } from './synthesize.js';

describe('a bundle', () => {
  it.each([
    ['of nothing', 0, [0]],
    ['that fits', LARGEST_PIECE, [LARGEST_PIECE]],
    ['of a byte more', LARGEST_PIECE + 1, [LARGEST_PIECE, 1]],
    ['of three', 2 * LARGEST_PIECE + 5, [LARGEST_PIECE, LARGEST_PIECE, 5]],
  ])('%s is cut into pieces that fit', (_, bytes, expected) => {
    const bundle = randomBytes(bytes);
    expect(piecesOf(bundle).map(({ length }) => length)).toEqual(expected);
    expect(Buffer.concat([...piecesOf(bundle)]).equals(bundle)).toBe(true);
  });
});

it('leaves room for what kubectl apply adds to each ConfigMap', () => {
  const annotations = renderStack().filter(({ kind, binaryData }) => kind === 'ConfigMap' && binaryData !== undefined).map((manifest) => JSON.stringify(manifest).length);
  expect(annotations.length).toBeGreaterThanOrEqual(2);
  expect(Math.max(...annotations)).toBeLessThan(256 * 1024);
});

describe('the loader', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'glitchkeeper-loader-'));
    await copyFile(`charts/runtime/${LOADER_FILE}`, join(folder, LOADER_FILE));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it.each([1, 2, 3])('starts a program from %i pieces', async (count) => {
    const bundle = brotliCompressSync('console.log("it runs")');
    const size = Math.ceil(bundle.length / count);
    for (let piece = 0; piece < count; piece += 1) await writeFile(join(folder, `program-${count}.js.br${piece === 0 ? '' : `.${piece + 1}`}`), bundle.subarray(piece * size, (piece + 1) * size));
    const { stdout } = await execa('node', [join(folder, LOADER_FILE), `program-${count}.js.br`]);
    expect(stdout).toBe('it runs');
  });
});
