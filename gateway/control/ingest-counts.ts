// What was refused and left out since the gateway started, for a person who asks why something is missing.
import { itemTypeName } from '../core/item-types.js';
import type { IngestCount } from '../front/ingest.js';
import type { IgnoredItems } from './control-answers.js';

export class IngestCounts {
  readonly #refused = new Map<string, number>();
  /** By project: those that exist, for a request is refused before its items are looked at otherwise. */
  readonly #ignored = new Map<number, Map<string, number>>();

  count(what: IngestCount): void {
    if (what.kind === 'refused') add(this.#refused, what.why, 1);
    if (what.kind !== 'ignored') return;
    const own = this.#ignored.get(what.project) ?? new Map<string, number>();
    this.#ignored.set(what.project, own);
    add(own, itemTypeName(what.type), what.items);
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
