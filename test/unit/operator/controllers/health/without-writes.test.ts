// The health controller while the API server answers and keeps nothing, refuses, or loses what it answered: somebody is told all the same, once.
import { describe, expect, it } from '@jest/globals';
import { factsOf, queueOf } from '../../core/health/health-scenarios.js';
import { HealthWorld, alertsWithChannel, checks } from './health-controller-scenarios.js';

const DOWN = factsOf({ database: { kind: 'unreachable', why: 'ECONNREFUSED' }, canary: { kind: 'refused', status: 500 } });
const STUCK = factsOf({ canary: { kind: 'not stored', oldestSeconds: 5, storedMeanwhile: 0 }, queue: queueOf({ depth: 40 }) });

/** One that leads, and whose first check is over. */
async function leading(): Promise<HealthWorld> {
  const world = new HealthWorld();
  world.alerts = alertsWithChannel();
  await world.check();
  world.take();
  return world;
}

const reasons = (world: HealthWorld) => world.told.at(-1)?.incidents?.map(({ reason, part }) => `${reason}/${part}`).sort();
const conditions = (world: HealthWorld) => world.resource?.status?.conditions?.map(({ type, status, message }) => [type, status, message]);
const checkedAtOf = (world: HealthWorld) => world.resource?.status?.health?.checkedAt;
const tellings = (world: HealthWorld) => world.take().filter((each) => each.startsWith('tell'));
const LETTER = { id: 'l', channel: 'webhook', event: 'report', edit: false, at: '2026-06-01T02:14:00Z', attempts: 0 } as const;
const refusal = (status: number) => Object.assign(new Error(`${status}`), { status });

describe('an API server that answers and takes no writes', () => {
  it('so that the Lease is lost: it is told from memory after half a minute, GlitchTip is watched on, and nothing is written', async () => {
    const world = await leading();
    world.standing = 'cut off';
    expect(await checks(world, 3)).toEqual([4, 4, 4]);
    expect(world.take()).toEqual([]);
    await checks(world, 3);
    expect(world.take()).toEqual(['tell open writes']);
    expect(world.told.at(-1)?.incidents?.[0]?.message).toMatch(/^The API server answers, but has not let the operator write down .* for 20 s \(the Lease/);
    world.facts = DOWN;
    await checks(world, 3);
    expect(tellings(world)).toEqual(['tell open']);
    expect(reasons(world)).toEqual(['DatabaseDown/postgres', 'KubernetesUnreachable/writes']);
    world.facts = factsOf();
    await checks(world, 2);
    expect(tellings(world)).toEqual(['tell resolved']);
    world.standing = 'leads';
    await checks(world, 2);
    expect(tellings(world)).toEqual(['tell resolved writes']);
  });

  it('is told after half a minute though the clock is set back meanwhile', async () => {
    const world = await leading();
    world.standing = 'cut off';
    await world.check();
    world.step(-3_600);
    await checks(world, 5);
    expect(tellings(world)).toEqual(['tell open writes']);
    expect(world.told.at(-1)?.incidents?.[0]?.message).toContain(' for 20 s ');
  });

  it('is repaired nothing under', async () => {
    const world = await leading();
    world.facts = STUCK;
    world.alertStateWrites = 'fail';
    await checks(world, 20);
    world.standing = 'cut off';
    await checks(world, 20);
    expect(world.take().filter((each) => /restart|write alerts/.test(each))).toEqual([]);
  });

  it('is told by nobody who never led', async () => {
    const world = new HealthWorld();
    world.alerts = alertsWithChannel();
    world.standing = 'cut off';
    await checks(world, 20);
    expect(world.take()).toEqual([]);
  });

  it('is told by nobody while the alert state says that another operator wrote', async () => {
    const world = await leading();
    world.standing = 'cut off';
    world.writeAsAnother();
    await checks(world, 20);
    expect(tellings(world)).toEqual([]);
  });

  it('and then none at all is the same incident', async () => {
    const world = await leading();
    world.standing = 'cut off';
    await checks(world, 6);
    world.apiIsAway = true;
    await checks(world, 3);
    expect(tellings(world)).toEqual(['tell open writes', 'tell update node']);
    expect(reasons(world)).toEqual(['KubernetesUnreachable/node']);
  });
});

describe('an alert state that cannot be written', () => {
  it('while its operator leads: what was to be told is told once, and written down when it can be', async () => {
    const world = await leading();
    world.alertStateWrites = 'fail';
    world.facts = DOWN;
    await checks(world, 4);
    expect(tellings(world)).toEqual(['tell open writes', 'tell open']);
    expect(world.resource?.status?.conditions?.find(({ type }) => type === 'IngestWorking')?.status).toBe('False');
    world.alertStateWrites = 'well';
    await checks(world, 3);
    expect(tellings(world)).toEqual(['tell resolved writes']);
    expect(world.alerts?.followed.map(({ reason, state }) => `${reason} ${state}`)).toEqual(expect.arrayContaining(['DatabaseDown open']));
  });

  it('is told by nobody who does not lead any more', async () => {
    const world = await leading();
    world.alertStateWrites = 'fail';
    world.facts = DOWN;
    await checks(world, 1);
    // The Lease went to another one between two looks at it.
    const leads = ['leads', 'follows'] as const;
    let asked = 0;
    Object.defineProperty(world, 'standing', { get: () => leads[Math.min(asked++, 1)] });
    await expect(world.check()).rejects.toThrow('403');
    expect(tellings(world)).toEqual([]);
  });
});

describe('what was told', () => {
  it('is known when the API server dies between two writes of a check', async () => {
    const world = await leading();
    world.facts = DOWN;
    await checks(world, 2);
    world.writesUntilAway = 1;
    await world.check().catch(() => undefined);
    world.standing = 'cut off';
    await checks(world, 4);
    expect(tellings(world)).toEqual(['tell open', 'tell open node']);
    world.writesUntilAway = Infinity;
    world.apiIsAway = false;
    world.standing = 'leads';
    await checks(world, 2);
    expect(tellings(world)).toEqual(['tell resolved node']);
  });

  it('is known by its text when the answer to its write was lost', async () => {
    const world = await leading();
    world.facts = DOWN;
    await checks(world, 2);
    world.alertStateWrites = 'lose their answer';
    await world.check();
    world.alertStateWrites = 'well';
    await checks(world, 5);
    expect(tellings(world)).toEqual(['tell open']);
    expect(reasons(world)).toEqual(['DatabaseDown/postgres']);
  });
});

describe('an API server that refuses the operator', () => {
  it.each([401, 403, 429])('with %d is told in words of its own', async (status) => {
    const world = await leading();
    world.refusal = refusal(status);
    await checks(world, 3);
    expect(tellings(world)).toEqual(['tell open access']);
    expect(world.told.at(-1)?.incidents?.[0]?.message).toContain(`refused the operator for 20 s (${status})`);
  });

  it('with another answer fails, and is tried again', async () => {
    const world = await leading();
    world.refusal = refusal(400);
    await expect(world.check()).rejects.toThrow('400');
  });

  it('the status alone makes no check late, and keeps nobody from being told', async () => {
    const world = await leading();
    world.statusRefusal = refusal(422);
    world.facts = DOWN;
    expect(await checks(world, 3)).toEqual([4, 4, 10]);
    expect(tellings(world)).toEqual(['tell open']);
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
    expect(tellings(world)).toEqual(['tell open writes', 'tell open']);
  });

  it('the alert state alone, to an operator that has just started: the heart beats as long as all is well, and nothing is told twice', async () => {
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
  it('is what it said before, until the trouble is told, and then that it makes none', async () => {
    const world = await leading();
    world.facts = STUCK;
    await checks(world, 4);
    const healing = () => world.told.at(-1)?.incidents?.find(({ reason }) => reason === 'WorkerStuck')?.healing;
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
    expect(tellings(world)).toEqual(['tell open']);
  });

  it('from the start: what waits is told, and the conditions say why nothing is known', async () => {
    const world = new HealthWorld();
    await world.check();
    const checkedAt = checkedAtOf(world);
    const second = new HealthWorld();
    second.resource = world.resource;
    second.edit(ODD);
    second.leaveWaiting(LETTER);
    second.wait(60);
    expect(await checks(second, 2)).toEqual([300, 300]);
    expect(second.take()).toEqual(['no heartbeat', 'tell report', 'write alert state', 'write status', 'no heartbeat']);
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
  ])('%s, what is followed and what waits is over: nobody is told of it weeks later', async (_, end) => {
    const world = await leading();
    world.facts = DOWN;
    await checks(world, 3);
    expect(reasons(world)).toEqual(['DatabaseDown/postgres']);
    world.leaveWaiting(LETTER);
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
    expect(tellings(world)).toEqual([]);
  });
});
