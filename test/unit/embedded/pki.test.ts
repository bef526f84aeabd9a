/** The certificates: who gets which, and when they are made again. */
import { describe, expect, it } from '@jest/globals';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { X509Certificate, createPublicKey } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { networkFor } from '../../../embedded/address.js';
import { ensurePki, isCurrent, planCertificates } from '../../../embedded/pki.js';

const day = 24 * 3600 * 1000;

describe('certificates are made again', () => {
  it.each([
    ['when there are none', undefined, false],
    ['not when they are young', { madeAt: 0, names: 'a' }, true],
    ['when they name another address', { madeAt: 0, names: 'b' }, false],
    ['when they come from the future', { madeAt: 11 * day, names: 'a' }, false],
  ])('%s', (_, stamp, expected) => {
    expect(isCurrent(stamp, 'a', 10 * day)).toBe(expected);
  });
  it('when half of their year is over', () => {
    expect(isCurrent({ madeAt: 0, names: 'a' }, 'a', 182 * day)).toBe(true);
    expect(isCurrent({ madeAt: 0, names: 'a' }, 'a', 183 * day)).toBe(false);
  });
});

describe('identities', () => {
  const requests = planCertificates('node', networkFor(3));
  it('only the administrator and the API server itself are masters', () => {
    const masters = requests.filter((request) => request.organization === 'system:masters').map((request) => request.file);
    expect(masters).toEqual(['apiserver-kubelet-client', 'admin']);
  });
  it('the kubelet serves under the address of its node, or logs and exec would fail', () => {
    expect(requests.find((request) => request.file === 'kubelet')?.names).toEqual(['node', '172.30.3.1']);
  });
});

describe('the files', () => {
  it('chain to their authority, carry their names, keep keys private, and stay when they are current', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'pki-'));
    const network = networkFor(3);
    expect(await ensurePki(folder, 'node', network)).toBe(true);
    const read = (file: string): Promise<string> => readFile(join(folder, file), 'utf8');
    const authority = new X509Certificate(await read('ca.crt'));
    const server = new X509Certificate(await read('apiserver.crt'));
    expect(server.verify(authority.publicKey)).toBe(true);
    expect(server.checkIP('172.30.3.1')).toBe('172.30.3.1');
    expect(server.checkHost('kubernetes.default.svc')).toBe('kubernetes.default.svc');
    expect(new X509Certificate(await read('kubelet.crt')).subject).toBe('O=system:nodes\nCN=system:node:node');
    expect(createPublicKey(await read('sa.pub')).asymmetricKeyType).toBe('ec');
    expect((await stat(join(folder, 'ca.key'))).mode & 0o777).toBe(0o600);
    expect(await ensurePki(folder, 'node', network)).toBe(false);
    expect(await ensurePki(folder, 'node', networkFor(4))).toBe(true);
    await rm(folder, { recursive: true });
  });
});
