// Retention on a store: reads the manifests of what stays, and deletes the rest of what is ours.
import { MANIFEST, copyKey } from './core/layout.js';
import { parseManifest } from './core/manifest.js';
import type { VerifiedReport } from './core/report.js';
import { copiesAmong, keysToRemove, planRetention, type RetentionPolicy } from './core/retention.js';
import type { CopyStore } from './storage/copy-store.js';

export type Retained = Pick<VerifiedReport, 'deleted' | 'retention'>;

/** @param own the copy of this run, once it is one */
export async function retain(store: CopyStore, now: Date, policy: RetentionPolicy, own?: string): Promise<Retained> {
  const keys = (await store.list()).map(({ key }) => key);
  const copies = copiesAmong(keys);
  const plan = planRetention(copies, now, policy, own);
  if (plan.kind === 'nothing') return { deleted: 0, retention: plan.why };
  const names = new Set(copies.map(({ name }) => name).filter((name) => !plan.remove.includes(name)));
  const uploads = await uploadsOf(store, names);
  // What it needs is not known, so nothing may go.
  if (uploads === undefined) return { deleted: 0, retention: 'ManifestUnreadable' };
  const goes = keysToRemove(keys, plan.remove, { names, uploads }, now);
  for (const key of goes) await store.remove(key);
  return { deleted: goes.length, retention: 'done' };
}

/** One manifest at a time is in memory. */
async function uploadsOf(store: CopyStore, names: ReadonlySet<string>): Promise<ReadonlySet<string> | undefined> {
  const uploads = new Set<string>();
  for (const name of names) {
    const text = await store.read(copyKey(name, MANIFEST));
    try {
      for (const { key } of parseManifest(text ?? '').uploads) uploads.add(key);
    } catch {
      return undefined;
    }
  }
  return uploads;
}
