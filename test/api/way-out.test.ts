// The way to the internet by a proxy, and certificates of an authority of one's own, as the pods have them: the Node.js and the Python of the stack's images.
import { once } from 'node:events';
import { chmod, copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { build } from 'esbuild';
import { authority } from '../support/certificate.js';
import { ConnectProxy } from '../support/connect-proxy.js';
import { GLITCHTIP_IMAGE } from './gateway-fuzz/glitchtip-web.js';
import { prepareProcess, unpackImage } from './image-process.js';

/** Nobody knows this name but the proxy. */
const OUTSIDE = 'outside.test';
const START = 120_000;
const USER = { uid: 1000, gid: 1000 };

let folder: string;
let server: Server;
let proxy: ConnectProxy;
let port: number;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'glitchkeeper-way-out-'));
  await chmod(folder, 0o755);
  const { certificate, signFor } = await authority();
  const own = await signFor(OUTSIDE);
  server = createServer({ cert: own.certificate, key: own.key }, (request, response) => request.resume().on('end', () => response.end('{}')));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ({ port } = server.address() as AddressInfo);
  await writeFile(join(folder, 'ca.crt'), certificate);
  for (const [from, name] of [['operator/io/notifiers/http-exchange.ts', 'http-exchange'], ['backup/storage/s3-exchange.ts', 's3-exchange']] as const) {
    await build({ entryPoints: [from], bundle: true, platform: 'node', format: 'cjs', outfile: join(folder, `${name}.cjs`) });
  }
  await mkdir(join(folder, 'runtime'));
  await copyFile('charts/runtime/certificate_authorities.py', join(folder, 'runtime', 'certificate_authorities.py'));
}, START);

beforeEach(async () => {
  proxy = await ConnectProxy.open();
});
afterEach(() => proxy.close());
afterAll(async () => {
  server.close();
  server.closeAllConnections();
  await rm(folder, { recursive: true });
});

const PROGRAMS = {
  'an alert': ['node:24-alpine', 'node', '-e', `require('/files/http-exchange.cjs').exchange({ url: 'https://${OUTSIDE}:PORT/hook', method: 'POST', body: {} }, new AbortController().signal).then((answer) => console.log(answer.status ?? answer.why))`],
  'a copy': ['node:24-alpine', 'node', '-e', `const place = { endpoint: new URL('https://${OUTSIDE}:PORT'), bucket: 'copies', prefix: '', region: 'r', style: 'path', uploadHeaders: {}, credentials: () => ({ accessKeyId: 'a', secretAccessKey: 'b' }) };
    require('/files/s3-exchange.cjs').exchange(place, { method: 'GET', key: 'one' }, new Date()).then(({ status }) => console.log(status), ({ code }) => console.log(code))`],
  'GlitchTip': ['glitchtip', 'python', '-c', `import os
if "GLITCHKEEPER_CERTIFICATE_AUTHORITIES" in os.environ: import certificate_authorities
import urllib.request, urllib.error
try: print(urllib.request.urlopen("https://${OUTSIDE}:PORT/hook").status)
except urllib.error.URLError as error: print(error.reason)`],
} as const;

async function run(name: keyof typeof PROGRAMS, { ways }: { readonly ways: Readonly<Record<string, string>> }): Promise<string> {
  const [kind, ...command] = PROGRAMS[name];
  const image = await unpackImage(kind === 'glitchtip' ? GLITCHTIP_IMAGE : 'docker.io/library/node:24-alpine');
  const env = { ...image.env, PATH: `${image.env['PATH'] ?? ''}:/usr/sbin`, PYTHONPATH: '/files/runtime', ...ways };
  const program = prepareProcess({ image: { ...image, env }, user: USER, command: command.map((word) => word.replaceAll('PORT', String(port))) }, { '/files': folder });
  program.start();
  while (!program.ended) await sleep(20);
  await program.kill();
  return program.output.trim();
}

const trusted = { NODE_EXTRA_CA_CERTS: '/files/ca.crt', GLITCHKEEPER_CERTIFICATE_AUTHORITIES: '/files/ca.crt' };
const through = () => ({ HTTPS_PROXY: proxy.url, HTTP_PROXY: proxy.url, NO_PROXY: 'localhost,.svc,web' });

describe.each(Object.keys(PROGRAMS) as (keyof typeof PROGRAMS)[])('%s', (name) => {
  it('goes through the proxy, to a server whose authority is ours', async () => {
    expect(await run(name, { ways: { ...through(), ...trusted } })).toBe('200');
    expect(proxy.asked).toEqual([`${OUTSIDE}:${port}`]);
  }, START);

  it('trusts nobody else by that', async () => {
    expect(await run(name, { ways: through() })).toMatch(/signed by nobody that is trusted|UNABLE_TO_VERIFY|CERTIFICATE_VERIFY_FAILED/);
  }, START);

  it('goes by itself to what needs no proxy', async () => {
    expect(await run(name, { ways: { ...through(), ...trusted, NO_PROXY: OUTSIDE } })).toMatch(/name|ENOTFOUND|EAI_AGAIN/i);
    expect(proxy.asked).toEqual([]);
  }, START);
});

it('GlitchTip trusts the usual authorities beside ours', async () => {
  const image = await unpackImage(GLITCHTIP_IMAGE);
  const command = ['python', '-c', 'import ssl, certificate_authorities\nprint(len(ssl.create_default_context().get_ca_certs()), open(certificate_authorities.usual()).read().count("BEGIN CERT"))'];
  const env = { ...image.env, PATH: `${image.env['PATH'] ?? ''}:/usr/sbin`, PYTHONPATH: '/files/runtime', ...trusted };
  const program = prepareProcess({ image: { ...image, env }, user: USER, command }, { '/files': folder });
  program.start();
  while (!program.ended) await sleep(20);
  await program.kill();
  const [trustedNow, usual] = program.output.trim().split(' ').map(Number);
  expect(usual).toBeGreaterThan(50);
  expect(trustedNow).toBe((usual ?? 0) + 1);
}, START);
