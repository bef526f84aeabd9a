// A certificate of one's own, with its key: of a server in a test, and of the Secret that settings.yaml names.
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import {
  AuthorityKeyIdentifierExtension, BasicConstraintsExtension, KeyUsageFlags, KeyUsagesExtension, PemConverter, SubjectAlternativeNameExtension, SubjectKeyIdentifierExtension,
  X509CertificateGenerator, type Extension,
} from '@peculiar/x509';

interface Contents {
  /** Its subject, such as CN=glitchtip.example. */
  readonly name: string;
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  readonly extensions?: Extension[];
}

/** Both as PEM. */
interface Pair {
  readonly certificate: string;
  readonly key: string;
}

export async function selfSigned(contents: Contents): Promise<Pair> {
  const keys = await newKeys();
  const certificate = await X509CertificateGenerator.createSelfSigned({ ...contents, keys });
  return { certificate: certificate.toString('pem'), key: await pemOf(keys.privateKey) };
}

/** An authority of one's own, as PEM, and what it signs for a server: valid for a day, and with all that strict clients ask for. */
export async function authority(): Promise<{ readonly certificate: string; readonly signFor: (server: string) => Promise<Pair> }> {
  const [keys, validity] = [await newKeys(), { notBefore: new Date(Date.now() - 60_000), notAfter: new Date(Date.now() + DAY) }];
  const identifier = await SubjectKeyIdentifierExtension.create(keys.publicKey);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    ...validity, name: 'CN=An authority of ours', keys, extensions: [new BasicConstraintsExtension(true, undefined, true), new KeyUsagesExtension(KeyUsageFlags.keyCertSign, true), identifier],
  });
  const signFor = async (server: string): Promise<Pair> => {
    const own = await newKeys();
    const signed = await X509CertificateGenerator.create({
      ...validity, subject: `CN=${server}`, issuer: certificate.subject, publicKey: own.publicKey, signingKey: keys.privateKey,
      extensions: [namesOf(server), await AuthorityKeyIdentifierExtension.create(keys.publicKey)],
    });
    return { certificate: signed.toString('pem'), key: await pemOf(own.privateKey) };
  };
  return { certificate: certificate.toString('pem'), signFor };
}

function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }, true, ['sign', 'verify']);
}

async function pemOf(key: webcrypto.CryptoKey): Promise<string> {
  return PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY');
}

const DAY = 86_400_000;

/** Of a server: clients compare its name, or its address, with the one that they asked for. Valid from a minute ago. */
export function selfSignedFor(server: string, { name = `CN=${server}`, notBefore = new Date(Date.now() - 60_000), notAfter = new Date(Date.now() + DAY) }: Partial<Contents> = {}): ReturnType<typeof selfSigned> {
  return selfSigned({ name, notBefore, notAfter, extensions: [namesOf(server)] });
}

function namesOf(server: string): SubjectAlternativeNameExtension {
  return new SubjectAlternativeNameExtension([{ type: isIP(server) === 0 ? 'dns' : 'ip', value: server }]);
}

/** Of the stack's domain, so many days before its end; it began a month ago. */
export function expiringIn(days: number): Promise<{ readonly certificate: string; readonly key: string }> {
  const [notBefore, notAfter] = [-30, days].map((from) => new Date(Date.now() + from * DAY));
  return selfSigned({ name: 'CN=glitchtip.example', notBefore, notAfter });
}
