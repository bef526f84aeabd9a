// What was refused, left out and not believed since the gateway started, for a person who asks why something is missing.
import { itemTypeName } from '../core/item-types.js';
import type { IngestCount } from '../front/ingest.js';
import type { DisbelievedProxy, IgnoredItems, PlainProject } from './control-answers.js';

export class IngestCounts {
  readonly #refused = new Map<string, number>();
  /** By project: those that exist, for a request is refused before its items are looked at otherwise. */
  readonly #ignored = new Map<number, Map<string, number>>();
  readonly #plain = new Map<number, { requests: number; refused: number; lastAt: number }>();
  #disbelieved: DisbelievedProxy | undefined;

  count(what: IngestCount): void {
    if (what.kind === 'refused') add(this.#refused, what.why, 1);
    if (what.kind === 'ignored') this.#ignore(what);
    if (what.kind === 'plain') this.#countPlain(what);
  }

  #ignore({ project, type, items }: Extract<IngestCount, { kind: 'ignored' }>): void {
    const own = this.#ignored.get(project) ?? new Map<string, number>();
    this.#ignored.set(project, own);
    add(own, itemTypeName(type), items);
  }

  #countPlain({ project, at, isRefused }: Extract<IngestCount, { kind: 'plain' }>): void {
    const { requests, refused } = this.#plain.get(project) ?? { requests: 0, refused: 0 };
    this.#plain.set(project, { requests: requests + 1, refused: refused + Number(isRefused), lastAt: at });
  }

  /** In the order of the projects. */
  get plain(): readonly PlainProject[] {
    const projects = [...this.#plain].sort(([one], [other]) => one - other);
    return projects.map(([project, { lastAt, ...counts }]) => ({ project, ...counts, lastAt: new Date(lastAt).toISOString() }));
  }

  /** Of a proxy that said https. */
  disbelieve(address: string): void {
    this.#disbelieved = { address, requests: (this.#disbelieved?.requests ?? 0) + 1 };
  }

  get disbelieved(): DisbelievedProxy | undefined {
    return this.#disbelieved;
  }

  get refused(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#refused);
  }

  /** In the order of the projects. */
  get ignored(): readonly IgnoredItems[] {
    const projects = [...this.#ignored].sort(([one], [other]) => one - other);
    return projects.flatMap(([project, own]) => [...own].map(([type, items]) => ({ project, type, items })));
  }
}

function add<Key>(counts: Map<Key, number>, key: Key, amount: number): void {
  counts.set(key, (counts.get(key) ?? 0) + amount);
}
