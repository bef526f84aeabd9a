// Whether the volume can be written: a gateway that cannot is not Ready. A full disk is no such reason, for then events are answered 429, and it passes.
import { writeWhole, type SpoolFiles } from './files.js';

/** The disk, or this user's part of it, is full. */
const FULL: readonly unknown[] = ['ENOSPC', 'EDQUOT'];

export class VolumeCheck {
  #problem: string | undefined;

  /** @param path of a file of its own, that it writes to find out whether it can again */
  constructor(private readonly files: Pick<SpoolFiles, 'open' | 'rename' | 'syncFolder'>, private readonly path: string) {}

  /** Undefined: it can be written, or is full. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** An event could not be written. */
  failed(error: unknown): void {
    const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
    this.#problem = FULL.includes(code) ? undefined : `the volume cannot be written (${typeof code === 'string' ? code : String(message)})`;
  }

  /** Where it could not: whether it can now. Nobody sends events to a gateway that is not Ready, so that none says so. */
  look(): void {
    if (this.#problem === undefined) return;
    try {
      writeWhole(this.files, this.path, [Buffer.from('written\n')]);
      this.#problem = undefined;
    } catch (error) {
      this.failed(error);
    }
  }
}
