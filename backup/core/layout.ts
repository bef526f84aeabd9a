// Where things are in a store, below its prefix. Whatever does not look like this is not ours, and is neither read nor deleted.
import { copyNameSchema } from './copy-name.js';

export const MANIFEST = 'manifest.json';
/** Beside the manifest of a copy whose bytes are not what the manifest says. */
export const DAMAGED = 'damaged.json';
/** Ending of what is encrypted with age. */
export const ENCRYPTED = '.age';

/** `copies/20261129T023000Z/manifest.json` */
export function copyKey(copy: string, file: string): string {
  return `copies/${copy}/${file}`;
}

/** An upload, by the SHA-256 of the bytes in the store. */
export function uploadKey(sha256: string): string {
  return `uploads/${sha256}`;
}

export type OwnKey =
  | { readonly kind: 'copy'; readonly copy: string; readonly file: string }
  | { readonly kind: 'upload'; readonly sha256: string };

/** Undefined: not ours. */
export function parseKey(key: string): OwnKey | undefined {
  const [, copy, file] = /^copies\/([^/]+)\/([\w.-]+)$/.exec(key) ?? [];
  if (copy !== undefined && file !== undefined) return copyNameSchema.safeParse(copy).success ? { kind: 'copy', copy, file } : undefined;
  const [, sha256] = /^uploads\/([0-9a-f]{64})$/.exec(key) ?? [];
  return sha256 === undefined ? undefined : { kind: 'upload', sha256 };
}
