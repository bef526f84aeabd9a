// What goes wrong again and again is in the log when it begins, when it changes, and once a minute.
import { messageOf } from '../operator/core/error-message.js';
import type { Log } from './gateway.js';

/** Milliseconds. */
const AGAIN_AFTER = 60_000;

export class FailureLog {
  readonly #said = new Map<string, { readonly error: string; readonly at: number }>();

  /** @param now milliseconds of Unix time */
  constructor(private readonly log: Log, private readonly now: () => number) {}

  /** @param what cannot be done, as a sentence */
  failed(what: string, reason: unknown): void {
    const error = messageOf(reason);
    const said = this.#said.get(what);
    if (said?.error === error && this.now() - said.at < AGAIN_AFTER) return;
    this.#said.set(what, { error, at: this.now() });
    this.log(what, { error });
  }
}
