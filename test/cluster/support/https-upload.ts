// The program that sends large bodies beside each other, each as fast as it goes or at a steady pace, and prints what came of each.
import { request } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';

/** One of those on its command line, as JSON. */
export interface Upload {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Begins the body; `bytes` of no meaning follow. */
  readonly head: string;
  readonly bytes: number;
  /** That it takes to send; 0: as fast as it goes. Seconds. */
  readonly seconds: number;
}

export interface Uploaded {
  /** Undefined: there was no answer, for this reason. */
  readonly status?: number;
  readonly code?: string;
  /** Who is told to wait is told for how long. */
  readonly retryAfter?: string | undefined;
  /** From the first byte to the answer. */
  readonly seconds: number;
}

const PIECE = 64 * 1024;

async function send({ url, headers, head, bytes, seconds }: Upload): Promise<Uploaded> {
  const started = Date.now();
  const took = (): number => (Date.now() - started) / 1_000;
  const outgoing = request(url, { method: 'POST', headers: { ...headers, 'content-length': String(Buffer.byteLength(head) + bytes) } });
  const answered = new Promise<Uploaded>((resolve) => {
    outgoing.once('response', ({ statusCode, headers: { 'retry-after': retryAfter } }) => resolve({ status: statusCode ?? 0, retryAfter, seconds: took() }));
    outgoing.once('error', (error: NodeJS.ErrnoException) => resolve({ code: error.code ?? error.message, seconds: took() }));
  });
  const over = new AbortController();
  void answered.then(() => over.abort());
  outgoing.write(head);
  for (let sent = 0; sent < bytes && !over.signal.aborted; sent += PIECE) {
    const drained = outgoing.write(Buffer.alloc(Math.min(PIECE, bytes - sent), 'x'));
    if (!drained) await Promise.race([new Promise((resolve) => outgoing.once('drain', resolve)), answered]);
    // The pace is what is tried.
    await sleep(Math.max(0, (seconds * 1_000 * sent) / bytes - took() * 1_000));
  }
  outgoing.end();
  const result = await answered;
  outgoing.destroy();
  return result;
}

console.log(JSON.stringify(await Promise.all((JSON.parse(process.argv[2] ?? '') as Upload[]).map(send))));
