// The health controller from check to check: what it writes, sends and repairs, in which order, and what it leaves alone.
import { describe, expect, it } from '@jest/globals';
import type { Holder } from '../../../../../operator/core/operations/exclusion.js';
import { DEFAULT, ofSecret, served } from '../../core/health/https-causes.js';
import { NOW, ago, answered, databaseOf, factsOf, queueOf } from '../../core/health/health-scenarios.js';
import { HealthWorld, alertsWithChannel, checks } from './health-controller-scenarios.js';

const WELL = factsOf();
const DOWN = factsOf({ database: { kind: 'unreachable', why: 'ECONNREFUSED' }, canary: { kind: 'refused', status: 500 } });
const STUCK = factsOf({ canary: { kind: 'not stored', oldestSeconds: 5, storedMeanwhile: 0 }, queue: queueOf({ depth: 40 }) });

function condition(world: HealthWorld, type: string): string {
  const found = world.resource?.status?.conditions?.find((each) => each.type === type);
  return found ? `${found.status} ${found.reason}` : 'none';
}

describe('a quiet time', () => {
  it('writes the status once, and again after five minutes', async () => {
    const world = new HealthWorld();
    expect(await checks(world, 25)).toEqual(Array.from({ length: 25 }, () => 30));
    expect(world.take().filter((each) => each === 'write status')).toHaveLength(1);
    await checks(world, 7);
    expect(world.take().filter((each) => each === 'write status')).toHaveLength(1);
    expect([condition(world, 'Healthy'), condition(world, 'IngestWorking')]).toEqual(['True AllWell', 'True AllWell']);
  });

  it('gives the figures of every check to the metrics', async () => {
    const world = new HealthWorld();
    await checks(world, 3);
    expect(world.reported.map((health) => health?.figures?.eventSeconds)).toEqual([2.4, 2.4, 2.4]);
  });
});

describe('an incident', () => {
  it('opens after three failed checks that come soon, and closes after two good ones; each is one event', async () => {
    const world = new HealthWorld();
    world.alerts = alertsWithChannel();
    await world.check();
    world.take();
    world.facts = DOWN;
    expect(await checks(world, 2)).toEqual([4, 4]);
    expect([world.take().filter((each) => /event|notify/.test(each)), condition(world, 'Healthy')]).toEqual([[], 'True AllWell']);
    expect(await world.check()).toBe(10);
    expect(world.take()).toEqual(['write alert state', 'no heartbeat', 'notify open', 'write alert state', 'event Warning DatabaseDown', 'write status']);
    expect([condition(world, 'Healthy'), condition(world, 'IngestWorking')]).toEqual(['False DatabaseDown', 'False DatabaseDown']);
    await checks(world, 4);
    expect(world.take().filter((each) => /event|status|notify/.test(each))).toEqual([]);
    world.facts = WELL;
    await checks(world, 2);
    expect(world.take().filter((each) => /event|notify/.test(each))).toEqual(['notify resolved', 'event Normal IncidentOver']);
    expect(condition(world, 'Healthy')).toBe('True AllWell');
  });

  it.each([[2, [28, 2, 2, 8]], [7, [23, 1, 1, 3]]])('checks that take %i s come no later for it', async (seconds, pauses) => {
    const world = new HealthWorld();
    world.checkSeconds = seconds;
    const well = await checks(world, 1);
    world.facts = DOWN;
    expect([...well, ...(await checks(world, 3))]).toEqual(pauses);
  });

  it('does not keep another one waiting', async () => {
    const world = new HealthWorld();
    world.facts = STUCK;
    expect(await checks(world, 3)).toEqual([4, 4, 10]);
    world.facts = factsOf({ ...STUCK, database: databaseOf({ partitions: [{ table: 'issue_events_issueevent', days: 1.5, leastDays: 5.5 }] }) });
    expect(await checks(world, 3)).toEqual([4, 4, 10]);
  });

  it('survives a restart of the operator: it is not opened again', async () => {
    const first = new HealthWorld();
    first.alerts = alertsWithChannel();
    first.facts = DOWN;
    await checks(first, 3);
    const second = new HealthWorld();
    second.facts = DOWN;
    second.alerts = first.alerts;
    second.resource = first.resource;
    await checks(second, 3);
    expect(second.take().filter((each) => /event|notify/.test(each))).toEqual([]);
  });

  it('of another operator that is the leader meanwhile is not sent twice', async () => {
    const world = new HealthWorld();
    world.facts = DOWN;
    world.hasRival = true;
    await checks(world, 4);
    expect(world.take()).toEqual([]);
  });
});

describe('a leak', () => {
  it.each<[string, object]>([['that waits', {}], ['while the operator is suspended', { suspend: true }]])('%s is told critical within five minutes, though nobody has recorded it', async (_, spec) => {
    const world = new HealthWorld(spec, { 'glitchkeeper.io/rotate': 'compromised' });
    const incidents = () => world.resource?.status?.health?.incidents ?? [];
    let seconds = 0;
    while (incidents().length === 0 && seconds < 600) {
      const [pause = 0] = await checks(world, 1);
      // A check counts as ten seconds.
      world.wait(pause - 10);
      seconds += pause;
    }
    expect(incidents()).toMatchObject([{ reason: 'CredentialsCompromised', severity: 'critical' }]);
    expect(seconds).toBeLessThan(300);
  });
});

describe('a repair', () => {
  it('is written down before it is made, and made once', async () => {
    const world = new HealthWorld();
    world.facts = STUCK;
    await checks(world, 30);
    const done = world.take();
    expect(done.filter((each) => each.startsWith('restart'))).toEqual(['restart worker']);
    expect(done.slice(done.indexOf('restart worker') - 1, done.indexOf('restart worker') + 2)).toEqual(['write alert state', 'restart worker', 'event Normal Repair']);
    expect(world.resource?.status?.health?.repairs).toMatchObject([{ healing: 'restart-worker', reason: 'WorkerStuck' }]);
    expect(world.resource?.status?.health?.incidents?.[0]?.healing).toMatch(/^restarting the worker was tried once/);
  });

  it('of the worker inside web restarts web', async () => {
    const world = new HealthWorld();
    if (world.resource) world.resource = { ...world.resource, spec: { version: '6.2' } };
    world.facts = factsOf({ ...STUCK, queue: { kind: 'none' }, database: databaseOf({ tasks: { depth: 40, oldestTaskSeconds: 90 } }) });
    await checks(world, 30);
    expect(world.take().filter((each) => each.startsWith('restart'))).toEqual(['restart web']);
    expect(world.resource?.status?.health?.incidents?.[0]).toMatchObject({ reason: 'WorkerStuck', part: 'web', message: expect.stringContaining('40 tasks wait, the oldest since 90 s') });
  });

  it('of the schema runs the migrate Job', async () => {
    const world = new HealthWorld();
    world.facts = factsOf({ database: databaseOf({ missing: ['django_migrations'], partitions: [] }), canary: { kind: 'not sent', why: 'tables are missing' } });
    await checks(world, 15);
    expect(world.take().filter((each) => /^lock|^run/.test(each))).toEqual(['lock for migration', 'run migrate']);
  });

  it('of the schema is not made when a rotation begins at the same moment', async () => {
    const world = new HealthWorld();
    world.facts = factsOf({ database: databaseOf({ missing: ['django_migrations'], partitions: [] }), canary: { kind: 'not sent', why: 'tables are missing' } });
    world.isLockLost = true;
    await checks(world, 15);
    expect(world.take().filter((each) => /^lock|^run|RepairFailed/.test(each))).toEqual(['event Warning RepairFailed']);
  });

  it.each<[string, Partial<Holder>, boolean]>([
    ['waits for a backup that holds the lock', {}, false],
    ['does not wait for one that has ended without releasing it', { until: NOW }, true],
    ['does not wait for one whose Job is gone', { since: ago(600) }, true],
    ['does not wait for a rotation of which the journal knows nothing', { operation: 'rotation' }, true],
  ])('of the schema %s', async (_, changes, isMade) => {
    const world = new HealthWorld();
    world.facts = factsOf({ database: databaseOf({ missing: ['django_migrations'], partitions: [] }), canary: { kind: 'not sent', why: 'tables are missing' } });
    world.lock = { kind: 'held', holder: { operation: 'backup', name: 'backup-1', since: ago(-3_600), until: ago(-7_200), ...changes }, resourceVersion: '3' };
    await checks(world, 15);
    expect(world.take().includes('run migrate')).toBe(isMade);
  });

  it('is not made by an operator that is not the leader any more', async () => {
    const world = new HealthWorld();
    world.facts = STUCK;
    await checks(world, 3);
    world.leadership = 'follows';
    expect(await world.check()).toBeUndefined();
    world.leadership = 'cut off';
    await checks(world, 20);
    expect(world.take().filter((each) => each.startsWith('restart'))).toEqual([]);
  });
});

describe('a clock that was set back', () => {
  const ahead = '2026-06-01T09:00:00Z';

  it('makes what the alert state says of later times as of now', async () => {
    const world = new HealthWorld();
    world.alerts = { ...alertsWithChannel(), repairs: [{ at: ahead, healing: 'migrate', reason: 'r', message: 'm' }] };
    await world.check();
    expect(Date.parse(world.alerts.repairs[0]?.at ?? '')).toBeLessThan(Date.parse(ahead));
    expect(world.resource?.status?.health?.repairs?.[0]?.at).toBe(world.alerts.repairs[0]?.at);
  });

  it('neither makes incidents of later times nor an absence of less than nothing, while the API server is away', async () => {
    const world = new HealthWorld();
    world.facts = factsOf({ database: { kind: 'unreachable', why: 'ECONNREFUSED' }, canary: { kind: 'refused', status: 500 } });
    world.alerts = alertsWithChannel();
    await checks(world, 3);
    world.step(-36_000);
    world.apiIsAway = true;
    await checks(world, 3);
    const incidents = world.reported.at(-1)?.incidents ?? [];
    expect(incidents.map(({ reason }) => reason).sort()).toEqual(['DatabaseDown', 'KubernetesUnreachable']);
    expect(incidents.filter(({ since }) => Date.parse(since) > Date.parse(world.reported.at(-1)?.checkedAt ?? ''))).toEqual([]);
    expect(incidents.find(({ reason }) => reason === 'KubernetesUnreachable')?.message).not.toContain('-');
  });

  it('does not keep the status from being written until it has come there again', async () => {
    const world = new HealthWorld();
    await world.check();
    world.take();
    world.step(-3_600);
    await world.check();
    expect(world.take()).toContain('write status');
  });
});

describe('while the API server is away', () => {
  it('that is reported from memory, and kept when it is back', async () => {
    const world = new HealthWorld();
    world.alerts = alertsWithChannel();
    await world.check();
    world.take();
    world.apiIsAway = true;
    await checks(world, 2);
    world.leadership = 'cut off';
    await checks(world, 3);
    expect(world.take().filter((each) => each.startsWith('notify'))).toEqual(['notify open node']);
    expect(world.reported.at(-1)?.incidents?.map(({ reason }) => reason)).toEqual(['KubernetesUnreachable']);
    world.apiIsAway = false;
    expect(await world.check()).toBe(4);
    expect(world.take()).toEqual([]);
    // It was heard again, and the Lease is not won yet.
    world.leadership = 'follows';
    expect(await world.check()).toBe(4);
    world.leadership = 'leads';
    await checks(world, 2);
    expect(world.take().filter((each) => /notify|event/.test(each))).toEqual(['notify resolved node', 'event Normal IncidentOver']);
  });

  it('what was sent from memory is forgotten when another operator is the leader for a minute', async () => {
    const world = new HealthWorld();
    world.alerts = alertsWithChannel();
    await world.check();
    world.apiIsAway = true;
    world.leadership = 'cut off';
    await checks(world, 3);
    world.apiIsAway = false;
    world.leadership = 'follows';
    const pauses = await checks(world, 20);
    expect([pauses[0], pauses.at(-1)]).toEqual([4, undefined]);
  });

  it('an incident that was open stays open', async () => {
    const world = new HealthWorld();
    world.facts = DOWN;
    await checks(world, 3);
    world.apiIsAway = true;
    await checks(world, 6);
    expect(world.reported.at(-1)?.incidents?.map(({ reason }) => reason).sort()).toEqual(['DatabaseDown', 'KubernetesUnreachable']);
  });

  it('one who never led says nothing', async () => {
    const world = new HealthWorld();
    world.apiIsAway = true;
    world.leadership = 'cut off';
    await checks(world, 5);
    expect(world.take()).toEqual([]);
  });
});

describe('a resource', () => {
  it('whose health is switched off: its conditions are taken away, once', async () => {
    const world = new HealthWorld();
    await world.check();
    world.take();
    if (world.resource) world.resource = { ...world.resource, spec: { version: '5.2', health: { enabled: false } } };
    expect(await checks(world, 2)).toEqual([undefined, undefined]);
    expect(world.take()).toEqual(['clear status']);
    expect(world.reported.at(-1)).toBeUndefined();
  });

  it('whose health is switched off, and whose alert state may not be read, is looked at seldom', async () => {
    const world = new HealthWorld({ health: { enabled: false } });
    world.alertStateIsUnreadable = true;
    expect(await checks(world, 2)).toEqual([300, 300]);
  });

  it('that is gone is forgotten', async () => {
    const world = new HealthWorld();
    world.resource = undefined;
    expect([await world.check(), world.take()]).toEqual([undefined, []]);
  });

  it('that asks for a test message gets one, and the annotation is dropped', async () => {
    const world = new HealthWorld({}, { 'glitchkeeper.io/alert-test': 'now' });
    await world.check();
    expect(world.take()).toContain('drop alert test');
    expect(world.resource?.status?.health?.alertTest?.id).toBe('now');
  });

  it('that is checked every ten seconds is not checked less often while something starts', async () => {
    const world = new HealthWorld({ health: { everySeconds: 10 } });
    world.facts = factsOf({ web: { health: answered(500), pods: [] } });
    expect(await world.check()).toBe(4);
  });
});

describe('the Secret of the certificate', () => {
  const withSecret = () => {
    const world = new HealthWorld({ web: { tls: 'web-tls' } });
    world.facts = factsOf({ ...ofSecret(60), ...served(60) });
    return world;
  };

  it('is not read at every check while its certificate is good for long', async () => {
    const world = withSecret();
    await checks(world, 5);
    expect(world.certificateReads).toBe(1);
  });

  it('is read at each check while it ends soon, and once another one is served: it may be gone', async () => {
    const [ending, other] = [withSecret(), withSecret()];
    ending.facts = factsOf(ofSecret(7));
    await checks(ending, 3);
    await checks(other, 2);
    other.facts = factsOf({ ...ofSecret(60), ...served(300, DEFAULT) });
    await checks(other, 3);
    expect([ending.certificateReads, other.certificateReads]).toEqual([3, 3]);
  });
});
