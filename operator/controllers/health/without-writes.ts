// Goes on from memory while nothing can be written: what is known is followed and told, and nothing is repaired.
import type { HealthStatus } from '../../api/health-fields.js';
import { withoutAhead } from '../../core/alerts/future-alert-dates.js';
import { causesOf, healingsOf, type Trouble } from '../../core/alerts/api-server-incidents.js';
import { openIncidents, track } from '../../core/alerts/incidents.js';
import type { AlertState } from '../../core/alerts/alert-state.js';
import type { Cause } from '../../core/health/root-cause.js';
import type { Facts } from '../../core/health/health-facts.js';
import { figuresOf } from '../../core/health/health-figures.js';
import { buildHealth } from '../../core/health/health-status.js';
import type { Clock } from '../../runtime/clock.js';
import type { Messenger } from '../alerts/notification-controller.js';
import type { Known, Memory } from './remembered-checks.js';

export interface BlindDependencies {
  readonly messenger: Pick<Messenger, 'deliver'>;
  readonly clock: Clock;
  readonly onHealth: (name: string, health: HealthStatus | undefined) => void;
}

/** What was found: the trouble, and what could be seen all the same. */
export interface Glimpse {
  readonly trouble: Trouble;
  readonly look?: { readonly facts: Facts; readonly causes: readonly Cause[] };
}

export class BlindWatch {
  constructor(private readonly deps: BlindDependencies, private readonly memory: Memory) {}

  /** The alert state as it is then, in memory only: a restart tells anew what was told from it. */
  async goOn(name: string, known: Known, { trouble, look }: Glimpse, signal: AbortSignal): Promise<AlertState> {
    const { clock, messenger, onHealth } = this.deps;
    const { spec } = known;
    const now = new Date(clock.now());
    const alerts = withoutAhead(known.alerts, now);
    const at = clock.monotonic();
    const since = known.trouble?.kind === trouble.kind ? known.trouble.since : at;
    const open = openIncidents(alerts);
    const causes = causesOf({ trouble, seconds: (at - since) / 1_000, open, seen: look?.causes });
    const tracked = track(alerts, { causes, healings: healingsOf(open), now, spec });
    const told = await messenger.deliver(tracked, { name, spec, healthy: look?.facts.canary.kind === 'stored' }, signal);
    this.memory.set(name, { ...known, alerts: told, trouble: { kind: trouble.kind, since, at } });
    onHealth(name, buildHealth(told, look ? figuresOf(look.facts, now) : {}, now));
    return told;
  }
}
