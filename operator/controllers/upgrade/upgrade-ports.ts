// The ports of an upgrade, as those of every controller (../ports.ts): the step that it names for the pods, and its Job that imports old events.
import type { GlitchTipSpec } from '../../api/glitchtip-resource.js';
import type { Release } from '../../api/glitchtip-releases.js';
import type { JobManifests, Login } from '../ports.js';

/** The ConfigMap that pods of the next release wait for. */
export interface UpgradeStepPort {
  /** Undefined: there is none. @throws when it cannot be read */
  read(signal: AbortSignal): Promise<string | undefined>;
  /** Made, or changed: the same again changes nothing. */
  name(step: string, signal: AbortSignal): Promise<void>;
  /** One that is gone is gone. */
  forget(signal: AbortSignal): Promise<void>;
}

/** What the Job that imports old events is made from; the Job itself is made as every other one. */
export interface LegacyImportPort {
  readManifests(signal: AbortSignal): Promise<JobManifests>;
}

export interface SchemaPort {
  /** Whose tables the database has; undefined: of no release that is known. */
  readSchema(spec: GlitchTipSpec, operator: Login, signal: AbortSignal): Promise<Release | undefined>;
}
