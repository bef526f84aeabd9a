// Talks to the API server: the few verbs that the operator has rights for, over the request and Watch layers of @kubernetes/client-node.
import { HttpMethod } from '@kubernetes/client-node';

import { startDeadline, withDeadline } from '../../runtime/deadline.js';
import type { WatchEvent } from '../../runtime/resource-watch.js';
import { ApiError, reasonOf } from './api-error.js';
import { sendRequest, type ApiRequest } from './api-request.js';
import type { ClusterConnection } from './connection.js';
import { metadataOnly, pickWatched, watchMetadata, type WatchedMetadata } from './metadata-watch.js';

export interface ObjectMeta {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly creationTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** No request but a watch takes longer. Milliseconds. */
const REQUEST_TIMEOUT = 15_000;
/** The server ends a watch after this; a dead connection is noticed soon after. Seconds. */
const WATCH_SECONDS = 240;

/** Objects in one answer. A list is parsed page by page: a thousand objects at once are more than the operator's heap has room for. */
const PAGE = 100;

export interface ApiObserver {
  /** What the server says in Warning headers: a deprecated version, a field that it ignored. */
  readonly onWarning: (warning: string) => void;
  /** Each answer; status 0 when there was none. */
  readonly onAnswer: (method: string, status: number) => void;
}

export class KubernetesApi {
  constructor(private readonly connection: ClusterConnection, private readonly observer: ApiObserver) {}

  async get<T>(path: string, signal?: AbortSignal): Promise<T> {
    return this.#json<T>({ method: HttpMethod.GET, path, signal });
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
      const page = await this.#json<MetadataPage>({ method: HttpMethod.GET, path: `${path}?${query.toString()}`, accept: metadataOnly('PartialObjectMetadataList'), signal });
      items.push(...(page.items ?? []).map(({ metadata }) => pickWatched(metadata)));
      token = page.metadata.continue ?? '';
      if (!token) return { items, resourceVersion: page.metadata.resourceVersion };
    }
  }

  async create<T>(path: string, body: object, signal?: AbortSignal): Promise<T> {
    return this.#json<T>({ method: HttpMethod.POST, path: strict(path), body: JSON.stringify(body), contentType: 'application/json', signal });
  }

  /** `options`: a DeleteOptions; 409 when its preconditions do not hold. */
  async delete(path: string, options: object, signal?: AbortSignal): Promise<void> {
    const body = { apiVersion: 'v1', kind: 'DeleteOptions', ...options };
    await this.#json<unknown>({ method: HttpMethod.DELETE, path, body: JSON.stringify(body), contentType: 'application/json', signal });
  }

  /** Replaces an object; 409 when its resourceVersion is not the newest. */
  async replace<T>(path: string, body: object, signal?: AbortSignal): Promise<T> {
    return this.#json<T>({ method: HttpMethod.PUT, path: strict(path), body: JSON.stringify(body), contentType: 'application/json', signal });
  }

  /** Server-side apply: creates the object, or takes over exactly the fields that `body` (an object, or YAML as text) holds. */
  async apply<T>(path: string, body: object | string, manager: string, signal?: AbortSignal): Promise<T> {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const query = `&fieldManager=${encodeURIComponent(manager)}&force=true`;
    return this.#json<T>({ method: HttpMethod.PATCH, path: strict(path) + query, body: text, contentType: 'application/apply-patch+yaml', signal });
  }

  /** Changes the fields given (null deletes one). With metadata.resourceVersion it fails (409) when somebody else wrote since. */
  async merge<T>(path: string, body: object, manager: string, signal?: AbortSignal): Promise<T> {
    const query = `&fieldManager=${encodeURIComponent(manager)}`;
    return this.#json<T>({ method: HttpMethod.PATCH, path: strict(path) + query, body: JSON.stringify(body), contentType: 'application/merge-patch+json', signal });
  }

  /** Follows the metadata of a collection from `resourceVersion` on. Ends with the server's watch; throws when the connection breaks. */
  async *watchMetadata(path: string, resourceVersion: string, signal: AbortSignal): AsyncGenerator<WatchEvent<WatchedMetadata>> {
    const query = { allowWatchBookmarks: true, timeoutSeconds: WATCH_SECONDS, resourceVersion };
    const deadline = startDeadline(signal, (WATCH_SECONDS + 30) * 1_000);
    try {
      yield* watchMetadata(this.connection, { path, query, signal: deadline.signal, onAnswer: (status) => this.observer.onAnswer(HttpMethod.GET, status) });
    } finally {
      deadline.release();
    }
  }

  /** Closes idle connections. */
  close(): void {
    this.connection.close();
  }

  async #json<T>(call: ApiRequest): Promise<T> {
    const onHead = (status: number) => this.observer.onAnswer(call.method, status);
    const { status, warning, text } = await withDeadline(call.signal, REQUEST_TIMEOUT, (signal) => sendRequest(this.connection, { ...call, signal }, onHead));
    if (warning) this.observer.onWarning(warning);
    if (status >= 200 && status < 300) return parseAnswer(call, text) as T;
    throw buildError(call, status, text);
  }
}

/** Asks the server to refuse unknown and repeated fields instead of dropping them. */
function strict(path: string): string {
  return `${path}?fieldValidation=Strict`;
}

function buildError({ method, path }: ApiRequest, answered: number, body: string): ApiError {
  const { reason: given = 'Unknown', message = '', details } = parseStatus(body);
  const { status, reason } = reasonOf(answered, given, message);
  const where = `${method} ${path.split('?')[0] ?? path}: ${status} ${reason}`;
  return new ApiError(status, reason, path.includes('/secrets') ? where : `${where}: ${message}`, details?.name);
}

/** The parser's own message would quote what it read, which may be a Secret. */
function parseAnswer({ method, path }: ApiRequest, text: string): unknown {
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

interface MetadataPage {
  readonly items: readonly { readonly metadata: WatchedMetadata }[] | null;
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
}
