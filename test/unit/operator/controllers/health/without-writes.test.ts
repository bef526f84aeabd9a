// The health controller while the API server answers and takes no writes, refuses, or loses its answers: notifications go out nevertheless, once.
import { describe, expect, it } from '@jest/globals';
import { factsOf, queueOf } from '../../core/health/health-scenarios.js';
import { HealthWorld, alertsWithChannel, checks } from './health-controller-scenarios.js';

const DOWN = factsOf({ database: { kind: 'unreachable', why: 'ECONNREFUSED' }, canary: { kind: 'refused', status: 500 } });
const STUCK = factsOf({ canary: { kind: 'not stored', oldestSeconds: 5, storedMeanwhile: 0 }, queue: queueOf({ depth: 40 }) });

/** A leader whose first check is over. */
async function leading(): Promise<HealthWorld> {
  const world = new HealthWorld();
  world.alerts = alertsWithChannel();
  await world.check();
  world.take();
  return world;
}

const reasons = (world: HealthWorld) => world.reported.at(-1)?.incidents?.map(({ reason, part }) => `${reason}/${part}`).sort();
const conditions = (world: HealthWorld) => world.resource?.status?.conditions?.map(({ type, status, message }) => [type, status, message]);
const checkedAtOf = (world: HealthWorld) => world.resource?.status?.health?.checkedAt;
const notifications = (world: HealthWorld) => world.take().filter((each) => each.startsWith('notify'));
const NOTIFICATION = { id: 'l', channel: 'webhook', event: 'report', edit: false, at: '2026-06-01T02:14:00Z', attempts: 0 } as const;
const refusal = (status: number) => Object.assign(new Error(`${status}`), { status });

describe('an API server that answers and takes no writes', () => {
  it('so that the Lease is lost: it is reported from memory after half a minute, checks go on, and nothing is written', async () => {
    const world = await leading();
    world.leadership = 'cut off';
    expect(await checks(world, 3)).toEqual([4, 4, 4]);
    expect(world.take()).toEqual([]);
    await checks(world, 3);
    expect(world.take()).toEqual(['notify open writes']);
    expect(world.reported.at(-1)?.incidents?.[0]?.message).toMatch(/^The API server answers, but has not let the operator write down .* for 20 s \(its Lease/);
    world.facts = DOWN;
    await checks(world, 3);
    expect(notifications(world)).toEqual(['notify open']);
    expect(reasons(world)).toEqual(['DatabaseDown/postgres', 'KubernetesUnreachable/writes']);
    world.facts = factsOf();
    await checks(world, 2);
    expect(notifications(world)).toEqual(['notify resolved']);
    world.leadership = 'leads';
    await checks(world, 2);
    expect(notifications(world)).toEqual(['notify resolved writes']);
  });

  it('is reported after half a minute though the clock is set back meanwhile', async () => {
    const world = await leading();
    world.leadership = 'cut off';
    await world.check();
    world.step(-3_600);
    await checks(world, 5);
    expect(notifications(world)).toEqual(['notify open writes']);
    expect(world.reported.at(-1)?.incidents?.[0]?.message).toContain(' for 20 s ');
  });

  it('is repaired nothing under', async () => {
    const world = await leading();
    world.facts = STUCK;
    world.alertStateWrites = 'fail';
    await checks(world, 20);
    world.leadership = 'cut off';
    await checks(world, 20);
    expect(world.take().filter((each) => /restart|write alerts/.test(each))).toEqual([]);
  });

  it('is not reported by an operator that was never the leader', async () => {
    const world = new HealthWorld();
    world.alerts = alertsWithChannel();
    world.leadership = 'cut off';
    await checks(world, 20);
    expect(world.take()).toEqual([]);
  });

  it('is not reported while the alert state shows that another operator wrote', async () => {
    const world = await leading();
    world.leadership = 'cut off';
    world.writeAsAnother();
    await checks(world, 20);
    expect(notifications(world)).toEqual([]);
  });

  it('and then none at all is the same incident', async () => {
    const world = await leading();
    world.leadership = 'cut off';
    await checks(world, 6);
    world.apiIsAway = true;
    await checks(world, 3);
    expect(notifications(world)).toEqual(['notify open writes', 'notify update node']);
    expect(reasons(world)).toEqual(['KubernetesUnreachable/node']);
  });
});

describe('an alert state that cannot be written', () => {
  it('to the leader: what is due is notified once, and written when it can be', async () => {
    const world = await leading();
    world.alertStateWrites = 'fail';
    world.facts = DOWN;
    await checks(world, 4);
    expect(notifications(world)).toEqual(['notify open writes', 'notify open']);
    expect(world.resource?.status?.conditions?.find(({ type }) => type === 'IngestWorking')?.status).toBe('False');
    world.alertStateWrites = 'well';
    await checks(world, 3);
    expect(notifications(world)).toEqual(['notify resolved writes']);
    expect(world.alerts?.followed.map(({ reason, state }) => `${reason} ${state}`)).toEqual(expect.arrayContaining(['DatabaseDown open']));
  });

  it('is not reported by an operator that is not the leader any more', async () => {
    const world = await leading();
    world.alertStateWrites = 'fail';
    world.facts = DOWN;
    await checks(world, 1);
    // The Lease went to another one between two looks at it.
    const leadership = ['leads', 'follows'] as const;
    let asked = 0;
    Object.defineProperty(world, 'leadership', { get: () => leadership[Math.min(asked++, 1)] });
    await expect(world.check()).rejects.toThrow('403');
    expect(notifications(world)).toEqual([]);
  });
});

describe('what was notified', () => {
  it('is known when the API server dies between two writes of a check', async () => {
    const world = await leading();
    world.facts = DOWN;
    await checks(world, 2);
    world.writesUntilAway = 1;
    await world.check().catch(() => undefined);
    world.leadership = 'cut off';
    await checks(world, 4);
    expect(notifications(world)).toEqual(['notify open', 'notify open node']);
    world.writesUntilAway = Infinity;
    world.apiIsAway = false;
    world.leadership = 'leads';
    await checks(world, 2);
    expect(notifications(world)).toEqual(['notify resolved node']);
  });

  it('is known by its text when the answer to its write was lost', async () => {
    const world = await leading();
    world.facts = DOWN;
    await checks(world, 2);
    world.alertStateWrites = 'lose their answer';
    await world.check();
    world.alertStateWrites = 'well';
    await checks(world, 5);
    expect(notifications(world)).toEqual(['notify open']);
    expect(reasons(world)).toEqual(['DatabaseDown/postgres']);
  });
});

describe('an API server that refuses the operator', () => {
  it.each([401, 403, 429])('with %d has a message of its own', async (status) => {
    const world = await leading();
    world.refusal = refusal(status);
    await checks(world, 3);
    expect(notifications(world)).toEqual(['notify open access']);
    expect(world.reported.at(-1)?.incidents?.[0]?.message).toContain(`refused the operator for 20 s (${status})`);
  });

  it.each([
    ['CERT_HAS_EXPIRED', 'systemctl restart k3s'], ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'rotate-ca'],
  ])('is not one whose certificate is not accepted (%s): that has a remedy of its own', async (code, remedy) => {
    const world = await leading();
    world.refusal = Object.assign(new Error('certificate has expired'), { code });
    await checks(world, 3);
    expect(notifications(world)).toEqual(['notify open certificate']);
    expect(world.reported.at(-1)?.incidents?.[0]?.advice).toContain(remedy);
  });

  it('with another answer fails, and is tried again', async () => {
    const world = await leading();
    world.refusal = refusal(400);
    await expect(world.check()).rejects.toThrow('400');
  });

  it('the status alone makes no check late, and holds no notification back', async () => {
    const world = await leading();
    world.statusRefusal = refusal(422);
    world.facts = DOWN;
    expect(await checks(world, 3)).toEqual([4, 4, 10]);
    expect(notifications(world)).toEqual(['notify open']);
    // It counts as a failure, for who watches the operator.
    expect(await world.controller.reconcile('g', new AbortController().signal)).toMatchObject({ failed: true });
    world.statusRefusal = undefined;
    expect(await world.controller.reconcile('g', new AbortController().signal)).toMatchObject({ failed: false });
  });

  it('the alert state alone: GlitchTip is watched on from memory', async () => {
    const world = await leading();
    world.alertStateIsUnreadable = true;
    world.facts = DOWN;
    await checks(world, 3);
    expect(notifications(world)).toEqual(['notify open writes', 'notify open']);
  });

  it('the alert state alone, to an operator that has just started: heartbeats are sent as long as all is well, and nothing is notified twice', async () => {
    const world = new HealthWorld();
    world.alerts = alertsWithChannel();
    world.alertStateIsUnreadable = true;
    expect([await checks(world, 1), world.take()]).toEqual([[10], []]);
    world.facts = DOWN;
    await checks(world, 3);
    expect(world.take()).toEqual(['no heartbeat', 'no heartbeat', 'no heartbeat']);
  });
});

describe('what a blind operator says of its repairs', () => {
  it('is what it said before, until the outage is reported, and then that it makes none', async () => {
    const world = await leading();
    world.facts = STUCK;
    await checks(world, 4);
    const healing = () => world.reported.at(-1)?.incidents?.find(({ reason }) => reason === 'WorkerStuck')?.healing;
    const before = healing();
    world.apiIsAway = true;
    await checks(world, 2);
    expect([before, healing()]).toEqual([expect.stringMatching(/^restarting the worker is tried in/), before]);
    await checks(world, 2);
    expect(healing()).toBe('repairs nothing while it cannot write to Kubernetes.');
  });
});

describe('a spec that is not understood', () => {
  const ODD = { rotation: { timeZone: 'Europe/Berln' } };

  it('leaves the last one in use', async () => {
    const world = await leading();
    world.edit(ODD);
    world.facts = DOWN;
    await checks(world, 3);
    expect(notifications(world)).toEqual(['notify open']);
  });

  it('from the start: what waits is sent, and the conditions say why nothing is known', async () => {
    const world = new HealthWorld();
    await world.check();
    const checkedAt = checkedAtOf(world);
    const second = new HealthWorld();
    second.resource = world.resource;
    second.edit(ODD);
    second.leaveWaiting(NOTIFICATION);
    second.wait(60);
    expect(await checks(second, 2)).toEqual([300, 300]);
    expect(second.take()).toEqual(['no heartbeat', 'notify report', 'write alert state', 'write status', 'no heartbeat']);
    expect(conditions(second)).toEqual(['Healthy', 'WebHealthy', 'WorkerHealthy', 'IngestWorking'].map((type) => [type, 'Unknown', expect.stringContaining('spec.rotation.timeZone')]));
    expect([typeof checkedAt, checkedAtOf(second)]).toEqual(['string', checkedAt]);
  });

  it('of a GlitchTip that is not watched changes nothing', async () => {
    const world = new HealthWorld({ ...ODD, health: { enabled: false } });
    expect([await world.check(), world.take()]).toEqual([undefined, []]);
  });
});

describe('when watching ends', () => {
  it.each<[string, (world: HealthWorld) => void]>([
    ['because it is switched off', (world) => world.edit({ health: { enabled: false } })], ['because the resource is gone', (world) => { world.resource = undefined; }],
  ])('%s, what is followed and what waits is over: nothing is sent weeks later', async (_, end) => {
    const world = await leading();
    world.facts = DOWN;
    await checks(world, 3);
    expect(reasons(world)).toEqual(['DatabaseDown/postgres']);
    world.leaveWaiting(NOTIFICATION);
    const { resource } = world;
    end(world);
    await checks(world, 1);
    expect(world.alerts).toMatchObject({ followed: [], outbox: [], threads: [], sequence: 3 });
    world.take();
    world.resource = resource;
    world.edit({});
    world.facts = factsOf();
    world.wait(21 * 86_400);
    await checks(world, 3);
    expect(notifications(world)).toEqual([]);
  });
});
