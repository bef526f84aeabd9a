// Publishes what a check found: incidents as events and log lines, all of it as metrics and in the resource's status.
import type { HealthStatus, IncidentStatus } from '../../api/health-fields.js';
import { openIncidents } from '../../core/alerts/incidents.js';
import type { AlertState } from '../../core/alerts/alert-state.js';
import { dateHealth, judgeHealth } from '../../core/health/health-conditions.js';
import type { Diagnosis } from '../../core/health/diagnose.js';
import { figuresOf } from '../../core/health/health-figures.js';
import { buildHealth, isWorthWriting } from '../../core/health/health-status.js';
import { messageOf } from '../../core/error-message.js';
import { recordEvent, type Recorder } from '../kubernetes-events.js';
import type { ClusterPort } from '../ports.js';
import type { Check } from './health-check.js';

export interface ReportDependencies extends Recorder {
  readonly cluster: Pick<ClusterPort, 'recordEvent' | 'applyHealth'>;
  readonly warn: Recorder['log'];
  readonly onHealth: (name: string, health: HealthStatus | undefined) => void;
}

/** What the check made of it. */
export interface Findings {
  readonly diagnosis: Diagnosis;
  /** Incidents that were open before the check. */
  readonly before: readonly IncidentStatus[];
  /** After the notifications were sent. */
  readonly alerts: AlertState;
}

/** @returns false when the status cannot be written (an older CRD, a missing right): that must not delay the next check */
export async function report(deps: ReportDependencies, findings: Findings, check: Check): Promise<boolean> {
  await recordChanges(deps, findings, check);
  try {
    await reportStatus(deps, findings, check);
    return true;
  } catch (error) {
    check.signal.throwIfAborted();
    deps.warn('the status cannot be written', { resource: check.resource.metadata.name, error: messageOf(error) });
    return false;
  }
}

/** An event where an incident begins and one where it ends, not one a check. */
async function recordChanges(deps: ReportDependencies, { before, alerts }: Findings, { resource, now, signal }: Check): Promise<void> {
  const after = openIncidents(alerts);
  const isIn = (list: readonly IncidentStatus[], { id }: IncidentStatus) => list.some((each) => each.id === id);
  for (const incident of after.filter((each) => !isIn(before, each))) {
    deps.log('incident', { resource: resource.metadata.name, id: incident.id, reason: incident.reason, part: incident.part, message: incident.message });
    await recordEvent(deps, resource, { type: 'Warning', reason: incident.reason, action: 'Watch', note: `${incident.message} ${incident.advice}` }, { at: now, signal });
  }
  for (const incident of before.filter((each) => !isIn(after, each))) {
    deps.log('incident over', { resource: resource.metadata.name, id: incident.id, reason: incident.reason, part: incident.part });
    await recordEvent(deps, resource, { type: 'Normal', reason: 'IncidentOver', action: 'Watch', note: `${incident.reason} (${incident.part}), since ${incident.since}` }, { at: now, signal });
  }
}

async function reportStatus(deps: ReportDependencies, { diagnosis, alerts }: Findings, { resource, spec, facts, now, signal }: Check): Promise<void> {
  const { name, generation } = resource.metadata;
  const health = buildHealth(alerts, figuresOf(facts, now), now);
  deps.onHealth(name, health);
  const judged = judgeHealth({ facts, spec, now, diagnosis, open: openIncidents(alerts), previous: resource.status });
  const status = { conditions: dateHealth(judged, resource.status, { now, generation }), health };
  if (isWorthWriting(status, resource.status, now)) await deps.cluster.applyHealth(name, status, signal);
}
