// What is no event goes on to GlitchTip as it came.
import { afterEach, describe, expect, it } from '@jest/globals';
import { RunningGateway, type GatewayOptions } from './running-gateway.js';

let gateway: RunningGateway;
const open = async (options: GatewayOptions = {}) => (gateway = await RunningGateway.open(options));
afterEach(() => gateway.close());

describe('the proxy', () => {
  it('passes a request and its answer on, redirects and cookies included', async () => {
    await open({ answer: (_, response) => response.writeHead(302, { location: 'https://errors.example/login', 'set-cookie': ['a=1', 'b=2'] }).end('moved') });
    const reply = await gateway.send({ method: 'PUT', path: '/api/0/organizations/?a=%2F', headers: { host: 'errors.example', cookie: 'c=3', 'x-csrftoken': 'd' }, body: 'content' });
    expect(reply).toMatchObject({ status: 302, body: 'moved', headers: { location: 'https://errors.example/login', 'set-cookie': ['a=1', 'b=2'] } });
    expect(gateway.passedOn).toMatchObject([{ url: '/api/0/organizations/?a=%2F', body: 'content', headers: { host: 'errors.example', cookie: 'c=3', 'x-csrftoken': 'd' } }]);
  });

  it('passes on in pieces what is larger than its memory', async () => {
    await open();
    const body = Array.from({ length: 320 }, (_, index) => Buffer.alloc(65_536, index));
    await gateway.send({ path: '/api/0/organizations/a/chunk-upload/', body });
    expect(gateway.passedOn[0]?.body.length).toBe(Buffer.concat(body).toString().length);
  });

  it.each<[string, readonly string[], readonly string[]]>([
    ['replaces what a client says of itself', [], ['127.0.0.1', 'http', 'gateway.example']],
    ['believes a proxy that the settings name, and adds it', ['127.0.0.0/8'], ['203.0.113.7, 127.0.0.1', 'https', 'errors.example']],
  ])('%s', async (_, trusted, expected) => {
    await open({ trusted });
    expect(gateway.disbelieved).toEqual([]);
    await gateway.send({ method: 'GET', path: '/', headers: { host: 'gateway.example', 'x-forwarded-for': '203.0.113.7', 'x-forwarded-proto': 'https', 'x-forwarded-host': 'errors.example', forwarded: 'for=203.0.113.7', 'x-real-ip': '203.0.113.7' } });
    const headers = gateway.passedOn[0]?.headers ?? {};
    expect([headers['x-forwarded-for'], headers['x-forwarded-proto'], headers['x-forwarded-host'], headers['forwarded'], headers['x-real-ip']]).toEqual([...expected, undefined, undefined]);
    expect(gateway.disbelieved).toEqual(trusted.length === 0 ? ['127.0.0.1'] : []);
  });

  it('drops what is of one connection only', async () => {
    await open();
    await gateway.send({ method: 'GET', path: '/', headers: { connection: 'keep-alive, x-hop', 'x-hop': '1', te: 'trailers' } });
    expect([gateway.passedOn[0]?.headers['x-hop'], gateway.passedOn[0]?.headers['te']]).toEqual([undefined, undefined]);
  });

  it('shows people a page that reloads itself while GlitchTip is away, and tells programs when to come back', async () => {
    await open();
    await gateway.stopGlitchTip();
    const page = await gateway.send({ method: 'GET', path: '/issues', headers: { accept: 'text/html,*/*' } });
    expect([page.status, page.headers['retry-after'], page.body.includes('http-equiv="refresh"')]).toEqual([503, '5', true]);
    expect(await gateway.send({ method: 'GET', path: '/api/0/organizations/', headers: { accept: 'application/json' } })).toMatchObject({ status: 503, body: '{"detail":"GlitchTip is not available at the moment."}' });
  });

  it('shows the page within a bounded time when GlitchTip is frozen, too, and leaves an answer that has begun alone', async () => {
    await open({ answersWithin: 20, answer: ({ url }, response) => {
      if (url === '/frozen') return;
      response.write('begun, ');
      setTimeout(() => response.end('whole'), 60);
    } });
    const page = await gateway.send({ method: 'GET', path: '/frozen', headers: { accept: 'text/html' } });
    expect([page.status, page.body.includes('http-equiv="refresh"')]).toEqual([503, true]);
    expect(await gateway.send({ method: 'GET', path: '/slow' })).toMatchObject({ status: 200, body: 'begun, whole' });
  });

  it('shows the page, too, when GlitchTip ends before it answers', async () => {
    await open({ answer: (_, response) => response.destroy() });
    expect((await gateway.send({ method: 'GET', path: '/issues', headers: { accept: 'text/html' } })).status).toBe(503);
  });

  it('does not make half an answer a whole one', async () => {
    await open({ answer: (_, response) => {
      response.writeHead(200, { 'content-length': 100 });
      response.write('half');
      setImmediate(() => response.destroy());
    } });
    await expect(gateway.send({ method: 'GET', path: '/' })).rejects.toThrow();
  });

  it.each(['/api/1/envelope', '/api/x/envelope/', '/api/0/projects/', '/api/1/chunk-upload/', '/api/1/minidump/'])('takes %s, which is no event to 5.2, to GlitchTip', async (path) => {
    await open();
    await gateway.send({ path });
    expect(gateway.passedOn.map(({ url }) => url)).toEqual([path]);
  });
});
