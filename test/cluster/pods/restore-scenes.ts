// Restores on pods while numbered events come in: there and back, with operator and Job killed in each phase; at the end each event is stored once.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { generateX25519Identity } from 'age-encryption';
import { SECRETS } from '../../../charts/part-names.js';
import { RESTORE_SECRET } from '../../../operator/api/object-names.js';
import { recordMeasurement } from '../../support/measurements.js';
import { backup, backupStatus } from '../support/backup-runs.js';
import { printFigure } from '../support/fault-report.js';
import { applyHeld } from '../support/held-apply.js';
import { killOperator } from '../support/leader.js';
import { killMain } from '../support/out-of-memory.js';
import { acceptedLogins, readLogins, stillAccepted } from '../support/logins.js';
import { glitchTip, rotate, type Ended } from '../support/requested-rotations.js';
import { databasesOfRestores, mark, marks, restore, restoreStatus } from '../support/restore-runs.js';
import type { Stack } from '../support/stack.js';
import { waitFor } from '../support/wait.js';
import { BackupScenes, RATE, SCENE_MS } from './backup-scenes.js';
import type { Installed } from './on-pods.js';

export function describeRestores(installed: Installed): void {
  const { stack, canaries } = installed;
  describe(`restores at ${RATE} events/s`, () => {
    const scenes = new BackupScenes(installed);
    let folder = '';
    let copy = '';
    const key = (name = 'key') => join(folder, name);
    const begin = async (during?: Parameters<typeof restore>[2]): Promise<string> => {
      await endLeft();
      return restore(stack, [copy, '--identity-file', key()], during);
    };

    beforeAll(async () => {
      await scenes.begin();
      folder = await mkdtemp(join(tmpdir(), 'glitchkeeper-key-'));
      await writeFile(key(), `${scenes.identity}\n`, { mode: 0o600 });
      await writeFile(key('another'), `${await generateX25519Identity()}\n`, { mode: 0o600 });
      await scenes.applyBucket('restore-s3');
      await mark(stack, '1 in the copy');
      expect(await backup(stack)).toMatchObject({ kind: 'verified' });
      copy = (await backupStatus(stack)).lastVerified?.copy ?? '';
      await mark(stack, '2 after it');
    }, 900_000);
    afterAll(async () => {
      await scenes.end();
      await rm(folder, { recursive: true, force: true });
    }, 60_000);

    /** What a scene that failed left behind is not the next one's. */
    async function endLeft(): Promise<void> {
      if ((await restoreStatus(stack)).current === undefined) return;
      await restore(stack, ['--undo']);
      await restore(stack, ['--confirm']);
    }

    it('with the identity of somebody else: told in Checking, and nothing was stopped', async () => {
      const before = await stack.ready();
      await expect(restore(stack, [copy, '--identity-file', key('another')])).rejects.toThrow(/IdentityWrong/);
      expect((await stack.ready()).get('web')?.uid).toBe(before.get('web')?.uid);
      expect(await databasesOfRestores(stack)).toEqual([]);
    }, SCENE_MS);

    it('into a database to look at: it is beside the live one, nothing was stopped for it, and undo drops it', async () => {
      const before = await stack.ready();
      await restore(stack, [copy, '--into-new-database', '--identity-file', key()]);
      expect([(await databasesOfRestores(stack)).length, await marks(stack), (await stack.ready()).get('web')?.uid]).toEqual([1, ['1 in the copy', '2 after it'], before.get('web')?.uid]);
      await restore(stack, ['--undo']);
      expect([await databasesOfRestores(stack), (await restoreStatus(stack)).last?.result]).toEqual([[], 'Canceled']);
    }, SCENE_MS);

    it('there: the copy is live, with what came since the gateway held', async () => {
      const began = Date.now();
      const printed = await begin((phase) => (phase === 'Restoring' ? canaries.collect() : Promise.resolve()));
      recordMeasurement({ what: `restore at ${RATE} events/s, until it is live`, value: Math.round((Date.now() - began) / 1_000), unit: 's' });
      expect(printed).toMatch(/is live, and an event was stored in it/);
      expect(await marks(stack)).toEqual(['1 in the copy']);
      expect(await databasesOfRestores(stack)).toHaveLength(1);
      await stack.rolledOut();
    }, SCENE_MS);

    it('back: the database of before is live, and the restored one goes when that is confirmed', async () => {
      await restore(stack, ['--undo']);
      expect(await marks(stack)).toEqual(['1 in the copy', '2 after it']);
      await restore(stack, ['--confirm']);
      expect([await databasesOfRestores(stack), (await restoreStatus(stack)).last?.result]).toEqual([[], 'Undone']);
    }, SCENE_MS);

    it('the operator killed (kill -9) in each phase, and the manifests applied in the middle, which start neither web nor worker: it comes to the same end', async () => {
      await begin(async (phase) => {
        if (phase === 'Unconfirmed') return;
        if (phase === 'Restoring') await applyHeld(stack, 'restore');
        await killOperator(stack);
      });
      expect(await marks(stack)).toEqual(['1 in the copy']);
      await restore(stack, ['--undo'], async (phase) => {
        if (phase === 'Swapping') await killMain(stack, 'operator').catch(() => undefined);
      });
      await restore(stack, ['--confirm']);
      expect([await marks(stack), await databasesOfRestores(stack)]).toEqual([['1 in the copy', '2 after it'], []]);
    }, 2 * SCENE_MS);

    it('leaked credentials replaced while its Job is at work: the new ones are published at once, the old login is retired when that has ended', async () => {
      await endLeft();
      const old = await readLogins(stack);
      const [application] = old;
      // Its first Job, beside web and worker, is kept at work by a bucket that does not answer; they could not take up new credentials later on, where they are stopped.
      await scenes.store.behave({ kind: 'hold' });
      const seen: { user?: string; letIn?: readonly string[]; rotation?: Promise<Ended> } = {};
      await begin(async (phase) => {
        if (phase !== 'Checking') return;
        seen.rotation = rotate(stack, 'compromised', { seconds: 900, during: async () => { await canaries.collect(); } });
        // It is awaited below, after what is done meanwhile.
        seen.rotation.catch(() => undefined);
        try {
          printFigure(await untilKept(stack));
          seen.user = await stack.secret(SECRETS.application, 'DATABASE_USER');
          seen.letIn = await acceptedLogins(stack, [...old, ...(await readLogins(stack))]);
        } finally {
          await scenes.store.behave({ kind: 'forward' });
        }
      });
      expect(seen.user).toMatch(/^glitchtip_[ab]$/);
      expect(seen.user).not.toBe(application?.user);
      expect(seen.letIn).toEqual(expect.arrayContaining([`postgres ${application?.user ?? ''}`, `postgres ${seen.user ?? ''}`]));
      expect((await seen.rotation)?.result).toBe('Completed');
      await canaries.collect();
      expect(await stillAccepted(stack, old)).toEqual([]);
      expect(await marks(stack)).toEqual(['1 in the copy']);
      await restore(stack, ['--undo']);
      await restore(stack, ['--confirm']);
      await stack.rolledOut();
    }, 2 * SCENE_MS);

    // Of so small a copy each container ends before the kubelet says that it runs: each is killed in restore-killed.ts, with a larger one.
    it('its Job deleted with its pod: another attempt, into another database', async () => {
      await begin(async (phase) => {
        if (phase === 'Restoring') await deleteJob(stack, `restore-${(await restoreStatus(stack)).current?.id.toLowerCase() ?? ''}`);
      });
      expect([await marks(stack), (await databasesOfRestores(stack)).length]).toEqual([['1 in the copy'], 1]);
      await restore(stack, ['--undo']);
      await restore(stack, ['--confirm']);
    }, 2 * SCENE_MS);

    it('taken back while it is loaded: everything is started as it was', async () => {
      await begin(async (phase) => {
        if (phase === 'Restoring') await restore(stack, ['--undo']);
      }).catch(() => undefined);
      expect([(await restoreStatus(stack)).last?.result, await marks(stack), await databasesOfRestores(stack)]).toEqual(['Canceled', ['1 in the copy', '2 after it'], []]);
      await stack.rolledOut();
    }, SCENE_MS);

    it('at the end not one event was refused, and every one is stored, once, in the database of before', async () => {
      await scenes.expectEachStoredOnce('beside restores');
    }, 2 * SCENE_MS);

    it('and of the identity nothing is left', async () => expect(await stack.kubectl('get', 'secret', RESTORE_SECRET, '--ignore-not-found')).toBe(''));
  });
}

/** Until the rotation has nothing left to do but to retire the login that a Job of the restore may use. @returns what it says */
function untilKept(stack: Stack): Promise<string> {
  return waitFor<string>({ what: 'the old login to be kept for the restore', seconds: 400 }, async () => {
    const { phase, message = '' } = (await glitchTip(stack)).rotation?.current ?? {};
    return /^restore restore-check-\S+ still uses /.test(message) ? { found: message } : { seen: `${phase ?? 'no rotation'}: ${message}` };
  });
}

/** The one whose name begins so, as soon as there is one. */
async function deleteJob(stack: Stack, beginning: string): Promise<void> {
  const name = await waitFor<string>({ what: `Job ${beginning} to be made`, seconds: 120, every: 0.2 }, async () => {
    const names = (await stack.kubectl('get', 'jobs', '--output', 'jsonpath={.items[*].metadata.name}')).split(' ');
    const found = names.find((each) => each.startsWith(beginning));
    return found === undefined ? { seen: names.join(' ') } : { found };
  });
  await stack.kubectl('delete', 'job', name, '--cascade=foreground');
}
