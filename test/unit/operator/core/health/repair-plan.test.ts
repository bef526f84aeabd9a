// Which repair is due, and what is said of the one that is not.
import { describe, expect, it } from '@jest/globals';
import type { RepairKind, IncidentStatus, Repair } from '../../../../../operator/api/health-fields.js';
import type { HealthReason } from '../../../../../operator/api/health-reasons.js';
import type { Cause } from '../../../../../operator/core/health/root-cause.js';
import type { OperationFacts } from '../../../../../operator/core/health/health-facts.js';
import type { Holder, Operation } from '../../../../../operator/core/operations/exclusion.js';
import { planRepair, type RepairInput } from '../../../../../operator/core/health/repair-plan.js';
import { NOW, ago, specOf } from './health-scenarios.js';

function causeOf(reason: HealthReason, part: string, healing?: RepairKind): Cause {
  return { reason, part, severity: 'critical', message: '', advice: '', explains: [], ...(healing ? { healing } : {}) };
}

function incidentOf({ reason, part }: Cause, seconds: number): IncidentStatus {
  return { id: '1', reason, part, severity: 'critical', since: ago(seconds).toISOString(), message: '', advice: '' };
}

function repairs(healing: RepairKind, ...seconds: readonly number[]): readonly Repair[] {
  return seconds.map((each) => ({ at: ago(each).toISOString(), healing, reason: '', message: '' }));
}

const holding = (operation: Operation, name: string): Holder => ({ operation, name, since: NOW, until: NOW });
const BACKUP_RUNS: OperationFacts = { lock: { kind: 'free' }, jobs: [holding('backup', 'backup-1')], holder: holding('backup', 'backup-1') };
const STUCK = causeOf('WorkerStuck', 'worker', 'restart-worker');
const PENDING = causeOf('MigrationsPending', 'postgres', 'migrate');
const PARTITIONS = causeOf('PartitionsMissing', 'postgres', 'maintain-partitions');

/** An incident of that cause that has been open for ten minutes. */
function planOf(cause: Cause, changes: Partial<RepairInput> = {}): [string, string | undefined] {
  const { repair, repairTexts } = planRepair({ causes: [cause], open: [incidentOf(cause, 600)], repairs: [], spec: specOf({ worker: {} }), operation: { lock: { kind: 'free' }, jobs: [] }, canMigrate: true, now: NOW, ...changes });
  return [repair?.healing ?? 'nothing', repairTexts.get(`${cause.reason}/${cause.part}`)];
}

describe('a repair', () => {
  it.each<[string, Cause, Partial<RepairInput>, string, string | undefined]>([
    ['of a stuck worker', STUCK, {}, 'restart-worker', 'the worker is restarted'],
    ['of a database without its schema', PENDING, {}, 'migrate', 'the migrate Job is run again'],
    ['of partitions', PARTITIONS, {}, 'maintain-partitions', 'the migrate Job is run again: it makes the partitions'],
    ['of what nothing can repair', causeOf('DatabaseDown', 'postgres'), {}, 'nothing', undefined],
    ['of what is only suspected', STUCK, { open: [] }, 'nothing', undefined],
    ['waits a little', STUCK, { open: [incidentOf(STUCK, 40)] }, 'nothing', 'restarting the worker is tried in 110 s, unless it ends by itself'],
    ['may be switched off', STUCK, { spec: specOf({ worker: {}, health: { heal: ['migrate'] } }) }, 'nothing', 'restarting the worker is switched off: spec.health.heal does not name restart-worker'],
    ['may be switched off altogether', PENDING, { spec: specOf({ health: { heal: [] } }) }, 'nothing', 'running the migrate Job again is switched off: spec.health.heal does not name migrate'],
    ['is not made while suspended', PENDING, { spec: specOf({ suspend: true }) }, 'nothing', 'running the migrate Job again is not done while spec.suspend is true'],
    ['waits for a rotation', STUCK, { rotation: 'Rolling' }, 'nothing', 'restarting the worker waits for the rotation, which is Rolling'],
    ['waits for a Job', PENDING, { operation: { lock: { kind: 'free' }, jobs: [holding('migration', 'migrate-12345678')] } }, 'nothing', 'running the migrate Job again waits for Job migrate-12345678'],
    ['waits for another operation', PENDING, { operation: { lock: { kind: 'free' }, jobs: [], holder: holding('rotation', 'r1') } }, 'nothing', 'running the migrate Job again waits for rotation r1'],
    ['waits while the lock cannot be seen', STUCK, { operation: { lock: { kind: 'unreadable', why: '403' }, jobs: [] } }, 'nothing', 'restarting the worker waits until it can be seen whether another operation is under way'],
    ['of a worker is made beside a backup', STUCK, { operation: BACKUP_RUNS }, 'restart-worker', 'the worker is restarted'],
    ['of a worker is made beside a rehearsal', STUCK, { operation: { lock: { kind: 'free' }, jobs: [holding('rehearsal', 'rehearsal-1')], holder: holding('rehearsal', 'rehearsal-1') } }, 'restart-worker', 'the worker is restarted'],
    ['of a schema waits for a backup', PENDING, { operation: BACKUP_RUNS }, 'nothing', 'running the migrate Job again waits for Job backup-1'],
    ['of a schema waits for a backup whose Job is about to be made', PENDING, { operation: { ...BACKUP_RUNS, jobs: [] } }, 'nothing', 'running the migrate Job again waits for backup backup-1'],
    ['waits while Jobs cannot be seen', PENDING, { operation: { lock: { kind: 'free' } } }, 'nothing', 'running the migrate Job again waits until Jobs can be seen'],
    ['needs a Job to run again', PARTITIONS, { canMigrate: false }, 'nothing', 'running the migrate Job again is not possible: there is none; kubectl apply -f dist/ makes one'],
    ['of a schema does not repeat a Job that cannot start', PENDING, { cannotStart: 'migrate: ImagePullBackOff' }, 'nothing', 'running the migrate Job again is of no use: its newest Job cannot start (migrate: ImagePullBackOff)'],
    ['of a worker is not held up by a Job that cannot start', STUCK, { cannotStart: 'migrate: ImagePullBackOff' }, 'restart-worker', 'the worker is restarted'],
    ['waits for whoever restores', { ...PENDING, obstacle: 'waits for a session' }, {}, 'nothing', 'running the migrate Job again waits for a session'],
    ['of a worker needs none', STUCK, { canMigrate: false }, 'restart-worker', 'the worker is restarted'],
    ['is not made again at once', STUCK, { repairs: repairs('restart-worker', 300) }, 'nothing', 'restarting the worker was tried once, the last time 5 min ago; again in 10 min'],
    ['is made again after a quarter of an hour', STUCK, { repairs: repairs('restart-worker', 901) }, 'restart-worker', 'the worker is restarted'],
    ['is left to a person after three times', STUCK, { repairs: repairs('restart-worker', 1_000, 2_000, 3_000) }, 'nothing', 'restarting the worker was tried 3 times in 6 hours and did not last: a person has to look'],
    ['is made again after six hours', STUCK, { repairs: repairs('restart-worker', 1_000, 2_000, 22_000) }, 'restart-worker', 'the worker is restarted'],
    ['counts the same Job under its other name', PARTITIONS, { repairs: repairs('migrate', 100) }, 'nothing', 'running the migrate Job again was tried once, the last time 100 s ago; again in 13 min'],
    ['does not count another repair', STUCK, { repairs: repairs('migrate', 100) }, 'restart-worker', 'the worker is restarted'],
  ])('%s', (_, cause, changes, ...wanted) => expect(planOf(cause, changes)).toEqual(wanted));

  it('is one at a time', () => {
    const { repair, repairTexts } = planRepair({
      causes: [PENDING, STUCK], open: [incidentOf(PENDING, 600), incidentOf(STUCK, 600)], repairs: [], spec: specOf({ worker: {} }), operation: { lock: { kind: 'free' }, jobs: [] }, canMigrate: true, now: NOW,
    });
    expect([repair?.healing, repairTexts.get('WorkerStuck/worker')]).toEqual(['migrate', 'restarting the worker waits for another repair']);
  });
});
