// A handshake with the public name: whatever is served is seen, and who serves nothing is told from who does not answer.
import { once } from 'node:events';
import { createServer as createPlainServer, type AddressInfo, type Server } from 'node:net';
import { createServer } from 'node:tls';
import { afterEach, expect, it } from '@jest/globals';
import { observeServed } from '../../../../operator/io/web/served-certificate.js';
import { selfSignedFor } from '../../../support/certificate.js';

const NAME = 'errors.example.com';
const never = new AbortController().signal;
let server: Server | undefined;
afterEach(() => void server?.close());

async function listen(one: Server): Promise<{ host: string; port: number }> {
  server = one.listen(0, '127.0.0.1');
  await once(one, 'listening');
  return { host: '127.0.0.1', port: (one.address() as AddressInfo).port };
}

const certificateFor = (name: string) => selfSignedFor(name, { notBefore: new Date('2026-01-01T00:00:00Z'), notAfter: new Date('2026-04-01T00:00:00Z') });

it.each([[NAME, true], ['*.example.com', true], ['traefik.default', false]])('of a server with the certificate of %s says whether that is for the name: %p', async (subject, isForName) => {
  const { certificate, key } = await certificateFor(subject);
  const place = await listen(createServer({ cert: certificate, key }));
  expect(await observeServed({ name: NAME, ...place }, never)).toEqual({
    kind: 'seen', name: NAME, subject: `CN=${subject}`, isForName, startsAt: new Date('2026-01-01T00:00:00Z'), endsAt: new Date('2026-04-01T00:00:00Z'),
  });
});

it('of a certificate without a subject, as ACME servers sign them, says the names that it is for', async () => {
  const { certificate, key } = await selfSignedFor(NAME, { name: '' });
  const place = await listen(createServer({ cert: certificate, key }));
  expect(await observeServed({ name: NAME, ...place }, never)).toMatchObject({ kind: 'seen', subject: `DNS:${NAME}`, isForName: true });
});

it('asks with the name, by which a server of many chooses', async () => {
  const [own, others] = [await certificateFor(NAME), await certificateFor('traefik.default')];
  const many = createServer({ cert: others.certificate, key: others.key });
  many.addContext(NAME, { cert: own.certificate, key: own.key });
  expect(await observeServed({ name: NAME, ...await listen(many) }, never)).toMatchObject({ kind: 'seen', isForName: true });
});

it('of a port on which nobody listens says so', async () => {
  const place = await listen(createPlainServer());
  server?.close();
  expect(await observeServed({ name: NAME, ...place }, never)).toEqual({ kind: 'silent', address: `127.0.0.1:${place.port}`, code: 'ECONNREFUSED' });
});

it('of a server that speaks no TLS says that it does not answer', async () => {
  const place = await listen(createPlainServer((socket) => { socket.on('error', () => undefined).end('HTTP/1.1 400 Bad Request\r\n\r\n'); }));
  expect(await observeServed({ name: NAME, ...place }, never)).toMatchObject({ kind: 'silent' });
});

it('is none where nobody serves https', async () => expect(await observeServed(undefined, never)).toEqual({ kind: 'none' }));
