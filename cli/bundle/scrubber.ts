// Removes every secret from texts, and counts what it removed from where. Its values stay in memory.
import { REMOVED, removeLookalikes } from './secret-patterns.js';
import { SENSITIVE_NAME, SHORTEST, formsOf, partsOfValue, type SecretValue } from './secret-forms.js';

interface Needle {
  readonly name: string;
  readonly form: string;
}

export class Scrubber {
  readonly #needles: readonly Needle[];
  /** Times that something was removed, by its name. */
  readonly #removed = new Map<string, number>();
  /** Values too short to tell apart from ordinary words, by name: they were not removed. */
  readonly tooShort: readonly string[];

  /** @param secretNames names of Secrets: a field that holds one is named like a secret and is none */
  constructor(values: readonly SecretValue[], private readonly secretNames: ReadonlySet<string> = new Set()) {
    const known = new Map<string, string>();
    for (const { name, bytes } of values) {
      for (const form of formsOfValue(bytes)) if (!known.has(form)) known.set(form, name);
    }
    this.#needles = [...known].map(([form, name]) => ({ form, name })).sort((one, other) => other.form.length - one.form.length);
    this.tooShort = values.filter(({ bytes }) => bytes.length > 0 && bytes.length < SHORTEST).map(({ name }) => name);
  }

  get removed(): ReadonlyMap<string, number> {
    return this.#removed;
  }

  get total(): number {
    return [...this.#removed.values()].reduce((sum, times) => sum + times, 0);
  }

  text(text: string): string {
    const known = this.#needles.reduce((result, { name, form }) => {
      if (!result.includes(form)) return result;
      const pieces = result.split(form);
      this.#count(name, pieces.length - 1);
      return pieces.join(`[removed: ${name}]`);
    }, text);
    return removeLookalikes(known, (name) => this.#count(name, 1));
  }

  /** An object of the API, leaf by leaf: written as text, a line may be folded in the middle of a value. */
  object(value: unknown, key = ''): unknown {
    if (typeof value === 'string') return this.#leaf(value, key);
    if (Array.isArray(value)) return value.map((item) => this.object(item));
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value);
    // A variable of a container says in `name` what its `value` is.
    const named = typeof Reflect.get(value, 'name') === 'string' ? String(Reflect.get(value, 'name')) : '';
    return Object.fromEntries(entries.map(([field, inner]) => [this.text(field), this.object(inner, field === 'value' ? named : field)]));
  }

  #leaf(value: string, key: string): string {
    const isSecret = SENSITIVE_NAME.test(key) && value !== '' && !value.startsWith('/') && !this.secretNames.has(value);
    if (!isSecret) return this.text(value);
    this.#count('fields named like secrets', 1);
    return REMOVED;
  }

  #count(name: string, times: number): void {
    this.#removed.set(name, (this.#removed.get(name) ?? 0) + times);
  }
}

function formsOfValue(bytes: Buffer): readonly string[] {
  const text = bytes.toString('utf8');
  const parts = Buffer.from(text).equals(bytes) ? partsOfValue(text).map((part) => Buffer.from(part)) : [bytes];
  return parts.filter((part) => part.length >= SHORTEST).flatMap(formsOf);
}
