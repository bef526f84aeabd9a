// The copies of a store by their manifests, for a person who chooses one.
import { MANIFEST, copyKey } from '../core/layout.js';
import { ownBytes, parseManifest } from '../core/manifest.js';
import type { ListedCopy, ListedReport } from '../core/restore-report.js';
import { copiesAmong, type KnownCopy } from '../core/retention.js';
import type { CopyStore } from '../storage/copy-store.js';

/** One manifest at a time is in memory. */
export async function listCopies(store: CopyStore): Promise<ListedReport> {
  const known = copiesAmong((await store.list()).map(({ key }) => key));
  const copies: ListedCopy[] = [];
  for (const copy of known) copies.push(describe(copy, await store.read(copyKey(copy.name, MANIFEST))));
  return { result: 'listed', where: store.where, total: copies.length, copies };
}

function describe({ name, damaged }: KnownCopy, text: string | undefined): ListedCopy {
  try {
    const manifest = parseManifest(text ?? '');
    return [name, ownBytes(manifest), damaged ? 'damaged' : 'good', manifest.release];
  } catch {
    return [name, 0, damaged ? 'damaged' : 'unreadable', ''];
  }
}
