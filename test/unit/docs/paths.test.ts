// Every path that the documentation mentions exists, and every relative link has its target, down to the heading.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const FOLDERS = readdirSync('.', { withFileTypes: true }).filter((entry) => entry.isDirectory() && !entry.name.startsWith('.')).map(({ name }) => name);
/** Made by a command, and so absent from a fresh checkout. */
const GENERATED = readFileSync('.gitignore', 'utf8').split('\n').filter((line) => line.endsWith('/'));

const pages = ['README.md', 'CHANGELOG.md', 'embedded', 'docs', 'test'].flatMap((place) =>
  place.endsWith('.md') ? [place] : readdirSync(place, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.md')).map((name) => join(place, name)));

const LINK = /\]\(([^)\s]+)\)/g;

/** Targets of links within the repository. */
export function linksIn(text: string): string[] {
  return [...text.matchAll(LINK)].map(([, target = '']) => target).filter((target) => !/^(https?|mailto):/.test(target));
}

/** `operator/core/alerts/outbox.ts`, `charts/parts/`: what looks like a path; of a pattern the folder that it is in. */
export function pathsIn(text: string): string[] {
  const bare = text.replace(LINK, ']').replace(/https?:\/\/\S+/g, '').replaceAll('<br>', ' ');
  const mentioned = [...bare.matchAll(/(?<![\w./$-])((?:[\w-]+\/)+[\w.-]*)([*{<]?)/g)].map(([, path = '', pattern]) => (pattern ? `${dirname(`${path}x`)}/` : path.replace(/[.,-]+$/, '')));
  const paths = mentioned.filter((path) => /\.(ts|mjs|py|md|svg)$/.test(path) || FOLDERS.some((folder) => path.startsWith(`${folder}/`)));
  return [...new Set(paths)].filter((path) => !GENERATED.some((folder) => path.startsWith(folder)));
}

/** As GitHub names the anchor of a heading. */
function anchorsOf(page: string): string[] {
  return [...readFileSync(page, 'utf8').matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => heading.toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, '').replaceAll(' ', '-'));
}

function isThere(page: string, link: string): boolean {
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? page : normalize(join(dirname(page), path));
  return existsSync(target) && (anchor === undefined || anchorsOf(target).includes(anchor));
}

describe.each(pages)('%s', (page) => {
  const text = readFileSync(page, 'utf8');
  it('links to what exists', () => expect(linksIn(text).filter((link) => !isThere(page, link))).toEqual([]));
  it('mentions paths that exist', () => expect(pathsIn(text).filter((path) => !existsSync(path) && !existsSync(join(dirname(page), path)))).toEqual([]));
});

describe('a mention', () => {
  it.each([
    ['a file', 'see `operator/core/gone.ts`', ['operator/core/gone.ts']],
    ['a file in a folder that is gone', 'see `core/gone.ts`.', ['core/gone.ts']],
    ['a folder', 'in charts/gone/, say', ['charts/gone/']],
    ['a file in a picture', 'x[charts/gone.ts<br>y]', ['charts/gone.ts']],
    ['the folder of a pattern', 'charts/gone/*.ts', ['charts/gone/']],
    ['nothing generated', 'dist/host/ and build/assets/run.mjs', []],
    ['nothing on a host or in the web', '/etc/charts/x.md https://example.com/docs/x.md', []],
    ['no link, which is resolved by itself', '[x](../operator/gone.ts)', []],
  ])('is found: %s', (_, text, paths) => expect(pathsIn(text)).toEqual(paths));

  it('is found: a link to a file or a heading that is gone', () => {
    expect(linksIn('[a](docs/gone.md) [b](https://example.com) [c](docs/health.md#gone)').map((link) => isThere('README.md', link))).toEqual([false, false]);
    expect(isThere('README.md', 'docs/health.md#what-is-checked')).toBe(true);
  });
});
