// The identity of age that opens the copies: from a file or standard input into the Secret of one restore, and nowhere else.
import { readFile } from 'node:fs/promises';
import { parseIdentities } from '../../backup/core/age-identity.js';
import { LABELS, RESTORE_SECRET, RESTORE_SECRET_KEYS } from '../../operator/api/object-names.js';
import { Failure } from '../failure.js';
import { KIND_NAME, ask, create, type Place } from '../glitchtip-resource-access.js';

const STANDARD_INPUT = '-';
/** A file with more is no list of identities. Bytes. */
const MOST_BYTES = 65_536;

/** Without comments. @throws Failure that has nothing of what was read */
export async function readIdentity(file: string, standardInput: AsyncIterable<Buffer | string> = process.stdin): Promise<string> {
  const text = file === STANDARD_INPUT ? await readAll(standardInput) : await readNamed(file);
  try {
    return `${parseIdentities(text).join('\n')}\n`;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new Failure('usage', `--identity-file ${file}: ${error.message}`);
  }
}

async function readNamed(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new Failure('usage', `--identity-file: expected a file, or - for standard input; found ${(cause as NodeJS.ErrnoException).code ?? 'an error'} for ${file}`, { cause });
  }
}

async function readAll(input: AsyncIterable<Buffer | string>): Promise<string> {
  let text = '';
  for await (const chunk of input) {
    text += chunk.toString();
    if (text.length > MOST_BYTES) throw new Failure('usage', `--identity-file -: expected at most ${MOST_BYTES} bytes, found more`);
  }
  return text;
}

/** Made anew, so that its age says which restore it is of. The operator deletes it when it is not needed any more, and where nobody asks for a restore. @throws Failure */
export async function putIdentity(place: Place, identity: string): Promise<void> {
  await dropIdentity(place);
  await create(place, {
    apiVersion: 'v1', kind: 'Secret', type: 'Opaque',
    metadata: { name: RESTORE_SECRET, namespace: place.namespace, labels: LABELS },
    data: { [RESTORE_SECRET_KEYS.identity]: Buffer.from(identity).toString('base64') },
  });
}

/** A request by an annotation. The identity first: the operator begins as soon as it sees the annotation. @throws Failure: then neither is there */
export async function askWithIdentity(place: Place, annotation: string, identity: string | undefined): Promise<void> {
  if (identity !== undefined) await putIdentity(place, identity);
  try {
    // Without --overwrite kubectl refuses when somebody else asked since the resource was read.
    await ask(place, 'annotate', `${KIND_NAME}/${place.name}`, annotation);
  } catch (error) {
    if (identity !== undefined) await dropIdentity(place);
    throw error;
  }
}

/** @throws Failure */
export async function dropIdentity(place: Place): Promise<void> {
  await ask(place, 'delete', 'secret', RESTORE_SECRET, '--ignore-not-found');
}
