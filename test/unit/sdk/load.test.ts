// The load generator and the comparison with what is stored, against a small server in this process.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { parseDsn, type Dsn } from '../../sdk/dsn.js';
import { envelope, loadNumber, runLoad, summarize, type LoadReport, type SentEvent } from '../../sdk/load.js';
import { compareStored } from '../../sdk/stored.js';

let server: Server | undefined;
afterEach(() => {
  server?.close();
});

/** A server that answers the nth request as configured: with a status, or by cutting the connection (0). */
async function answering(statusOf: (count: number) => number): Promise<{ dsn: Dsn; bodies: string[]; sockets: Set<unknown> }> {
  const bodies: string[] = [];
  const sockets = new Set<unknown>();
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      bodies.push(Buffer.concat(chunks).toString());
      const status = statusOf(bodies.length);
      if (status === 0) request.socket.destroy();
      else response.writeHead(status).end('{}');
    });
  });
  server.on('connection', (socket) => sockets.add(socket));
  await new Promise((resolve) => server?.listen(0, '127.0.0.1', () => resolve(undefined)));
  const { port } = server.address() as AddressInfo;
  const parsed = parseDsn(`http://ed95f293c7c24428a2a0c2777bacbd81@127.0.0.1:${port}/7`);
  if (!parsed.ok) throw new Error('bad DSN');
  return { dsn: parsed.dsn, bodies, sockets };
}

describe('runLoad', () => {
  it('sends exactly rate x seconds events, numbered from 1, each with its own id', async () => {
    const { dsn, bodies } = await answering(() => 200);
    const report = await runLoad({ dsn, rate: 100, seconds: 0.5 });
    expect(report.events.map(({ number }) => number)).toEqual(Array.from({ length: 50 }, (_, index) => index + 1));
    expect(new Set(report.events.map(({ eventId }) => eventId)).size).toBe(50);
    expect(bodies).toHaveLength(50);
  });

  it('keeps its rate', async () => {
    const { dsn } = await answering(() => 200);
    const { rate } = summarize(await runLoad({ dsn, rate: 50, seconds: 1 }));
    expect(rate).toBeGreaterThan(40);
    expect(rate).toBeLessThan(60);
  });

  it('records a refusal by its status and a cut connection by its code', async () => {
    const { dsn } = await answering((count) => (count % 3 === 1 ? 200 : count % 3 === 2 ? 503 : 0));
    const summary = summarize(await runLoad({ dsn, rate: 200, seconds: 0.15 }));
    expect(summary.sent).toBe(30);
    expect(summary.accepted).toBe(10);
    expect(Object.fromEntries(summary.losses)).toEqual({ '503': 10, ECONNRESET: 10 });
  });

  it('opens a connection an event unless configured to reuse them', async () => {
    const { dsn, sockets } = await answering(() => 200);
    await runLoad({ dsn, rate: 100, seconds: 0.2 });
    expect(sockets.size).toBe(20);
  });

  it('reuses connections when configured to', async () => {
    const { dsn, sockets } = await answering(() => 200);
    await runLoad({ dsn, rate: 100, seconds: 0.2, reuse: true });
    expect(sockets.size).toBeLessThan(20);
  });

  it('stops when the signal says so, and still waits for the answers', async () => {
    const { dsn } = await answering(() => 200);
    const report = await runLoad({ dsn, rate: 100, signal: AbortSignal.timeout(200) });
    expect(report.events.length).toBeGreaterThan(5);
    expect(report.events.every(({ outcome }) => outcome.kind === 'accepted')).toBe(true);
  });

  it('holds events back, and says so, when too many are under way', async () => {
    const { dsn } = await answering(() => 200);
    const report = await runLoad({ dsn, rate: 100, seconds: 0.1, maxUnderWay: 0 });
    expect(report.events.every(({ outcome }) => outcome.kind === 'held back')).toBe(true);
  });
});

describe('envelope', () => {
  it('is three lines: header, item header with the length in bytes, event', () => {
    const [header, item, event] = envelope('a'.repeat(32), 'run1', 5).split('\n').map((line) => (line === '' ? {} : JSON.parse(line) as unknown));
    expect(header).toMatchObject({ event_id: 'a'.repeat(32) });
    expect(item).toEqual({ type: 'event', length: Buffer.byteLength(JSON.stringify(event)) });
    expect(event).toMatchObject({ event_id: 'a'.repeat(32), fingerprint: ['glitchkeeper-load', 'run1'] });
  });

  it.each([
    ['its own run', 'LoadTest: load run1 #12', 12],
    ['another run', 'LoadTest: load run2 #12', undefined],
    ['another event', 'TypeError: no', undefined],
  ])('gives its number back from a stored title of %s', (_sentence, title, number) => {
    expect(loadNumber(title, 'run1')).toBe(number);
  });
});

describe('compareStored', () => {
  const event = (number: number, outcome: SentEvent['outcome']): SentEvent => ({
    number,
    eventId: `id${number}`,
    sentAt: 0,
    answeredAt: 0,
    outcome,
  });
  const report: LoadReport = {
    runId: 'run1',
    startedAt: 0,
    endedAt: 1,
    events: [
      event(1, { kind: 'accepted', status: 200 }),
      event(2, { kind: 'accepted', status: 200 }),
      event(3, { kind: 'refused', status: 503 }),
      event(4, { kind: 'error', code: 'ECONNRESET' }),
    ],
  };

  it('counts as lost what was accepted and is not stored', () => {
    expect(compareStored(report, new Set(['id1']))).toEqual({ accepted: 2, stored: 1, lost: [2], storedUnseen: [] });
  });

  it('knows an event that is stored though its sender saw an error', () => {
    expect(compareStored(report, new Set(['id1', 'id2', 'id4']))).toEqual({ accepted: 2, stored: 3, lost: [], storedUnseen: [4] });
  });
});
