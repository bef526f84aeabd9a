// What is served to whoever asks for the public name: the certificate, by a TLS handshake with it; whether browsers are told to stay, and whether
// who comes in clear is led there.
import { addAbortSignal } from 'node:stream';
import type { X509Certificate } from 'node:crypto';
import { request as requestPlain, type ClientRequest, type IncomingHttpHeaders } from 'node:http';
import { request as requestSecure } from 'node:https';
import { isIP } from 'node:net';
import { connect } from 'node:tls';

import type { GlitchTipSpec } from '../../api/glitchtip-resource.js';
import type { ServedCertificate } from '../../core/health/health-facts.js';
import { withDeadline } from '../../runtime/deadline.js';
import { codeOf } from './web-observer.js';

/** Milliseconds. */
const TIMEOUT = 10_000;

type Address = NonNullable<GlitchTipSpec['https']>;

export async function observeServed(https: GlitchTipSpec['https'], signal: AbortSignal): Promise<ServedCertificate> {
  if (https === undefined) return { kind: 'none' };
  const { name, host, port } = https;
  let certificate: X509Certificate;
  try {
    certificate = await withDeadline(signal, TIMEOUT, (limited) => shakeHands(https, limited));
  } catch (error) {
    signal.throwIfAborted();
    return { kind: 'silent', address: `${host}:${port}`, code: codeOf(error) };
  }
  const [hasHsts, plain] = await Promise.all([askForHsts(https, signal), askInClear(https, signal)]);
  return {
    kind: 'seen', name, subject: subjectOf(certificate), isForName: certificate.checkHost(name) !== undefined,
    startsAt: new Date(certificate.validFrom), endsAt: new Date(certificate.validTo),
    ...(hasHsts === undefined ? {} : { hasHsts }), ...(plain === undefined ? {} : { plain }),
  };
}

/** Undefined: there was no answer. */
async function askForHsts({ name, host, port }: Address, signal: AbortSignal): Promise<boolean | undefined> {
  const answer = await headOf((limited) => requestSecure({ ...preflightOf(name), host, port, servername: serverName(name), rejectUnauthorized: false, agent: false, signal: limited }), signal);
  return answer && answer.headers['strict-transport-security'] !== undefined;
}

/** For events, which are public also where nothing else is, of a project that there is not. Asked as browsers ask before they send: nobody counts that. */
export function preflightOf(name: string): { readonly method: string; readonly path: string; readonly headers: Readonly<Record<string, string>> } {
  return { method: 'OPTIONS', path: '/api/0/envelope/', headers: { host: name, origin: `https://${name}`, 'access-control-request-method': 'POST' } };
}

async function askInClear({ name, host, plainPort }: Address, signal: AbortSignal): Promise<{ readonly status: number; readonly location?: string } | undefined> {
  const answer = await headOf((limited) => requestPlain({ host, port: plainPort, path: '/', headers: { host: name }, agent: false, signal: limited }), signal);
  const location = answer?.headers.location;
  return answer && { status: answer.status, ...(location === undefined ? {} : { location }) };
}

interface Head {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
}

/** Undefined: there was no answer. @throws the signal's reason once it is aborted */
async function headOf(start: (signal: AbortSignal) => ClientRequest, signal: AbortSignal): Promise<Head | undefined> {
  try {
    return await withDeadline(signal, TIMEOUT, (limited) => new Promise<Head>((resolve, reject) => {
      const sent = start(limited);
      sent.once('response', (response) => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers });
        sent.destroy();
      });
      // What comes after the answer is no matter.
      sent.on('error', reject).end();
    }));
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}

/** An address is no name (RFC 6066). */
function serverName(name: string): string {
  return isIP(name) === 0 ? name : '';
}

/** Whose it is. Those of ACME servers have names as an extension alone, and no subject: undefined, whatever the types say. */
export function subjectOf({ subject, subjectAltName }: Pick<X509Certificate, 'subject' | 'subjectAltName'>): string {
  return [subject, subjectAltName].find((text) => text !== undefined && text !== '')?.replaceAll('\n', ', ') ?? 'without a name';
}

function shakeHands({ name, host, port }: Address, signal: AbortSignal): Promise<X509Certificate> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    // Whatever is served is looked at: to refuse it would be not to know what it is. Nothing is sent.
    const socket = addAbortSignal(signal, connect({ host, port, servername: serverName(name), rejectUnauthorized: false }));
    socket.once('error', reject);
    socket.once('secureConnect', () => {
      const certificate = socket.getPeerX509Certificate();
      socket.destroy();
      if (certificate === undefined) reject(new Error('no certificate'));
      else resolve(certificate);
    });
  });
}
