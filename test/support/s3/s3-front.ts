// What stands before an S3 server in tests: it passes everything on, or behaves as a store that is away, slow, full or of another time.
import { EventEmitter, once } from 'node:events';
import { createServer, request as ask, type ClientRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { z } from 'zod';
import { RestartableServer } from '../restartable-server.js';

/**
 * `forward`: as the server answers; `away`: nothing listens; `hold`: a request waits until the front behaves otherwise, each, or a PUT whose
 * path ends so; `stall`: of such a PUT the server gets the first piece, and no more until then; `answer`: each that is of these methods, or of
 * all, is answered so, with a Date that is `secondsAhead` of this machine's.
 */
export const frontBehaviour = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('forward') }),
  z.object({ kind: z.literal('away') }),
  z.object({ kind: z.literal('hold'), put: z.string().optional() }),
  z.object({ kind: z.literal('stall'), put: z.string() }),
  z.object({ kind: z.literal('answer'), status: z.int(), code: z.string(), secondsAhead: z.number().default(0), methods: z.array(z.string()).optional() }),
]);
export type FrontBehaviour = z.input<typeof frontBehaviour>;

export interface FrontAddress {
  readonly host: string;
  readonly port: number;
  /** Of the S3 server, on the loopback address. */
  readonly backend: number;
}

export class S3Front {
  readonly #server: RestartableServer;
  #behaviour: z.output<typeof frontBehaviour> = { kind: 'forward' };
  readonly #changes = new EventEmitter();
  /** Requests that came, whatever became of them. */
  asked = 0;
  /** Requests that wait. */
  held = 0;

  constructor(private readonly address: FrontAddress) {
    const handle = (request: IncomingMessage, response: ServerResponse): void => void this.#handle(request, response);
    // A client asks first whether its body is wanted: a store that refuses says so then.
    this.#server = new RestartableServer(() => createServer(handle).on('checkContinue', handle), address.host, address.port);
  }

  start(): Promise<void> {
    return this.#server.start();
  }

  stop(): Promise<void> {
    return this.#server.stop();
  }

  async behave(behaviour: FrontBehaviour): Promise<void> {
    this.#behaviour = frontBehaviour.parse(behaviour);
    this.#changes.emit('change');
    await (behaviour.kind === 'away' ? this.stop() : this.start());
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.asked += 1;
    request.on('error', () => undefined);
    response.on('error', () => undefined);
    while (this.#waits(request)) await this.#change();
    if (response.destroyed) return;
    const behaviour = this.#behaviour;
    const { method = 'GET' } = request;
    if (behaviour.kind === 'answer' && behaviour.methods?.includes(method) !== false) this.#answer(response, behaviour);
    else await this.#forward(request, response);
  }

  #waits(request: IncomingMessage): boolean {
    const behaviour = this.#behaviour;
    return behaviour.kind === 'hold' && (behaviour.put === undefined || isPutOf(behaviour.put, request));
  }

  async #change(): Promise<void> {
    this.held += 1;
    await once(this.#changes, 'change');
    this.held -= 1;
  }

  #answer(response: ServerResponse, { status, code, secondsAhead }: Extract<z.output<typeof frontBehaviour>, { kind: 'answer' }>): void {
    response.writeHead(status, { 'content-type': 'application/xml', date: new Date(Date.now() + secondsAhead * 1_000).toUTCString(), connection: 'close' });
    response.end(`<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code></Error>`);
  }

  async #forward(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { expect, ...headers } = request.headers;
    if (expect !== undefined) response.writeContinue();
    // With the Host that was signed.
    const outgoing = ask({ host: '127.0.0.1', port: this.address.backend, method: request.method ?? 'GET', path: request.url ?? '/', headers });
    outgoing.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    outgoing.on('error', () => response.destroy());
    response.on('close', () => outgoing.destroy());
    if (this.#behaviour.kind === 'stall' && isPutOf(this.#behaviour.put, request)) await this.#passOnePiece(request, outgoing);
    request.pipe(outgoing);
  }

  async #passOnePiece(request: IncomingMessage, outgoing: ClientRequest): Promise<void> {
    const [piece] = await once(request, 'data') as [Buffer];
    request.pause();
    outgoing.write(piece);
    await this.#change();
  }
}

function isPutOf(end: string, { method, url = '/' }: IncomingMessage): boolean {
  return method === 'PUT' && url.split('?')[0]?.endsWith(end) === true;
}
