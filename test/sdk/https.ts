// What HTTPS promises, looked at from outside: the redirect from HTTP, the HSTS header, and the cookies' attributes.
import { parseDsn } from './dsn.js';
import { NoAnswer, send } from './http-client.js';
import type { Context } from './suite.js';

/** The https address of the instance: the DSN's own, or the one that GlitchTip writes into DSNs (GLITCHTIP_DOMAIN). */
export async function httpsAddress({ dsn, store }: Context): Promise<string | undefined> {
  if (dsn.baseUrl.startsWith('https:')) return dsn.baseUrl;
  const keys = (await store?.api.keys(store.at)) ?? [];
  const shown = keys.map((key) => parseDsn(key.dsn.public)).find((parsed) => parsed.ok && parsed.dsn.baseUrl.startsWith('https:'));
  return shown?.ok === true ? shown.dsn.baseUrl : undefined;
}

/** Plain HTTP must redirect to HTTPS on the same host, and answer nothing else. */
export async function redirectProblems(address: string): Promise<string[]> {
  const url = `http://${new URL(address).hostname}/`;
  try {
    const { status, headers } = await send({ url, timeoutMs: 10_000 });
    return redirectFindings(url, status, headers.location);
  } catch (error) {
    // No listener on port 80 gives nothing away either (a Cloudflare Tunnel has none at home).
    if (error instanceof NoAnswer && error.code === 'ECONNREFUSED') return [];
    if (error instanceof NoAnswer) return [`${url}: no answer (${error.code})`];
    throw error;
  }
}

/** The decision of redirectProblems() on an answer. */
export function redirectFindings(url: string, status: number, location: string | undefined): string[] {
  if (![301, 302, 307, 308].includes(status)) return [`${url}: expected a redirect to https, found ${status}`];
  return location?.startsWith('https://') === true ? [] : [`${url}: redirects to ${location ?? 'nowhere'}, not to https`];
}

export async function hstsProblems(address: string): Promise<string[]> {
  const { headers } = await send({ url: `${address}/_health/` });
  return hstsFindings(headers['strict-transport-security']);
}

/** The decision of hstsProblems() on a header. A max-age of 0 switches HSTS off. */
export function hstsFindings(header: string | undefined): string[] {
  if (header === undefined) return ['no Strict-Transport-Security header (SECURE_HSTS_SECONDS, X-Forwarded-Proto)'];
  const maxAge = Number(/max-age=(\d+)/.exec(header)?.[1] ?? 0);
  return maxAge > 0 ? [] : [`Strict-Transport-Security is "${header}": max-age must be above 0`];
}

/** What is wrong with the session cookie in these Set-Cookie lines. */
export function sessionCookieProblems(setCookies: readonly string[]): string[] {
  const line = setCookies.findLast((cookie) => cookie.trimStart().startsWith('sessionid='));
  if (line === undefined) return ['the login set no session cookie'];
  const attributes = line.toLowerCase().split(';').map((part) => part.trim());
  return ['secure', 'httponly'].filter((wanted) => !attributes.includes(wanted)).map((wanted) => `the session cookie is not ${wanted}`);
}
