// Encrypts files with age for recipients whose identity is not in the cluster: nothing here can read what it wrote.
import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { Encrypter } from 'age-encryption';
import { BackupFailure } from './core/report.js';
import type { Fingerprint } from './core/manifest.js';
import { CHUNK, Fingerprinter, passing, writeFingerprinted } from './storage/files.js';

/** What was read, and what was written. */
export interface Encrypted {
  readonly content: Fingerprint;
  readonly stored: Fingerprint;
}

export type Encrypt = (from: string, to: string) => Promise<Encrypted>;

/** @throws BackupFailure KeyMissing naming the recipient that is none */
export function encrypterFor(recipients: readonly string[]): Encrypt {
  const encrypter = new Encrypter();
  for (const recipient of recipients) {
    try {
      encrypter.addRecipient(recipient);
    } catch (cause) {
      throw new BackupFailure('encrypt', 'KeyMissing', `expected a recipient of age (age1...), found ${recipient.slice(0, 16)}`, { cause });
    }
  }
  return (from, to) => encrypt(encrypter, from, to);
}

/** By chunks: measured under Node 24, 35 MiB besides the program itself, whatever the size of the file. */
async function encrypt(encrypter: Encrypter, from: string, to: string): Promise<Encrypted> {
  const content = new Fingerprinter();
  const source = createReadStream(from, { highWaterMark: CHUNK }).pipe(passing(content));
  const encrypted = await encrypter.encrypt(Readable.toWeb(source, { strategy: { highWaterMark: 1 } }) as ReadableStream<Uint8Array>);
  const stored = await writeFingerprinted(Readable.fromWeb(encrypted, { highWaterMark: CHUNK }), to);
  return { content: content.end(), stored };
}
