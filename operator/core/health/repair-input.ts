// What the plan of repairs has to know of a check.
import type { GlitchTipSpec } from '../../api/glitchtip-resource.js';
import type { AlertState } from '../alerts/alert-state.js';
import { openIncidents } from '../alerts/incidents.js';
import { judgeJob } from '../operations/job-state.js';
import { newestMigration } from './database-rules.js';
import type { ClusterFacts, Facts } from './health-facts.js';
import { ifSeen } from '../seen.js';
import type { RepairInput } from './repair-plan.js';
import type { Cause } from './root-cause.js';

interface Checked {
  readonly spec: GlitchTipSpec;
  readonly facts: Pick<Facts, 'cluster' | 'credentials' | 'operation'>;
  readonly now: Date;
}

export function repairInput({ spec, facts: { cluster, credentials, operation }, now }: Checked, causes: readonly Cause[], alerts: AlertState): RepairInput {
  return {
    causes, open: openIncidents(alerts), repairs: alerts.repairs, spec, rotation: credentials.phase, operation, now,
    ...migrationOf(cluster, now),
  };
}

function migrationOf({ jobs, pods }: ClusterFacts, now: Date): Pick<RepairInput, 'canMigrate' | 'cannotStart'> {
  const newest = newestMigration(ifSeen(jobs) ?? []);
  const seen = ifSeen(pods);
  const state = newest?.outcome === 'running' && seen ? judgeJob(newest, seen, now) : undefined;
  return { canMigrate: newest !== undefined, ...(state?.kind === 'cannot start' ? { cannotStart: state.why } : {}) };
}
