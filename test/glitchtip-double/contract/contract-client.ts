/** A plain HTTP client for the contract: it keeps cookies, sends any Host, and describes the shape of what comes back. */
import { request as httpRequest } from 'node:http';

export interface ContractRequest {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** An object is sent as JSON; bytes and text are sent as they are. */
  readonly body?: object | Buffer | string;
  /** Sends the body with Transfer-Encoding: chunked, as the Sentry SDK for Node does. */
  readonly chunked?: boolean;
  /** Sends the CSRF token of the cookie jar back in the header, as a browser would. */
  readonly csrf?: boolean;
  /** Leaves the cookies out. */
  readonly anonymous?: boolean;
}

export interface ContractResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  /** The parsed body, or undefined when it is no JSON. */
  readonly json: unknown;
}

/** Cookies of one browser. */
export type CookieJar = Map<string, string>;

/** Sends one request on a connection of its own; throws when the connection fails or 60 s pass. */
export function send(base: string, jar: CookieJar, request: ContractRequest): Promise<ContractResponse> {
  const body = encodeBody(request.body);
  const headers = buildHeaders(jar, request, body);
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(
      new URL(request.path, base),
      { method: request.method ?? 'GET', headers, agent: false, timeout: 60_000 },
      (incoming) => {
        const parts: Buffer[] = [];
        incoming.on('data', (part: Buffer) => parts.push(part));
        incoming.on('error', reject);
        incoming.on('end', () => {
          keepCookies(jar, incoming.headers['set-cookie'] ?? []);
          const text = Buffer.concat(parts).toString();
          resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, text, json: parseJson(text) });
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer to ${request.path} within 60 s`)));
    outgoing.end(body);
  });
}

function encodeBody(body: ContractRequest['body']): Buffer {
  if (body === undefined) {
    return Buffer.alloc(0);
  }
  return Buffer.isBuffer(body) ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
}

function buildHeaders(jar: CookieJar, request: ContractRequest, body: Buffer): Record<string, string> {
  const headers: Record<string, string> = {};
  if (body.length > 0) {
    headers['content-type'] = 'application/json';
    headers[request.chunked === true ? 'transfer-encoding' : 'content-length'] =
      request.chunked === true ? 'chunked' : String(body.length);
  }
  if (request.anonymous !== true && jar.size > 0) {
    headers['cookie'] = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
  }
  if (request.csrf === true) {
    headers['x-csrftoken'] = jar.get('csrftoken') ?? '';
  }
  return { ...headers, ...request.headers };
}

function keepCookies(jar: CookieJar, lines: readonly string[]): void {
  for (const line of lines) {
    const [name = '', value = ''] = (line.split(';')[0] ?? '').split(/=(.*)/s);
    if (value === '' || value === '""') {
      jar.delete(name);
    } else {
      jar.set(name, value);
    }
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** The type of a JSON value with all its keys: `{id:string,tags:[{key:string}]}`. Of an array the first element counts. */
export function shapeOf(value: unknown): string {
  if (Array.isArray(value)) {
    return value.length === 0 ? '[]' : `[${shapeOf(value[0])}]`;
  }
  if (value === null || typeof value !== 'object') {
    return value === null ? 'null' : typeof value;
  }
  const fields = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1));
  return `{${fields.map(([key, field]) => `${key}:${shapeOf(field)}`).join(',')}}`;
}

/** The value at a dotted path of a JSON body, or undefined. */
export function at(value: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((found, key) => {
    return typeof found === 'object' && found !== null ? (found as Record<string, unknown>)[key] : undefined;
  }, value);
}
