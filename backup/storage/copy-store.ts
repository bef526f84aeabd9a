// Where copies are kept: a bucket, or a folder on a volume. Keys are those of core/layout.ts.
import type { Fingerprint } from '../core/manifest.js';

export interface StoredObject {
  readonly key: string;
  readonly bytes: number;
}

/** Every method throws BackupFailure with what a person can do about it. */
export interface CopyStore {
  readonly where: 's3' | 'volume';
  /** All objects below the prefix, ours or not. */
  list(): Promise<readonly StoredObject[]>;
  /**
   * Resolves when the store has these very bytes; never writes over another object. An object of this name that has them already,
   * as after a lost answer, is success.
   */
  put(key: string, file: string, fingerprint: Fingerprint): Promise<void>;
  /** Undefined: there is none. At most 16 MiB. */
  read(key: string): Promise<string | undefined>;
  /** Of what the store has now: every byte is read. Undefined: there is none. */
  fingerprint(key: string): Promise<Fingerprint | undefined>;
  /** Writes it to the file, over what is there, and says what was written. Undefined: there is none. */
  fetch(key: string, file: string): Promise<Fingerprint | undefined>;
  /** One that is not there is success. */
  remove(key: string): Promise<void>;
}

/** Of `read`. */
export const LARGEST_TEXT = 16 * 1_048_576;
