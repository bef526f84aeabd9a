// Files that manifests carry: Python helpers and the operator's bundle, found beside the sources or beside what was built from them.
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** In charts/ and beside it (sources, tests), in build/assets (bundles in build/), in build/assets (library in build/lib/charts). */
const ROOTS = ['./', '../', '../build/assets/', './assets/', '../../assets/'];

/** @throws Error naming the command that makes the file, where it is missing */
export function readAsset(path: string): Buffer {
  const found = ROOTS.map((root) => fileURLToPath(new URL(`${root}${path}`, import.meta.url))).find((file) => existsSync(file));
  if (found === undefined) throw new Error(`${path} is missing: run npm run build`);
  return readFileSync(found);
}
