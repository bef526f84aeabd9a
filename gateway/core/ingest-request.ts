// What an ingest request is about: which project, by which endpoint, with which key. As GlitchTip reads it.
import { PROJECT_KINDS, type IngestKind } from './item-policy.js';
import { looseUuid } from './uuid.js';

export interface IngestTarget {
  readonly kind: IngestKind;
  /** Undefined: its key alone says which one. */
  readonly project: number | undefined;
}

/** Headers by lower case name, as node:http has them. */
export type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** Sentry's own have 16 digits. */
const PATH = new RegExp(`^/api/(\\d{1,16})/(${PROJECT_KINDS.join('|')})/$`);
/** With and without a slash at its end (6.2's urls.py). */
const LOGS_PATH = /^\/v1\/logs\/?$/;

/**
 * Undefined for every other path: it is passed on to GlitchTip.
 * @param path as it came: GlitchTip's server decodes it and resolves its dots before Django sees it
 * @param kinds that the release takes
 */
export function ingestTarget(path: string, kinds: readonly IngestKind[]): IngestTarget | undefined {
  const plain = withoutDots(decoded(path));
  if (LOGS_PATH.test(plain)) return kinds.includes('logs') ? { kind: 'logs', project: undefined } : undefined;
  const [, project, name] = PATH.exec(plain) ?? [];
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

/**
 * The query first, then X-Sentry-Auth, then Authorization. Of several of the same name the last one counts.
 * @param kind of the request: an exporter of OpenTelemetry may say `Authorization: Bearer KEY`, too
 */
export function dsnKey(query: URLSearchParams, headers: Headers, kind: IngestKind): DsnKey {
  const queried = [...query.keys()].find((name) => NAMES.includes(name));
  const header = textOf(headers['x-sentry-auth']) ?? textOf(headers['authorization']);
  const text = queried === undefined ? keyOfHeader(header) ?? (kind === 'logs' ? bearerOf(header) : undefined) : query.getAll(queried).at(-1);
  if (text === undefined) return { kind: 'none' };
  const key = looseUuid(text);
  return key === undefined ? { kind: 'malformed', text } : { kind: 'key', key };
}

/** "Sentry sentry_version=7, sentry_key=..., sentry_client=..." */
function keyOfHeader(header: string | undefined): string | undefined {
  const pairs = header?.slice(header.indexOf(' ') + 1).split(',').map((pair) => pair.trim().split(/=(.*)/s, 2) as [string, string?]);
  return NAMES.map((name) => pairs?.findLast(([found]) => found === name)?.[1]).find((key) => key !== undefined);
}

function bearerOf(header: string | undefined): string | undefined {
  return /^bearer +(\S+)$/i.exec(header ?? '')?.[1];
}

function textOf(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}
