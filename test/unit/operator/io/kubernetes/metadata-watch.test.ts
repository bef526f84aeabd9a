// What a watch says of each way in which it can end, and that nothing of it is left then.
import 'reflect-metadata';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterEach, describe, expect, it } from '@jest/globals';
import { ApiServerDouble } from './api-server-double.js';

const PATH = '/apis/glitchkeeper.io/v1alpha1/namespaces/glitchtip/glitchtips';
const line = (type: string, object: object): string => `${JSON.stringify({ type, object })}\n`;
const metadata = (version: string) => ({ metadata: { name: 'gt', generation: 1, resourceVersion: version, annotations: { a: 'b' }, managedFields: [{}] } });
const seen = (type: string, version: string) => ({ type, object: { name: 'gt', generation: 1, resourceVersion: version, annotations: { a: 'b' } } });

const servers: ApiServerDouble[] = [];
afterEach(() => Promise.all(servers.splice(0).map((server) => server.close())));

async function serverThat(answer: (request: IncomingMessage, response: ServerResponse) => unknown): Promise<ApiServerDouble> {
  const server = new ApiServerDouble(answer);
  servers.push(server);
  await server.listen();
  return server;
}

/** Resolves when it is opened. */
function gate(): { readonly open: () => void; readonly opened: Promise<void> } {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { open: () => open(), opened };
}

/** All events, and how it ended. */
async function follow(server: ApiServerDouble, signal = new AbortController().signal): Promise<{ events: unknown[]; end: unknown }> {
  const events: unknown[] = [];
  try {
    for await (const event of server.api.watchMetadata(PATH, '7', signal)) events.push(event);
    return { events, end: 'clean' };
  } catch (error) {
    return { events, end: error };
  }
}

it('asks for the metadata alone, from a version on, with bookmarks and an end', async () => {
  let asked: IncomingMessage | undefined;
  const server = await serverThat((request, response) => {
    asked = request;
    response.end();
  });
  await follow(server);
  const url = new URL(asked?.url ?? '', 'https://x');
  expect(url.pathname).toBe(PATH);
  expect(Object.fromEntries(url.searchParams)).toEqual({ watch: 'true', allowWatchBookmarks: 'true', timeoutSeconds: '240', resourceVersion: '7' });
  expect(asked?.headers).toMatchObject({ accept: 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1', authorization: 'Bearer token' });
  expect(server.answers).toEqual(['GET 200']);
});

describe('a watch', () => {
  it.each<[string, string, unknown[]]>([
    ['with changes', line('ADDED', metadata('8')) + line('MODIFIED', metadata('9')) + line('DELETED', metadata('10')), [seen('ADDED', '8'), seen('MODIFIED', '9'), seen('DELETED', '10')]],
    ['with a bookmark', line('BOOKMARK', { metadata: { resourceVersion: '11' } }), [{ type: 'BOOKMARK', resourceVersion: '11' }]],
    ['that the server finds too old', line('ERROR', { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' }), [{ type: 'ERROR', status: 410, message: 'too old' }]],
    ['in which the server fails', line('ADDED', metadata('8')) + line('ERROR', { kind: 'Status', code: 500, message: 'no etcd' }), [seen('ADDED', '8'), { type: 'ERROR', status: 500, message: 'no etcd' }]],
    ['without an event', '', []],
  ])('%s gives them, and ends with the server\'s', async (_, text, events) => {
    expect(await follow(await serverThat((__, response) => response.end(text)))).toEqual({ events, end: 'clean' });
  });

  it.each([[403, 'Forbidden'], [410, 'Gone'], [500, 'Internal Server Error']])('that the server refuses with %i is an ERROR of that', async (status, message) => {
    const server = await serverThat((_, response) => {
      response.statusCode = status;
      response.end('{}');
    });
    expect(await follow(server)).toEqual({ events: [{ type: 'ERROR', status, message }], end: 'clean' });
    expect(server.answers).toEqual([`GET ${status}`]);
  });

  it('whose connection breaks gives what came until then, and throws', async () => {
    const server = await serverThat(({ socket }, response) => {
      response.write(line('ADDED', metadata('8')), () => setTimeout(() => socket.destroy(), 50));
    });
    expect(await follow(server)).toEqual({ events: [seen('ADDED', '8')], end: expect.any(Error) });
  });

  it('of which nobody answers throws', async () => {
    const server = await serverThat(() => undefined);
    await server.stop();
    expect(await follow(server)).toEqual({ events: [], end: expect.objectContaining({ code: 'ECONNREFUSED' }) });
    expect(server.answers).toEqual(['GET 0']);
  });

  it('of what is no event throws', async () => {
    expect(await follow(await serverThat((_, response) => response.end('{"type":"ADDED","object":{}}\n')))).toEqual({ events: [], end: expect.any(Error) });
  });

  it.each([['before there is an answer', false], ['in the middle', true]])('ends with its signal %s', async (_, answers) => {
    const closed = gate();
    const server = await serverThat(({ socket }, response) => {
      socket.once('close', closed.open);
      if (answers) response.write(line('ADDED', metadata('8')));
    });
    const stop = new AbortController();
    const outcome = follow(server, stop.signal);
    await server.untilAsked(1);
    setTimeout(() => stop.abort(), 50);
    expect((await outcome).end).toBeInstanceOf(Error);
    await closed.opened;
  });

  it('is not begun after its signal', async () => {
    const server = await serverThat((_, response) => response.end());
    expect((await follow(server, AbortSignal.abort(new Error('the Lease is lost')))).end).toEqual(new Error('the Lease is lost'));
    expect(server.connections).toBe(0);
  });

  it('that nobody reads any more leaves no connection', async () => {
    const closed = gate();
    const server = await serverThat(({ socket }, response) => {
      socket.once('close', closed.open);
      response.write(line('ADDED', metadata('8')));
    });
    for await (const event of server.api.watchMetadata(PATH, '7', new AbortController().signal)) {
      expect(event).toEqual(seen('ADDED', '8'));
      break;
    }
    await closed.opened;
  });
});
