/** The cluster's keys and certificates: made once, valid for a year, made again when half of that is over. */
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as x509 from '@peculiar/x509';
import * as z from 'zod';
import { kubernetesServiceAddress, type NodeNetwork } from './address.js';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const validityMs = 365 * 24 * 3600 * 1000;

/** A certificate to issue. Identities in `organization` are Kubernetes groups, `commonName` is the user. */
export interface CertificateRequest {
  /** File name without its ending. */
  readonly file: string;
  readonly authority: 'ca' | 'front-proxy-ca';
  readonly commonName: string;
  readonly organization?: string;
  /** Host names and addresses that it serves; a certificate without any is for clients only. */
  readonly names?: readonly string[];
}

/** Users of the components that are no part of Kubernetes; config/addons.ts gives them their rights. */
export const addonUsers = {
  localPath: 'glitchkeeper:local-path-provisioner',
  metricsServer: 'glitchkeeper:metrics-server',
  netpol: 'glitchkeeper:netpol',
} as const;

/** Every certificate of an instance, with the identities that Kubernetes' own RBAC rules expect. */
export function planCertificates(nodeName: string, network: NodeNetwork): readonly CertificateRequest[] {
  const apiNames = ['kubernetes', 'kubernetes.default', 'kubernetes.default.svc', 'kubernetes.default.svc.cluster.local', 'localhost'];
  return [
    { file: 'apiserver', authority: 'ca', commonName: 'kube-apiserver', names: [...apiNames, '127.0.0.1', kubernetesServiceAddress, network.nodeAddress] },
    { file: 'apiserver-kubelet-client', authority: 'ca', commonName: 'kube-apiserver-kubelet-client', organization: 'system:masters' },
    { file: 'front-proxy-client', authority: 'front-proxy-ca', commonName: 'front-proxy-client' },
    { file: 'admin', authority: 'ca', commonName: 'glitchkeeper-admin', organization: 'system:masters' },
    { file: 'controller-manager', authority: 'ca', commonName: 'system:kube-controller-manager' },
    { file: 'scheduler', authority: 'ca', commonName: 'system:kube-scheduler' },
    { file: 'kubelet', authority: 'ca', commonName: `system:node:${nodeName}`, organization: 'system:nodes', names: [nodeName, network.nodeAddress] },
    { file: 'kube-proxy', authority: 'ca', commonName: 'system:kube-proxy' },
    { file: 'netpol', authority: 'ca', commonName: addonUsers.netpol },
    { file: 'local-path-provisioner', authority: 'ca', commonName: addonUsers.localPath },
    { file: 'metrics-server', authority: 'ca', commonName: addonUsers.metricsServer, names: ['metrics-server.kube-system.svc', network.nodeAddress] },
  ];
}

const stampSchema = z.object({ madeAt: z.number(), names: z.string() });

/** True when certificates made at `madeAt` (ms) for `names` still serve: the same names, and less than half their life old. */
export function isCurrent(stamp: { madeAt: number; names: string } | undefined, names: string, now: number): boolean {
  return stamp !== undefined && stamp.names === names && now - stamp.madeAt < validityMs / 2 && stamp.madeAt <= now;
}

/** Makes the PKI in `folder` unless it is current. Returns true when it was made anew. */
export async function ensurePki(folder: string, nodeName: string, network: NodeNetwork): Promise<boolean> {
  const stampFile = join(folder, 'stamp.json');
  const requests = planCertificates(nodeName, network);
  const names = JSON.stringify(requests);
  const text = await readFile(stampFile, 'utf8').catch(() => undefined);
  const stamp = text === undefined ? undefined : stampSchema.safeParse(JSON.parse(text)).data;
  const now = Date.now();
  if (isCurrent(stamp, names, now)) return false;
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const authorities = {
    ca: await makeAuthority(folder, 'ca'),
    'front-proxy-ca': await makeAuthority(folder, 'front-proxy-ca'),
  };
  for (const request of requests) await issue(folder, request, authorities[request.authority]);
  await makeServiceAccountKeys(folder);
  await writeFile(stampFile, JSON.stringify({ madeAt: now, names }));
  return true;
}

interface Authority {
  readonly certificate: x509.X509Certificate;
  readonly keys: CryptoKeyPair;
}

type CryptoKeyPair = webcrypto.CryptoKeyPair;

function generateKeys(): Promise<CryptoKeyPair> {
  return webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
}

/** An hour of slack, for clocks that are set back a little. */
function validity(): { notBefore: Date; notAfter: Date } {
  return { notBefore: new Date(Date.now() - 3_600_000), notAfter: new Date(Date.now() + validityMs) };
}

async function makeAuthority(folder: string, file: string): Promise<Authority> {
  const keys = await generateKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=glitchkeeper-${file}`,
    ...validity(),
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign | x509.KeyUsageFlags.digitalSignature, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  await save(folder, file, certificate, keys);
  return { certificate, keys };
}

async function issue(folder: string, request: CertificateRequest, authority: Authority): Promise<void> {
  const keys = await generateKeys();
  const usages = [x509.ExtendedKeyUsage.clientAuth, ...(request.names === undefined ? [] : [x509.ExtendedKeyUsage.serverAuth])];
  const names = (request.names ?? []).map((value) => ({ type: isAddress(value) ? ('ip' as const) : ('dns' as const), value }));
  const subject: x509.JsonName = [{ CN: [request.commonName] }];
  if (request.organization !== undefined) subject.unshift({ O: [request.organization] });
  const certificate = await x509.X509CertificateGenerator.create({
    subject,
    issuer: authority.certificate.subject,
    ...validity(),
    publicKey: keys.publicKey,
    signingKey: authority.keys.privateKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension(usages),
      await x509.AuthorityKeyIdentifierExtension.create(authority.keys.publicKey),
      ...(names.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(names)]),
    ],
  });
  await save(folder, request.file, certificate, keys);
}

function isAddress(value: string): boolean {
  return /^[\d.]+$/.test(value);
}

async function save(folder: string, file: string, certificate: x509.X509Certificate, keys: CryptoKeyPair): Promise<void> {
  await writeFile(join(folder, `${file}.crt`), `${certificate.toString('pem')}\n`);
  await writeKey(join(folder, `${file}.key`), keys.privateKey);
}

async function writeKey(path: string, key: webcrypto.CryptoKey): Promise<void> {
  const pem = x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY');
  await writeFile(path, `${pem}\n`, { mode: 0o600 });
}

/** The pair that signs and checks the tokens of service accounts. */
async function makeServiceAccountKeys(folder: string): Promise<void> {
  const keys = await generateKeys();
  await writeKey(join(folder, 'sa.key'), keys.privateKey);
  const pem = x509.PemConverter.encode(await webcrypto.subtle.exportKey('spki', keys.publicKey), 'PUBLIC KEY');
  await writeFile(join(folder, 'sa.pub'), `${pem}\n`);
}
