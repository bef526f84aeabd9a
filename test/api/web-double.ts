// Web as the operator's health checks see it: pages as the test sets them, and events that are stored, lost or refused.
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

export interface Page {
  readonly status: number;
  readonly body?: string;
  /** Milliseconds. */
  readonly delay?: number;
}

export class WebDouble {
  /** By path, or by host and path. Others are answered 404. */
  readonly pages = new Map<string, Page>();
  /** What becomes of an event. */
  fate: 'store' | 'lose' | 'refuse' = 'store';
  readonly #server: Server;

  /** @param store puts the event of this id where the worker would */
  constructor(private readonly store: (id: string) => Promise<unknown>) {
    this.#server = createServer((request, response) => {
      const path = request.url ?? '';
      if (path.startsWith('/api/')) {
        void this.#take(request).then((status) => response.writeHead(status).end());
        return;
      }
      const { status, body = '', delay = 0 } = this.pages.get(`${request.headers.host ?? ''}${path}`) ?? this.pages.get(path) ?? { status: 404 };
      setTimeout(() => response.writeHead(status).end(body), delay);
    });
  }

  async listen(host = '127.0.0.1', port = 0): Promise<void> {
    this.#server.listen(port, host);
    await once(this.#server, 'listening');
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #take(request: IncomingMessage): Promise<number> {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const { event_id: id } = JSON.parse(body.split('\n')[0] ?? '{}') as { event_id: string };
    if (this.fate === 'store') await this.store(id);
    return this.fate === 'refuse' ? 503 : 200;
  }
}
