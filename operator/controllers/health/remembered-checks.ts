// What is kept in memory of a resource from check to check, for the time in which the API server does not answer or takes no writes.
import type { GlitchTipSpec } from '../../api/glitchtip-resource.js';
import type { ApiServerTrouble } from '../../core/alerts/api-server-incidents.js';
import type { AlertState } from '../../core/alerts/alert-state.js';
import type { AlertStateSession } from './alert-state-session.js';

export interface Known {
  /** The last valid one. */
  readonly spec: GlitchTipSpec;
  /** With everything that was notified, written or not. */
  readonly alerts: AlertState;
  /** resourceVersion that the alert state is based on; undefined when there is none. */
  readonly version: string | undefined;
  /** Alert states over that version whose write failed: one of them may have been stored nevertheless. */
  readonly unsure: readonly string[];
  /** Why the API server cannot be used, and when that was first and last found. Milliseconds, by the monotonic clock. */
  readonly trouble?: Found;
  /** When the API server was first seen to answer while nobody had the Lease. Milliseconds, by the monotonic clock. */
  readonly lostAt?: number;
}

export interface Found {
  readonly kind: ApiServerTrouble['kind'];
  readonly since: number;
  readonly at: number;
}

/** More than one check writes. */
const UNSURE_KEPT = 8;

/** Whether the alert state in the cluster is as we left it: of this version, or a write of ours whose answer was lost. */
export function isOwn({ version, unsure }: Known, alerts: AlertStateSession): boolean {
  return version === alerts.version || (alerts.text !== undefined && unsure.includes(alerts.text));
}

export class RememberedChecks {
  readonly #known = new Map<string, Known>();

  get(name: string): Known | undefined {
    return this.#known.get(name);
  }

  set(name: string, known: Known): void {
    this.#known.set(name, known);
  }

  forget(name: string): void {
    this.#known.delete(name);
  }

  /** After an attempt to write `alerts`, successful or not. */
  note(name: string, spec: GlitchTipSpec, alerts: AlertState, { version, unsure }: AlertStateSession): void {
    const before = this.#known.get(name);
    // What was tried over another version can never be accepted any more.
    const earlier = before && before.version === version ? before.unsure : [];
    this.#known.set(name, { spec, alerts, version, unsure: [...new Set([...earlier, ...unsure])].slice(-UNSURE_KEPT) });
  }

  /** The alert state in memory, which has what was notified while nothing could be written, unless another operator wrote. */
  alertsOf(name: string, alerts: AlertStateSession): AlertState {
    const known = this.#known.get(name);
    return known && isOwn(known, alerts) ? known.alerts : alerts.first;
  }
}
