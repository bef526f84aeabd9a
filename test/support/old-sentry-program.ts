// The old Sentry of the tests on pods, as a program: its API, what it takes of events, and a word that makes it misbehave. Configured by one JSON argument.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { startOldSentry } from './old-sentry.js';

export interface OldSentryOptions {
  readonly host: string;
  readonly port: number;
}

/** How it treats events; an empty one is well. */
export interface OldBehaviour {
  /** It ends the connection without an answer. */
  readonly away?: boolean;
  /** What it answers instead of 200. */
  readonly status?: number;
  /** Before each answer. Milliseconds. */
  readonly delay?: number;
}

/** What it took: GET /test/taken. */
export interface OldTaken {
  /** Ids of events (32 hexadecimal digits), each as often as it came. */
  readonly ids: readonly string[];
  /** When each of them came. Milliseconds of Unix time. */
  readonly at: readonly number[];
  /** Requests that it refused. */
  readonly refused: number;
}

const INGEST = /^\/api\/[0-9]+\/(envelope|store)\//;

async function main({ host, port }: OldSentryOptions): Promise<void> {
  const taken = { ids: [] as string[], at: [] as number[], refused: 0 };
  let behaviour: OldBehaviour = {};

  async function ingest(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (behaviour.away === true) {
      request.socket.destroy();
      return;
    }
    const body = await read(request);
    if (behaviour.delay !== undefined) await new Promise((resolve) => { setTimeout(resolve, behaviour.delay); });
    if (behaviour.status !== undefined) {
      taken.refused += 1;
      response.writeHead(behaviour.status, behaviour.status === 429 ? { 'retry-after': '5' } : {}).end('{}');
      return;
    }
    const id = eventId(body);
    if (id !== undefined) {
      taken.ids.push(id);
      taken.at.push(Date.now());
    }
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ id }));
  }

  await startOldSentry({ host, port, ownDsns: true, answerFirst: (request, response) => {
    const url = request.url ?? '';
    if (INGEST.test(url)) void ingest(request, response);
    else if (url === '/test/taken') response.end(JSON.stringify(taken));
    else if (url === '/test/behave') void read(request).then((body) => { behaviour = JSON.parse(body.toString()) as OldBehaviour; response.end(); });
    else return false;
    return true;
  } });
  console.log('ready');
}

async function read(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  const body = Buffer.concat(pieces);
  return request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
}

/** Of an envelope's header, or of an event that is the whole body. */
function eventId(body: Buffer): string | undefined {
  const end = body.indexOf(0x0a);
  const { event_id: id } = JSON.parse(body.subarray(0, end < 0 ? body.length : end).toString()) as { event_id?: string };
  return id?.replaceAll('-', '');
}

await main(JSON.parse(process.argv[2] ?? '{}') as OldSentryOptions);
