// Which copy is restored, and whether its manifest is one to follow: it comes from outside of the cluster, and says where files are written.
import { timeOfCopy } from './copy-name.js';
import { ENCRYPTED, copyKey, parseKey } from './layout.js';
import { parseManifest, type Manifest, type Stored } from './manifest.js';
import { RestoreFailure } from './restore-report.js';
import type { KnownCopy } from './retention.js';

export type WantedCopy =
  | { readonly kind: 'name'; readonly name: string }
  /** The newest good one; the newest that is not after a time. */
  | { readonly kind: 'newest'; readonly notAfter?: Date };

/** `copies`: newest first. @throws RestoreFailure NoCopy or CopyDamaged with what there is instead */
export function chooseCopy(wanted: WantedCopy, copies: readonly KnownCopy[]): string {
  if (wanted.kind === 'name') return named(wanted.name, copies);
  const { notAfter } = wanted;
  const good = copies.filter(({ damaged }) => !damaged);
  const chosen = good.find(({ name }) => notAfter === undefined || timeOfCopy(name) <= notAfter);
  if (chosen !== undefined) return chosen.name;
  const when = notAfter === undefined ? '' : ` not after ${notAfter.toISOString()}`;
  throw new RestoreFailure('choose', 'NoCopy', `expected a good copy${when}, found ${described(copies, good)}`);
}

function named(name: string, copies: readonly KnownCopy[]): string {
  const found = copies.find((copy) => copy.name === name);
  if (found === undefined) throw new RestoreFailure('choose', 'NoCopy', `expected copy ${name}, found ${described(copies, copies)}`);
  if (found.damaged) throw new RestoreFailure('choose', 'CopyDamaged', `copy ${name} was found to be other than its manifest says: choose another`);
  return name;
}

function described(copies: readonly KnownCopy[], good: readonly KnownCopy[]): string {
  const [newest, oldest] = [good[0], good.at(-1)];
  if (newest === undefined || oldest === undefined) return copies.length === 0 ? 'no copy at all' : `damaged ones alone (${copies.length})`;
  return newest === oldest ? newest.name : `${good.length} from ${oldest.name} to ${newest.name}`;
}

/** @param releases of which it may be @throws RestoreFailure that says what of it cannot be, or that it is of another release */
export function readManifest(text: string | undefined, name: string, releases: readonly string[]): Manifest {
  const manifest = parsed(text, name);
  const fault = faultOf(manifest, name);
  if (fault !== undefined) throw new RestoreFailure('choose', 'ManifestUnreadable', `copy ${name}: manifest.json: ${fault}`);
  if (!releases.includes(manifest.release)) {
    throw new RestoreFailure('choose', 'OtherRelease', `copy ${name}: manifest.json: release: expected ${releases.join(' or ')}, found ${manifest.release}: it is restored together with version ${manifest.release}`);
  }
  return manifest;
}

function parsed(text: string | undefined, name: string): Manifest {
  if (text === undefined) throw new RestoreFailure('choose', 'NoCopy', `copy ${name}: expected manifest.json, found none`);
  try {
    return parseManifest(text);
  } catch (cause) {
    throw new RestoreFailure('choose', 'ManifestUnreadable', `copy ${name}: ${cause instanceof Error ? cause.message : 'no manifest'}`, { cause });
  }
}

/** Whoever may write to the bucket writes manifests, too: one leads to nothing but its own copy and the folder of the uploads. */
function faultOf({ name: own, dump, settings, uploads }: Manifest, name: string): string | undefined {
  if (own !== name) return `name: expected ${name}, found ${own}`;
  return faultOfKey('dump', dump, copyKey(name, 'database.dump'))
    ?? (settings && (settings.content === undefined ? 'settings: expected them encrypted' : faultOfKey('settings', settings, copyKey(name, 'settings.json'))))
    ?? uploads.map(({ key, path }) => faultOfUpload(key, path)).find((fault) => fault !== undefined);
}

function faultOfKey(of: string, { key, content }: Stored, plain: string): string | undefined {
  const expected = content === undefined ? plain : plain + ENCRYPTED;
  return key === expected ? undefined : `${of}.key: expected ${expected}, found ${key.slice(0, 200)}`;
}

function faultOfUpload(key: string, path: string): string | undefined {
  if (parseKey(key)?.kind !== 'upload') return `uploads.key: expected uploads/SHA256, found ${key.slice(0, 200)}`;
  const isInside = !path.includes('\0') && path.split('/').every((part) => !['', '.', '..'].includes(part));
  return isInside ? undefined : `uploads.path: expected a path below the folder of the uploads, found ${path.slice(0, 200)}`;
}
