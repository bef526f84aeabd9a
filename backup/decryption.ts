// Decrypts files with age by identities that a person gave for one restore.
import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { Decrypter, identityToRecipient } from 'age-encryption';
import { codeOf, isFull } from './error-code.js';
import { parseIdentities } from './core/age-identity.js';
import type { Fingerprint } from './core/manifest.js';
import { RestoreFailure } from './core/restore-report.js';
import { CHUNK, writeFingerprinted } from './storage/files.js';

/** `what`: its name in errors. The fingerprint is of what was written. */
export type Decrypt = (from: string, to: string, what: string) => Promise<Fingerprint>;

/** `text`: a file of age-keygen's. @throws RestoreFailure KeyMissing, without any of the text */
export async function decrypterFor(text: string): Promise<Decrypt> {
  const decrypter = new Decrypter();
  try {
    const identities = parseIdentities(text);
    for (const identity of identities) decrypter.addIdentity(identity);
    const recipients = await Promise.all(identities.map((identity) => identityToRecipient(identity)));
    return (from, to, what) => decrypt({ decrypter, recipients }, from, to, what);
  } catch (error) {
    // No cause: what the library says of an identity may quote it.
    throw new RestoreFailure('begin', 'KeyMissing', error instanceof RangeError ? error.message : 'the identity: expected lines AGE-SECRET-KEY-1..., found one with a wrong character: its check digits do not match');
  }
}

interface Identities {
  readonly decrypter: Decrypter;
  /** Their public halves. */
  readonly recipients: readonly string[];
}

/** By chunks, as encryption.ts; each is authenticated before it is written. */
async function decrypt({ decrypter, recipients }: Identities, from: string, to: string, what: string): Promise<Fingerprint> {
  const source = createReadStream(from, { highWaterMark: CHUNK });
  try {
    const decrypted = await decrypter.decrypt(Readable.toWeb(source, { strategy: { highWaterMark: 1 } }) as ReadableStream<Uint8Array>);
    return await writeFingerprinted(Readable.fromWeb(decrypted, { highWaterMark: CHUNK }), to);
  } catch (cause) {
    if (cause instanceof Error && cause.message.startsWith('no identity matched')) {
      throw new RestoreFailure('decrypt', 'IdentityWrong', `${what}: expected the identity of one of its recipients, found that of ${recipients.join(', ')}`, { cause });
    }
    if (isFull(cause)) throw new RestoreFailure('decrypt', 'NoSpace', `no room for ${what}, decrypted`, { cause });
    if (codeOf(cause) !== undefined) throw cause;
    throw new RestoreFailure('decrypt', 'CopyDamaged', `${what}: expected a file of age's, found one that cannot be decrypted, though it has the hash of its manifest`, { cause });
  } finally {
    source.destroy();
  }
}
