// What an ingest request is about: which project, by which endpoint, with which key. As GlitchTip reads it.
import { INGEST_KINDS, type IngestKind } from './record.js';
import { normalizeUuid } from './uuid.js';

export interface IngestTarget {
  readonly kind: IngestKind;
  readonly project: number;
}

/** Headers by lower case name, as node:http has them. */
export type Headers = Readonly<Record<string, string | string[] | undefined>>;

const PATH = new RegExp(`^/api/(\\d{1,15})/(${INGEST_KINDS.join('|')})/$`);

/** Undefined for every other path: it is passed on to GlitchTip. */
export function ingestTarget(path: string): IngestTarget | undefined {
  const [, project, kind] = PATH.exec(path) ?? [];
  return project === undefined ? undefined : { kind: kind as IngestKind, project: Number(project) };
}

export type DsnKey = { readonly kind: 'key'; /** 32 hexadecimal digits. */ readonly key: string } | { readonly kind: 'none' } | { readonly kind: 'malformed' };

const NAMES = ['sentry_key', 'glitchtip_key'];

/** The query first, then X-Sentry-Auth, then Authorization. */
export function dsnKey(query: URLSearchParams, headers: Headers): DsnKey {
  const queried = [...query].find(([name]) => NAMES.includes(name))?.[1];
  const text = queried ?? keyOfHeader(textOf(headers['x-sentry-auth']) ?? textOf(headers['authorization']));
  if (text === undefined) return { kind: 'none' };
  const key = normalizeUuid(text);
  return key === undefined ? { kind: 'malformed' } : { kind: 'key', key };
}

/** "Sentry sentry_version=7, sentry_key=..., sentry_client=..." */
function keyOfHeader(header: string | undefined): string | undefined {
  const pairs = header?.slice(header.indexOf(' ') + 1).split(',').map((pair) => pair.trim().split(/=(.*)/s, 2) as [string, string?]);
  return NAMES.map((name) => pairs?.find(([found]) => found === name)?.[1]).find((key) => key !== undefined);
}

function textOf(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}
