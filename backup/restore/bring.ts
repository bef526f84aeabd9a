// Brings one object of a copy into a file. Nothing reads it before its size and its hash are those of the manifest.
import { rm } from 'node:fs/promises';
import type { Decrypt } from '../decryption.js';
import type { Fingerprint, Stored } from '../core/manifest.js';
import { ENCRYPTED } from '../core/layout.js';
import { RestoreFailure } from '../core/restore-report.js';
import type { CopyStore } from '../storage/copy-store.js';
import { isSame } from '../storage/files.js';

/** Nobody gave one, and the copy is encrypted. */
export class IdentityMissing extends RestoreFailure {
  constructor(key: string) {
    super('begin', 'KeyMissing', `${key}: expected the identity of one of its recipients, found none`);
  }
}

export interface Source {
  readonly store: CopyStore;
  /** Undefined: there is no identity. */
  readonly decrypt: Decrypt | undefined;
}

/** Beside `to` it needs room for what is stored, if that is encrypted. @throws RestoreFailure, or BackupFailure of the store */
export async function bring({ store, decrypt }: Source, { key, stored, content }: Stored, to: string): Promise<void> {
  if (content !== undefined && !decrypt) {
    throw new IdentityMissing(key);
  }
  const from = content === undefined ? to : to + ENCRYPTED;
  compare(key, stored, await store.fetch(key, from));
  if (content === undefined || !decrypt) return;
  const decrypted = await decrypt(from, to, key);
  await rm(from);
  compare(`${key}, decrypted`, content, decrypted);
}

function compare(what: string, expected: Fingerprint, found: Fingerprint | undefined): void {
  if (found !== undefined && isSame(found, expected)) return;
  throw new RestoreFailure('fetch', 'CopyDamaged', `${what}: expected ${describe(expected)}, found ${found ? describe(found) : 'no such object'}`);
}

function describe({ bytes, sha256 }: Fingerprint): string {
  return `${bytes} bytes of SHA-256 ${sha256.slice(0, 16)}...`;
}
