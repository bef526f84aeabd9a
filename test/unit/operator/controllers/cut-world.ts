// What the worlds of controllers have in common: the resource's version, the recorded lock, and writes of which one may be the process' last.
import type { Ports } from '../../../../operator/controllers/ports.js';
import type { Holder } from '../../../../operator/core/operations/exclusion.js';
import type { ObservedLock } from '../../../../operator/core/operations/operation-lock.js';

/** The process dies before the write of this number (from 0), or after it, its answer lost. */
export interface Cut {
  readonly at: number;
  readonly how: 'before' | 'lost';
}

export class CutWorld {
  lock: Holder | undefined;
  readonly writes: string[] = [];
  cut: Cut | undefined;
  /** Happens while the world is looked at. */
  meanwhile = (): void => undefined;
  #crashed = false;
  #version = 1;
  #lockVersion = 0;

  protected get resourceVersion(): string {
    return String(this.#version);
  }

  protected get hasCrashed(): boolean {
    return this.#crashed;
  }

  /** A process that was started anew. */
  protected revive(): void {
    this.#crashed = false;
  }

  /** So many times, or until the process dies. @returns what the last one gave */
  protected async untilCrashed<T>(count: number, once: () => Promise<T>): Promise<T | undefined> {
    let last: T | undefined;
    this.revive();
    for (let done = 0; done < count; done += 1) {
      try {
        last = await once();
      } catch (error) {
        if (!this.hasCrashed) throw error;
        this.cut = undefined;
        return undefined;
      }
    }
    return last;
  }

  protected observeLock(): ObservedLock {
    const resourceVersion = String(this.#lockVersion);
    if (this.lock) return { kind: 'held', holder: this.lock, resourceVersion };
    return this.#lockVersion === 0 ? { kind: 'free' } : { kind: 'free', resourceVersion };
  }

  protected writeLock({ holder, resourceVersion }: Parameters<Ports['cluster']['writeLock']>[0]): Promise<boolean> {
    return this.write(`lock ${holder ? 'taken' : 'released'}`, () => {
      if ((resourceVersion ?? '0') !== String(this.#lockVersion)) return false;
      this.lock = holder;
      this.#lockVersion += 1;
      return true;
    });
  }

  /** Of the resource, if it still is of this version. */
  protected change(version: string, change: () => void): boolean {
    if (version !== this.resourceVersion) return false;
    change();
    this.#version += 1;
    return true;
  }

  /** It is done, unless it says that it is not. */
  protected write(label: string, make: () => unknown): Promise<boolean> {
    if (this.#crashed) return Promise.reject(new Error('crashed'));
    const isDue = this.cut?.at === this.writes.length;
    if (isDue && this.cut?.how === 'before') return this.#crash();
    const isDone = make() !== false;
    if (isDone) this.writes.push(label);
    return isDue && isDone ? this.#crash() : Promise.resolve(isDone);
  }

  #crash(): Promise<never> {
    this.#crashed = true;
    return Promise.reject(new Error('crashed'));
  }
}
