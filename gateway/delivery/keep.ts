/**
 * Keeping: while it is on, what was seen in Postgres stays in the spool, for another database may be live soon: a restore, and the way back
 * from it. A file of the volume, so that it survives restarts and is one for all gateways.
 *
 * The databases that are live one after the other have a round each. The next one begins with keeping, and whenever a hold ends meanwhile:
 * nothing else changes the database. What was seen in another round is looked for in the database of this one, and given to GlitchTip anew
 * where it is missing (kept-records.ts).
 */
import * as z from 'zod/mini';
import { readJson } from '../../operator/core/json-text.js';
import { readWhole, writeWhole, type SpoolFiles } from '../spool/files.js';
import { LAST_ROUND } from '../spool/rounds.js';

const stored = z.object({
  round: z.int().check(z.gte(1), z.lte(LAST_ROUND)),
  /** Absent: nothing is kept any more. */
  on: z.optional(z.object({
    /** Milliseconds of Unix time. */
    since: z.int(),
    why: z.string(),
  })),
});

/** Round 0: nothing was ever kept. */
export interface KeepState {
  readonly round: number;
  readonly on?: { readonly since: number; readonly why: string } | undefined;
}

export class Keep {
  #state: KeepState = { round: 0 };

  constructor(private readonly files: SpoolFiles, private readonly path: string, private readonly now: () => number) {
    this.look();
  }

  /** As it was when it was looked at last. */
  get state(): KeepState {
    return this.#state;
  }

  /** As the volume has it now: another gateway may have changed it. @throws the system's error */
  look(): KeepState {
    const bytes = readWhole(this.files, this.path);
    this.#state = bytes ? this.#understood(bytes) : { round: 0 };
    return this.#state;
  }

  /** Durable when it returns. Where it is on already it goes on, with the new reason. @throws the system's error */
  begin(why: string): KeepState {
    const { round, on } = this.look();
    return this.#write(on ? { round, on: { since: on.since, why } } : { round: after(round), on: { since: this.now(), why } });
  }

  /** Another database may be live from now on. Durable when it returns. @throws the system's error */
  beginRound(): void {
    const { round, on } = this.look();
    if (on) this.#write({ round: after(round), on });
  }

  /** Durable when it returns. @throws the system's error */
  end(): void {
    const { round, on } = this.look();
    if (on) this.#write({ round });
  }

  #write(state: KeepState): KeepState {
    writeWhole(this.files, this.path, [Buffer.from(JSON.stringify(state))]);
    return (this.#state = state);
  }

  /** Somebody wanted to keep: a file that cannot be understood says so, too, and nothing is known to be of its round. */
  #understood(bytes: Buffer): KeepState {
    const parsed = stored.safeParse(readJson(bytes.toString('utf8')));
    if (parsed.success) return parsed.data;
    return this.#state.on ? this.#state : { round: LAST_ROUND, on: { since: this.now(), why: 'the file that says so is damaged' } };
  }
}

function after(round: number): number {
  return round >= LAST_ROUND ? 1 : round + 1;
}
