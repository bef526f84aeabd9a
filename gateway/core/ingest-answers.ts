// What SDKs are answered, as GlitchTip 5.2 answers it (logs: 6.2, otlp_views.py), byte for byte where they read it; and where we refuse, as Sentry does.
import type { IngestKind } from './item-policy.js';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Loop Detected (RFC 5842): gateway/core/old-verdict.ts reads it. */
export const LEADS_BACK = 508;

/** Why nothing was taken. */
export type Refusal =
  | { readonly kind: 'unknown key' }
  | { readonly kind: 'no key' }
  | { readonly kind: 'malformed key' }
  | { readonly kind: 'wrong method' }
  | { readonly kind: 'broken'; readonly detail: string }
  /** JSON that is not of the form that the endpoint takes. */
  | { readonly kind: 'unfit'; readonly detail: string }
  | { readonly kind: 'too large'; readonly detail: string }
  /** `seconds`: until another try. */
  | { readonly kind: 'not now'; readonly why: NotNow; readonly seconds: number }
  /** By plain http, and its time is over: the host and the path that were asked for. */
  | { readonly kind: 'plain http'; readonly host: string; readonly path: string }
  /** What was for the old Sentry: its name leads here. */
  | { readonly kind: 'own copy' };

/** What a request that is answered 429 wants; only the fourth is of the client's own making. */
export type NotNow =
  /** It holds `gateway.spool`. */
  | 'spool full'
  /** Nothing of it may be used any more, by whomever it was filled. */
  | 'disk full'
  /** The system refuses to write for another reason: the log has it. */
  | 'disk error'
  /** Of a project or of all, in events or in bytes: `gateway.limits`. */
  | 'rate limit'
  /** The project fills the spool, and what is left of it is for others. */
  | 'share of the spool'
  /** It is not among the keys that are known, and Postgres cannot be asked. */
  | 'key not checked';

/** A refusal as it is counted. */
export type RefusalReason = Exclude<Refusal['kind'], 'not now'> | NotNow;

export function reasonOf(refusal: Refusal): RefusalReason {
  return refusal.kind === 'not now' ? refusal.why : refusal.kind;
}

/** @param contentType of the request, in small letters: OpenTelemetry is answered in its own language */
export function accepted(kind: IngestKind, id: string | undefined, contentType = ''): Answer {
  switch (kind) {
    case 'envelope': return json(200, id === undefined ? {} : { id });
    case 'store': return json(200, { event_id: id ?? '', task_id: null });
    case 'security': return { status: 201, headers: { 'content-type': 'text/html; charset=utf-8' }, body: '' };
    case 'minidump': return { status: 200, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: id ?? '' };
    case 'logs': return exported(contentType);
  }
}

/** An ExportLogsServiceResponse of which nothing was refused. */
function exported(contentType: string): Answer {
  return contentType.includes('json') ? json(200, {}) : { status: 200, headers: { 'content-type': 'application/x-protobuf' }, body: '' };
}

export function refused(kind: IngestKind, refusal: Refusal): Answer {
  switch (refusal.kind) {
    case 'wrong method': return json(405, { detail: 'Method not allowed' });
    case 'broken': return json(400, { detail: refusal.detail });
    case 'unfit': return json(422, { detail: [{ message: refusal.detail }] });
    case 'too large': return json(413, { detail: refusal.detail });
    case 'not now': return tooMany(refusal.seconds);
    case 'plain http': return moved(refusal.host, refusal.path);
    // Not 200: the old one does not have it, and it waits until its name leads there.
    case 'own copy': return json(LEADS_BACK, { detail: 'A copy for the old server came back' });
    default: return refusedKey(kind, refusal.kind);
  }
}

function refusedKey(kind: IngestKind, why: 'unknown key' | 'no key' | 'malformed key'): Answer {
  const isMalformed = why === 'malformed key';
  if (kind === 'logs') return json(401, { detail: 'Invalid DSN' });
  if (kind === 'envelope') return json(403, { detail: isMalformed ? 'Invalid DSN' : 'Denied' });
  return isMalformed ? json(422, { detail: [{ message: 'dsn key badly formed hexadecimal UUID string' }] }) : json(401, { detail: 'Invalid DSN' });
}

/**
 * 429, for on a 5xx an SDK loses the event without a word. All categories of the whole organization:
 * https://develop.sentry.dev/sdk/expected-features/rate-limiting/
 */
function tooMany(seconds: number): Answer {
  return { ...json(429, { detail: 'Too Many Requests' }), headers: { 'content-type': 'application/json', 'retry-after': String(seconds), 'x-sentry-rate-limits': `${seconds}::organization` } };
}

/** To https, by the same method: few SDKs follow. */
function moved(host: string, path: string): Answer {
  // The port is the one of plain http.
  return { ...json(308, { detail: 'Events are taken by https only' }), headers: { 'content-type': 'application/json', location: `https://${host.replace(/:\d+$/, '')}${path}` } };
}

function json(status: number, body: object): Answer {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

/** Headers for a browser of another origin; none for whoever names no origin. */
export function corsHeaders(origin: string | undefined): Readonly<Record<string, string>> {
  return origin === undefined ? {} : { 'access-control-allow-origin': '*', vary: 'origin', 'access-control-expose-headers': 'x-sentry-error, x-sentry-rate-limits, retry-after' };
}

/** What a browser asks before it sends: django-cors-headers with GlitchTip's settings. */
export function preflight(origin: string | undefined): Answer {
  return {
    status: 200, body: '',
    headers: {
      ...corsHeaders(origin),
      'access-control-allow-headers': 'accept, authorization, content-type, user-agent, x-csrftoken, x-requested-with, x-sentry-auth, baggage, sentry-trace',
      'access-control-allow-methods': 'DELETE, GET, OPTIONS, PATCH, POST, PUT',
      'access-control-max-age': '86400',
      'content-type': 'text/html; charset=utf-8',
    },
  };
}
