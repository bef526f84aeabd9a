// Which observation a reason needs: only what was observed may be resolved.
import { describe, expect, it } from '@jest/globals';
import type { HealthReason } from '../../../../../operator/api/health-reasons.js';
import type { Facts } from '../../../../../operator/core/health/health-facts.js';
import { isObserved } from '../../../../../operator/core/health/unobserved.js';
import { NOW, UNSEEN, WORKER_SPEC, ago, clusterOf, databaseOf, factsOf, podOf, podsOf, queueOf, seen, specOf } from './health-scenarios.js';

const NOT_STORED = { kind: 'not stored', oldestSeconds: 5, storedMeanwhile: 0 } as const;
const REFUSES = { kind: 'refused', status: 503 } as const;
const SILENT = { kind: 'silent', code: 'timeout' } as const;
const NOT_SENT = { kind: 'not sent', why: 'web does not answer' } as const;
const NOT_OBSERVED = { kind: 'not observed', why: 'there is no password' } as const;
const UNREACHABLE = { kind: 'unreachable', why: 'ECONNREFUSED' } as const;
const NO_PODS = { cluster: clusterOf({ pods: UNSEEN }) };

describe('well again or not observed', () => {
  it.each<[HealthReason, string, Partial<Facts>, boolean]>([
    ['WorkerStuck', 'an event was stored', {}, true],
    ['WorkerStuck', 'one was not, and the worker had its time', { canary: NOT_STORED }, true],
    ['WorkerStuck', 'web refuses events', { canary: REFUSES }, false],
    ['WorkerStuck', 'web does not answer events', { canary: SILENT }, false],
    ['WorkerStuck', 'none was sent', { canary: NOT_SENT }, false],
    ['WorkerStuck', 'one was not stored, and pods are unseen', { canary: NOT_STORED, ...NO_PODS }, false],
    ['WorkerStuck', 'its new pod has just become Ready', { canary: NOT_STORED, cluster: clusterOf({ pods: podsOf(podOf('worker', { readySince: ago(5) })) }) }, false],
    ['EventsNotStored', 'an event was stored', {}, true],
    ['EventsNotStored', 'web refuses events', { canary: REFUSES }, false],
    ['Backlog', 'an event was stored', {}, true],
    ['Backlog', 'web refuses events', { canary: REFUSES }, false],
    ['Backlog', 'one was not stored', { canary: NOT_STORED }, true],
    ['Backlog', 'one was not stored, and Valkey is unseen', { canary: NOT_STORED, queue: NOT_OBSERVED }, false],
    ['IngestRefused', 'an event was taken', { canary: NOT_STORED }, true],
    ['IngestRefused', 'none was sent', { canary: NOT_SENT }, false],

    ['QueueDown', 'the password cannot be read', { queue: NOT_OBSERVED }, false],
    ['QueueDown', 'it refuses the password, so it answers', { queue: { kind: 'refused' } }, true],
    ['QueueLoginRefused', 'it is down', { queue: UNREACHABLE }, false],
    ['QueueFull', 'it refuses the password', { queue: { kind: 'refused' } }, false],
    ['QueueFilling', 'it reads its file', { queue: { kind: 'loading', secondsLeft: 3 } }, false],
    ['QueueNotPersisted', 'it was observed', { queue: queueOf() }, true],
    ['QueueNotPersisted', 'there is none any more', { queue: { kind: 'none' } }, true],

    ['EventsLost', 'the queue was observed', {}, true],
    ['EventsLost', 'Valkey is down', { queue: UNREACHABLE }, false],
    ['EventsLost', 'the table of tasks was observed', { queue: { kind: 'none' }, database: databaseOf({ tasks: { depth: 0 } }) }, true],
    ['EventsLost', 'the table of tasks is of another version', { queue: { kind: 'none' } }, false],
    ['ReleaseMismatch', 'there is no database', { database: { kind: 'no database' } }, false],
    ['ReleaseMismatch', 'it was observed', {}, true],

    ['DatabaseDown', 'no connection is left, so it answers', { database: { kind: 'no connection left' } }, true],
    ['DatabaseDown', 'the password cannot be read', { database: NOT_OBSERVED }, false],
    ['DatabaseLoginRefused', 'an event was stored', {}, true],
    ['DatabaseLoginRefused', 'the application logged in', { canary: REFUSES, database: databaseOf({ login: { kind: 'accepted', actsAs: 'glitchtip' } }) }, true],
    ['DatabaseLoginRefused', 'its login could not be tried', { canary: REFUSES }, false],
    ['DatabaseLoginRefused', 'no connection is left', { database: { kind: 'no connection left' }, canary: NOT_SENT }, false],
    ['ConnectionsExhausted', 'all of them are taken', { database: { kind: 'no connection left' } }, true],
    ['ConnectionsExhausted', 'it refuses the operator', { database: { kind: 'refused' } }, false],
    ['LongTransaction', 'no connection is left', { database: { kind: 'no connection left' } }, false],
    ['PartitionsMissing', 'it refuses the operator', { database: { kind: 'refused' } }, false],
    ['PartitionsRunningOut', 'there is no database', { database: { kind: 'no database' } }, false],
    ['PartitionsRunningOut', 'it was observed', {}, true],
    ['MigrationsPending', 'there is no database', { database: { kind: 'no database' } }, true],
    ['MigrationsPending', 'no connection is left', { database: { kind: 'no connection left' } }, false],
    ['MigrationsPending', 'pods that may wait for it are unseen', NO_PODS, false],
    ['VolumeFull', 'it was observed', {}, true],
    ['VolumeFull', 'the figure is of before Postgres went down', { database: UNREACHABLE }, false],

    ['CredentialsCompromised', 'the journal says so', {}, true],
    ['CredentialsCompromised', 'the journal cannot be read', { credentials: { phase: 'not readable' } }, false],

    ['PartDown', 'the password of Valkey cannot be read', { queue: NOT_OBSERVED }, false],
    ['MemoryLeak', 'the operator has just started', {}, false],
    ['MemoryLeak', 'it has watched for a quarter of an hour', { before: { samples: [{ at: ago(1_000), memory: new Map() }] } }, true],
    ['MemoryLeak', 'pods are unseen', { ...NO_PODS, before: { samples: [{ at: ago(1_000), memory: new Map() }] } }, false],
    ['OutOfMemory', 'Deployments are unseen', { cluster: clusterOf({ workloads: UNSEEN }) }, false],
    ['CrashLoop', 'pods were listed', { cluster: clusterOf({ memory: seen(new Map()) }) }, true],
  ])('%s: %s', (reason, _, facts, wanted) => expect(isObserved(reason, { facts: factsOf(facts), spec: specOf(WORKER_SPEC), now: NOW })).toBe(wanted));
});
