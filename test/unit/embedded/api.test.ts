/** The administrator's questions to an API server, by its kubeconfig and with its certificate. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';
import { networkFor } from '../../../embedded/address.js';
import { connect, countStalePods, get, observeNode } from '../../../embedded/api.js';
import { buildKubeconfig } from '../../../embedded/kubeconfig.js';
import { ensurePki } from '../../../embedded/pki.js';
import type { ClusterConnection } from '../../../operator/io/kubernetes/connection.js';

const NODE = { status: { conditions: [{ type: 'Ready', status: 'False', lastHeartbeatTime: '1970-01-01T00:00:01Z', message: 'no network' }] } };
const PODS = { items: [1, 9].map((second) => ({ status: { containerStatuses: [{ state: { running: { startedAt: `1970-01-01T00:00:0${second}Z` } } }] } })) };

let folder: string;
let server: Server;
let connection: ClusterConnection;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'glitchkeeper-embedded-api-'));
  await ensurePki(folder, 'node', networkFor(0));
  const read = (file: string) => readFile(join(folder, file), 'utf8');
  const authority = await read('ca.crt');
  server = createServer({ cert: await read('apiserver.crt'), key: await read('apiserver.key'), ca: authority, requestCert: true, rejectUnauthorized: true }, ({ url, socket }, response) => {
    const answers: Record<string, string> = { '/readyz': 'ok', '/whoami': socket instanceof TLSSocket ? String(socket.getPeerCertificate().subject['CN']) : '', '/api/v1/nodes/node': JSON.stringify(NODE), '/api/v1/pods': JSON.stringify(PODS) };
    const answer = answers[url ?? ''];
    response.writeHead(answer === undefined ? 404 : 200).end(answer);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await writeFile(join(folder, 'kubeconfig'), buildKubeconfig({ name: 'n', server: address, authority, certificate: await read('admin.crt'), key: await read('admin.key') }));
  connection = connect(join(folder, 'kubeconfig'));
});

afterAll(async () => {
  connection.close();
  server.close();
  await rm(folder, { recursive: true, force: true });
});

it.each([
  ['/readyz', { status: 200, text: 'ok' }],
  ['/whoami', { status: 200, text: 'glitchkeeper-admin' }],
  ['/elsewhere', { status: 404, text: '' }],
])('of %s the answer is as it came', async (path, answer) => {
  expect(await get(connection, path)).toMatchObject(answer);
});

it('a node says why it is not Ready, and since when', async () => {
  expect(await observeNode(connection, 'node')).toEqual({ ready: false, heartbeat: 1_000, message: 'no network' });
  expect(await observeNode(connection, 'another')).toBeUndefined();
});

it('pods are stale that are said to run since before the start', async () => {
  expect(await countStalePods(connection, 5_000)).toBe(1);
});

it('where nobody listens any more there is no answer', async () => {
  server.close();
  server.closeAllConnections();
  expect(await get(connection, '/readyz')).toBeUndefined();
  expect(await countStalePods(connection, 5_000)).toBe(Number.POSITIVE_INFINITY);
});
