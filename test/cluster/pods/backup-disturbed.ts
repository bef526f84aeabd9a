// Backups on pods with every disturbance: each is told with its step and its reason, and the next run is good.
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { copyKey } from '../../../backup/core/layout.js';
import { backupJobName } from '../../../operator/core/backup/backup-job.js';
import type { FrontBehaviour } from '../../support/s3/s3-front.js';
import { backup, backupJobs, begin, catchContainer, endOf } from '../support/backup-runs.js';
import { withFullCopies } from '../support/copies-disk.js';
import { printFigure } from '../support/fault-report.js';
import { freeze } from '../support/frozen.js';
import { holdLock, untilDumpWaits } from '../support/held-lock.js';
import { killLeader, withTwoOperators } from '../support/leader.js';
import { killContainer, killMain } from '../support/out-of-memory.js';
import { glitchTip, rotate } from '../support/requested-rotations.js';
import { SCENE_MS, SCRATCH_MEBIBYTES, type BackupScene } from './backup-scenes.js';

/** A process that was ended by SIGKILL. */
const KILLED = { reason: 'StepFailed', exitCode: 137 };
/** As the goal for every alert. */
const ALERTED_WITHIN_MS = 60_000;

const MISBEHAVIOURS: readonly (readonly [what: string, behaviour: FrontBehaviour, expected: object])[] = [
  ['away', { kind: 'away' }, { step: 'list', reason: 'StoreAway' }],
  ['answering 503', { kind: 'answer', status: 503, code: 'SlowDown' }, { step: 'list', reason: 'StoreAway', detail: expect.stringContaining('503 SlowDown') }],
  ['out of space', { kind: 'answer', status: 507, code: 'XMinioStorageFull', methods: ['PUT'] }, { step: 'store', reason: 'NoSpace' }],
  ['of another time', { kind: 'answer', status: 403, code: 'RequestTimeTooSkewed', secondsAhead: 1_000 }, { step: 'list', reason: 'ClockSkewed', detail: expect.stringContaining("behind the store's") }],
];

export const misbehavingBucket: BackupScene = (scenes) => {
  it.each(MISBEHAVIOURS)('a bucket that is %s is told as that, and the next run is good', async (_, behaviour, expected) => {
    await scenes.store.behave(behaviour);
    scenes.expectFailed(await backup(scenes.stack), expected);
    await scenes.store.behave({ kind: 'forward' });
    await scenes.expectNextGood();
  }, SCENE_MS);

  it('a bucket that is slow is waited for', async () => {
    await scenes.store.behave({ kind: 'hold' });
    const ended = await backup(scenes.stack, { at: 'store', act: async () => {
      await sleep(20_000);
      await scenes.store.behave({ kind: 'forward' });
    } });
    expect(ended).toMatchObject({ kind: 'verified' });
  }, SCENE_MS);
};

export const killedInEachContainer: BackupScene = (scenes) => {
  it('killed (kill -9) while it dumps, restores and stores: each is told with its step and exit code, and alerted at once; the next run is good', async () => {
    const { stack, store, installed: { alerts } } = scenes;
    const since = Date.now();
    const lock = await holdLock(stack);
    const dumping = await backup(stack, { at: 'dump', act: async ({ container }) => {
      await untilDumpWaits(stack);
      await killContainer(stack, container);
    } }).finally(() => lock.release());
    const ended = Date.now();
    scenes.expectFailed(dumping, { step: 'dump', ...KILLED });
    const { at } = await alerts().message(new RegExp(`Backup ${dumping.run.copy} failed in step dump: StepFailed, exit code 137[^]*BackupFailed, backup, incident`), since);
    printFigure(`alerted ${((at - ended) / 1_000).toFixed(0)} s after the run had ended`);
    expect(at - ended).toBeLessThan(ALERTED_WITHIN_MS);
    scenes.expectFailed(await backup(stack, { at: 'restore', act: ({ container }) => killContainer(stack, container) }), { step: 'restore', ...KILLED });
    await store.behave({ kind: 'hold' });
    scenes.expectFailed(await backup(stack, { at: 'store', act: ({ container }) => killContainer(stack, container) }), { step: 'store', ...KILLED });
    await store.behave({ kind: 'forward' });
    await scenes.expectNextGood();
  }, 2 * SCENE_MS);

  it.each<[name: string, behaviour: FrontBehaviour]>([
    ['25 in the middle of the upload of its dump', { kind: 'stall', put: '/database.dump.age' }],
    ['between its dump and its manifest', { kind: 'hold', put: '/manifest.json' }],
  ])('killed (kill -9) %s: there is no such copy, and the next run is good', async (_, behaviour) => {
    const { stack, store } = scenes;
    await store.behave(behaviour);
    const ended = await backup(stack, { at: 'store', act: async ({ container }) => {
      await store.untilHeld();
      await killContainer(stack, container);
    } });
    await store.behave({ kind: 'forward' });
    scenes.expectFailed(ended, { step: 'store', ...KILLED });
    expect(await scenes.copiesInBucket()).not.toContain(ended.run.copy);
    const dump = await store.objects.list().then((objects) => objects.some(({ key }) => key.startsWith(copyKey(ended.run.copy, 'database.dump'))));
    expect(dump).toBe(behaviour.kind === 'hold');
    await scenes.expectNextGood();
  }, SCENE_MS);

  it('its pod deleted while it stores is told, and the next run is good', async () => {
    const { stack, store } = scenes;
    await store.behave({ kind: 'hold' });
    const ended = await backup(stack, { at: 'store', act: ({ container: { pod } }) => stack.kubectl('delete', 'pod', pod, '--grace-period=0', '--force') });
    expect(ended).toMatchObject({ kind: 'failed', run: { step: expect.any(String), reason: 'PodGone' } });
    await store.behave({ kind: 'forward' });
    await scenes.expectNextGood();
  }, SCENE_MS);
};

export const lockedTable: BackupScene = (scenes) => {
  it('a table that somebody has locked is waited for half a minute, and then told', async () => {
    const lock = await holdLock(scenes.stack);
    scenes.expectFailed(await backup(scenes.stack).finally(() => lock.release()), { step: 'dump', reason: 'LockWait' });
  }, SCENE_MS);
};

export const folderFull: BackupScene = (scenes) => {
  it('its folder full in the middle is told as that, and the next run is good', async () => {
    const { stack } = scenes;
    const ended = await backup(stack, { at: 'dump', act: async ({ container }) => {
      // Stopped, so that it is still there when the kubelet looks, every 10 s, at sizes that are up to a minute old.
      await freeze(stack, container);
      await stack.kubectl('exec', container.pod, '-c', container.container, '--', 'dd', 'if=/dev/zero', 'of=/work/filler', 'bs=1M', `count=${SCRATCH_MEBIBYTES + 64}`);
    } });
    scenes.expectFailed(ended, { step: 'dump', reason: 'NoSpace' });
    // It stays for a person to look at; that nothing else was put out is looked at in the end.
    await stack.kubectl('delete', 'job', backupJobName(ended.run.copy));
    await scenes.expectNextGood();
  }, SCENE_MS);
};

/** Needs the copies on the volume. */
export const volumeFull: BackupScene = (scenes) => {
  it('the volume of the copies full in the middle of one is told as that, and once there is room the next run is good', async () => {
    const { stack, installed: { alerts } } = scenes;
    const since = Date.now();
    await withFullCopies(stack, async (free) => {
      const ended = await backup(stack);
      scenes.expectFailed(ended, { step: 'store', reason: 'NoSpace', detail: expect.stringContaining('the volume') });
      await alerts().message(new RegExp(`Backup ${ended.run.copy} failed in step store: NoSpace`), since);
      await free();
      await scenes.expectNextGood();
    });
  }, SCENE_MS);
};

export const postgresKilled: BackupScene = (scenes) => {
  it('Postgres killed (kill -9) in the middle is told as that, and the next run is good', async () => {
    const { stack } = scenes;
    const lock = await holdLock(stack);
    const ended = await backup(stack, { at: 'dump', act: async () => {
      await untilDumpWaits(stack);
      await killMain(stack, 'postgres');
    } }).finally(() => lock.release());
    scenes.expectFailed(ended, { step: 'dump', reason: 'DatabaseAway' });
    await stack.ready();
    await scenes.expectNextGood();
  }, SCENE_MS);
};

export const operatorKilled: BackupScene = (scenes) => {
  it('the operator killed (kill -9) in the middle: the run goes on, is told, and no second one is made', async () => {
    const { stack, store } = scenes;
    await store.behave({ kind: 'hold' });
    const before = await backupJobs(stack);
    const ended = await backup(stack, { at: 'store', act: async () => {
      await killMain(stack, 'operator');
      await sleep(3_000);
      await stack.ready();
      await store.behave({ kind: 'forward' });
    } });
    expect(ended).toMatchObject({ kind: 'verified' });
    expect(await backupJobs(stack)).toHaveLength(before.length + 1);
  }, SCENE_MS);
};

export const twoOperators: BackupScene = (scenes) => {
  it('two operators, of which the leading one is killed (kill -9) in the middle: one run, and the other one tells its end', async () => {
    const { stack, store } = scenes;
    await withTwoOperators(stack, async () => {
      await store.behave({ kind: 'hold' });
      const before = await backupJobs(stack);
      const ended = await backup(stack, { at: 'store', act: async () => {
        await killLeader(stack);
        await store.behave({ kind: 'forward' });
      } });
      expect(ended).toMatchObject({ kind: 'verified' });
      expect(await backupJobs(stack)).toHaveLength(before.length + 1);
    });
  }, SCENE_MS);
};

export const besideRotations: BackupScene = (scenes) => {
  it('a rotation that is asked for meanwhile waits until it has ended', async () => {
    const { stack, store, installed: { canaries } } = scenes;
    await store.behave({ kind: 'hold' });
    const asked = Date.now();
    const copy = await begin(stack);
    await catchContainer(stack, copy, 'store');
    const rotation = rotate(stack, 'postgres', { seconds: 500 });
    await sleep(15_000);
    const phase = (await glitchTip(stack)).rotation?.current?.phase;
    await store.behave({ kind: 'forward' });
    expect(await endOf(stack, copy, asked)).toMatchObject({ kind: 'verified' });
    expect({ phase, result: (await rotation).result }).toEqual({ phase: 'Waiting', result: 'Completed' });
    await canaries.collect();
  }, SCENE_MS);

  it('a rotation after a leak goes on at once: the run fails for its login, is told, and the next one is good', async () => {
    const { stack, installed: { canaries } } = scenes;
    const lock = await holdLock(stack);
    const asked = Date.now();
    const copy = await begin(stack);
    const container = await catchContainer(stack, copy, 'dump');
    await untilDumpWaits(stack);
    const goOn = await freeze(stack, container);
    await lock.release();
    const ended = await rotate(stack, 'compromised', { seconds: 400, during: async () => { await canaries.collect(); } });
    expect(ended).toMatchObject({ result: 'Completed' });
    await canaries.collect();
    goOn();
    expect(await endOf(stack, copy, asked)).toMatchObject({ kind: 'failed', run: { step: 'dump', reason: expect.stringMatching(/^(LoginRefused|DatabaseAway)$/) } });
    await scenes.expectNextGood();
  }, 2 * SCENE_MS);
};
