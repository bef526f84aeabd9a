/**
 * Whose turn it is to give: of the gateways of a volume the one with the lock, and nobody while it is held. So a lock that is free while it is
 * held proves that no gateway gives: each looks for the hold again after it got the lock, and whoever begins a hold writes it down
 * before it looks at the lock.
 */
import type { Lock } from '../spool/locks.js';
import type { Hold } from './hold.js';

export interface TurnPorts {
  /** Undefined while another gateway has it. @throws for everything else that is wrong */
  readonly tryToDeliver: () => Lock | undefined;
  readonly hold: Pick<Hold, 'current' | 'look'>;
}

export class Turn {
  #lock: Lock | undefined;
  #giving: Promise<void> | undefined;

  constructor(private readonly ports: TurnPorts) {}

  /** Whether this gateway may give now. */
  get isOurs(): boolean {
    return this.#lock !== undefined && this.ports.hold.current === undefined;
  }

  /** Takes the turn when it is free, and leaves it when it is held. @throws when the volume cannot be looked at */
  look(): void {
    if (!this.ports.hold.look()) this.#lock ??= this.ports.tryToDeliver();
    if (this.ports.hold.look() && !this.#giving) this.leave();
  }

  /** Gives, if it is ours. */
  async give(work: () => Promise<void>): Promise<void> {
    if (!this.isOurs) return;
    this.#giving = work().finally(() => (this.#giving = undefined));
    await this.#giving;
  }

  leave(): void {
    this.#lock?.release();
    this.#lock = undefined;
  }

  /**
   * Resolves to true when no gateway of the volume gives any more, to false when the hold ended meanwhile, or the signal says so. The
   * hold is there before; what was on its way then has been answered, or never will be.
   * @param pause until the lock of another gateway is tried again
   */
  async isQuiet(pause: () => Promise<void>, signal: AbortSignal): Promise<boolean> {
    while (this.ports.hold.current && !signal.aborted) {
      if (this.#giving) await this.#giving.catch(() => undefined);
      else if (this.#isFree()) return true;
      else await pause();
    }
    return false;
  }

  #isFree(): boolean {
    this.leave();
    const lock = this.ports.tryToDeliver();
    lock?.release();
    return lock !== undefined;
  }
}
