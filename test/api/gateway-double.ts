// The gateway as the operator sees it: an address that takes events, and a control port that says, behind its token, what waits on its disk.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { GatewayStatus } from '../../gateway/control/control-answers.js';
import { WebDouble } from './web-double.js';

const MIB = 2 ** 20;

/** Nothing waits, and GlitchTip takes what comes. */
export const IDLE: GatewayStatus = {
  gateway: 'gateway-1', startedAt: '2026-06-01T12:00:00.000Z', others: [], spool: { liveBytes: 0, limitBytes: 1_024 * MIB }, records: { waiting: 0, underWay: 0, limbo: 0, resent: 0 },
  window: { allowedBytes: 4 * MIB }, delivers: true, setAside: 0, setAsideDropped: 0, damaged: 0, refused: {}, ignored: [],
};

export class GatewayDouble {
  /** What takes events. */
  readonly front: WebDouble;
  /** What it answers, but for what the operator told it. */
  status: GatewayStatus = IDLE;
  /** The one that it lets in. */
  token = '';
  /** When the worker began, as the operator told: each time. */
  readonly workerStarts: string[] = [];
  readonly #control: Server;

  /** @param store puts the event of this id where the worker would */
  constructor(store: (id: string) => Promise<unknown>) {
    this.front = new WebDouble(store);
    this.#control = createServer((request, response) => void this.#answer(request, response));
  }

  async listen(host: string, port: number): Promise<void> {
    await this.front.listen(host, port);
    this.#control.listen(0, host);
    await once(this.#control, 'listening');
  }

  get controlPort(): number {
    return (this.#control.address() as AddressInfo).port;
  }

  stop(): void {
    this.front.stop();
    this.#control.close();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    if (request.headers.authorization !== `Bearer ${this.token}`) {
      response.writeHead(401).end();
      return;
    }
    if (request.url === '/worker-restarted') this.workerStarts.push((JSON.parse(body) as { at: string }).at);
    const [told] = this.workerStarts.slice(-1);
    response.writeHead(200).end(JSON.stringify({ ...this.status, ...(told === undefined ? {} : { workerStartedAt: told }) }));
  }
}
