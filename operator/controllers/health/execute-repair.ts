// Executes a repair that was decided, counted and saved before.
import type { Repair } from '../../api/health-fields.js';
import { messageOf } from '../../core/error-message.js';
import { recordEvent, type Recorder } from '../kubernetes-events.js';
import type { HealthPort } from '../ports.js';
import type { Check } from './health-check.js';

export interface RepairDependencies extends Recorder {
  readonly health: Pick<HealthPort, 'restart' | 'rerunMigrations'>;
}

/** A repair that fails is logged and counts as tried: what fails at once must not be tried at once again. */
export async function carryOut(deps: RepairDependencies, repair: Repair, { resource, spec, now, signal }: Check): Promise<void> {
  const fields = { resource: resource.metadata.name, healing: repair.healing, reason: repair.reason };
  try {
    if (!(await begin(deps.health, repair, { spec, now, signal }))) {
      deps.log('nothing to repair with', fields);
      return;
    }
    deps.log('repair', fields);
    await recordEvent(deps, resource, { type: 'Normal', reason: 'Repair', action: 'Repair', note: `${repair.reason}: ${repair.message}` }, now);
  } catch (error) {
    deps.log('repair failed', { ...fields, error: messageOf(error) });
    await recordEvent(deps, resource, { type: 'Warning', reason: 'RepairFailed', action: 'Repair', note: `${repair.reason}: ${messageOf(error)}` }, now);
  }
}

/** False when there is nothing that it could be done with. */
async function begin(health: RepairDependencies['health'], { healing }: Repair, { spec, now, signal }: Pick<Check, 'spec' | 'now' | 'signal'>): Promise<boolean> {
  if (healing !== 'restart-worker') return health.rerunMigrations(now, signal);
  if (spec.worker === undefined) return false;
  await health.restart(spec.worker.deployment, now, signal);
  return true;
}
