// A certificate of one's own, with its key: of a server in a test, and of the Secret that settings.yaml names.
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import { PemConverter, SubjectAlternativeNameExtension, X509CertificateGenerator, type Extension } from '@peculiar/x509';

interface Contents {
  /** Its subject, such as CN=glitchtip.example. */
  readonly name: string;
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  readonly extensions?: Extension[];
}

/** Both as PEM. */
export async function selfSigned(contents: Contents): Promise<{ readonly certificate: string; readonly key: string }> {
  const keys = await webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.createSelfSigned({ ...contents, keys });
  return { certificate: certificate.toString('pem'), key: PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY') };
}

const DAY = 86_400_000;

/** Of a server: clients compare its name, or its address, with the one that they asked for. Valid from a minute ago. */
export function selfSignedFor(server: string, { name = `CN=${server}`, notBefore = new Date(Date.now() - 60_000), notAfter = new Date(Date.now() + DAY) }: Partial<Contents> = {}): ReturnType<typeof selfSigned> {
  const names = new SubjectAlternativeNameExtension([{ type: isIP(server) === 0 ? 'dns' : 'ip', value: server }]);
  return selfSigned({ name, notBefore, notAfter, extensions: [names] });
}

/** Of the stack's domain, so many days before its end; it began a month ago. */
export function expiringIn(days: number): Promise<{ readonly certificate: string; readonly key: string }> {
  const [notBefore, notAfter] = [-30, days].map((from) => new Date(Date.now() + from * DAY));
  return selfSigned({ name: 'CN=glitchtip.example', notBefore, notAfter });
}
