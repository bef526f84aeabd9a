// A status that an older CustomResourceDefinition does not know is refused: then nothing is begun, and a person is told once.
import type { GlitchTipResource } from '../api/glitchtip-resource.js';
import type { Clock } from '../runtime/clock.js';
import { recordEvent, type Recorder } from './kubernetes-events.js';
import { isRefusal } from './write-refusal.js';

interface Of {
  /** As it begins a sentence: "restore". */
  readonly what: 'restore' | 'upgrade' | 'move';
  readonly reason: 'RestoreHeldBack' | 'UpgradeHeldBack' | 'MoveHeldBack';
  readonly action: 'Restore' | 'Upgrade' | 'Move';
}

export class RefusedWrites {
  /** By resource: the last refusal that was told. */
  readonly #told = new Map<string, string>();

  constructor(private readonly deps: Recorder & { readonly clock: Clock }, private readonly of: Of) {}

  /** @throws what the write throws */
  async write(resource: GlitchTipResource, write: () => Promise<boolean>, signal: AbortSignal): Promise<boolean> {
    const { name } = resource.metadata;
    try {
      const isWritten = await write();
      this.#told.delete(name);
      return isWritten;
    } catch (error) {
      signal.throwIfAborted();
      if (isRefusal(error) && this.#told.get(name) !== error.message) {
        this.#told.set(name, error.message);
        const { what, reason, action } = this.of;
        const note = `The ${what} does not go on, for its status cannot be written: ${error.message}. A CustomResourceDefinition of an older release does not know status.${what}: kubectl apply -f dist/ brings the new one.`;
        await recordEvent(this.deps, resource, { type: 'Warning', reason, action, note }, { at: new Date(this.deps.clock.now()), signal });
      }
      throw error;
    }
  }
}
