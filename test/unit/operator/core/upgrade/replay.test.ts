// Whole upgrades on a world in memory: what is done, in its order; and that wherever the operator or a Job is ended, the end is the same.
import { describe, expect, it } from '@jest/globals';
import { upgradeStatus } from '../../../../../operator/api/upgrade-fields.js';
import { UpgradeWorld } from './upgrade-scenarios.js';

function begun(change: Partial<UpgradeWorld> = {}): UpgradeWorld {
  const world = Object.assign(new UpgradeWorld(), change);
  world.send(1);
  world.pass(1_000);
  world.request = '6.2';
  return world;
}

const reached = (world: UpgradeWorld, phase: string) => () => world.phase === phase && world.request === undefined && world.status.current?.request === undefined;
const isOver = (world: UpgradeWorld) => () => world.status.last !== undefined && world.status.current === undefined && world.lock === 'free' && world.request === undefined;

/** As a person and the command line do: the manifests when it waits for them. */
function led(world: UpgradeWorld, phase = 'Unconfirmed', meanwhile: (turn: number) => 'status' | 'action' | undefined = () => undefined): UpgradeWorld {
  world.until(reached(world, phase), (turn) => {
    if (world.phase === 'Ready' && world.running === '5.2') world.applyManifests('6.2');
    return meanwhile(turn);
  });
  return world;
}

/** All that a person would see, without times. */
function endOf(world: UpgradeWorld): object {
  const { replicas, gateway, lock, step, running, schema, queue, stored, saved, migrations, status: { last } } = world;
  return { replicas, gateway, lock, step, running, schema, queue, stored: [...stored].sort(), hasBackup: saved !== undefined, jobs: migrations.map(({ name, outcome }) => `${name} ${outcome}`), result: last?.result };
}

describe('an upgrade', () => {
  it('does this, in this order', () => {
    const world = led(begun());
    world.until(() => world.lock === 'free');
    world.request = 'confirm';
    world.until(isOver(world));
    expect(world.done).toEqual([
      '-> Waiting', 'drop request', 'take lock',
      '-> Draining', 'gateway holds without keeping',
      '-> Stopping', 'gateway holds', 'hold', 'scale to 0',
      '-> Saving', 'save',
      '-> Ready', 'scale to 0',
      '-> Migrating', 'name 5.2-6.2',
      '-> Starting', 'let go', 'scale to 1',
      '-> Proving', 'send event',
      '-> Unconfirmed', 'gateway keeps', 'release lock',
      '-> Cleaning', 'drop request', 'take lock', 'gateway gives', 'forget step',
      '-> Confirmed', 'release lock',
    ]);
    expect(upgradeStatus.parse(world.status)).toEqual(world.status);
  });

  it('ends with the next release, an empty queue of the old one, and every event that came', () => {
    const world = begun();
    let sent = 1;
    led(world, 'Unconfirmed', () => { world.send((sent += 1)); return undefined; });
    world.turn();
    world.pass(1_000);
    expect(endOf(world)).toMatchObject({ replicas: { web: 1, worker: 1 }, gateway: 'keeps', schema: '6.2', queue: 0, hasBackup: true });
    expect([...world.taken].filter((event) => !world.stored.has(event))).toEqual([]);
    expect(sent).toBeGreaterThan(15);
    expect(world.status.current?.copy).toMatch(/^20261129T10/);
  });

  it('without a gateway stops web first, so that the queue can empty', () => {
    const world = led(begun({ hasGateway: false }), 'Stopping');
    expect(world.done).toEqual(['-> Waiting', 'drop request', 'take lock', '-> Draining', 'stop web', '-> Stopping']);
    expect(world.queue).toBe(0);
  });

  it.each(['Waiting', 'Draining', 'Stopping', 'Saving', 'Ready'] as const)('that is taken back in %s starts everything as it was', (phase) => {
    const world = begun();
    world.until(reached(world, phase));
    world.request = 'undo';
    world.until(isOver(world));
    expect(endOf(world)).toMatchObject({ replicas: { web: 1, worker: 1 }, gateway: 'gives', schema: '5.2', step: undefined, result: 'Canceled', jobs: [] });
  });

  it('that is taken back when 6.2 was applied, and nothing migrated, waits for 5.2, and ends the Job that waits', () => {
    const world = begun();
    world.until(reached(world, 'Ready'));
    world.applyManifests('6.2');
    world.request = 'undo';
    world.until(reached(world, 'Returning'));
    world.turn();
    expect(world.plan().message).toMatch(/^Returning: the manifests of 5\.2 are to be applied .*: those of 6\.2 are\.$/);
    world.applyManifests('5.2');
    world.until(isOver(world));
    expect(endOf(world)).toMatchObject({ schema: '5.2', result: 'Canceled', jobs: [], gateway: 'gives' });
    expect(world.done).toContain('end migrate-6.2');
  });

  it('that is taken back afterwards has the backup restored by 5.2, and what came since is given to it', () => {
    const world = led(begun());
    world.turn();
    for (const event of [7, 8]) world.send(event);
    world.pass(1_000);
    world.request = 'undo';
    world.until(() => world.phase === 'Undoing' && world.plan().message.includes('manifests of 5.2'));
    expect([world.gateway, world.replicas, world.schema]).toEqual(['holds', { web: 0, worker: 0 }, '6.2']);
    world.applyManifests('5.2');
    world.until(() => world.restored);
    expect(world.step).toBeUndefined();
    world.restoreCopy('Unconfirmed');
    // The restore has taken the lock over, and waits for a person without it.
    world.lock = 'free';
    world.until(isOver(world));
    expect(endOf(world)).toMatchObject({ running: '5.2', schema: '5.2', gateway: 'keeps', result: 'Undone', stored: [1, 7, 8] });
  });

  it('whose restore comes to nothing waits for a person: stay starts the next release again, and confirm keeps it', () => {
    const world = led(begun());
    world.request = 'undo';
    world.until(reached(world, 'Undoing'));
    world.applyManifests('5.2');
    world.until(() => world.restored);
    world.restoreCopy('Failed');
    expect(world.plan().message).toBe('Undoing: restore 20261129T120000Z came to nothing (Checking: fetch: IdentityWrong): undo tries once more, stay goes back to 6.2.');
    world.request = 'stay';
    world.until(reached(world, 'Migrating'));
    world.applyManifests('6.2');
    led(world);
    expect(world).toMatchObject({ schema: '6.2', running: '6.2' });
    world.request = 'confirm';
    world.until(isOver(world));
    expect(endOf(world)).toMatchObject({ result: 'Confirmed', gateway: 'gives', schema: '6.2' });
  });

  it('whose restore came to nothing is tried once more when undo is said again', () => {
    const world = led(begun());
    world.request = 'undo';
    world.until(reached(world, 'Undoing'));
    world.applyManifests('5.2');
    world.until(() => world.restored);
    world.restoreCopy('Failed');
    world.restored = false;
    world.turn();
    world.request = 'undo';
    world.until(() => world.restored);
    expect(world.phase).toBe('Undoing');
  });
});

describe('a failure before anything is migrated starts everything as it was:', () => {
  it.each<[string, Partial<UpgradeWorld>, string]>([
    ['the backup fails for good', { savingEnds: () => ({ kind: 'failed', why: 'store: StoreRefused', again: false }) }, 'Saving: store: StoreRefused'],
    ['the backup is killed three times', { savingEnds: () => ({ kind: 'failed', why: 'dump: PodGone', again: true }) }, 'Saving: dump: PodGone'],
    ['the queue does not empty', { pass: function pass(this: UpgradeWorld, milliseconds: number) { this.now = new Date(this.now.getTime() + milliseconds + 60_000); } }, "300 tasks are in the queue, or in the worker's hand"],
  ])('%s', (_, change, why) => {
    const world = begun(change);
    world.until(isOver(world));
    expect(world.status.last).toMatchObject({ result: 'Failed', why });
    expect(endOf(world)).toMatchObject({ replicas: { web: 1, worker: 1 }, gateway: 'gives', schema: '5.2' });
  });
});

describe('a Job that is killed once', () => {
  it('of the backup is followed by another one', () => {
    const world = led(begun({ savingEnds: (attempt) => (attempt === 1 ? { kind: 'failed', why: 'dump: PodGone', again: true } : undefined) }));
    expect(world.schema).toBe('6.2');
  });

  it('of the migration is followed by another one, after a pause', () => {
    const world = begun({ migrationFails: (name) => name === 'migrate-6.2' });
    led(world, 'Unconfirmed', () => { if (world.phase === 'Migrating') world.now = new Date(world.now.getTime() + 60_000); return undefined; });
    expect(world.migrations.map(({ outcome }) => outcome)).toEqual(['failed', 'succeeded']);
  });

  it('of a migration that fails again and again is told, and undo goes back', () => {
    const world = begun({ migrationFails: () => true });
    led(world, 'Migrating');
    for (let turns = 0; turns < 5; turns += 1) world.turn();
    expect(world.plan().message).toMatch(/^Migrating: Job migrate-6\.2 failed: kubectl logs job\/migrate-6\.2 -c migrate says why\. It is tried again; undo goes back\.$/);
    world.request = 'undo';
    world.until(reached(world, 'Undoing'));
  });
});

describe('a plain kubectl apply', () => {
  it.each(['Draining', 'Stopping', 'Saving'] as const)('of 6.2 in %s migrates nothing, and waits for what is before', (phase) => {
    const world = begun();
    world.until(reached(world, phase));
    world.applyManifests('6.2');
    for (let turns = 0; turns < 20 && world.phase === phase; turns += 1) { world.turn(); world.check(); }
    expect([world.step, world.schema]).toEqual([undefined, '5.2']);
    world.applyManifests('5.2');
    led(world);
    expect(world.schema).toBe('6.2');
  });

  it.each(['Ready', 'Migrating', 'Starting', 'Proving'] as const)('repeated in %s comes to the same end', (phase) => {
    const world = led(begun(), phase);
    world.applyManifests(world.running);
    led(world);
    world.turn();
    expect(endOf(world)).toMatchObject({ schema: '6.2', gateway: 'keeps', replicas: { web: 1, worker: 1 } });
  });
});

describe('wherever the operator is ended,', () => {
  const run = (turn: 'confirm' | 'undo', meanwhile: (turn: number) => 'status' | 'action' | undefined, twice = false): UpgradeWorld => {
    const world = begun();
    if (twice) {
      const apply = world.apply.bind(world);
      world.apply = (action) => { apply(action); if (action.kind !== 'end migration') apply(action); };
    }
    let turns = 0;
    const counted = () => meanwhile(turns++);
    led(world, 'Unconfirmed', counted);
    world.request = turn;
    if (turn === 'confirm') world.until(isOver(world), counted);
    else {
      world.until(reached(world, 'Undoing'), counted);
      world.applyManifests('5.2');
      world.until(() => world.restored, counted);
      world.restoreCopy('Unconfirmed');
      world.lock = 'free';
      world.until(isOver(world), counted);
    }
    return world;
  };

  describe.each(['confirm', 'undo'] as const)('and the person says %s, the end is the same:', (turn) => {
    const whole = run(turn, () => undefined);
    it.each(['status', 'action'] as const)('in any one turn, before its %s', (lost) => {
      for (let at = 0; at < 70; at += 1) expect(endOf(run(turn, (now) => (now === at ? lost : undefined)))).toEqual(endOf(whole));
    });
    it('in every second turn', () => {
      for (const lost of ['status', 'action'] as const) expect(endOf(run(turn, (now) => (now % 2 === 0 ? lost : undefined)))).toEqual(endOf(whole));
    });
    it('after each action, which is done a second time', () => expect(endOf(run(turn, () => undefined, true))).toEqual(endOf(whole)));
  });
});

describe('events of the old release', () => {
  it('are imported once the next one runs, whether the upgrade is confirmed or not', () => {
    for (const isConfirmed of [false, true]) {
      const world = led(begun());
      world.until(() => world.lock === 'free');
      if (isConfirmed) {
        world.request = 'confirm';
        world.until(isOver(world));
      }
      world.request = 'import';
      world.until(() => world.status.legacyImport?.end !== undefined && world.request === undefined);
      expect(world.status.legacyImport).toMatchObject({ end: { result: 'Imported', imported: 40, left: 0 } });
      expect(upgradeStatus.parse(world.status)).toEqual(world.status);
    }
  });

  it('are not before it runs', () => {
    const world = led(begun(), 'Migrating');
    world.request = 'import';
    world.turn();
    expect(world.status.refused?.why).toBe('There are no events of an older release to import: that follows an upgrade.');
  });

  it('wait for others', () => {
    const world = led(begun());
    world.until(() => world.lock === 'free');
    world.lock = 'rotation';
    world.request = 'import';
    for (let turns = 0; turns < 4; turns += 1) world.turn();
    expect(world.status.legacyImport).toMatchObject({ waitsFor: 'rotation 1 is under way' });
  });

  it('whose Job is gone before its end was seen are told as failed', () => {
    const world = led(begun());
    world.until(() => world.lock === 'free');
    world.status = { ...world.status, legacyImport: { id: '20261129T110000Z', jobMadeAt: '2026-11-29T11:00:01Z' } };
    world.turn();
    expect(world.status.legacyImport?.end).toMatchObject({ result: 'Failed', why: 'its Job was deleted before anybody saw how it ended' });
  });
});
