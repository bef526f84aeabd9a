// The second port: for the kubelet (is it alive, does it take events), for Prometheus, and for whoever has the token.
import { createServer, type Server } from 'node:http';

export interface ControlPorts {
  /** Undefined: it can write down events. */
  readonly problem: () => string | undefined;
  readonly metrics: () => Promise<{ readonly contentType: string; readonly body: string }>;
}

/** Never reads a body. */
export function createControl({ problem, metrics }: ControlPorts): Server {
  return createServer((request, response) => {
    const text = (status: number, body: string, type = 'text/plain') => response.writeHead(status, { 'content-type': type }).end(body);
    switch (request.url?.split('?')[0]) {
      case '/healthz': text(200, 'ok\n'); break;
      case '/readyz': text(problem() === undefined ? 200 : 503, `${problem() ?? 'ok'}\n`); break;
      case '/metrics': metrics().then(({ contentType, body }) => text(200, body, contentType), () => text(500, 'the metrics cannot be made\n')); break;
      default: text(404, 'not found\n');
    }
  });
}
