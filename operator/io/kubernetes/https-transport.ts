// The transport under the library's request layer: node:https and not node-fetch, which takes complete answers over kept connections to be cut
// (findings/node-fetch-kept-connections.sh), and without a limit of them costs 2 to 3 MB more.
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { HttpMethod, ResponseContext, SelfDecodingBody, wrapHttpLibrary, type RequestContext } from '@kubernetes/client-node';

export const httpsTransport = wrapHttpLibrary({
  async send(context: RequestContext): Promise<ResponseContext> {
    const response = await exchange(context);
    const { warning } = response.headers;
    return new ResponseContext(response.statusCode ?? 0, warning === undefined ? {} : { warning }, new SelfDecodingBody(readAll(response)));
  },
});

/**
 * One request and the head of its answer. A kept connection may be closed by the server at the very moment it is used again;
 * a read is then asked once more, which Node's documentation of `reusedSocket` recommends.
 */
function exchange(context: RequestContext): Promise<IncomingMessage> {
  const [method, body] = [context.getHttpMethod(), context.getBody()];
  if (body !== undefined && typeof body !== 'string') throw new Error('only text is sent to the API server');
  const headers: Record<string, string> = { ...context.getHeaders(), ...(body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }) };
  return new Promise((resolve, reject) => {
    const sent = request(context.getUrl(), { method, headers, agent: context.getAgent(), signal: context.getSignal() }, resolve);
    sent.on('error', (error: NodeJS.ErrnoException) => {
      const again = sent.reusedSocket && method === HttpMethod.GET && error.code === 'ECONNRESET';
      if (again) exchange(context).then(resolve, reject);
      else reject(error);
    });
    sent.end(body);
  });
}

async function readAll(response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
