// Executes a repair that was decided, counted and saved before, and makes room for migrations.
import { specRelease } from '../../api/glitchtip-resource.js';
import type { Repair } from '../../api/health-fields.js';
import { messageOf } from '../../core/error-message.js';
import { recordEvent, type Recorder } from '../kubernetes-events.js';
import { podsInTheWay } from '../../core/health/ended-pods.js';
import { supersededJobs } from '../../core/operations/job-state.js';
import { REPAIR_JOB_DEADLINE, repairJobName } from '../../api/object-names.js';
import type { ClusterPort, HealthPort } from '../ports.js';
import type { Check } from './health-check.js';

export interface RepairDependencies extends Recorder {
  readonly health: Pick<HealthPort, 'restart' | 'rerunMigrations' | 'deleteJob' | 'deletePod'>;
  readonly cluster: Recorder['cluster'] & Pick<ClusterPort, 'writeLock'>;
}

/** A repair that fails is logged and counts as tried: what fails at once must not be tried at once again. */
export async function carryOut(deps: RepairDependencies, repair: Repair, check: Check): Promise<void> {
  const { resource, now, signal } = check;
  const fields = { resource: resource.metadata.name, healing: repair.healing, reason: repair.reason };
  try {
    if (!(await begin(deps, repair, check))) {
      deps.log('nothing to repair with', fields);
      return;
    }
    deps.log('repair', fields);
    await recordEvent(deps, resource, { type: 'Normal', reason: 'Repair', action: 'Repair', note: `${repair.reason}: ${repair.message}` }, { at: now, signal });
  } catch (error) {
    deps.log('repair failed', { ...fields, error: messageOf(error) });
    await recordEvent(deps, resource, { type: 'Warning', reason: 'RepairFailed', action: 'Repair', note: `${repair.reason}: ${messageOf(error)}` }, { at: now, signal });
  }
}

/** False when there is nothing that it could be done with. */
async function begin({ health, cluster }: RepairDependencies, { healing }: Repair, { spec, facts: { operation: { lock } }, now, signal }: Check): Promise<boolean> {
  if (healing !== 'restart-worker') {
    // A rotation that begins at this very moment finds it taken, or has taken it. The Job's end releases it.
    const name = repairJobName(now);
    const resourceVersion = lock.kind === 'unreadable' ? undefined : lock.resourceVersion;
    const holder = { operation: 'migration', name, since: now, until: new Date(now.getTime() + REPAIR_JOB_DEADLINE * 1_000) } as const;
    if (!(await cluster.writeLock({ holder, resourceVersion }, signal))) throw new Error('another operation began at the same moment');
    return health.rerunMigrations(name, signal);
  }
  // Where web does its work it is restarted with it: web's own probe says nothing of the worker inside.
  const { deployment } = spec.worker ?? spec.web;
  await health.restart(deployment, now, signal);
  return true;
}

/** What keeps a newer Job or pod from its place. Neither counted nor saved before: what was removed is not there to be removed again. */
export async function makeRoom(deps: RepairDependencies, check: Check): Promise<void> {
  const { spec, facts: { cluster }, now, signal } = check;
  const { suspend, health: { heal } } = spec;
  if (suspend) return;
  const jobs = heal.includes('migrate') ? supersededJobs(cluster, specRelease(spec), now) : [];
  for (const job of jobs) await remove(deps, { what: 'Job', name: job.name, why: 'could not start and a newer one has taken its place', act: () => deps.health.deleteJob(job, signal) }, check);
  const pods = heal.includes('restart-worker') ? podsInTheWay(cluster, now) : [];
  for (const pod of pods) await remove(deps, { what: 'Pod', name: pod.name, why: 'was put out by its node, and the Deployment waits with the next one while it is there', act: () => deps.health.deletePod(pod, signal) }, check);
}

interface Removal {
  readonly what: 'Job' | 'Pod';
  readonly name: string;
  readonly why: string;
  /** False when there was nothing to remove any more. */
  readonly act: () => Promise<boolean>;
}

async function remove(deps: RepairDependencies, { what, name, why, act }: Removal, { resource, now, signal }: Check): Promise<void> {
  const fields = { resource: resource.metadata.name, [what.toLowerCase()]: name };
  try {
    if (!(await act())) return;
    deps.log(`${what} deleted: it ${why}`, fields);
    await recordEvent(deps, resource, { type: 'Normal', reason: `${what}Deleted`, action: 'Repair', note: `${what} ${name} ${why}` }, { at: now, signal });
  } catch (error) {
    signal.throwIfAborted();
    deps.log(`${what} cannot be deleted`, { ...fields, error: messageOf(error) });
  }
}
