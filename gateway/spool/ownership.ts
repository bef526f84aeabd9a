/**
 * Who owns which part of a volume that two gateways share while one takes the other's place: a folder each, with a lock that its owner
 * holds. A folder whose lock is free has no owner any more; whoever gets its lock moves its segments into their own.
 */
import { join } from 'node:path';
import type { SpoolFiles } from './files.js';
import type { Lock, TryLock } from './locks.js';
import type { Spool } from './spool.js';

const LOCK = 'lock';
const DELIVERY_LOCK = 'delivery.lock';

export class SharedVolume {
  #own: { readonly name: string; readonly lock: Lock } | undefined;

  /** @param root folder of the volume */
  constructor(private readonly files: SpoolFiles, private readonly tryLock: TryLock, private readonly root: string) {
    files.createFolder(root);
  }

  /** A folder of this gateway's own. @throws Error when another that lives has the name */
  claim(name: string): string {
    const folder = join(this.root, name);
    this.files.createFolder(folder);
    const lock = this.tryLock(join(folder, LOCK));
    if (!lock) throw new Error(`expected ${folder} to be free, found another gateway of that name`);
    this.#own = { name, lock };
    return folder;
  }

  /** Names of the other gateways that have something here, whether they live or not. */
  others(): readonly string[] {
    return this.files.list(this.root).filter((name) => name !== this.#own?.name && this.#isFolder(name));
  }

  /** Takes over what gateways left that are gone. @returns the names of their folders, for the log */
  adoptOrphans(spool: Pick<Spool, 'adopt'>): readonly string[] {
    return this.others().filter((name) => this.#adopt(name, spool));
  }

  /** Only one gateway gives records to GlitchTip: two windows would be one too many. Undefined while another does. */
  tryToDeliver(): Lock | undefined {
    return this.tryLock(join(this.root, DELIVERY_LOCK));
  }

  /** Of all gateways on the volume; what is left is an orphan from now on. */
  release(): void {
    this.#own?.lock.release();
    this.#own = undefined;
  }

  #adopt(name: string, spool: Pick<Spool, 'adopt'>): boolean {
    const folder = join(this.root, name);
    const lock = this.tryLock(join(folder, LOCK));
    if (!lock) return false;
    try {
      spool.adopt(folder);
    } finally {
      lock.release();
    }
    this.files.remove(join(folder, LOCK));
    if (this.files.list(folder).length === 0) this.files.removeFolder(folder);
    return true;
  }

  /** A folder of a gateway has a lock in it. */
  #isFolder(name: string): boolean {
    return this.files.list(join(this.root, name)).includes(LOCK);
  }
}
