// Which certificate is served to whoever asks for the public name: a TLS handshake with it, and nothing more.
import { addAbortSignal } from 'node:stream';
import type { X509Certificate } from 'node:crypto';
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
  return {
    kind: 'seen', name, subject: subjectOf(certificate), isForName: certificate.checkHost(name) !== undefined,
    startsAt: new Date(certificate.validFrom), endsAt: new Date(certificate.validTo),
  };
}

/** Whose it is. Those of ACME servers have names as an extension alone, and no subject: undefined, whatever the types say. */
export function subjectOf({ subject, subjectAltName }: Pick<X509Certificate, 'subject' | 'subjectAltName'>): string {
  return [subject, subjectAltName].find((text) => text !== undefined && text !== '')?.replaceAll('\n', ', ') ?? 'without a name';
}

function shakeHands({ name, host, port }: Address, signal: AbortSignal): Promise<X509Certificate> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    // Whatever is served is looked at: to refuse it would be not to know what it is. Nothing is sent; an address is no name (RFC 6066).
    const socket = addAbortSignal(signal, connect({ host, port, servername: isIP(name) === 0 ? name : '', rejectUnauthorized: false }));
    socket.once('error', reject);
    socket.once('secureConnect', () => {
      const certificate = socket.getPeerX509Certificate();
      socket.destroy();
      if (certificate === undefined) reject(new Error('no certificate'));
      else resolve(certificate);
    });
  });
}
