// Mails through a real SMTP server that asks for TLS and a login, sent by GlitchTip's Python as its pods would.
import { mkdtemp, chmod, chown, cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { SMTPServer } from 'smtp-server';
import { authority } from '../support/certificate.js';
import { freePort } from './control-plane.js';
import { GLITCHTIP_IMAGE, GLITCHTIP_USER } from './gateway-fuzz/glitchtip-web.js';
import { SIX } from './glitchtip-six.js';
import { prepareProcess, unpackImage } from './image-process.js';

const START = 240_000;
/** With what a URL would take for something else. */
const LOGIN = { user: 'errors@example.com', password: 'canary/of+the:pass@word %20' };

/** An image by itself has no /etc/hosts. */
const HOST = '127.0.0.1';

let folder: string;
let server: SMTPServer;
let port: string;
let mails: string[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'glitchkeeper-mail-'));
  await chmod(folder, 0o755);
  await cp('charts/runtime', join(folder, 'runtime'), { recursive: true });
  const { certificate, signFor } = await authority();
  await writeFile(join(folder, 'ca.crt'), certificate);
  const own = await signFor(HOST);
  server = new SMTPServer({
    cert: own.certificate, key: own.key, authMethods: ['PLAIN', 'LOGIN'],
    onAuth: ({ username, password }, _, done) => {
      if (username === LOGIN.user && password === LOGIN.password) done(null, { user: username });
      else done(new Error(`not with ${password ?? ''}`));
    },
    onRcptTo: ({ address }, _, done) => done(address.startsWith('nobody') ? new Error('no such mailbox') : undefined),
    onData: (stream, _, done) => {
      void text(stream).then((mail) => {
        mails.push(mail);
        done();
      });
    },
  });
  server.on('error', () => undefined);
  const listening = server.listen(0, '127.0.0.1');
  await once(listening, 'listening');
  port = String((listening.address() as AddressInfo).port);
}, START);

beforeEach(() => {
  mails = [];
});
afterAll(async () => {
  await new Promise<void>((resolve) => server.close(resolve));
  await rm(folder, { recursive: true });
});

type Keys = Readonly<Record<string, string>>;

const USUAL = { to: 'admin@example.com', trusts: true, name: GLITCHTIP_IMAGE };

/** What `glitchkeeper mail test` runs, in a container whose Secret has these keys. */
async function mailTest(keys: Keys, how: Partial<typeof USUAL> = {}): Promise<{ readonly result: unknown; readonly all: string }> {
  const { to, trusts, name } = { ...USUAL, ...how };
  const image = await unpackImage(name);
  const secret = await mkdtemp(join(folder, 'secret-'));
  await chown(secret, GLITCHTIP_USER.uid, GLITCHTIP_USER.gid);
  for (const [key, value] of Object.entries(keys)) await writeFile(join(secret, key), value);
  const tmp = join(secret, 'tmp');
  await mkdir(tmp);
  await chown(tmp, GLITCHTIP_USER.uid, GLITCHTIP_USER.gid);
  const env = {
    ...image.env, PATH: `${image.env['PATH'] ?? ''}:/usr/sbin`, PYTHONPATH: '/files/runtime:/code', PYTHONDONTWRITEBYTECODE: '1', DJANGO_SETTINGS_MODULE: 'glitchtip.settings', TMPDIR: '/secret/tmp',
    VALKEY_URL: 'redis://127.0.0.1:1/0', EMAIL_URL: 'consolemail://', EMAIL_TIMEOUT: '5', GLITCHKEEPER_EMAIL_DIR: '/secret', ...(trusts ? { GLITCHKEEPER_CERTIFICATE_AUTHORITIES: '/files/ca.crt' } : {}),
  };
  const program = prepareProcess({ image: { ...image, env }, user: GLITCHTIP_USER, command: ['python', '/files/runtime/mail_test.py', to] }, { '/files': folder, '/secret': secret });
  program.start();
  while (!program.ended) await sleep(50);
  await program.kill();
  const line = program.output.trim().split('\n').at(-1) ?? '';
  return { result: line.startsWith('{') ? JSON.parse(line) : line, all: program.fullOutput };
}

const whole = () => ({ host: HOST, port, ...LOGIN });

describe.each<[string, () => Keys]>([
  ['host, user and password', whole],
  ['with the line ends that files have', () => Object.fromEntries(Object.entries(whole()).map(([key, value]) => [key, `${value}\n`]))],
  ['one URL', () => ({ url: `smtp+tls://${encodeURIComponent(LOGIN.user)}:${encodeURIComponent(LOGIN.password)}@${HOST}:${port}\n` })],
])('a Secret of %s', (_, keys) => {
  it.each([GLITCHTIP_IMAGE, SIX])('sends by TLS and with the login, and the password is nowhere: %s', async (name) => {
    const { result, all } = await mailTest(keys(), { name });
    expect(result).toEqual({ sent: true, server: `${HOST}:${port}`, tls: 'starttls', login: true, from: 'webmaster@localhost', to: 'admin@example.com' });
    expect(mails).toEqual([expect.stringContaining('Subject: GlitchTip can send mails')]);
    expect(all).not.toContain('canary');
  }, START);
});

it.each<[string, () => Keys, Parameters<typeof mailTest>[1], RegExp]>([
  ['another password', () => ({ ...whole(), password: 'canary-of-another' }), {}, /the server refuses the login \(535\)/],
  ['another password in 6.2', () => ({ ...whole(), password: 'canary-of-another' }), { name: SIX }, /the server refuses the login \(535\)/],
  ['a certificate that nobody trusts', whole, { trusts: false }, /its certificate is not trusted/],
  ['a recipient that the server does not know', whole, { to: 'nobody@example.com' }, /the server refuses the recipient: 550 no such mailbox/],
  ['a name that nobody knows', () => ({ ...whole(), host: 'smtp.invalid' }), {}, /its name is not known/],
  ['TLS from the first byte on, which the server does not speak', () => ({ ...whole(), tls: 'ssl' }), {}, /no TLS with the server/],
  ['a word for tls that means nothing', () => ({ ...whole(), tls: 'yes' }), {}, /no server is set: mails are written to the log/],
  ['no Secret', () => ({}), {}, /no server is set: mails are written to the log/],
])('%s is told, without the password', async (_, keys, how, reason) => {
  const { result, all } = await mailTest(keys(), how);
  expect(result).toMatchObject({ sent: false, reason: expect.stringMatching(reason) });
  expect(mails).toEqual([]);
  expect(all).not.toContain('canary');
}, START);

it('nobody listens: told', async () => {
  expect((await mailTest({ ...whole(), port: String(await freePort()) })).result).toMatchObject({ sent: false, reason: expect.stringContaining('Connection refused') });
}, START);

it.each([['tls', { host: HOST, tls: 'yes' }, /key tls of the Secret: expected starttls, ssl, none, found yes/], ['the server', {}, /the Secret of settings.email.secret is missing, or has neither url nor host/]])('a pod says in its log what is wrong with %s, and starts', async (_, keys, message) => {
  expect((await mailTest(keys)).all).toMatch(message);
}, START);
