// Applies the settings file as the GlitchTip resource: created when there is none, applied again whenever the file changes.
import { planSettings } from '../../core/credentials/settings-plan.js';
import type { GlitchTipResource } from '../../api/glitchtip-resource.js';

/** The file as it is now. */
export interface SettingsFile {
  readonly text: string;
  /** SHA-256 in hex. */
  readonly hash: string;
}

export interface SettingsDependencies {
  /** Undefined when there is no such file: then a person makes the resource. */
  readonly read: () => Promise<SettingsFile | undefined>;
  readonly readResource: (name: string, signal: AbortSignal) => Promise<GlitchTipResource | undefined>;
  readonly apply: (name: string, file: SettingsFile, signal: AbortSignal) => Promise<void>;
  readonly log: (message: string, fields: Readonly<Record<string, unknown>>) => void;
  /** How often to look at the file. Milliseconds. */
  readonly every: number;
}

export class SettingsFileController {
  /** The file that the resource was last seen to follow: while it is the same, the API server is not asked. */
  #settled: string | undefined;

  constructor(private readonly deps: SettingsDependencies) {}

  /** The resource changed or is gone: check it again whatever the file says. */
  unsettle(): void {
    this.#settled = undefined;
  }

  /** `name`: of the resource that the file describes. */
  async reconcile(name: string, signal: AbortSignal): Promise<{ requeueAfter: number }> {
    const { read, readResource, apply, log, every } = this.deps;
    const file = await read();
    if (!file || file.hash === this.#settled) return { requeueAfter: every };
    // Before asking: what happens to the resource meanwhile unsettles it again.
    this.#settled = file.hash;
    try {
      if (planSettings(file.hash, await readResource(name, signal)) === 'apply') {
        await apply(name, file, signal);
        log('settings applied', { resource: name, hash: file.hash });
      }
    } catch (error) {
      this.#settled = undefined;
      throw error;
    }
    return { requeueAfter: every };
  }
}
