// One signed request to an S3 server, over node:http(s) as a stream: fetch() would keep the whole body in memory (nodejs/undici#4058).
import { createReadStream } from 'node:fs';
import { request as requestHttp, type ClientRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as requestHttps } from 'node:https';
import { pipeline } from 'node:stream/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { sign } from 'aws4';
import { outwardAgent } from '../../operator/runtime/outward-agent.js';
import type { Fingerprint } from '../core/manifest.js';
import type { S3Answer } from '../core/s3-answers.js';
import { CHUNK } from './files.js';

export interface S3Place {
  readonly endpoint: URL;
  readonly bucket: string;
  /** Before each key; empty, or with a slash at its end. */
  readonly prefix: string;
  readonly region: string;
  /** Where the bucket's name is. */
  readonly style: 'path' | 'host';
  /** Of each upload, such as x-amz-server-side-encryption. */
  readonly uploadHeaders: Readonly<Record<string, string>>;
  /** Read anew for each request. */
  readonly credentials: () => S3Credentials;
}

export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export interface S3Request {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'DELETE';
  /** Without the prefix; of the bucket itself: empty. */
  readonly key: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: { readonly file: string; readonly fingerprint: Fingerprint };
  /** Takes the body of a 200; without it the body is in the answer. */
  readonly consume?: (body: IncomingMessage) => Promise<void>;
}

export interface S3Response extends S3Answer {
  readonly headers: Readonly<Record<string, string>>;
}

/** SHA-256 of nothing. */
const EMPTY = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
/** Without a byte in either direction. Milliseconds. */
const IDLE_LIMIT = 60_000;
/** For which a server may think about whether it wants a body. Milliseconds. */
const CONTINUE_LIMIT = 2_000;
/** Of the text of an answer. */
const TEXT_LIMIT = 16 * 1_048_576;

/** As Node's own keeps connections: for the next file, and not for long. Milliseconds. */
const KEPT = { keepAlive: true, scheduling: 'lifo', timeout: 5_000 } as const;
const AGENTS = { http: outwardAgent('http:', KEPT), https: outwardAgent('https:', KEPT) };

/** @throws Error of the connection: nothing, or no whole answer, came */
export async function exchange(place: S3Place, request: S3Request, now: Date): Promise<S3Response> {
  const options = signed(place, request, now);
  const abort = new AbortController();
  const [send, agent] = place.endpoint.protocol === 'https:' ? [requestHttps, AGENTS.https] : [requestHttp, AGENTS.http];
  const outgoing = send({ ...options, agent, signal: abort.signal, timeout: IDLE_LIMIT });
  outgoing.on('timeout', () => abort.abort(new Error('nothing came or went for 60 s')));
  try {
    const answered = new Promise<IncomingMessage>((resolve, reject) => outgoing.on('response', resolve).on('error', reject));
    const answer = await Promise.race([answered, upload(outgoing, request).then(() => answered)]);
    return await received(answer, request);
  } finally {
    // A connection with half a body on its way is of no use to anybody.
    if (!outgoing.writableFinished) outgoing.destroy();
  }
}

/**
 * The body goes when the server has asked for it: one that refuses answers first, and closes, and its answer would be lost with what
 * it did not read. Some servers never ask.
 */
async function upload(outgoing: ClientRequest, { body }: S3Request): Promise<void> {
  if (body === undefined) {
    outgoing.end();
    return;
  }
  const asked = new Promise((resolve) => outgoing.once('continue', resolve).once('close', resolve));
  await Promise.race([asked, pause(CONTINUE_LIMIT)]);
  if (outgoing.destroyed) return;
  const source = createReadStream(body.file, { highWaterMark: CHUNK });
  // Its answer counts, and not that it did not take the rest.
  await pipeline(source, outgoing, { end: false }).catch(() => undefined);
  if (source.bytesRead === body.fingerprint.bytes) outgoing.end();
  else outgoing.destroy(new Error('the file has another size than before'));
}

async function received(answer: IncomingMessage, { consume }: S3Request): Promise<S3Response> {
  const status = answer.statusCode ?? 0;
  let body = '';
  if (consume && status === 200) await consume(answer);
  else body = await textOf(answer);
  const date = Date.parse(answer.headers.date ?? '');
  const headers = Object.fromEntries(Object.entries(answer.headers).filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
  return { status, body, headers, ...(Number.isNaN(date) ? {} : { date: new Date(date) }) };
}

async function textOf(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > TEXT_LIMIT) throw new Error('the answer is larger than 16 MiB');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function signed(place: S3Place, { method, key, query = {}, headers = {}, body }: S3Request, now: Date): RequestOptions {
  const search = new URLSearchParams(query).toString().replaceAll('+', '%20');
  const { host, ...address } = addressOf(place);
  const options = {
    ...address, service: 's3', region: place.region, method,
    path: pathOf(place, key) + (search === '' ? '' : `?${search}`),
    headers: {
      ...headers,
      Host: host,
      'X-Amz-Date': now.toISOString().replace(/[-:]|\.\d+/g, ''),
      'X-Amz-Content-Sha256': body?.fingerprint.sha256 ?? EMPTY,
      ...(body === undefined ? {} : { 'Content-Length': String(body.fingerprint.bytes), Expect: '100-continue' }),
    },
  };
  return sign(options, place.credentials());
}

function addressOf({ endpoint, bucket, style }: S3Place): { readonly host: string; readonly hostname: string; readonly port?: number } {
  const before = style === 'host' ? `${bucket}.` : '';
  return {
    host: before + endpoint.host,
    // Node takes an address of IPv6 without the brackets that it has in a URL.
    hostname: before + endpoint.hostname.replace(/^\[|\]$/g, ''),
    ...(endpoint.port === '' ? {} : { port: Number(endpoint.port) }),
  };
}

function pathOf({ endpoint, bucket, prefix, style }: S3Place, key: string): string {
  const base = endpoint.pathname.replace(/\/$/, '');
  return `${base}${style === 'path' ? `/${bucket}` : ''}/${key === '' ? '' : prefix + key}`;
}
