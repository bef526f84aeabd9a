// Causes, and an alert state that goes from check to check, for the tests of alerts.
import type { BackupStatus } from '../../../../../operator/api/backup-fields.js';
import { glitchTipSpec, type GlitchTipSpec } from '../../../../../operator/api/glitchtip-resource.js';
import { HEALTH_REASONS as R, type HealthReason } from '../../../../../operator/api/health-reasons.js';
import { track } from '../../../../../operator/core/alerts/incidents.js';
import { decodeAlertState, emptyAlertState, encodeAlertState, type Notification, type AlertState } from '../../../../../operator/core/alerts/alert-state.js';
import type { Cause } from '../../../../../operator/core/health/root-cause.js';

export const START = new Date('2026-06-01T02:14:00Z');

export function specOf(more: object = {}): GlitchTipSpec {
  return glitchTipSpec.parse({ version: '5.2', valkey: {}, worker: {}, ...more });
}

export function cause(reason: HealthReason, part: string, more: Partial<Cause> = {}): Cause {
  return { reason, part, severity: 'critical', message: `${part} was found wanting.`, advice: 'Look at its log.', explains: [], ...more };
}

export const WEB_DOWN = cause(R.WebDown, 'web');
export const NOT_STORED = cause(R.EventsNotStored, 'ingest');
export const DATABASE_DOWN = cause(R.DatabaseDown, 'postgres', { message: 'Postgres at postgres:5432 does not answer.', explains: ['web answers 500', 'events are not stored'] });

/** An alert state from check to check, and the notifications of a channel that takes everything at once. */
export class Watch {
  alerts: AlertState = emptyAlertState();
  now = START;
  /** Notifications for Telegram, as if each was delivered at once. */
  readonly notifications: Notification[] = [];

  constructor(readonly spec: GlitchTipSpec = specOf(), private readonly deliver = true) {}

  /** One check after `seconds`. */
  check(causes: readonly Cause[], { seconds = 10, repairTexts = {}, backup }: { seconds?: number; repairTexts?: Readonly<Record<string, string>>; backup?: BackupStatus } = {}): this {
    this.now = new Date(this.now.getTime() + seconds * 1_000);
    this.alerts = track(this.alerts, { causes, repairTexts: new Map(Object.entries(repairTexts)), now: this.now, spec: this.spec, backup });
    if (this.deliver) this.#deliver();
    return this;
  }

  times(count: number, causes: readonly Cause[], options: { seconds?: number } = {}): this {
    for (let turn = 0; turn < count; turn += 1) this.check(causes, options);
    return this;
  }

  /** What a restart of the operator does to it. */
  restart(): this {
    const decoded = decodeAlertState(encodeAlertState(this.alerts));
    if (decoded.kind === 'invalid') throw new Error(decoded.why);
    this.alerts = decoded.alerts;
    return this;
  }

  /** `open DatabaseDown`, `edit DatabaseDown`, `resolved WebDown (12 times)`, ... */
  get events(): string[] {
    return this.notifications.map(({ event, edit, incident, times, partOf }) =>
      `${partOf ? 'part' : edit ? 'edit' : event}${incident ? ` ${incident.reason}` : ''}${times === undefined ? '' : ` (${times} times)`}`);
  }

  #deliver(): void {
    this.notifications.push(...this.alerts.outbox.filter(({ channel }) => channel === 'telegram'));
    this.alerts = { ...this.alerts, outbox: [] };
  }
}
