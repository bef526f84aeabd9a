// What goes wrong with GlitchTip 6.2 alone: what was seen, and the causes, with their severity and the repair of each.
import type { CanaryFacts, Facts } from '../../../../../operator/core/health/health-facts.js';
import { ago, clusterOf, containerOf, databaseOf, jobOf, podsOf, queueOf, REFUSED, seen, unready, WORKER_SPEC } from './health-scenarios.js';

export const SIX_SPEC = { ...WORKER_SPEC, version: '6.2' };

const NOT_STORED: CanaryFacts = { kind: 'not stored', oldestSeconds: 5, storedMeanwhile: 0 };
const STORED_MEANWHILE: CanaryFacts = { kind: 'not stored', oldestSeconds: 5, storedMeanwhile: 300 };
const HELD_PODS = podsOf(unready('web', {}, { createdAt: ago(320), containers: [containerOf({ name: 'wait-for-migrations', init: true, state: { kind: 'running', startedAt: ago(300) } }), containerOf({ state: { kind: 'waiting', reason: 'PodInitializing' } })] }));
/** Web and the migrate Job wait for what the guard says. */
const HELD: Partial<Facts> = {
  cluster: clusterOf({ pods: HELD_PODS }),
  web: { health: REFUSED, pods: [] }, canary: { kind: 'not sent', why: 'tables are missing' },
};

const withMigrateJob = (age: number): Partial<Facts> => ({ ...HELD, cluster: clusterOf({ pods: HELD_PODS, jobs: seen([jobOf('running', age)]) }) });

export const lostEvents = (newestSeconds: number): Partial<Facts> => ({ queue: queueOf({ lost: { count: 100, events: true, newestSeconds } }) });

export const SIX_CAUSES: readonly [string, Partial<Facts>, string[]][] = [
  ['none: all is well with 6.2', {}, []],
  ['events failed a minute ago', lostEvents(60), ['EventsLost/ingest critical']],
  ['events failed yesterday, and nobody has looked', lostEvents(80_000), ['EventsLost/ingest warning']],
  ['a worker that died had rows of events in hand', { queue: { kind: 'none' }, database: databaseOf({ tasks: { depth: 0, lost: { count: 7, events: true, newestSeconds: 20 } } }) }, ['EventsLost/ingest critical']],
  ["a batch failed, the operator's own event in it", { canary: NOT_STORED, queue: queueOf({ lost: { count: 1, events: true, newestSeconds: 5 } }) }, ['EventsLost/ingest critical']],
  ['a mail could not be sent', { queue: queueOf({ lost: { count: 2, events: false, newestSeconds: 60 } }) }, []],
  ['a partition of a week is missing, and batches fail', { database: databaseOf({ partitions: [{ table: 'projects_issueeventprojecthourlystatistic', days: 0, leastDays: 20.5 }] }), queue: queueOf({ lost: { count: 300, events: true, newestSeconds: 3 } }) }, ['PartitionsMissing/postgres critical, maintain-partitions']],
  ['the worker takes nothing', { canary: NOT_STORED, queue: queueOf({ depth: 4 }) }, ['WorkerStuck/worker critical, restart-worker']],
  ['an event is gone without having waited: the worker is not at fault', { canary: NOT_STORED }, ['EventsNotStored/ingest critical']],
  ['the queue is full, and what it refuses is answered 200', { canary: NOT_STORED, queue: queueOf({ usedBytes: 29.9e6 }) }, ['QueueFull/valkey critical']],
  ['tasks wait in the table', { queue: { kind: 'none' }, database: databaseOf({ tasks: { depth: 5_000 } }), canary: STORED_MEANWHILE }, ['Backlog/worker warning']],
  ['its migrate Job has been at work for half an hour', withMigrateJob(1_800), []],
  ['its migrate Job has been at work for an hour', withMigrateJob(3_600), ['MigrationsPending/postgres critical, migrate']],
  ['the database is of the release', { database: databaseOf({ schema: '6.2' }) }, []],
  ['the database is of 5.2: pods wait, and no Job is run for them', { ...HELD, database: databaseOf({ schema: '5.2', missing: ['issue_events_issueindex'] }) }, ['ReleaseMismatch/postgres critical']],
];
