// An HTTP server of the tests that can go away and come back at the same address, and answer badly.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { RestartableServer } from '../restartable-server.js';

export interface Asked {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export interface Reply {
  readonly status: number;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** `well`: it answers; `down`: nothing listens; `silent`: it never answers a request; `garbage`: it answers something else than the protocol. */
export type Behaviour = 'well' | 'down' | 'silent' | 'garbage';

export class Listener {
  readonly #server: RestartableServer;
  #behaviour: Behaviour = 'well';

  constructor(private readonly answer: (asked: Asked) => Reply | Promise<Reply>, private readonly host = '127.0.0.1', port = 0) {
    this.#server = new RestartableServer(() => createServer((request, response) => void this.#handle(request, response)), host, port);
  }

  start(): Promise<void> {
    return this.#server.start();
  }

  stop(): Promise<void> {
    return this.#server.stop();
  }

  /** The same port as before, once it was started. */
  get url(): string {
    return `http://${this.host}:${this.#server.port}`;
  }

  async setBehaviour(behaviour: Behaviour): Promise<void> {
    this.#behaviour = behaviour;
    await (behaviour === 'down' ? this.stop() : this.start());
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer);
    } catch {
      // The client has gone: there is nobody to answer.
      return;
    }
    if (this.#behaviour === 'silent') return;
    if (this.#behaviour === 'garbage') {
      response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Welcome to the hotel\'s network</html>');
      return;
    }
    const { status, body = '', headers } = await this.answer({ method: request.method ?? '', path: request.url ?? '/', headers: request.headers, body: Buffer.concat(chunks).toString('utf8') });
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body);
  }
}
