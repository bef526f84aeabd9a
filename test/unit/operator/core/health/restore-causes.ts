// What is seen of restores, and the causes that it is: rows of the table of diagnose.test.ts.
import type { RestoreProgress } from '../../../../../operator/api/restore-fields.js';
import type { Facts } from '../../../../../operator/core/health/health-facts.js';
import { REFUSED, ago, clusterOf, gatewayOf, podOf, seen, workloadsOf } from './health-scenarios.js';

const MINUTE = 60;
const of = (phase: RestoreProgress['phase'], seconds: number, change: Partial<RestoreProgress> = {}): Partial<Facts> => ({
  restore: { current: { id: '20260101T000000Z', wanted: { copy: 'latest', save: true }, phase, direction: 'forth', since: ago(seconds).toISOString(), attempt: 1, ...change } },
});
/** As a restore or an upgrade leaves them. */
export const AWAY: Partial<Facts> = {
  cluster: clusterOf({ pods: seen([podOf('postgres'), podOf('valkey')]), workloads: workloadsOf({ name: 'web', part: 'web', wanted: 0 }, { name: 'worker', part: 'worker', wanted: 0 }) }),
  web: { health: REFUSED, pods: [] }, canary: { kind: 'not sent', why: 'web does not answer' },
};
const failed = (seconds: number): Partial<Facts> => ({ restore: { last: { id: '20260101T000000Z', at: ago(seconds).toISOString(), result: 'Failed', why: 'Restoring: load: OutOfMemory' } } });
/** What is seen, in words; the causes. */
export const RESTORE_CAUSES: readonly [string, Partial<Facts>, string[]][] = [
  ['web and worker are away for a restore that gets on', { ...AWAY, ...of('Restoring', 10 * MINUTE) }, []],
  ['they are, and it does not get on', { ...AWAY, ...of('Stopping', 12 * MINUTE, { waitsFor: '2 sessions of the application are left.' }) }, ['RestoreStuck/restore critical']],
  ['they are, and it cannot migrate', { ...AWAY, ...of('Migrating', MINUTE, { why: 'migrate: BackoffLimitExceeded' }) }, ['RestoreStuck/restore critical']],
  ['they are away while a restore is only prepared', { ...AWAY, ...of('Checking', MINUTE) }, ['WebDown/web critical', 'WorkerDown/worker critical']],
  ['a restore waits for its turn', of('Waiting', 10 * MINUTE), []],
  ['a restore waits for its turn for an hour', of('Waiting', 60 * MINUTE, { waitsFor: 'Waiting: rotation 1 is under way.' }), ['RestoreUnfinished/restore warning']],
  ['a copy is loaded to be looked at', of('Loading', 59 * MINUTE), []],
  ['a copy takes too long to be loaded to be looked at', of('Loading', 61 * MINUTE), ['RestoreUnfinished/restore warning']],
  ['a restored database is looked at', of('Aside', 23 * 60 * MINUTE), []],
  ['a restored database was left by who looked at it', of('Aside', 25 * 60 * MINUTE), ['RestoreUnfinished/restore warning']],
  ['web and worker are away, and not for the database that is dropped', { ...AWAY, ...of('Returning', MINUTE, { wanted: { copy: 'latest', save: true, intoNewDatabase: true } }) }, ['WebDown/web critical', 'WorkerDown/worker critical']],
  ['a restore waits for a person', of('Unconfirmed', 60 * MINUTE), []],
  ['a restore waits for a person, and what was kept for the way back had to go', { ...of('Unconfirmed', 60 * MINUTE), gateway: gatewayOf({ keptDropped: 7 }) }, ['RestoreUnfinished/restore warning']],
  ['a restore is prepared while something kept had to go', { ...of('Waiting', MINUTE), gateway: gatewayOf({ keptDropped: 7 }) }, []],
  ['a restore waits for a person for more than a day', of('Unconfirmed', 25 * 60 * MINUTE), ['RestoreUnfinished/restore warning']],
  ['a restore is in a phase of a later version', of('Rehearsing' as RestoreProgress['phase'], 60 * MINUTE), []],
  ['a restore failed', failed(60), ['RestoreFailed/restore warning']],
  ['a restore failed the day before yesterday', failed(48 * 60 * MINUTE), []],
];
