// The Secret of a move: its token and the table of old DSNs, written by what only kubectl's standard input has of them.
import { readFile } from 'node:fs/promises';
import { LABELS, MOVE_SECRET, MOVE_SECRET_KEYS } from '../../operator/api/object-names.js';
import { encodeDsnTable, meaningOf, parseDsnTable, partsOfDsn, withOrigin, type OldDsn } from '../../operator/core/move/dsn-table.js';
import { Failure } from '../failure.js';
import { ask, create, replace, type Place } from '../glitchtip-resource-access.js';

interface SecretObject {
  readonly metadata: object;
  readonly data?: Readonly<Record<string, string>>;
}

/** A file with more is no token. Bytes. */
const MOST_BYTES = 4_096;

/** @throws Failure that has nothing of what was read */
export async function readToken(file: string): Promise<string> {
  const text = await readFile(file === '-' ? '/dev/stdin' : file, 'utf8').catch((cause: unknown) => {
    throw new Failure('usage', `--token-file: expected a file, or - for standard input; found ${(cause as NodeJS.ErrnoException).code ?? 'an error'} for ${file}`, { cause });
  });
  const token = text.trim();
  if (token === '' || token.length > MOST_BYTES || /\s/.test(token)) throw new Failure('usage', `--token-file ${file}: expected a token in one line, found ${token === '' ? 'nothing' : 'something else'}`);
  return token;
}

/** Undefined: there is no Secret. @throws Failure also where its table cannot be understood: nobody writes over what a person may mend */
export async function readTable(place: Place): Promise<{ readonly rows: readonly OldDsn[]; readonly secret: SecretObject } | undefined> {
  const text = await ask(place, 'get', 'secret', MOVE_SECRET, '--output', 'json').catch((error: unknown) => {
    if (error instanceof Failure && error.kind === 'not found') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  const secret = JSON.parse(text) as SecretObject;
  const encoded = secret.data?.[MOVE_SECRET_KEYS.dsns];
  if (encoded === undefined) return { rows: [], secret };
  const parsed = parseDsnTable(Buffer.from(encoded, 'base64').toString('utf8'));
  if (parsed.kind === 'invalid') throw new Failure('other', `Secret ${MOVE_SECRET}: ${parsed.why}`);
  return { rows: parsed.rows, secret };
}

/** What a person wrote into a row stays, another name of the server, too; DSNs that are new are added, at the server that those before them have: a table has one. Pure. */
export function merged(known: readonly OldDsn[], found: readonly OldDsn[]): readonly OldDsn[] {
  const meanings = new Set(known.map(({ old }) => meaningOf(old)));
  const origin = known[0] && partsOfDsn(known[0].old)?.origin;
  const added = found.filter(({ old }) => !meanings.has(meaningOf(old)));
  return [...known, ...(origin === undefined ? added : added.map((each) => ({ ...each, old: withOrigin(each.old, origin) })))];
}

/** Over the version that was read. @param token undefined: the one that is there stays @throws Failure */
export async function writeTable(place: Place, { rows, token, before }: { readonly rows: readonly OldDsn[]; readonly token: string | undefined; readonly before: SecretObject | undefined }): Promise<void> {
  const encode = (text: string) => Buffer.from(text).toString('base64');
  const data = { ...before?.data, [MOVE_SECRET_KEYS.dsns]: encode(encodeDsnTable(rows)), ...(token === undefined ? {} : { [MOVE_SECRET_KEYS.token]: encode(token) }) };
  if (before) await replace(place, { apiVersion: 'v1', kind: 'Secret', ...before, data });
  else await create(place, { apiVersion: 'v1', kind: 'Secret', type: 'Opaque', metadata: { name: MOVE_SECRET, namespace: place.namespace, labels: LABELS }, data });
}
