// A resource with an invalid spec, and no valid one in memory: nothing is observed, and the status says so.
import { alertsSpec, type HealthStatus } from '../../api/health-fields.js';
import { HEALTH_CONDITION_TYPES, REASONS } from '../../api/conditions.js';
import type { GlitchTipResource, GlitchTipSpec } from '../../api/glitchtip-resource.js';
import { withoutAhead } from '../../core/alerts/future-alert-dates.js';
import { dateHealth, type HealthFinding } from '../../core/health/health-conditions.js';
import { buildHealth, isWorthWriting } from '../../core/health/health-status.js';
import type { NotificationController } from '../alerts/notification-controller.js';
import type { ClusterPort } from '../ports.js';
import type { AlertStateSession } from './alert-state-session.js';

export interface WithoutSpec {
  readonly resource: GlitchTipResource;
  /** Each is a field and what is wrong with it. */
  readonly problems: readonly string[];
  readonly alerts: AlertStateSession;
  readonly now: Date;
}

/** Sends what waits, and reports that nothing is known. `checkedAt` stays: it was no check. */
export async function reportWithoutSpec(deps: { readonly cluster: ClusterPort; readonly notifications: Pick<NotificationController, 'deliver'> }, { resource, problems, alerts, now }: WithoutSpec, signal: AbortSignal): Promise<HealthStatus> {
  const { metadata: { name, generation }, spec, status } = resource;
  const save = (each: AlertStateSession['first']) => alerts.save(each, signal);
  const notified = await deps.notifications.deliver(withoutAhead(alerts.first, now), { name, spec: { alerts: alertsOf(spec) }, healthy: false, save }, signal);
  await save(notified);
  const health: HealthStatus = { ...buildHealth(notified, status?.health?.figures ?? {}, now), checkedAt: status?.health?.checkedAt };
  const report = { conditions: dateHealth(unknown(problems), status, { now, generation }), health };
  if (isWorthWriting(report, status, now)) await deps.cluster.applyHealth(name, report, signal);
  return health;
}

function unknown(problems: readonly string[]): HealthFinding[] {
  const message = `Health is not watched, because the spec cannot be understood: ${problems.join('; ')}.`;
  return HEALTH_CONDITION_TYPES.map((type) => ({ type, status: 'Unknown', reason: REASONS.NotObserved, message }));
}

/** What of the spec says where notifications go; its defaults where that cannot be understood either. */
function alertsOf(raw: unknown): GlitchTipSpec['alerts'] {
  const parsed = alertsSpec.safeParse(fieldOf(raw, 'alerts') ?? {});
  return parsed.success ? parsed.data : alertsSpec.parse({});
}

/** A person switched it off, whatever else cannot be understood. */
export function isSwitchedOff(raw: unknown): boolean {
  return fieldOf(fieldOf(raw, 'health'), 'enabled') === false;
}

function fieldOf(raw: unknown, name: string): unknown {
  return typeof raw === 'object' && raw !== null ? (raw as Readonly<Record<string, unknown>>)[name] : undefined;
}
