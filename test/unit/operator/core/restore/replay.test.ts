// Whole restores on a world in memory: what is done, in its order; and that wherever the operator or a Job is ended, the end is the same.
import { describe, expect, it } from '@jest/globals';
import { COPY, RestoreWorld, database } from './restore-scenarios.js';

function begun(request = 'latest', change: Partial<RestoreWorld> = {}): RestoreWorld {
  const world = Object.assign(new RestoreWorld(), change);
  world.send(1);
  world.pass(1_000);
  world.request = request;
  return world;
}

const reached = (world: RestoreWorld, phase: string) => () => world.phase === phase && world.request === undefined && world.status.current?.request === undefined;
const isOver = (world: RestoreWorld) => () => world.status.last !== undefined && world.status.current === undefined && world.lock === 'free' && world.request === undefined;

/** All that a person would see, without times and OIDs. */
function endOf(world: RestoreWorld): object {
  const { replicas, gateway, lock, isLoginOpen, isAdministratorRight, storedSessions, live, status: { last } } = world;
  return {
    replicas, gateway, lock, isLoginOpen, isAdministratorRight, storedSessions, names: world.names(), holds: live?.holds, isOpen: live?.isOpen, isMigrated: live?.isMigrated,
    events: [...(live?.events ?? [])].sort(), result: last?.result, copy: last?.copy,
  };
}

describe('a restore', () => {
  it('does this, in this order', () => {
    const world = begun();
    world.until(() => world.phase === 'Unconfirmed' && world.lock === 'free');
    world.request = 'confirm';
    world.until(isOver(world));
    expect(world.done).toEqual([
      '-> Waiting', 'drop request', 'take lock',
      '-> Checking', 'job restore-check-1',
      '-> Stopping', 'gateway holds', 'hold', 'scale to 0',
      '-> Restoring', 'open restore login', 'create database glitchtip_restored', 'job restore-1', 'close restore login',
      '-> Saving', 'job backup',
      '-> Swapping', 'close database glitchtip', 'close database glitchtip_restored', 'rename glitchtip to glitchtip_before', 'rename glitchtip_restored to glitchtip', 'open database glitchtip',
      '-> Migrating', 'job glitchkeeper-migrate-restore-1', 'end stored sessions', 'set administrator password',
      '-> Starting', 'let go', 'scale to 1',
      '-> Proving', 'gateway keeps', 'send event',
      '-> Unconfirmed', 'release lock',
      '-> Cleaning', 'drop request', 'take lock', 'drop database glitchtip_before', 'gateway gives',
      '-> Confirmed', 'release lock',
    ]);
  });

  it('ends with the copy, with today\'s password, and with every event that came since the gateway held them', () => {
    const world = begun();
    const meanwhile: number[] = [];
    world.until(reached(world, 'Unconfirmed'), (turn) => {
      if (world.gateway !== 'gives') meanwhile.push(turn + 2);
      world.send(turn + 2);
      return undefined;
    });
    world.pass(1_000);
    expect(endOf(world)).toMatchObject({ replicas: 1, gateway: 'keeps', holds: 'copy', isMigrated: true, isOpen: true, isAdministratorRight: true, storedSessions: 0 });
    expect(world.names()).toEqual(['glitchtip', expect.stringMatching(/^glitchtip_before_20261129t10\d{4}z$/)]);
    expect(world.status.current).toMatchObject({ copy: COPY, saved: expect.stringMatching(/^20261129T10/), before: 5 });
    world.request = 'confirm';
    world.until(isOver(world));
    expect(world.names()).toEqual(['glitchtip']);
    expect(meanwhile.length).toBeGreaterThan(20);
    expect(meanwhile.filter((event) => !world.live?.events.has(event))).toEqual([]);
  });

  it('that is undone is as before, and has what came meanwhile', () => {
    const world = begun();
    world.until(reached(world, 'Unconfirmed'));
    for (const event of [2, 3]) world.send(event);
    world.pass(1_000);
    expect([...(world.live?.events ?? [])]).toEqual([2, 3]);
    world.request = 'undo';
    world.until(() => reached(world, 'Unconfirmed')() && world.status.current?.direction === 'back');
    world.pass(1_000);
    expect(world.live).toMatchObject({ oid: 5, holds: 'today', isOpen: true });
    expect([...(world.live?.events ?? [])].sort()).toEqual([1, 2, 3]);
    world.request = 'confirm';
    world.until(isOver(world));
    expect(endOf(world)).toMatchObject({ names: ['glitchtip'], result: 'Undone', gateway: 'gives', replicas: 1 });
  });

  it('that is undone twice is the restored one again', () => {
    const world = begun();
    world.until(reached(world, 'Unconfirmed'));
    for (const direction of ['back', 'forth']) {
      world.request = 'undo';
      world.until(() => reached(world, 'Unconfirmed')() && world.status.current?.direction === direction);
    }
    expect(world.live).toMatchObject({ holds: 'copy', isOpen: true });
    expect([...world.jobs.keys()].filter((name) => name.startsWith('glitchkeeper-migrate-'))).toHaveLength(3);
  });

  it('into a cluster that holds nothing yet saves nothing', () => {
    const world = begun('latest', { isLiveEmpty: true });
    world.databases.set('glitchtip', database(5, 'nothing'));
    world.until(reached(world, 'Unconfirmed'));
    expect(world.status.current?.saved).toBeUndefined();
    expect(world.live).toMatchObject({ holds: 'copy' });
    expect([...world.jobs.keys()].filter((name) => name.startsWith('backup-'))).toEqual([]);
  });

  it('of what is not to be saved makes no copy, and keeps the database until it is confirmed', () => {
    const world = begun('{"copy":"latest","save":false}');
    world.until(reached(world, 'Unconfirmed'));
    expect([...world.jobs.keys()].filter((name) => name.startsWith('backup-'))).toEqual([]);
    expect(world.names()).toHaveLength(2);
  });

  it('into a server without the database at all is restored, too; then there is no way back', () => {
    const world = begun('latest', { isLiveEmpty: true });
    world.databases.clear();
    world.until(reached(world, 'Unconfirmed'));
    expect(world.names()).toEqual(['glitchtip']);
    world.request = 'undo';
    expect(world.plan().action).toEqual({ kind: 'drop request', rejected: 'There was no database before this restore.' });
  });
});

describe('a restore into a database to look at', () => {
  const request = '{"copy":"latest","intoNewDatabase":true}';
  /** At every instant. */
  const untouched = (world: RestoreWorld) => expect([world.replicas, world.gateway, world.isHeld, world.live?.oid, world.live?.holds, world.live?.isOpen]).toEqual([1, 'gives', false, 5, 'today', true]);

  it('stops nothing, exchanges nothing, stays until it is undone, and then is gone', () => {
    const world = begun(request);
    world.until(() => { untouched(world); return world.phase === 'Aside' && world.lock === 'free'; });
    expect(world.names()).toEqual(['glitchtip', expect.stringMatching(/^glitchtip_restored_/)]);
    expect([...world.databases.values()].map(({ holds }) => holds)).toEqual(['today', 'copy']);
    world.request = 'undo';
    world.until(() => { untouched(world); return isOver(world)(); });
    expect([world.names(), world.status.last?.result]).toEqual([['glitchtip'], 'Canceled']);
    expect(world.done).toEqual([
      '-> Waiting', 'drop request', 'take lock',
      '-> Checking', 'job restore-check-1',
      '-> Loading', 'open restore login', 'create database glitchtip_restored', 'job restore-1', 'close restore login',
      '-> Aside', 'release lock',
      '-> Returning', 'drop request', 'drop database glitchtip_restored',
      '-> Canceled',
    ]);
  });

  it.each(['status', 'action'] as const)('comes to the same end when the operator is ended before each %s in turn', (lost) => {
    for (let at = 0; at < 20; at += 1) {
      const world = begun(request);
      world.until(() => { untouched(world); return world.phase === 'Aside' && world.lock === 'free'; }, (turn) => (turn === at ? lost : undefined));
      world.request = 'undo';
      world.until(isOver(world), (turn) => (turn === at % 4 ? lost : undefined));
      expect([world.names(), world.isLoginOpen]).toEqual([['glitchtip'], false]);
    }
  });

  it('that fails three times leaves nothing, and nothing was stopped for it', () => {
    const world = begun(request, { jobEnds: (name) => (/^restore-\d/.test(name) ? { kind: 'failed', why: 'load: DatabaseAway', again: true } : undefined) });
    world.until(() => { untouched(world); return isOver(world)(); });
    expect([world.names(), world.status.last?.result, world.status.last?.why]).toEqual([['glitchtip'], 'Failed', 'Loading: load: DatabaseAway']);
  });
});

describe('a failure before the databases change names starts everything as it was:', () => {
  const asBefore = { replicas: 1, gateway: 'gives', lock: 'free', isLoginOpen: false, names: ['glitchtip'], holds: 'today', isOpen: true };
  it.each<[string, Partial<RestoreWorld>, string]>([
    ['the copy is damaged', { jobEnds: (name) => (name.startsWith('restore-check-') ? { kind: 'failed', why: 'fetch: CopyDamaged', again: false } : undefined) }, 'Checking: fetch: CopyDamaged'],
    ['the volume has no room', { free: 6e8 }, 'the volume of Postgres: expected 620 MiB free, found 573 MiB'],
    ['the Job of the restore is killed three times', { jobEnds: (name) => (/^restore-\d/.test(name) ? { kind: 'failed', why: 'load: OutOfMemory', again: true } : undefined) }, 'Restoring: load: OutOfMemory'],
    ['what is there cannot be saved', { jobEnds: (name) => (name.startsWith('backup-') ? { kind: 'failed', why: 'dump: LoginRefused', again: false } : undefined) }, 'Saving: dump: LoginRefused; with "save": false it is kept as a database alone, until confirm'],
  ])('%s', (_, change, why) => {
    const world = begun('latest', change);
    world.until(isOver(world));
    expect(endOf(world)).toMatchObject({ ...asBefore, result: 'Failed' });
    expect(world.status.last).toMatchObject({ why });
  });

  it.each(['Waiting', 'Checking', 'Stopping', 'Restoring', 'Saving'])('it is taken back in %s', (phase) => {
    const world = begun();
    world.until(reached(world, phase));
    world.request = 'undo';
    world.until(isOver(world));
    expect(endOf(world)).toMatchObject({ ...asBefore, result: 'Canceled' });
  });

  it('web does not end', () => {
    const world = begun();
    world.until(reached(world, 'Stopping'));
    const facts = world.facts.bind(world);
    world.facts = () => ({ ...facts(), ...(world.phase === 'Stopping' ? { sessions: { kind: 'seen', value: 2 } } : {}) });
    world.until(isOver(world), () => { world.after(1); return undefined; });
    expect(world.status.last).toMatchObject({ result: 'Failed', why: '2 sessions of the application are left' });
  });
});

describe('a restore whose Job is killed once', () => {
  it.each(['restore-check-', 'restore-2', 'backup-', 'glitchkeeper-migrate-'])('goes on with another: %s', (prefix) => {
    const killed = new Set<string>();
    const world = begun('latest', {
      jobEnds: (name) => {
        if (!name.startsWith(prefix) || killed.size > 0) return undefined;
        killed.add(name);
        return { kind: 'failed', why: 'PodGone', again: true };
      },
    });
    world.until(reached(world, 'Unconfirmed'), () => { if (world.phase === 'Migrating') world.after(3); return undefined; });
    expect(killed.size).toBe(1);
    expect(world.live).toMatchObject({ holds: 'copy', isMigrated: true });
  });
});

describe('wherever the operator is ended,', () => {
  const run = (request: 'confirm' | 'undo', meanwhile: (turn: number) => 'status' | 'action' | undefined, twice = false): RestoreWorld => {
    const world = begun();
    if (twice) {
      const apply = world.apply.bind(world);
      world.apply = (action) => { apply(action); apply(action); };
    }
    let turns = 0;
    const counted = () => meanwhile(turns++);
    world.until(reached(world, 'Unconfirmed'), counted);
    world.request = request;
    if (request === 'undo') {
      world.until(() => reached(world, 'Unconfirmed')() && world.status.current?.direction === 'back', counted);
      world.request = 'confirm';
    }
    world.until(isOver(world), counted);
    return world;
  };

  describe.each(['confirm', 'undo'] as const)('and the person says %s, the end is the same:', (request) => {
    const whole = run(request, () => undefined);
    it.each(['status', 'action'] as const)('in any one turn, before its %s', (lost) => {
      for (let at = 0; at < 80; at += 1) expect(endOf(run(request, (turn) => (turn === at ? lost : undefined)))).toEqual(endOf(whole));
    });
    it('in every second turn', () => {
      for (const lost of ['status', 'action'] as const) expect(endOf(run(request, (turn) => (turn % 2 === 0 ? lost : undefined)))).toEqual(endOf(whole));
    });
    it('after each action, which is done a second time', () => expect(endOf(run(request, () => undefined, true))).toEqual(endOf(whole)));
  });

  it('undo may be said once more in any turn of the way back, and the copy is live again', () => {
    for (let at = 1; at < 45; at += 1) {
      const world = begun();
      world.until(reached(world, 'Unconfirmed'));
      world.request = 'undo';
      const isBack = () => world.phase === 'Unconfirmed' && world.status.current?.direction === 'back';
      const said: number[] = [];
      world.until(() => isBack() || said.length > 0, (turn) => {
        if (turn === at + 3) {
          world.request = 'undo';
          said.push(turn);
        }
        return undefined;
      });
      if (isBack()) break;
      world.until(() => reached(world, 'Unconfirmed')() && world.status.current?.direction === 'forth');
      expect({ at, holds: world.live?.holds, isOpen: world.live?.isOpen, names: world.names().length }).toEqual({ at, holds: 'copy', isOpen: true, names: 2 });
    }
  });

  it('undo may be said in any turn, and what was there is there again', () => {
    for (let at = 2; at < 45; at += 1) {
      const world = begun();
      world.until(() => world.request === 'undo' || world.phase === 'Unconfirmed', (turn) => {
        if (turn === at) world.request = 'undo';
        return undefined;
      });
      if (world.request === undefined) break;
      world.until(() => isOver(world)() || (reached(world, 'Unconfirmed')() && world.status.current?.direction === 'back'));
      expect({ at, holds: world.live?.holds, replicas: world.replicas, isOpen: world.live?.isOpen }).toEqual({ at, holds: 'today', replicas: 1, isOpen: true });
    }
  });
});

describe('somebody else', () => {
  it('has the lock: it waits for that one', () => {
    const world = begun('latest', { lock: 'rotation' });
    world.until(reached(world, 'Waiting'));
    expect(world.plan().message).toBe('Waiting: rotation 1 is under way.');
    world.lock = 'free';
    world.until(reached(world, 'Unconfirmed'));
  });
  it('applies the manifests in the middle: web and worker are stopped again before anything is renamed', () => {
    const world = begun();
    world.until(reached(world, 'Swapping'));
    world.replicas = 1;
    expect(world.plan().action).toEqual({ kind: 'scale', replicas: 0 });
    world.until(reached(world, 'Unconfirmed'));
    expect(world.live).toMatchObject({ holds: 'copy' });
  });
  it('makes a database of the live name in the middle of the swap: nothing is touched, and a person is told', () => {
    const world = begun();
    world.until(() => world.phase === 'Swapping' && world.live === undefined);
    world.databases.set('glitchtip', database(77, 'nothing'));
    expect(world.plan()).toMatchObject({ message: 'Swapping: there is a database glitchtip that this restore does not know: it goes on when that one has another name.' });
    expect(world.plan().action).toBeUndefined();
  });
  it('has dropped the restored database: nothing is renamed any more, and undo goes back', () => {
    const world = begun();
    world.until(() => world.phase === 'Swapping' && world.live === undefined);
    for (const name of world.names()) if (name.includes('_restored_')) world.databases.delete(name);
    expect(world.plan().message).toBe('Swapping: the database that is to be glitchtip is gone: nothing is renamed any more.');
    world.request = 'undo';
    world.until(() => reached(world, 'Unconfirmed')() && world.status.current?.direction === 'back');
    expect(world.live).toMatchObject({ oid: 5, holds: 'today' });
  });
});
