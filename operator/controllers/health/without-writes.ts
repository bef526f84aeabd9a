// Checks that continue from memory while nothing can be written: causes are tracked and notified, and nothing is repaired.
import type { HealthStatus } from '../../api/health-fields.js';
import { withoutAhead } from '../../core/alerts/future-alert-dates.js';
import { causesOf, repairTextsOf, type ApiServerTrouble } from '../../core/alerts/api-server-incidents.js';
import { openIncidents, track } from '../../core/alerts/incidents.js';
import type { AlertState } from '../../core/alerts/alert-state.js';
import type { Cause } from '../../core/health/root-cause.js';
import type { Facts } from '../../core/health/health-facts.js';
import { figuresOf } from '../../core/health/health-figures.js';
import { buildHealth } from '../../core/health/health-status.js';
import type { Clock } from '../../runtime/clock.js';
import type { NotificationController } from '../alerts/notification-controller.js';
import type { Known, RememberedChecks } from './remembered-checks.js';

export interface DegradedDependencies {
  readonly notifications: Pick<NotificationController, 'deliver'>;
  readonly clock: Clock;
  readonly onHealth: (name: string, health: HealthStatus | undefined) => void;
}

/** What was found: the trouble with the API server, and what could be observed nevertheless. */
export interface DegradedCheck {
  readonly trouble: ApiServerTrouble;
  readonly observed?: { readonly facts: Facts; readonly causes: readonly Cause[] };
}

export class DegradedChecks {
  constructor(private readonly deps: DegradedDependencies, private readonly memory: RememberedChecks) {}

  /** @returns the new alert state, in memory only: after a restart its notifications are sent again */
  async check(name: string, known: Known, { trouble, observed }: DegradedCheck, signal: AbortSignal): Promise<AlertState> {
    const { clock, notifications, onHealth } = this.deps;
    const { spec } = known;
    const now = new Date(clock.now());
    const alerts = withoutAhead(known.alerts, now);
    const at = clock.monotonic();
    const since = known.trouble?.kind === trouble.kind ? known.trouble.since : at;
    const open = openIncidents(alerts);
    const causes = causesOf({ trouble, seconds: (at - since) / 1_000, open, seen: observed?.causes });
    const tracked = track(alerts, { causes, repairTexts: repairTextsOf(open), now, spec });
    const notified = await notifications.deliver(tracked, { name, spec, healthy: observed?.facts.canary.kind === 'stored' }, signal);
    this.memory.set(name, { ...known, alerts: notified, trouble: { kind: trouble.kind, since, at } });
    onHealth(name, buildHealth(notified, observed ? figuresOf(observed.facts, now) : {}, now));
    return notified;
  }
}
