// When the next check is due, counted from the beginning of this one. Milliseconds.
import type { GlitchTipSpec } from '../../api/glitchtip-resource.js';
import { failing, hasSuspects, openIncidents } from '../../core/alerts/incidents.js';
import type { AlertState } from '../../core/alerts/alert-state.js';
import type { Diagnosis } from '../../core/health/diagnose.js';

/** While something is suspect, so that three failures in a row are half a minute. */
export const SUSPECT_EVERY = 4_000;
/** While there is an incident. */
export const INCIDENT_EVERY = 10_000;
/** After a check that took longer than that: others want their turn too. */
const SHORTEST_PAUSE = 1_000;

/** After a check that could see everything and write it down. */
export function pauseAfter(alerts: AlertState, { health }: GlitchTipSpec, { causes, quiet }: Diagnosis): number {
  const every = health.everySeconds * 1_000;
  if (!failing(alerts)) return quiet.length > 0 ? Math.min(every, INCIDENT_EVERY) : every;
  return Math.min(every, openIncidents(alerts).length > 0 && !hasSuspects(alerts, causes) ? INCIDENT_EVERY : SUSPECT_EVERY);
}

/** After one that continued from memory. */
export function pauseWithoutWrites(alerts: AlertState): number {
  return openIncidents(alerts).length > 0 ? INCIDENT_EVERY : SUSPECT_EVERY;
}

/** What is left of `due` when the check took `took`. */
export function remaining(due: number, took: number): number {
  return Math.max(SHORTEST_PAUSE, due - took);
}
