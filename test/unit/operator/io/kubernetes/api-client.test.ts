// Answers of API servers that are not as the types promise.
import 'reflect-metadata';
import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from '@jest/globals';
import { SubjectAlternativeNameExtension } from '@peculiar/x509';
import { KubernetesApi } from '../../../../../operator/io/kubernetes/api-client.js';
import { selfSigned } from '../../../../support/certificate.js';

let server: Server;
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

async function serverThatSays(body: object): Promise<KubernetesApi> {
  const { certificate: ca, key } = await selfSigned({ name: 'CN=kubernetes', extensions: [new SubjectAlternativeNameExtension([{ type: 'ip', value: '127.0.0.1' }])] });
  server = createServer({ cert: ca, key }, (_, response) => response.end(JSON.stringify(body)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return new KubernetesApi({ host: '127.0.0.1', port, ca, token: () => Promise.resolve('token') }, { onWarning: () => undefined, onAnswer: () => undefined });
}

it('a list without items, as of a kind that was made a moment ago, is an empty one', async () => {
  const api = await serverThatSays({ metadata: { resourceVersion: '7' }, items: null });
  expect(await api.list('/apis/glitchkeeper.io/v1/glitchtips')).toEqual([]);
  expect(await api.listMetadata('/apis/glitchkeeper.io/v1/glitchtips')).toEqual({ items: [], resourceVersion: '7' });
});
