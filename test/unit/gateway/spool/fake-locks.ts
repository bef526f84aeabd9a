// Locks of several gateways in one process: as SQLite's, their files are there, and one that is free is anybody's.
import type { SpoolFiles } from '../../../../gateway/spool/files.js';
import type { TryLock } from '../../../../gateway/spool/locks.js';

export class Locks {
  readonly #held = new Set<string>();

  constructor(private readonly files: Pick<SpoolFiles, 'open'>) {}

  readonly tryLock: TryLock = (path) => {
    if (this.#held.has(path)) return undefined;
    this.files.open(path).close();
    this.#held.add(path);
    return { release: () => this.#held.delete(path) };
  };
}
