/** Names a cached result after everything that went into it, so that a change of any input is a new name. */
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';

const ignoredFolders = new Set(['__pycache__', '.ruff_cache', 'records']);
/** Documentation and test code that lie beside an image's files and are not part of it. */
const ignoredEndings = ['.md', '.ts', 'ruff.toml'];

/** Every regular file under a folder, sorted, but for caches, documentation and TypeScript. */
export function listFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => !ignoredFolders.has(entry.name) && !ignoredEndings.some((ending) => entry.name.endsWith(ending)))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? listFiles(path) : [path];
    })
    .sort();
}

/** 16 hex digits over the contents and relative names of a folder's files and over any further words. */
export function fingerprint(folder: string, ...words: readonly string[]): string {
  const hash = createHash('sha256');
  for (const file of listFiles(folder)) {
    const content = readFileSync(file);
    hash.update(`${relative(folder, file)}\0${String(content.length)}\0`).update(content);
  }
  for (const word of words) {
    hash.update(`\0${String(word.length)}\0${word}`);
  }
  return hash.digest('hex').slice(0, 16);
}
