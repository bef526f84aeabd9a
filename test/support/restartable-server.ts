// An HTTP server of the tests that is stopped, and started again at the same address.
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export class RestartableServer {
  #server: Server | undefined;
  #port: number;

  /** @param make a new one for each start @param port 0: any that is free at the first start */
  constructor(private readonly make: () => Server, private readonly host: string, port: number) {
    this.#port = port;
  }

  /** The same at each start. */
  get port(): number {
    return this.#port;
  }

  async start(): Promise<void> {
    if (this.#server) return;
    const server = this.make();
    server.listen(this.#port, this.host);
    await once(server, 'listening');
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  /** With every connection, whatever is under way on it. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (!server) return;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  }
}
