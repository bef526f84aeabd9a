/**
 * The hold: while it is there, nothing is given to GlitchTip (an upgrade, a restore). Events are taken all the same, and rows of what is
 * under way are looked for, so that it drains. A file of the volume, so that it survives restarts and is one for all gateways.
 *
 * What is seen in Postgres meanwhile is let go as ever, unless it is kept (keep.ts).
 */
import { dirname } from 'node:path';
import * as z from 'zod/mini';
import { readJson } from '../../operator/core/json-text.js';
import { readWhole, writeWhole, type SpoolFiles } from '../spool/files.js';

const stored = z.object({
  /** Milliseconds of Unix time. */
  since: z.int(),
  why: z.string(),
});
export type HoldState = z.output<typeof stored>;

export class Hold {
  #current: HoldState | undefined;

  constructor(private readonly files: SpoolFiles, private readonly path: string, private readonly now: () => number) {
    this.look();
  }

  /** As it was when it was looked at last. Undefined: nothing is held. */
  get current(): HoldState | undefined {
    return this.#current;
  }

  /** As the volume has it now: another gateway may have begun or ended it. @throws the system's error */
  look(): HoldState | undefined {
    const bytes = readWhole(this.files, this.path);
    this.#current = bytes && this.#understood(bytes);
    return this.#current;
  }

  /** Durable when it returns. One that is there already goes on, with the new reason. @throws the system's error */
  begin(why: string): HoldState {
    const since = this.look()?.since ?? this.now();
    writeWhole(this.files, this.path, [Buffer.from(JSON.stringify({ since, why }))]);
    return (this.#current = { since, why });
  }

  /** Durable when it returns. @throws the system's error */
  end(): void {
    this.files.remove(this.path);
    this.files.syncFolder(dirname(this.path));
    this.#current = undefined;
  }

  /** Somebody wanted a hold: a file that cannot be understood is one, too. */
  #understood(bytes: Buffer): HoldState {
    const parsed = stored.safeParse(readJson(bytes.toString('utf8')));
    return parsed.success ? parsed.data : this.#current ?? { since: this.now(), why: 'the file of the hold is damaged' };
  }
}
