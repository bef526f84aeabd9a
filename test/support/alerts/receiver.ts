// The receivers of a webhook and of a heartbeat: they keep what came, and answer with the status that is configured.
import { Listener } from './listener.js';

export interface Received {
  readonly method: string;
  readonly path: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly idempotencyKey?: string;
  readonly body: string;
}

export class Receiver extends Listener {
  readonly #received: Received[] = [];
  #status = 200;
  #headers: Readonly<Record<string, string>> = {};

  constructor(host?: string, port?: number) {
    super(({ method, path, headers, body }) => {
      const key = headers['idempotency-key'];
      this.#received.push({ method, path, at: Date.now(), body, ...(typeof key === 'string' ? { idempotencyKey: key } : {}) });
      return { status: this.#status, body: 'ok', headers: this.#headers };
    }, host, port);
  }

  answerWith(status: number, headers: Readonly<Record<string, string>> = {}): void {
    this.#status = status;
    this.#headers = headers;
  }

  /** Oldest first. */
  received(): readonly Received[] {
    return this.#received;
  }
}
