// What an ingest request is about: which project, by which endpoint, with which key. As GlitchTip reads it.
import { INGEST_KINDS, type IngestKind } from './item-policy.js';
import { looseUuid } from './uuid.js';

export interface IngestTarget {
  readonly kind: IngestKind;
  readonly project: number;
}

/** Headers by lower case name, as node:http has them. */
export type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** Sentry's own have 16 digits. */
const PATH = new RegExp(`^/api/(\\d{1,16})/(${INGEST_KINDS.join('|')})/$`);

/**
 * Undefined for every other path: it is passed on to GlitchTip.
 * @param path as it came: GlitchTip's server decodes it and resolves its dots before Django sees it
 * @param kinds that the release takes
 */
export function ingestTarget(path: string, kinds: readonly IngestKind[]): IngestTarget | undefined {
  const [, project, name] = PATH.exec(withoutDots(decoded(path))) ?? [];
  const kind = kinds.find((each) => each === name);
  return !Number.isSafeInteger(Number(project)) || kind === undefined ? undefined : { kind, project: Number(project) };
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

function withoutDots(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '.') parts.push(part);
  }
  return parts.join('/');
}

export type DsnKey = { readonly kind: 'key'; /** 32 hexadecimal digits. */ readonly key: string } | { readonly kind: 'none' } | { readonly kind: 'malformed'; readonly text: string };

const NAMES = ['sentry_key', 'glitchtip_key'];

/** The query first, then X-Sentry-Auth, then Authorization. Of several of the same name the last one counts. */
export function dsnKey(query: URLSearchParams, headers: Headers): DsnKey {
  const queried = [...query.keys()].find((name) => NAMES.includes(name));
  const text = queried === undefined ? keyOfHeader(textOf(headers['x-sentry-auth']) ?? textOf(headers['authorization'])) : query.getAll(queried).at(-1);
  if (text === undefined) return { kind: 'none' };
  const key = looseUuid(text);
  return key === undefined ? { kind: 'malformed', text } : { kind: 'key', key };
}

/** "Sentry sentry_version=7, sentry_key=..., sentry_client=..." */
function keyOfHeader(header: string | undefined): string | undefined {
  const pairs = header?.slice(header.indexOf(' ') + 1).split(',').map((pair) => pair.trim().split(/=(.*)/s, 2) as [string, string?]);
  return NAMES.map((name) => pairs?.findLast(([found]) => found === name)?.[1]).find((key) => key !== undefined);
}

function textOf(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}
