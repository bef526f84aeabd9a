// The whole command against an instance that takes everything and stores nothing: a 200 must never count as stored.
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execa } from 'execa';

const KEY = 'ed95f293c7c24428a2a0c2777bacbd81';
const TOKEN = 'a-token';

let server: Server;
let port: number;

/** What a GlitchTip without a worker says, reduced to the paths that 01 asks for. */
function answerTo({ url = '', headers }: IncomingMessage): { status: number; body: unknown } {
  if (url === '/_health/') return { status: 200, body: 'ok' };
  // The SDK puts the key into the query.
  if (url.includes('/envelope/')) return { status: url.includes(KEY) ? 200 : 403, body: {} };
  if (headers.authorization !== `Bearer ${TOKEN}`) return { status: 401, body: {} };
  if (url.includes('/keys/')) return { status: 200, body: [{ public: KEY, dsn: { public: '' } }] };
  if (url === '/api/0/projects/') return { status: 200, body: [{ id: '1', slug: 'shop', name: 'shop', organization: { slug: 'acme' } }] };
  return url.includes('/transaction-groups/') ? { status: 200, body: [] } : { status: 404, body: {} };
}

beforeAll(async () => {
  server = createServer((request, response) => {
    request.resume().on('end', () => {
      const { status, body } = answerTo(request);
      response.writeHead(status, { connection: 'close', 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  ({ port } = server.address() as AddressInfo);
});
afterAll(() => {
  server.close();
});

async function verify(key: string, ...args: string[]): Promise<{ exitCode?: number; stdout: string; stderr: string }> {
  const dsn = `http://${key}@127.0.0.1:${port}/1`;
  const env = { NODE_OPTIONS: '' };
  return execa({ reject: false, env, timeout: 60_000 })`npx tsx test/sdk/main.ts --dsn ${dsn} --only 01 --wait 1 ${args}`;
}

function resultsOf(stdout: string): string[] {
  const report = JSON.parse(stdout) as { tests: { result: string }[] };
  return [...new Set(report.tests.map(({ result }) => result))];
}

describe('npm run verify', () => {
  it('fails when events are accepted but not stored; only streamed spans are skipped, which GlitchTip itself drops', async () => {
    const { exitCode, stdout } = await verify(KEY, '--token', TOKEN, '--json');
    expect(exitCode).toBe(1);
    const { tests } = JSON.parse(stdout) as { tests: { id: string; result: string; detail: string }[] };
    expect(tests.filter(({ result }) => result !== 'failed')).toEqual([expect.objectContaining({ id: '01.6', result: 'skipped', detail: expect.stringContaining('--gateway') })]);
  }, 90_000);

  it('claims nothing but acceptance without a token, and says so', async () => {
    const { exitCode, stdout } = await verify(KEY);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('not checked');
    expect(stdout).toContain('6 accepted only');
    expect(stdout).not.toContain('passed');
  }, 60_000);

  it('counts acceptance alone as a failure when strict', async () => {
    expect((await verify(KEY, '--strict')).exitCode).toBe(1);
  }, 60_000);

  it('fails on a key that the instance refuses', async () => {
    const { exitCode, stdout } = await verify('0'.repeat(32), '--json');
    expect(exitCode).toBe(1);
    expect(resultsOf(stdout)).toEqual(['failed']);
    expect(stdout).toContain('403');
  }, 60_000);

  it('does not send a wrong key when a token can tell that it is wrong', async () => {
    const { exitCode, stderr } = await verify('0'.repeat(32), '--token', TOKEN);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('dsn.key: expected a client key of acme/shop');
  }, 60_000);

  it('says that a token is not known', async () => {
    const { exitCode, stderr } = await verify(KEY, '--token', 'wrong');
    expect(exitCode).toBe(1);
    expect(stderr).toContain('token: ');
    expect(stderr).toContain('401');
  }, 60_000);
});
