// The watch book during one check: what was read, and each version that was written over it.
import { emptyWatchbook, encodeWatchbook, type ObservedWatchbook, type StoredWatchbook, type Watchbook } from '../../core/alerts/alert-state.js';
import type { ClusterPort } from '../ports.js';

type Over = StoredWatchbook['over'];

export type Opened = { readonly kind: 'open'; readonly book: OpenBook } | { readonly kind: 'unreadable'; readonly why: string };

export class OpenBook {
  /** As it was read; empty where there was none, or none that can be understood. */
  readonly first: Watchbook;
  /** Why what was there cannot be understood. */
  readonly why: string | undefined;
  #over: Over;
  #saved: string | undefined;
  readonly #unsure: string[] = [];

  private constructor(private readonly cluster: ClusterPort, private readonly resource: string, observed: Exclude<ObservedWatchbook, { kind: 'unreadable' }>) {
    this.first = observed.kind === 'present' ? observed.book : emptyWatchbook();
    this.why = observed.kind === 'malformed' ? observed.why : undefined;
    this.#over = observed;
    this.#saved = observed.kind === 'present' ? encodeWatchbook(observed.book) : undefined;
  }

  /** One that cannot be read is none that is absent: it is not known then what was told already. */
  static async open(cluster: ClusterPort, resource: string, signal: AbortSignal): Promise<Opened> {
    const observed = await cluster.readWatchbook(resource, signal);
    return observed.kind === 'unreadable' ? observed : { kind: 'open', book: new OpenBook(cluster, resource, observed) };
  }

  /** What the version in the cluster is called; undefined when there is none. */
  get version(): string | undefined {
    return this.#over.kind === 'absent' ? undefined : this.#over.version;
  }

  /** What is in the cluster, as far as it can be understood. */
  get text(): string | undefined {
    return this.#saved;
  }

  /** What was written since that version without being told that it was. */
  get unsure(): readonly string[] {
    return this.#unsure;
  }

  /**
   * True when the book is in the cluster; false when another operator wrote since. Writes nothing that is there already.
   * @throws when it is not known to be there
   */
  async save(book: Watchbook, signal: AbortSignal): Promise<boolean> {
    const text = encodeWatchbook(book);
    if (text === this.#saved) return true;
    this.#unsure.push(text);
    const version = await this.cluster.writeWatchbook(this.resource, { book, over: this.#over }, signal);
    if (version === undefined) {
      this.#unsure.pop();
      return false;
    }
    this.#over = { kind: 'present', version };
    this.#saved = text;
    this.#unsure.length = 0;
    return true;
  }
}
