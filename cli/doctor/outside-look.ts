// The public name as it is seen from where this program runs: by DNS, by port 80, and by TLS with this machine's own certificates.
import { lookup } from 'node:dns/promises';
import { request as requestPlain, type ClientRequest, type IncomingHttpHeaders } from 'node:http';
import { request as requestSecure, type RequestOptions } from 'node:https';
import { isIP } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { preflightOf, subjectOf } from '../../operator/io/web/served-certificate.js';
import { notSeen, seen, type Seen } from './check-result.js';

export interface PlainAnswer {
  readonly status: number;
  readonly location: string | undefined;
}

export interface SecureAnswer {
  readonly status: number;
  readonly hsts: string | undefined;
  /** Whose the certificate is, such as "CN=errors.example.com", and who signed it. */
  readonly subject: string;
  readonly issuer: string;
  readonly isForName: boolean;
  /** Why this machine does not trust it, such as CERT_HAS_EXPIRED; undefined: it does. */
  readonly distrust: string | undefined;
  readonly startsAt: Date;
  readonly endsAt: Date;
}

/** What was looked at from outside; of each thing, or why there was no answer: ENOTFOUND, ECONNREFUSED, "no answer within 10 s". */
export interface OutsideLook {
  readonly addresses: Seen<readonly string[]>;
  readonly plain: Seen<PlainAnswer>;
  readonly secure: Seen<SecureAnswer>;
}

/** Milliseconds. */
const TIMEOUT = 10_000;
/** Of web, which answers it to everybody. */
const PATH = '/_health/';

/** @param ports other ones in tests */
export async function lookFromOutside(name: string, ports = { plain: 80, secure: 443 }): Promise<OutsideLook> {
  const addresses = await attempt(async () => (await lookup(name, { all: true })).map(({ address }) => address));
  if (!addresses.seen) return { addresses, plain: addresses, secure: addresses };
  const [plain, secure] = await Promise.all([attempt(() => askPlain(name, ports.plain)), attempt(() => askSecure(name, ports.secure))]);
  return { addresses, plain, secure };
}

async function attempt<T>(look: () => Promise<T>): Promise<Seen<T>> {
  try {
    return seen(await look());
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return notSeen(code ?? message);
  }
}

function askPlain(host: string, port: number): Promise<PlainAnswer> {
  return answerOf(requestPlain({ host, port, path: PATH, agent: false, timeout: TIMEOUT }), ({ status, headers }) => ({ status, location: headers.location }));
}

async function askSecure(host: string, port: number): Promise<SecureAnswer> {
  const page = await ask(host, port, { path: PATH });
  // Where only the paths of events are public, Traefik answers all else itself, with 404 and without HSTS. Those paths alone are not enough: the
  // gateway answers them without HSTS, which Traefik adds, and a tunnel or a proxy of somebody's own may leave to GlitchTip.
  return page.status === 404 && page.hsts === undefined ? ask(host, port, preflightOf(host)) : page;
}

function ask(host: string, port: number, question: Pick<RequestOptions, 'method' | 'path' | 'headers'>): Promise<SecureAnswer> {
  // Whatever is served is looked at, and judged afterwards.
  const sent = requestSecure({ ...question, host, port, agent: false, timeout: TIMEOUT, servername: isIP(host) === 0 ? host : '', rejectUnauthorized: false });
  return answerOf(sent, ({ status, headers, socket }) => {
    const connection = socket as TLSSocket;
    const certificate = connection.getPeerX509Certificate();
    if (certificate === undefined) throw new Error('no certificate');
    const isForName = certificate.checkHost(host) !== undefined;
    // Its code, whatever the types say.
    const trouble: unknown = connection.authorizationError;
    const distrust = typeof trouble === 'string' ? trouble : undefined;
    return {
      status, hsts: headers['strict-transport-security'], subject: subjectOf(certificate), issuer: subjectOf({ subject: certificate.issuer, subjectAltName: undefined }), isForName,
      // Another name has a finding of its own.
      distrust: distrust === 'ERR_TLS_CERT_ALTNAME_INVALID' ? undefined : distrust,
      startsAt: new Date(certificate.validFrom), endsAt: new Date(certificate.validTo),
    };
  });
}

interface Answered {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly socket: unknown;
}

/** Of the answer its head, while its connection is there; the rest is not read. */
async function answerOf<T>(sent: ClientRequest, judge: (answered: Answered) => T): Promise<T> {
  try {
    return judge(await headOf(sent));
  } finally {
    sent.destroy();
  }
}

function headOf(sent: ClientRequest): Promise<Answered> {
  return new Promise((resolve, reject) => {
    sent.once('timeout', () => sent.destroy(new Error(`no answer within ${TIMEOUT / 1_000} s`)));
    sent.once('error', reject);
    sent.once('response', ({ statusCode = 0, headers, socket }) => resolve({ status: statusCode, headers, socket }));
    sent.end();
  });
}
