// Reads a DSN (the address and the public key that an SDK sends its events with) and says what is wrong with a bad one.

/** A DSN taken apart. `http://KEY@HOST[:PORT][/PREFIX]/PROJECT`. */
export interface Dsn {
  /** The DSN as an SDK wants it. */
  readonly text: string;
  /** 32 hexadecimal digits. Not a secret: browsers carry it. */
  readonly key: string;
  /** Scheme, host, port and path prefix, without a slash at the end. */
  readonly baseUrl: string;
  readonly host: string;
  readonly projectId: number;
}

/** One thing that is wrong with an input: where, what was expected, what was found. */
export interface Problem {
  readonly path: string;
  readonly expected: string;
  readonly found: string;
}

export type ParsedDsn = { readonly ok: true; readonly dsn: Dsn } | { readonly ok: false; readonly problems: Problem[] };

const KEY = /^[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}$/i;
const EXPECTED_SHAPE = 'http(s)://KEY@HOST[:PORT]/PROJECT, as Settings > Projects > Client keys shows it';

/** Parses a DSN. All problems are reported at once; the key in a message is shortened. */
export function parseDsn(text: string): ParsedDsn {
  if (!URL.canParse(text.trim())) {
    return { ok: false, problems: [{ path: 'dsn', expected: EXPECTED_SHAPE, found: shown(text) }] };
  }
  const url = new URL(text.trim());
  const problems = urlProblems(url);
  if (problems.length > 0) return { ok: false, problems };
  const segments = url.pathname.split('/').filter((segment) => segment !== '');
  const projectId = Number(segments.pop());
  const prefix = segments.map((segment) => `/${segment}`).join('');
  const key = url.username.replaceAll('-', '').toLowerCase();
  const baseUrl = `${url.protocol}//${url.host}${prefix}`;
  return { ok: true, dsn: { text: dsnText(baseUrl, key, projectId), key, baseUrl, host: url.hostname, projectId } };
}

function urlProblems(url: URL): Problem[] {
  const problems: Problem[] = [];
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    problems.push({ path: 'dsn.scheme', expected: 'http or https', found: url.protocol.replace(':', '') });
    return problems;
  }
  if (!KEY.test(url.username)) {
    problems.push({ path: 'dsn.key', expected: '32 hexadecimal digits before the @', found: shown(url.username) });
  }
  if (url.password !== '') {
    problems.push({ path: 'dsn.secret', expected: 'no secret half (SDKs stopped sending it)', found: '(hidden)' });
  }
  const project = url.pathname.split('/').filter((segment) => segment !== '').at(-1);
  if (project === undefined || !/^[1-9]\d*$/.test(project)) {
    problems.push({ path: 'dsn.project', expected: 'a project number as the last part of the path', found: shown(project ?? '') });
  }
  if (url.search !== '' || url.hash !== '') {
    problems.push({ path: 'dsn', expected: 'nothing after the project number', found: `${url.search}${url.hash}` });
  }
  return problems;
}

/** What was found, short enough for a line of an error. */
function shown(text: string): string {
  if (text === '') return '(nothing)';
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

function dsnText(baseUrl: string, key: string, projectId: number): string {
  return `${baseUrl.replace('://', `://${key}@`)}/${String(projectId)}`;
}

/**
 * The same key and project at another address. GlitchTip writes GLITCHTIP_DOMAIN into every DSN that it shows, which is
 * not where a port-forward listens.
 */
export function dsnAt(dsn: Dsn, baseUrl: string): Dsn {
  const base = baseUrl.replace(/\/+$/, '');
  return { ...dsn, baseUrl: base, host: new URL(base).hostname, text: dsnText(base, dsn.key, dsn.projectId) };
}

/** Where envelopes for this DSN are posted. */
export function envelopeUrl(dsn: Dsn): string {
  return `${dsn.baseUrl}/api/${String(dsn.projectId)}/envelope/`;
}

/** The header that carries the key, in the form that every Sentry SDK sends. */
export function authHeader(dsn: Dsn): string {
  return `Sentry sentry_version=7, sentry_client=glitchkeeper-verify/1.0, sentry_key=${dsn.key}`;
}

/** True for this machine's own addresses, the only ones that load goes to without being asked for by name. */
export function isLoopback(host: string): boolean {
  const name = host.replace(/^\[|\]$/g, '').toLowerCase();
  return name === 'localhost' || name.endsWith('.localhost') || name === '::1' || /^127(\.\d{1,3}){3}$/.test(name);
}
