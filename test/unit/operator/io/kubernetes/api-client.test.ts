// Answers of API servers that are not as the types promise, and connections, authorities and tokens that change.
import 'reflect-metadata';
import { afterEach, expect, it, jest } from '@jest/globals';
import { certificateTrouble } from '../../../../../operator/controllers/write-refusal.js';
import { isStatus } from '../../../../../operator/io/kubernetes/api-error.js';
import { ApiServerDouble, identity } from './api-server-double.js';

const servers: ApiServerDouble[] = [];
afterEach(async () => {
  jest.useRealTimers();
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function serverThat(answer: ConstructorParameters<typeof ApiServerDouble>[0]): Promise<ApiServerDouble> {
  const server = new ApiServerDouble(answer);
  servers.push(server);
  await server.listen();
  return server;
}

const says = (body: object) => serverThat((_, response) => response.end(JSON.stringify(body)));

it('another authority, as after k3s certificate rotate-ca, is taken up without a restart', async () => {
  const server = await says({ items: [1] });
  const { api } = server;
  expect(await api.list('/x')).toEqual([1]);

  const after = await identity();
  await server.restart(after);
  await expect(api.list('/x').catch((error: unknown) => Promise.reject(new Error(certificateTrouble(error))))).rejects.toThrow('untrusted');
  await server.trust(after);
  expect(await api.list('/x')).toEqual([1]);
});

it('another token, as the kubelet renews it, is taken up after a minute', async () => {
  const server = await serverThat(({ headers }, response) => response.end(JSON.stringify({ items: [headers.authorization] })));
  jest.useFakeTimers({ doNotFake: ['hrtime', 'nextTick', 'performance', 'queueMicrotask', 'setImmediate', 'clearImmediate', 'setInterval', 'clearInterval', 'setTimeout', 'clearTimeout'] });
  expect(await server.api.list('/x')).toEqual(['Bearer token']);
  await server.writeToken('another');
  jest.setSystemTime(Date.now() + 61_000);
  expect(await server.api.list('/x')).toEqual(['Bearer another']);
});

it('an expired certificate is told from a server that does not answer', async () => {
  const server = await says({ items: [] });
  const expired = await identity(new Date(Date.now() - 1_000));
  await server.restart(expired);
  await server.trust(expired);
  expect(certificateTrouble(await server.api.list('/x').catch((error: unknown) => error))).toBe('expired');
  await server.stop();
  expect(certificateTrouble(await server.api.list('/x').catch((error: unknown) => error))).toBeUndefined();
});

it('a list without items, as of a kind that was made a moment ago, is an empty one', async () => {
  const { api } = await says({ metadata: { resourceVersion: '7' }, items: null });
  expect(await api.list('/apis/glitchkeeper.io/v1/glitchtips')).toEqual([]);
  expect(await api.listMetadata('/apis/glitchkeeper.io/v1/glitchtips')).toEqual({ items: [], resourceVersion: '7' });
});

it('more questions at once than there are connections are all answered over the two, in pieces too', async () => {
  const server = await serverThat((_, response) => {
    response.write('{"items":');
    response.end('[1]}');
  });
  for (let round = 0; round < 3; round += 1) {
    expect(await Promise.all(Array.from({ length: 20 }, () => server.api.list('/x')))).toEqual(Array(20).fill([1]));
  }
  expect(server.connections).toBe(2);
});

it('one question after the other goes over one connection', async () => {
  const server = await says({ items: [] });
  for (let turn = 0; turn < 5; turn += 1) await server.api.list('/x');
  expect(server.connections).toBe(1);
});

it('a question that meets a connection which the server just closed is asked once more, and a write is not', async () => {
  const server = await serverThat(({ method, socket }, response) => {
    if (server.requests === 1) response.end('{"items":[]}');
    else if (server.requests === 2 || method === 'POST') socket.destroy();
    else response.end('{"items":[1]}');
  });
  expect(await server.api.list('/x')).toEqual([]);
  expect(await server.api.list('/x')).toEqual([1]);
  await expect(server.api.create('/x', {})).rejects.toMatchObject({ code: 'ECONNRESET' });
  expect(server.requests).toBe(4);
});

it.each(['/api/v1/namespaces/glitchtip/secrets', '/api/v1/namespaces/glitchtip/secrets/glitchtip-app'])('what the server says of %s is in no error', async (path) => {
  const server = await serverThat((_, response) => {
    response.statusCode = 422;
    response.end(JSON.stringify({ kind: 'Status', reason: 'Invalid', message: 'canary-value is not allowed', details: { name: 'glitchtip-app' } }));
  });
  const error = await server.api.create(path, { data: { key: 'canary-value' } }).catch((failure: unknown) => failure);
  expect(isStatus(error, 422)).toBe(true);
  expect(JSON.stringify([String(error), error, Object.entries(error as object)])).not.toContain('canary-value');
});

it('an answer that is no JSON is not repeated', async () => {
  const server = await serverThat((_, response) => response.end('canary-value'));
  await expect(server.api.get('/api/v1/namespaces/glitchtip/secrets/x')).rejects.toThrow(/^GET \/api\/v1\/namespaces\/glitchtip\/secrets\/x: the answer is not JSON$/);
});

it('a server that takes the connection and says nothing: a call ends with its signal, for the reason of that', async () => {
  const server = await serverThat(() => undefined);
  const term = new AbortController();
  const outcome = server.api.get('/x', term.signal).catch((error: unknown) => error);
  await server.untilAsked(1);
  term.abort(new Error('the Lease is lost'));
  expect(await outcome).toEqual(new Error('the Lease is lost'));
});

it('a call is not begun after its signal', async () => {
  const server = await says({});
  await expect(server.api.get('/x', AbortSignal.abort(new Error('the Lease is lost')))).rejects.toThrow('the Lease is lost');
  expect(server.connections).toBe(0);
});
