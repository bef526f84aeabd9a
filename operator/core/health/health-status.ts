// The health controller's part of the status: what it owns, when it is worth writing, and what other controllers leave alone.
import { isHealthCondition } from '../../api/conditions.js';
import type { Condition, GlitchTipStatus } from '../../api/glitchtip-resource.js';
import type { HealthFigures, HealthStatus } from '../../api/health-fields.js';
import { openIncidents } from '../alerts/incidents.js';
import { channelStatuses, type AlertState } from '../alerts/alert-state.js';
import { canonical } from '../canonical-json.js';
import { toSeconds } from '../timestamps.js';

/** Figures change with every check; they are written with whatever else changed, and at least this often. Milliseconds. */
const WRITE_EVERY = 300_000;

/** What the health controller writes. */
export interface HealthReport {
  readonly conditions: readonly Condition[];
  readonly health: HealthStatus;
}

export function buildHealth(alerts: AlertState, figures: HealthFigures, now: Date): HealthStatus {
  const [incidents, channels] = [openIncidents(alerts), channelStatuses(alerts)];
  return {
    checkedAt: toSeconds(now),
    figures,
    ...(incidents.length > 0 ? { incidents } : {}),
    ...(alerts.repairs.length > 0 ? { repairs: [...alerts.repairs] } : {}),
    ...(channels.length > 0 ? { channels } : {}),
    ...(alerts.alertTest ? { alertTest: alerts.alertTest } : {}),
  };
}

/** Something that a reader cares about changed, or the figures are old. */
export function isWorthWriting({ conditions, health }: HealthReport, written: GlitchTipStatus | undefined, now: Date): boolean {
  const age = now.getTime() - Date.parse(written?.health?.checkedAt ?? '');
  // One that lies ahead is of a clock that was wrong, and would be kept until now is then.
  if (!(age >= 0 && age < WRITE_EVERY)) return true;
  const before = { conditions: (written?.conditions ?? []).filter(isHealthCondition), health: written?.health };
  return canonical(reported({ conditions, health })) !== canonical(reported(before));
}

function reported({ conditions, health }: { readonly conditions: readonly Condition[]; readonly health?: HealthStatus }): object {
  const byType = [...conditions].sort((a, b) => a.type.localeCompare(b.type));
  return { conditions: byType, incidents: health?.incidents ?? [], repairs: health?.repairs ?? [], channels: health?.channels ?? [], alertTest: health?.alertTest ?? null };
}
