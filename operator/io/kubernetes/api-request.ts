// One request over the request layer of @kubernetes/client-node, and its answer as text. Not over its generated API, whose classes are
// 10 MB of resident memory (docs/decisions/0001-kubernetes-client.md).
import { ServerConfiguration, type HttpMethod, type RequestContext } from '@kubernetes/client-node';
import type { ClusterConnection } from './connection.js';
import { httpsTransport } from './https-transport.js';

export interface ApiRequest {
  readonly method: HttpMethod;
  readonly path: string;
  /** @default JSON */
  readonly accept?: string;
  readonly body?: string;
  readonly contentType?: string;
  readonly signal?: AbortSignal;
}

export interface ApiAnswer {
  readonly status: number;
  /** What the server says in a Warning header. */
  readonly warning: string | undefined;
  readonly text: string;
}

/** @param onHead is told the status as soon as it is known; 0 when there was no answer @throws when there was none, or none to its end */
export async function sendRequest(connection: ClusterConnection, call: ApiRequest, onHead: (status: number) => void = () => undefined): Promise<ApiAnswer> {
  const request = await buildRequest(connection, call);
  call.signal?.throwIfAborted();
  const { httpStatusCode: status, headers, body } = await httpsTransport.send(request).toPromise().catch((error: unknown) => {
    onHead(0);
    throw error;
  });
  onHead(status);
  return { status, warning: headers['warning'], text: await body.text() };
}

async function buildRequest(connection: ClusterConnection, { method, path, accept = 'application/json', body, contentType, signal }: ApiRequest): Promise<RequestContext> {
  const server = connection.getCurrentCluster()?.server ?? '';
  const request = new ServerConfiguration(server, {}).makeRequestContext(path, method);
  request.setHeaderParam('accept', accept);
  if (contentType) request.setHeaderParam('content-type', contentType);
  request.setBody(body);
  if (signal) request.setSignal(signal);
  await connection.applySecurityAuthentication(request);
  return request;
}
