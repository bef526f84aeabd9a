// What is seen of the world before each step of an upgrade, and what a step may do to it.
import type { Release } from '../../api/glitchtip-releases.js';
import type { RestoreStatus } from '../../api/restore-fields.js';
import type { LegacyImportEnd } from '../../api/upgrade-fields.js';
import { describeAwayAction, type AwayAction, type AwayFacts } from '../operations/away-steps.js';
import type { RestoreJob } from '../restore/restore-facts.js';
import type { Seen } from '../seen.js';

/** Of the migrate Jobs of this upgrade, the newest; `none`: there is none yet. */
export type Migration =
  | { readonly kind: 'none' }
  /** `why`: it cannot start. Another one beside it would migrate at the same time, once it can. */
  | { readonly kind: 'running'; readonly name: string; readonly why?: string }
  | { readonly kind: 'done' | 'failed'; readonly name: string };

export type ImportJob =
  | { readonly kind: 'absent' }
  | { readonly kind: 'running' }
  | { readonly kind: 'ended'; readonly end: Omit<LegacyImportEnd, 'at'> };

export interface UpgradeFacts extends AwayFacts {
  /** That the resource's version says: of the manifests that were applied last. */
  readonly running: Release;
  /** Tasks that wait in the queue of the old release, or are in its worker's hand. */
  readonly queue: Seen<number>;
  /** The backup of this upgrade. */
  readonly saving: Seen<RestoreJob>;
  /** The step that is named for the pods; undefined: none. */
  readonly step: Seen<string | undefined>;
  readonly migration: Seen<Migration>;
  /** Whose tables the database has; undefined: of no release that is known. */
  readonly schema: Seen<Release | undefined>;
  /** Of the status, which was read with the resource. */
  readonly restore: RestoreStatus;
  readonly importJob: Seen<ImportJob>;
}

export type UpgradeAction =
  | AwayAction
  /** Where there is no gateway: nobody puts events into the queue any more, and the worker empties it. */
  | { readonly kind: 'stop web' }
  /** A backup outside the schedule, as a run of its own. */
  | { readonly kind: 'save'; readonly copy: string }
  | { readonly kind: 'name step'; readonly step: string }
  | { readonly kind: 'forget step' }
  /** As a Job of this name, from the pods of the manifests. */
  | { readonly kind: 'migrate'; readonly name: string }
  /** A migrate Job that nobody wants any more: it would go on with what is restored. */
  | { readonly kind: 'end migration'; readonly name: string }
  /** Of the copy, by the restore's own controller. */
  | { readonly kind: 'ask for restore'; readonly request: string }
  | { readonly kind: 'import'; readonly name: string };

/** For the log; no value is in it. */
export function describeUpgradeAction(action: UpgradeAction): string {
  switch (action.kind) {
    case 'save': return `save ${action.copy}`;
    case 'name step': return `name step ${action.step}`;
    case 'migrate': case 'import': case 'end migration': return `${action.kind}: Job ${action.name}`;
    case 'ask for restore': return `ask for restore ${action.request}`;
    case 'stop web': case 'forget step': return action.kind;
    default: return describeAwayAction(action);
  }
}
