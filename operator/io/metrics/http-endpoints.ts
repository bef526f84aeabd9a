// Serves /healthz, /readyz and /metrics.
import { createServer, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';

/** Undefined is well; a text says what is not. */
export type Check = () => string | undefined;

export interface Endpoints {
  /** Is the process itself alive? Never depends on the API server or a database: a restart would repair neither. */
  readonly healthz: Check;
  /** Has it reached the API server lately? */
  readonly readyz: Check;
  readonly metrics: () => Promise<{ readonly contentType: string; readonly body: string }>;
}

/** Listens on `port` (0: any free one); rejects when it is taken. */
export async function serve(endpoints: Endpoints, listen: { readonly host: string | undefined; readonly port: number }): Promise<Server> {
  const server = createServer((request, response) => {
    // Node's own default limits apply to headers and slow clients; the body of a request is never read.
    answer(endpoints, request.url ?? '/', response).catch(() => response.writeHead(500).end());
  });
  server.listen(listen.port, listen.host);
  await once(server, 'listening');
  return server;
}

async function answer(endpoints: Endpoints, url: string, response: ServerResponse): Promise<void> {
  switch (url.split('?')[0]) {
    case '/healthz':
      report(endpoints.healthz(), response);
      return;
    case '/readyz':
      report(endpoints.readyz(), response);
      return;
    case '/metrics': {
      const { contentType, body } = await endpoints.metrics();
      response.writeHead(200, { 'content-type': contentType }).end(body);
      return;
    }
    default: response.writeHead(404).end('not found\n');
  }
}

function report(problem: string | undefined, response: ServerResponse): void {
  response.writeHead(problem === undefined ? 200 : 503, { 'content-type': 'text/plain' }).end(`${problem ?? 'ok'}\n`);
}
