// The library's Watch as the events of one watch: of metadata alone, ended by a signal, and with the reason for which the server ended it.
import { Readable } from 'node:stream';
import { Watch } from '@kubernetes/client-node';
import { onAbort } from '../../runtime/deadline.js';
import type { WatchEvent } from '../../runtime/resource-watch.js';
import type { ClusterConnection } from './connection.js';

/** What a watch reports of an object: a reconcile reads it anew. */
export interface WatchedMetadata {
  readonly name: string;
  /** Goes up with each change of the spec. */
  readonly generation: number;
  readonly resourceVersion: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

interface RawEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: { readonly metadata: WatchedMetadata; readonly code?: number; readonly message?: string };
}

export interface WatchedPath {
  /** Of a collection. */
  readonly path: string;
  readonly query: Readonly<Record<string, string | number | boolean>>;
  readonly signal: AbortSignal;
  /** With the status of the answer; 0 when there was none. */
  readonly onAnswer: (status: number) => void;
}

/** Asks for the metadata of objects alone (https://kubernetes.io/docs/reference/using-api/api-concepts/#metadata-only-fetches). */
export const metadataOnly = (kind: 'PartialObjectMetadata' | 'PartialObjectMetadataList'): string => `application/json;as=${kind};g=meta.k8s.io;v=v1`;

/** Ends with the server's watch. @throws when the connection breaks, and when `signal` is aborted */
export async function* watchMetadata(connection: ClusterConnection, { path, query, signal, onAnswer }: WatchedPath): AsyncGenerator<WatchEvent<WatchedMetadata>> {
  signal.throwIfAborted();
  const { config, cut } = connection.forWatch(metadataOnly('PartialObjectMetadata'));
  const unfollow = onAbort(signal, cut);
  const events = new EventStream();
  try {
    await new Watch(config).watch(path, query, (_, __, event) => events.add(event as RawEvent), (error) => events.end(error));
    onAnswer(events.hasFailed ? statusOf(events.failure) : 200);
    yield* events.read();
  } finally {
    unfollow();
    cut();
  }
}

/** From the callbacks of Watch to what is read one by one. */
class EventStream {
  readonly #events = new Readable({ objectMode: true, read: () => undefined });
  #hasEnded = false;
  #failure: unknown;

  get hasFailed(): boolean {
    return this.#failure !== undefined && this.#failure !== null;
  }

  get failure(): unknown {
    return this.#failure;
  }

  /** Watch hides what this throws: of what is no event the stream ends. */
  add(event: RawEvent): void {
    if (this.#hasEnded) return;
    try {
      this.#events.push(parseEvent(event));
    } catch (error) {
      this.end(error);
    }
  }

  /** Watch says so of an ERROR event as of a clean end, without an error: the event has said it. */
  end(failure: unknown): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#failure = failure;
    this.#events.push(null);
  }

  async *read(): AsyncGenerator<WatchEvent<WatchedMetadata>> {
    for await (const event of this.#events) yield event as WatchEvent<WatchedMetadata>;
    if (!this.hasFailed) return;
    const status = statusOf(this.#failure);
    if (status === 0) throw this.#failure;
    yield { type: 'ERROR', status, message: this.#failure instanceof Error ? this.#failure.message : '' };
  }
}

/** That the server answered with; 0 when it did not answer. */
function statusOf(failure: unknown): number {
  return failure instanceof Error && 'statusCode' in failure ? Number(failure.statusCode) : 0;
}

function parseEvent({ type, object }: RawEvent): WatchEvent<WatchedMetadata> {
  if (type === 'BOOKMARK') return { type, resourceVersion: object.metadata.resourceVersion };
  if (type === 'ERROR') return { type, status: object.code ?? 0, message: object.message ?? '' };
  return { type, object: pickWatched(object.metadata) };
}

/** Without managedFields, which are most of it and which nobody reads. */
export function pickWatched({ name, generation, resourceVersion, annotations }: WatchedMetadata): WatchedMetadata {
  return { name, generation, resourceVersion, annotations };
}
