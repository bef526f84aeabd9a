// A handshake with the public name: whatever is served is seen, and who serves nothing is told from who does not answer.
import { once } from 'node:events';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { createServer as createPlainServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer } from 'node:tls';
import { afterEach, describe, expect, it } from '@jest/globals';
import { observeServed } from '../../../../operator/io/web/served-certificate.js';
import { selfSignedFor } from '../../../support/certificate.js';

const NAME = 'errors.example.com';
const never = new AbortController().signal;
/** Above those that the kernel gives out by itself: nobody listens there. */
const NOBODY = 0xffff;
const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function listen(one: Server): Promise<{ host: string; port: number; plainPort: number }> {
  servers.push(one.listen(0, '127.0.0.1'));
  await once(one, 'listening');
  return { host: '127.0.0.1', port: (one.address() as AddressInfo).port, plainPort: NOBODY };
}

/** Of a server that has nothing to say after its handshake. */
const shut = (socket: Socket) => { socket.destroy(); };
const certificateFor = (name: string) => selfSignedFor(name, { notBefore: new Date('2026-01-01T00:00:00Z'), notAfter: new Date('2026-04-01T00:00:00Z') });

it.each([[NAME, true], ['*.example.com', true], ['traefik.default', false]])('of a server with the certificate of %s says whether that is for the name: %p', async (subject, isForName) => {
  const { certificate, key } = await certificateFor(subject);
  const place = await listen(createServer({ cert: certificate, key }, shut));
  expect(await observeServed({ name: NAME, ...place }, never)).toEqual({
    kind: 'seen', name: NAME, subject: `CN=${subject}`, isForName, startsAt: new Date('2026-01-01T00:00:00Z'), endsAt: new Date('2026-04-01T00:00:00Z'),
  });
});

it('of a certificate without a subject, as ACME servers sign them, says the names that it is for', async () => {
  const { certificate, key } = await selfSignedFor(NAME, { name: '' });
  const place = await listen(createServer({ cert: certificate, key }, shut));
  expect(await observeServed({ name: NAME, ...place }, never)).toMatchObject({ kind: 'seen', subject: `DNS:${NAME}`, isForName: true });
});

it('asks with the name, by which a server of many chooses', async () => {
  const [own, others] = [await certificateFor(NAME), await certificateFor('traefik.default')];
  const many = createServer({ cert: others.certificate, key: others.key }, shut);
  many.addContext(NAME, { cert: own.certificate, key: own.key });
  expect(await observeServed({ name: NAME, ...await listen(many) }, never)).toMatchObject({ kind: 'seen', isForName: true });
});

it('of a port on which nobody listens says so', async () => {
  const closed = createPlainServer();
  const place = await listen(closed);
  closed.close();
  expect(await observeServed({ name: NAME, ...place }, never)).toEqual({ kind: 'silent', address: `127.0.0.1:${place.port}`, code: 'ECONNREFUSED' });
});

it('of a server that speaks no TLS says that it does not answer', async () => {
  const place = await listen(createPlainServer((socket) => { socket.on('error', () => undefined).end('HTTP/1.1 400 Bad Request\r\n\r\n'); }));
  expect(await observeServed({ name: NAME, ...place }, never)).toMatchObject({ kind: 'silent' });
});

it('is none where nobody serves https', async () => expect(await observeServed(undefined, never)).toEqual({ kind: 'none' }));

describe('what answers', () => {
  /** @param secure, plain: what each of the two ports answers; plain undefined: nobody listens */
  async function answering(secure: RequestListener, plain?: RequestListener) {
    const { certificate, key } = await certificateFor(NAME);
    const { host, port } = await listen(createHttpsServer({ cert: certificate, key }, secure));
    const plainPort = plain === undefined ? NOBODY : (await listen(createHttpServer(plain))).port;
    return observeServed({ name: NAME, host, port, plainPort }, never);
  }
  const withHsts: RequestListener = ({ method, url, headers }, response) => response.writeHead(method === 'OPTIONS' && url === '/api/0/envelope/' && headers.host === NAME ? 204 : 500, { 'strict-transport-security': 'max-age=31536000' }).end();

  it('by https says whether browsers are told to stay', async () => {
    expect(await answering(withHsts)).toMatchObject({ kind: 'seen', hasHsts: true });
    expect(await answering((_, response) => response.writeHead(404).end())).toMatchObject({ kind: 'seen', hasHsts: false });
  });

  it('by https says nothing of it where the answer is cut', async () => {
    expect(await answering((_, response) => response.destroy())).not.toHaveProperty('hasHsts');
  });

  it('in clear says where it leads', async () => {
    const redirect: RequestListener = ({ url, headers }, response) => response.writeHead(301, { location: `https://${headers.host ?? ''}${url ?? ''}` }).end();
    expect(await answering(withHsts, redirect)).toMatchObject({ plain: { status: 301, location: `https://${NAME}/` } });
    expect(await answering(withHsts, (_, response) => response.writeHead(200).end('in clear'))).toMatchObject({ plain: { status: 200 } });
    expect(await answering(withHsts)).not.toHaveProperty('plain');
  });
});
