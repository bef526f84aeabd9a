// Whole restores by the controller, in a cluster in memory: cut at each write, by two operators at once, and with everything that can be in the way.
import { describe, expect, it } from '@jest/globals';
import type { Holder } from '../../../../../operator/core/operations/exclusion.js';
import type { Cut } from '../cut-world.js';
import { RestoreCluster } from './restore-cluster.js';

async function unconfirmed(cluster = new RestoreCluster(), request = 'latest'): Promise<RestoreCluster> {
  cluster.ask(request);
  await cluster.until(() => cluster.isAt('Unconfirmed')() && cluster.lock?.operation !== 'restore');
  return cluster;
}

/** All that a person would see, without times and OIDs. */
function endOf({ world, lock, secret, restore: { last } }: RestoreCluster): object {
  const { replicas, gateway, isLoginOpen, isAdministratorRight, storedSessions, live, jobs } = world;
  return {
    replicas, gateway, lock, secret, isLoginOpen, isAdministratorRight, storedSessions, names: world.names(), holds: live?.holds, isOpen: live?.isOpen, isMigrated: live?.isMigrated, result: last?.result, copy: last?.copy,
    running: [...jobs.values()].filter(({ end }) => end === undefined).length,
  };
}

/** Without the writes of the status, of which there is one before each step. */
const stepsOf = ({ writes }: RestoreCluster) => writes.filter((label) => label !== 'status');

describe('a restore', () => {
  it('writes this, in this order', async () => {
    const cluster = await unconfirmed();
    cluster.ask('confirm', false);
    await cluster.until(cluster.isOver);
    expect(stepsOf(cluster)).toEqual([
      'request dropped', 'lock taken',
      'variables', 'job',
      'gateway holds', 'held', 'web 0', 'worker 0',
      'secret written', 'login opened', 'create database', 'variables', 'job', 'login closed',
      'secret deleted', 'variables', 'job',
      'close database', 'close database', 'rename database', 'rename database', 'open database',
      'job', 'sessions ended', 'administrator set',
      'let go', 'cached sessions ended', 'web 1', 'worker 1',
      'gateway keeps', 'event sent',
      'lock released',
      'request dropped', 'lock taken', 'drop database', 'gateway gives',
      'lock released',
    ]);
    expect(endOf(cluster)).toMatchObject({ holds: 'copy', names: ['glitchtip'], result: 'Confirmed', secret: undefined, gateway: 'gives', replicas: 1 });
  });

  it('tells its containers which copy, and which database', async () => {
    const { variables, restore: { current } } = await unconfirmed(new RestoreCluster(), '{"copy":"latest","notAfter":"2026-11-28T03:00:00Z"}');
    const time = current?.id.toLowerCase() ?? '';
    expect(variables.slice(0, 2)).toEqual([
      { COPY: 'latest', NOT_AFTER: '2026-11-28T03:00:00Z', PGDATABASE: '', WITH_UPLOADS: 'true' },
      { COPY: '20261128T023000Z', NOT_AFTER: '', PGDATABASE: `glitchtip_restored_${time}`, WITH_UPLOADS: 'true' },
    ]);
    expect(JSON.parse(variables[2]?.['EXPECTED'] ?? '')).toEqual({ systemIdentifier: '7123', database: 'glitchtip', migration: 'users.0042_last', mayShrink: `restore ${current?.id ?? ''} of copy 20261128T023000Z: what it replaces` });
  });

  it('is an event when it begins, at each phase, and when it ends', async () => {
    const cluster = await unconfirmed();
    cluster.ask('confirm', false);
    await cluster.until(cluster.isOver);
    expect(cluster.events.map((event) => event.replaceAll(/20261129T\d{6}Z/g, 'ID'))).toEqual([
      'RestoreStarted: Restore ID begins: copy latest.', ...['Checking', 'Stopping', 'Restoring', 'Saving', 'Swapping', 'Migrating', 'Starting', 'Proving'].map((phase) => `RestorePhase: Restore ID is ${phase}.`),
      'RestoreUnconfirmed: Copy 20261128T023000Z is live, and the other database is kept: confirm drops it, undo exchanges the two once more.',
      'RestorePhase: Restore ID is Cleaning.', 'RestoreConfirmed: Restore ID of copy 20261128T023000Z is confirmed: the database from before is gone.',
    ]);
  });

  it('writes nothing while a person looks at it', async () => {
    const cluster = await unconfirmed();
    await cluster.look();
    const before = cluster.writes.length;
    for (let looks = 0; looks < 3; looks += 1) await cluster.look();
    expect(cluster.writes.length).toBe(before);
  });

  it('without Valkey, gateway and worker does without them', async () => {
    const cluster = new RestoreCluster();
    cluster.spec = { version: '5.2', backup: { store: 's3' } };
    cluster.world.gateway = 'keeps';
    await unconfirmed(cluster);
    expect(stepsOf(cluster).filter((label) => /gateway|worker|cached/.test(label))).toEqual([]);
    expect(cluster.world.live).toMatchObject({ holds: 'copy' });
  });
});

describe('an operator that is ended', () => {
  const whole = async (request: 'confirm' | 'undo', cut?: Cut): Promise<RestoreCluster> => {
    const cluster = new RestoreCluster();
    cluster.cut = cut;
    await unconfirmed(cluster);
    cluster.ask(request, false);
    if (request === 'undo') {
      await cluster.until(cluster.isAt('Unconfirmed', 'back'));
      cluster.ask('confirm', false);
    }
    await cluster.until(cluster.isOver);
    return cluster;
  };

  it.each(['confirm', 'undo'] as const)('at any write comes to the same end: %s', async (request) => {
    const uncut = await whole(request);
    for (let at = 0; at < uncut.writes.length; at += 1) {
      for (const how of ['before', 'lost'] as const) expect({ at, how, ...endOf(await whole(request, { at, how })) }).toEqual({ at, how, ...endOf(uncut) });
    }
  });
});

describe('two operators at once', () => {
  it('come to the same end, with one Job each time', async () => {
    const cluster = new RestoreCluster();
    cluster.ask('latest');
    const [one, other] = [cluster.controller(), cluster.controller()];
    const both = async () => { await Promise.all([one, other].map((each) => cluster.look(each).catch(() => undefined))); };
    for (let looks = 0; looks < 300 && !cluster.isAt('Unconfirmed')(); looks += 1) {
      await both();
      cluster.world.check();
    }
    expect([...cluster.world.jobs.keys()].map((name) => name.replace(/-\d{8}t.*$/, ''))).toEqual(['restore-check', 'restore', 'backup', 'glitchkeeper-migrate-restore']);
    expect(cluster.world.live).toMatchObject({ holds: 'copy', isOpen: true, isMigrated: true });
  });

  it('one of which lost the Lease while it looked: that one writes nothing', async () => {
    const cluster = new RestoreCluster();
    cluster.ask('latest');
    const term = new AbortController();
    cluster.meanwhile = () => term.abort(new Error('the Lease is lost'));
    await expect(cluster.look(cluster.controller(), term.signal)).rejects.toThrow('the Lease is lost');
    expect(cluster.writes).toEqual([]);
  });
});

describe('the identity', () => {
  it.each(['Swapping', 'Migrating', 'Unconfirmed'])('is gone when it is %s', async (phase) => {
    const cluster = new RestoreCluster();
    cluster.ask('latest');
    await cluster.until(cluster.isAt(phase));
    expect(cluster.secret).toBeUndefined();
  });

  it('is gone when it failed', async () => {
    const cluster = new RestoreCluster();
    cluster.world.jobEnds = () => ({ kind: 'failed', why: 'fetch: IdentityWrong', again: false });
    cluster.ask('latest');
    await cluster.until(cluster.isOver);
    expect([cluster.secret, cluster.restore.last?.why]).toEqual([undefined, 'Checking: fetch: IdentityWrong']);
  });

  it('that nobody asked for a restore with is gone after ten minutes', async () => {
    const cluster = new RestoreCluster();
    cluster.ask('latest');
    cluster.world.request = undefined;
    await cluster.look();
    expect(cluster.secret).toBeDefined();
    cluster.world.after(10);
    await cluster.look();
    expect(cluster.secret).toBeUndefined();
  });

  it('is not needed where copies are not encrypted: the operator makes the Secret for its own password', async () => {
    const cluster = new RestoreCluster();
    cluster.ask('latest', false);
    await cluster.until(cluster.isAt('Unconfirmed'));
    expect(stepsOf(cluster)).toEqual(expect.arrayContaining(['secret made', 'login opened', 'secret deleted']));
  });

  it('that somebody deleted in the middle takes the password with it: the login gets another one', async () => {
    const cluster = new RestoreCluster();
    cluster.ask('latest');
    await cluster.until(() => cluster.world.isLoginOpen);
    cluster.secret = undefined;
    await cluster.until(cluster.isAt('Unconfirmed'));
    expect(stepsOf(cluster).filter((label) => label === 'login opened')).toHaveLength(2);
  });
});

describe('a request that is refused', () => {
  it.each<[string, string, object | undefined, string]>([
    ['is not understood', 'please', undefined, 'Annotation glitchkeeper.io/restore: expected latest, the name of a copy, confirm, undo, or JSON; found "please".'],
    ['is for none', 'undo', undefined, 'There is no restore to undo.'],
    ['is where no backups are', 'latest', { version: '5.2' }, 'A restore was asked for, and spec.backup is not there: backup.store in settings.yaml is none.'],
  ])('because it %s is told once, and goes', async (_, request, spec, why) => {
    const cluster = new RestoreCluster();
    if (spec) cluster.spec = spec;
    cluster.ask(request, false);
    for (let looks = 0; looks < 4; looks += 1) await cluster.look();
    expect([cluster.world.request, cluster.events, cluster.restore.refused?.why]).toEqual([undefined, [`RestoreRejected: ${why}`], why]);
  });

  it('is not remembered when another one is taken up', async () => {
    const cluster = new RestoreCluster();
    cluster.ask('undo', false);
    for (let looks = 0; looks < 3; looks += 1) await cluster.look();
    await unconfirmed(cluster);
    expect(cluster.restore.refused).toBeUndefined();
  });
});

describe('what is in the way', () => {
  const holder = (operation: Holder['operation'], cluster: RestoreCluster): Holder => ({ operation, name: 'm1', since: cluster.world.now, until: new Date(cluster.world.now.getTime() + 600_000) });

  it.each<[string, (cluster: RestoreCluster) => void, RegExp]>([
    ['a migration that is about to begin', (cluster) => { cluster.lock = holder('migration', cluster); }, /^Waiting: migration m1 is under way since /],
    ['a Job of another operation', (cluster) => cluster.otherJobs.set('backup-1', 'backup'), /^Waiting: Job backup-1 has not ended\.$/],
  ])('%s is waited for, and told', async (_, change, waitsFor) => {
    const cluster = new RestoreCluster();
    change(cluster);
    cluster.ask('latest');
    for (let looks = 0; looks < 5; looks += 1) await cluster.look();
    expect([cluster.restore.current?.phase, cluster.restore.current?.waitsFor]).toEqual(['Waiting', expect.stringMatching(waitsFor)]);
  });

  it('is not its own Job', async () => {
    const cluster = await unconfirmed();
    expect(cluster.restore.current?.saved).toBeDefined();
  });

  it('a rotation for leaked credentials takes the lock over in the middle: neither waits for the other', async () => {
    const cluster = new RestoreCluster();
    cluster.ask('latest');
    await cluster.until(cluster.isAt('Restoring'));
    cluster.lock = { ...holder('compromised', cluster), until: new Date(cluster.world.now.getTime() + 86_400_000) };
    await cluster.until(cluster.isAt('Unconfirmed'));
    expect(cluster.lock).toMatchObject({ operation: 'compromised' });
  });

  it('a template that is not there is told, and everything is as it was', async () => {
    const cluster = new RestoreCluster();
    cluster.manifests = { kind: 'missing', what: 'PodTemplate restore-check' };
    cluster.ask('latest');
    await cluster.until(cluster.isOver);
    expect(cluster.restore.last).toMatchObject({ result: 'Failed', why: 'Checking: PodTemplate restore-check is not there: kubectl apply -f dist/ makes it' });
  });

  it('a quota without room is waited for, and told', async () => {
    const cluster = new RestoreCluster();
    cluster.manifests = { kind: 'present', template: { spec: { containers: [] } }, noRoom: 'the quota has no room' };
    cluster.ask('latest');
    for (let looks = 0; looks < 8; looks += 1) await cluster.look();
    expect(cluster.restore.current).toMatchObject({ phase: 'Checking', waitsFor: 'Checking: the quota has no room.' });
  });

  it('a CustomResourceDefinition that does not know the status is told once, and nothing is begun', async () => {
    const cluster = new RestoreCluster();
    cluster.refusal = Object.assign(new Error('500 InternalError: .status.restore: field not declared in schema'), { status: 500 });
    cluster.ask('latest');
    const controller = cluster.controller();
    for (let looks = 0; looks < 3; looks += 1) await expect(cluster.look(controller)).rejects.toThrow('field not declared');
    expect(cluster.events).toEqual([expect.stringMatching(/^RestoreHeldBack: The restore does not go on, for its status cannot be written: 500/)]);
    expect([cluster.writes, cluster.world.request]).toEqual([[], 'latest']);
  });
});

describe('a Job', () => {
  it('that cannot start is deleted, and everything is as it was: web is not kept away for that', async () => {
    const cluster = new RestoreCluster();
    cluster.world.neverEnds = (job) => /^restore-2/.test(job);
    cluster.waits = (job) => (/^restore-2/.test(job) ? 'ImagePullBackOff' : undefined);
    cluster.ask('latest');
    await cluster.until(cluster.isOver);
    expect(cluster.deleted).toEqual([expect.stringMatching(/^restore-2.*-1$/)]);
    expect([cluster.restore.last?.why, endOf(cluster)]).toEqual(['Restoring: main: ImagePullBackOff', expect.objectContaining({ result: 'Failed', holds: 'today', replicas: 1, running: 0 })]);
  });

  it('of a restore that was taken back is deleted', async () => {
    const cluster = new RestoreCluster();
    cluster.ask('latest');
    await cluster.until(() => [...cluster.world.jobs.keys()].some((name) => /^restore-2/.test(name)));
    const [name = ''] = [...cluster.world.jobs.keys()].filter((each) => /^restore-2/.test(each));
    cluster.world.jobs.set(name, { end: undefined });
    cluster.ask('undo', false);
    await cluster.look();
    expect(cluster.deleted).toEqual([name]);
    await cluster.until(cluster.isOver);
    expect(endOf(cluster)).toMatchObject({ result: 'Canceled', holds: 'today', names: ['glitchtip'], secret: undefined });
  });
});

describe('somebody who applies the manifests in the middle', () => {
  it.each(['Restoring', 'Swapping', 'Migrating'])('has web and worker stopped again before anything else is done: %s', async (phase) => {
    const cluster = new RestoreCluster();
    cluster.ask('latest');
    await cluster.until(cluster.isAt(phase));
    cluster.world.replicas = 1;
    const before = stepsOf(cluster).length;
    await cluster.look();
    expect(stepsOf(cluster).slice(before)).toEqual(['web 0', 'worker 0']);
    await cluster.until(cluster.isAt('Unconfirmed'));
    expect(cluster.world.live).toMatchObject({ holds: 'copy' });
  });
});

describe('a suspended operator', () => {
  it('changes nothing, and says so', async () => {
    const cluster = new RestoreCluster();
    cluster.ask('latest');
    await cluster.until(cluster.isAt('Restoring'));
    cluster.spec = { ...cluster.spec, suspend: true };
    const before = stepsOf(cluster).length;
    for (let looks = 0; looks < 3; looks += 1) await cluster.look();
    expect([stepsOf(cluster).length, cluster.restore.current?.waitsFor]).toEqual([before, 'Nothing is restored while spec.suspend is true.']);
  });
});
