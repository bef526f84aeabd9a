// Talks to the API server: the few verbs that the operator has rights for, over node:https.
// Not @kubernetes/client-node: loading it costs 22 MB of resident memory (docs/decisions/0001-kubernetes-client.md).
import { readFile } from 'node:fs/promises';
import { Agent, request, type RequestOptions } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { createInterface } from 'node:readline';

import { startDeadline, withDeadline } from '../../runtime/deadline.js';
import type { WatchEvent } from '../../runtime/resource-watch.js';

/** Where the API server is and how to prove who we are. */
export interface Connection {
  readonly host: string;
  readonly port: number;
  /** PEM of the authorities that may have signed the server's certificate. Asked for each request: `k3s certificate rotate-ca` replaces it. */
  readonly ca: () => Promise<string>;
  /** Asked for each request: the kubelet renews the file about hourly. */
  readonly token: () => Promise<string>;
}

/**
 * An answer other than 2xx. The server's message is kept out for Secrets, whose values it may repeat.
 * `about` is the name of the object that the API server itself says it speaks of; a proxy's answer has none.
 */
export class ApiError extends Error {
  override readonly name = 'ApiError';

  constructor(readonly status: number, readonly reason: string, message: string, readonly about?: string) {
    super(message);
  }
}

export function isStatus(error: unknown, status: number): boolean {
  return error instanceof ApiError && error.status === status;
}

export async function absentAsUndefined<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (isStatus(error, 404)) return undefined;
    throw error;
  }
}

/** True only for the API server's own statement that the object of this name does not exist: not for a 404 of anything in between. */
export function provesAbsence(error: unknown, name: string): boolean {
  return error instanceof ApiError && error.status === 404 && error.reason === 'NotFound' && error.about === name;
}

export interface ObjectMeta {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly creationTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** What a watch reports of an object: a reconcile reads it anew. */
export interface WatchedMetadata {
  readonly name: string;
  /** Goes up with each change of the spec. */
  readonly generation: number;
  readonly resourceVersion: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** No request but a watch takes longer. Milliseconds. */
const REQUEST_TIMEOUT = 15_000;
/** The server ends a watch after this; a dead connection is noticed soon after. Seconds. */
const WATCH_SECONDS = 240;

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

interface Call {
  readonly method: Method;
  readonly path: string;
  /** @default JSON */
  readonly accept?: string;
  readonly body?: string;
  readonly contentType?: string;
  readonly signal?: AbortSignal;
}

/** Asks for the metadata of objects alone (https://kubernetes.io/docs/reference/using-api/api-concepts/#metadata-only-fetches). */
const metadataOnly = (kind: 'PartialObjectMetadata' | 'PartialObjectMetadataList'): string => `application/json;as=${kind};g=meta.k8s.io;v=v1`;

/** Objects in one answer. A list is parsed page by page: a thousand objects at once are more than the operator's heap has room for. */
const PAGE = 100;

export interface ApiObserver {
  /** What the server says in Warning headers: a deprecated version, a field that it ignored. */
  readonly onWarning: (warning: string) => void;
  /** Each answer; status 0 when there was none. */
  readonly onAnswer: (method: string, status: number) => void;
}

export class KubernetesApi {
  /** It keeps the connections of each authority apart. */
  readonly #agent: Agent;

  constructor(private readonly connection: Connection, private readonly observer: ApiObserver) {
    this.#agent = new Agent({ keepAlive: true, maxSockets: 4, maxFreeSockets: 1 });
  }

  async get<T>(path: string, signal?: AbortSignal): Promise<T> {
    return this.#json<T>({ method: 'GET', path, signal });
  }

  /** Everything in a collection; where a kind is new, some API servers say `items: null`. */
  async list<T>(path: string, signal?: AbortSignal): Promise<readonly T[]> {
    return (await this.get<{ readonly items: readonly T[] | null }>(path, signal)).items ?? [];
  }

  /** The metadata of everything in a collection, page by page, and the version to watch from. */
  async listMetadata(path: string, signal?: AbortSignal): Promise<{ items: WatchedMetadata[]; resourceVersion: string }> {
    const items: WatchedMetadata[] = [];
    for (let token = ''; ;) {
      const query = new URLSearchParams({ limit: String(PAGE), ...(token && { continue: token }) });
      const page = await this.#json<MetadataPage>({ method: 'GET', path: `${path}?${query.toString()}`, accept: metadataOnly('PartialObjectMetadataList'), signal });
      items.push(...(page.items ?? []).map(({ metadata }) => pickWatched(metadata)));
      token = page.metadata.continue ?? '';
      if (!token) return { items, resourceVersion: page.metadata.resourceVersion };
    }
  }

  async create<T>(path: string, body: object, signal?: AbortSignal): Promise<T> {
    return this.#json<T>({ method: 'POST', path: strict(path), body: JSON.stringify(body), contentType: 'application/json', signal });
  }

  /** `options`: a DeleteOptions; 409 when its preconditions do not hold. */
  async delete(path: string, options: object, signal?: AbortSignal): Promise<void> {
    const body = { apiVersion: 'v1', kind: 'DeleteOptions', ...options };
    await this.#json<unknown>({ method: 'DELETE', path, body: JSON.stringify(body), contentType: 'application/json', signal });
  }

  /** Replaces an object; 409 when its resourceVersion is not the newest. */
  async replace<T>(path: string, body: object, signal?: AbortSignal): Promise<T> {
    return this.#json<T>({ method: 'PUT', path: strict(path), body: JSON.stringify(body), contentType: 'application/json', signal });
  }

  /** Server-side apply: creates the object, or takes over exactly the fields that `body` (an object, or YAML as text) holds. */
  async apply<T>(path: string, body: object | string, manager: string, signal?: AbortSignal): Promise<T> {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const query = `&fieldManager=${encodeURIComponent(manager)}&force=true`;
    return this.#json<T>({ method: 'PATCH', path: strict(path) + query, body: text, contentType: 'application/apply-patch+yaml', signal });
  }

  /** Changes the fields given (null deletes one). With metadata.resourceVersion it fails (409) when somebody else wrote since. */
  async merge<T>(path: string, body: object, manager: string, signal?: AbortSignal): Promise<T> {
    const query = `&fieldManager=${encodeURIComponent(manager)}`;
    return this.#json<T>({ method: 'PATCH', path: strict(path) + query, body: JSON.stringify(body), contentType: 'application/merge-patch+json', signal });
  }

  /** Follows the metadata of a collection from `resourceVersion` on. Ends with the server's watch; throws when the connection breaks. */
  async *watchMetadata(path: string, resourceVersion: string, signal: AbortSignal): AsyncGenerator<WatchEvent<WatchedMetadata>> {
    const query = new URLSearchParams({ watch: 'true', allowWatchBookmarks: 'true', timeoutSeconds: String(WATCH_SECONDS), resourceVersion });
    const deadline = startDeadline(signal, (WATCH_SECONDS + 30) * 1_000);
    let response: IncomingMessage | undefined;
    try {
      response = await this.#send({ method: 'GET', path: `${path}?${query.toString()}`, accept: metadataOnly('PartialObjectMetadata'), signal: deadline.signal });
      if (response.statusCode !== 200) {
        yield { type: 'ERROR', status: response.statusCode ?? 0, message: response.statusMessage ?? '' };
        return;
      }
      for await (const line of createInterface({ input: response })) yield parseEvent(line);
    } finally {
      response?.destroy();
      deadline.release();
    }
  }

  /** Closes idle connections. */
  close(): void {
    this.#agent.destroy();
  }

  async #json<T>(call: Call): Promise<T> {
    const { response, text } = await withDeadline(call.signal, REQUEST_TIMEOUT, async (signal) => {
      const answer = await this.#send({ ...call, signal });
      return { response: answer, text: await readAll(answer) };
    });
    const warning = response.headers['warning'];
    if (warning) this.observer.onWarning(warning);
    if (response.statusCode && response.statusCode >= 200 && response.statusCode < 300) return parseAnswer(call, text) as T;
    throw buildError(call, response.statusCode ?? 0, text);
  }

  async #send({ method, path, accept = 'application/json', body, contentType, signal }: Call): Promise<IncomingMessage> {
    const [ca, token] = await Promise.all([this.connection.ca(), this.connection.token()]);
    const headers: Record<string, string> = { accept, authorization: `Bearer ${token}` };
    if (contentType) headers['content-type'] = contentType;
    if (body !== undefined) headers['content-length'] = String(Buffer.byteLength(body));
    const options: RequestOptions = { host: this.connection.host, port: this.connection.port, path, method, headers, ca, signal, agent: this.#agent };
    try {
      const response = await exchange(options, body);
      this.observer.onAnswer(method, response.statusCode ?? 0);
      return response;
    } catch (error) {
      this.observer.onAnswer(method, 0);
      throw error;
    }
  }
}

/**
 * One request and the head of its answer. A kept connection may be closed by the server at the very moment it is used again;
 * a read is then asked once more, which Node's documentation of `reusedSocket` recommends.
 */
function exchange(options: RequestOptions, body: string | undefined): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const sent = request(options, resolve);
    sent.on('error', (error: NodeJS.ErrnoException) => {
      const again = sent.reusedSocket && options.method === 'GET' && error.code === 'ECONNRESET';
      if (again) exchange(options, body).then(resolve, reject);
      else reject(error);
    });
    sent.end(body);
  });
}

/** Asks the server to refuse unknown and repeated fields instead of dropping them. */
function strict(path: string): string {
  return `${path}?fieldValidation=Strict`;
}

async function readAll(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

function buildError({ method, path }: Call, status: number, body: string): ApiError {
  const { reason = 'Unknown', message = '', details } = parseStatus(body);
  const where = `${method} ${path.split('?')[0] ?? path}: ${status} ${reason}`;
  return new ApiError(status, reason, path.includes('/secrets') ? where : `${where}: ${message}`, details?.name);
}

/** The parser's own message would quote what it read, which may be a Secret. */
function parseAnswer({ method, path }: Call, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`${method} ${path.split('?')[0] ?? path}: the answer is not JSON`);
  }
}

interface StatusObject {
  readonly reason?: string;
  readonly message?: string;
  readonly details?: { readonly name?: string };
}

function parseStatus(body: string): StatusObject {
  try {
    return JSON.parse(body) as StatusObject;
  } catch {
    // A proxy in between answers in HTML; the status code says enough.
    return {};
  }
}

/** Without managedFields, which are most of it and which nobody reads. */
function pickWatched({ name, generation, resourceVersion, annotations }: WatchedMetadata): WatchedMetadata {
  return { name, generation, resourceVersion, annotations };
}

interface MetadataPage {
  readonly items: readonly { readonly metadata: WatchedMetadata }[] | null;
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
}

interface RawEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: { readonly metadata: WatchedMetadata; readonly code?: number; readonly message?: string };
}

function parseEvent(line: string): WatchEvent<WatchedMetadata> {
  const { type, object } = JSON.parse(line) as RawEvent;
  if (type === 'BOOKMARK') return { type, resourceVersion: object.metadata.resourceVersion };
  if (type === 'ERROR') return { type, status: object.code ?? 0, message: object.message ?? '' };
  return { type, object: pickWatched(object.metadata) };
}

/**
 * The connection of a pod with a service account: address from the environment, authority and token from mounted files, which change.
 *
 * @throws when this is no pod with a service account.
 */
export function connectInCluster(env: NodeJS.ProcessEnv, folder: string): Connection {
  const host = env['KUBERNETES_SERVICE_HOST'];
  const port = Number(env['KUBERNETES_SERVICE_PORT']);
  if (!host || !port) throw new Error('KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set: this is no pod');
  return { host, port, ca: () => readFile(`${folder}/ca.crt`, 'utf8'), token: async () => (await readFile(`${folder}/token`, 'utf8')).trim() };
}
