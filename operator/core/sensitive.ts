// A value that no log, event, status, metric or error shows by accident: it has to be asked for.

const REDACTED = '[redacted]';

/** Wraps a credential. String conversion, JSON and console.log all give "[redacted]". */
export class Sensitive {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The value itself: call it only where the value is handed over. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return REDACTED;
  }

  toJSON(): string {
    return REDACTED;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return REDACTED;
  }
}
