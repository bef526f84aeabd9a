// Answers of API servers that are not as the types promise.
import 'reflect-metadata';
import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from '@jest/globals';
import { SubjectAlternativeNameExtension } from '@peculiar/x509';
import { certificateTrouble } from '../../../../../operator/controllers/write-refusal.js';
import { KubernetesApi } from '../../../../../operator/io/kubernetes/api-client.js';
import { selfSigned } from '../../../../support/certificate.js';

let server: Server;
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const LOOPBACK = [new SubjectAlternativeNameExtension([{ type: 'ip', value: '127.0.0.1' }])];
type Identity = Awaited<ReturnType<typeof identity>>;
const identity = (notAfter = new Date(Date.now() + 86_400_000)) => selfSigned({ name: 'CN=kubernetes', notBefore: new Date(0), notAfter, extensions: LOOPBACK });

async function listen({ certificate: cert, key }: Identity, body: object, port = 0): Promise<number> {
  server = createServer({ cert, key }, (_, response) => response.end(JSON.stringify(body)));
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** Of a server at this port of the loopback; `ca` is asked for each request. */
function apiAt(port: number, ca: () => string): KubernetesApi {
  return new KubernetesApi({ host: '127.0.0.1', port, ca: () => Promise.resolve(ca()), token: () => Promise.resolve('token') }, { onWarning: () => undefined, onAnswer: () => undefined });
}

async function serverThatSays(body: object): Promise<KubernetesApi> {
  const own = await identity();
  return apiAt(await listen(own, body), () => own.certificate);
}

it('another authority, as after k3s certificate rotate-ca, is taken up without a restart', async () => {
  const [before, after] = [await identity(), await identity()];
  let ca = before.certificate;
  const port = await listen(before, { items: [1] });
  const api = apiAt(port, () => ca);
  expect(await api.list('/x')).toEqual([1]);

  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await listen(after, { items: [2] }, port);
  await expect(api.list('/x').catch((error: unknown) => Promise.reject(new Error(certificateTrouble(error))))).rejects.toThrow('untrusted');
  ca = after.certificate;
  expect(await api.list('/x')).toEqual([2]);
  api.close();
});

it('an expired certificate is told from a server that does not answer', async () => {
  const own = await identity(new Date(Date.now() - 1_000));
  const api = apiAt(await listen(own, { items: [] }), () => own.certificate);
  expect(certificateTrouble(await api.list('/x').catch((error: unknown) => error))).toBe('expired');
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  expect(certificateTrouble(await api.list('/x').catch((error: unknown) => error))).toBeUndefined();
});

it('a list without items, as of a kind that was made a moment ago, is an empty one', async () => {
  const api = await serverThatSays({ metadata: { resourceVersion: '7' }, items: null });
  expect(await api.list('/apis/glitchkeeper.io/v1/glitchtips')).toEqual([]);
  expect(await api.listMetadata('/apis/glitchkeeper.io/v1/glitchtips')).toEqual({ items: [], resourceVersion: '7' });
});
