// Restores on pods while numbered events come in: there and back by the commands of docs/runbooks/restore.md, with operator and Jobs killed in each phase; at the end each event is stored once.
import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { generateX25519Identity } from 'age-encryption';
import { SECRETS } from '../../../charts/part-names.js';
import { BACKUP_COMPONENT, MIGRATE_COMPONENT, REPAIR_JOB_PREFIX, RESTORE_COMPONENT, RESTORE_SECRET } from '../../../operator/api/object-names.js';
import type { RestorePhase } from '../../../operator/api/restore-fields.js';
import { recordMeasurement } from '../../support/measurements.js';
import { backup, backupJobs, backupStatus, catchRunning } from '../support/backup-runs.js';
import { withoutToday } from '../support/damaged-runs.js';
import { printFigure } from '../support/fault-report.js';
import { applyHeld } from '../support/held-apply.js';
import { killOperator } from '../support/leader.js';
import { killContainer, killMain } from '../support/out-of-memory.js';
import { acceptedLogins, readLogins, stillAccepted } from '../support/logins.js';
import { glitchTip, rotate, type Ended } from '../support/requested-rotations.js';
import { databasesOfRestores, followed, mark, marks, restore, restoreStatus } from '../support/restore-runs.js';
import { asBuilt, blocksOf, runCommands } from '../support/runbook.js';
import type { Stack } from '../support/stack.js';
import { sql } from '../support/stored-events.js';
import { waitFor, when } from '../support/wait.js';
import { BackupScenes, RATE, SCENE_MS } from './backup-scenes.js';
import type { Installed } from './on-pods.js';

export function describeRestores(installed: Installed): void {
  const { stack, canaries } = installed;
  describe(`restores at ${RATE} events/s`, () => {
    const scenes = new BackupScenes(installed);
    let copy = '';
    const runbook = runbookCommands(scenes);
    const begin = async (during?: Parameters<typeof restore>[2], before?: () => Promise<unknown>): Promise<string> => {
      await endLeft();
      await before?.();
      return restore(stack, [copy, '--identity-file', scenes.key()], during);
    };

    beforeAll(async () => {
      await scenes.begin();
      await writeFile(scenes.key('another'), `${await generateX25519Identity()}\n`, { mode: 0o600 });
      await scenes.applyBucket('restore-s3');
      await mark(stack, '1 in the copy');
      expect(await backup(stack)).toMatchObject({ kind: 'verified' });
      copy = (await backupStatus(stack)).lastVerified?.copy ?? '';
      await mark(stack, '2 after it');
    }, 900_000);
    afterAll(() => scenes.end(), 60_000);

    /** What a scene that failed left behind is not the next one's. */
    async function endLeft(): Promise<void> {
      if ((await restoreStatus(stack)).current === undefined) return;
      await restore(stack, ['--undo']);
      await restore(stack, ['--confirm']);
    }

    it('with the identity of somebody else: told in Checking, and nothing was stopped', async () => {
      const before = await stack.ready();
      await expect(restore(stack, [copy, '--identity-file', scenes.key('another')])).rejects.toThrow(/IdentityWrong/);
      expect((await stack.ready()).get('web')?.uid).toBe(before.get('web')?.uid);
      expect(await databasesOfRestores(stack)).toEqual([]);
    }, SCENE_MS);

    it('into a database to look at: it is beside the live one, nothing was stopped for it, and undo drops it', async () => {
      const before = await stack.ready();
      await restore(stack, [copy, '--into-new-database', '--identity-file', scenes.key()]);
      expect([(await databasesOfRestores(stack)).length, await marks(stack), (await stack.ready()).get('web')?.uid]).toEqual([1, ['1 in the copy', '2 after it'], before.get('web')?.uid]);
      await restore(stack, ['--undo']);
      expect([await databasesOfRestores(stack), (await restoreStatus(stack)).last?.result]).toEqual([[], 'Canceled']);
    }, SCENE_MS);

    it('there, as docs/runbooks/restore.md says it: the copy is live, with what came since the gateway held', async () => {
      const began = Date.now();
      expect(await runbook.list()).toContain(copy);
      await endLeft();
      const printed = await runbook.bring((phase) => (phase === 'Restoring' ? canaries.collect() : Promise.resolve()));
      recordMeasurement({ what: `restore at ${RATE} events/s, until it is live`, value: Math.round((Date.now() - began) / 1_000), unit: 's' });
      expect(printed).toMatch(/is live, and an event was stored in it/);
      expect((await restoreStatus(stack)).current?.copy).toBe(copy);
      expect(await marks(stack)).toEqual(['1 in the copy']);
      expect(await databasesOfRestores(stack)).toHaveLength(1);
      await stack.rolledOut();
    }, SCENE_MS);

    it('back, as it says: the database of before is live, and the restored one goes when that is confirmed', async () => {
      await runbook.undo();
      expect(await marks(stack)).toEqual(['1 in the copy', '2 after it']);
      await runbook.confirm();
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

    // Of so small a copy each container that restores ends before the kubelet says that it runs: each is killed in restore-killed.ts, with a larger one.
    it('its Jobs killed (kill -9) while it checks, saves and migrates, and deleted with its pod while it restores: it comes to the same end', async () => {
      const before = await backupJobs(stack);
      let id = '';
      await begin(async (phase) => {
        id = (await restoreStatus(stack)).current?.id.toLowerCase() ?? '';
        if (phase === 'Restoring') await deleteJob(stack, `restore-${id}`);
        await KILLED[phase]?.(scenes);
      }, () => scenes.store.behave({ kind: 'hold' })).finally(() => scenes.store.behave({ kind: 'forward' }));
      expect(await namesOfJobs(stack)).toEqual(expect.arrayContaining([`restore-check-${id}-1`, `restore-check-${id}-2`]));
      expect((await backupJobs(stack)).filter((name) => !before.includes(name))).toHaveLength(2);
      expect([await marks(stack), (await databasesOfRestores(stack)).length]).toEqual([['1 in the copy'], 1]);
      await restore(stack, ['--undo']);
      await restore(stack, ['--confirm']);
    }, 2 * SCENE_MS);

    it("a copy of before today's partition was made: the migrate script makes it, and events are stored in it", async () => {
      const [today = ''] = await sql(stack, "SELECT tableoid::regclass FROM issue_events_issueevent ORDER BY received DESC LIMIT 1");
      const events = async (): Promise<number> => Number((await sql(stack, `SELECT count(*) FROM ${today}`))[0]);
      // It has no event of today, either.
      await scenes.applyBucket('restore-old', { backup: { mayShrink: 'a copy of a day before' } });
      const made = await withoutToday(stack, today, () => backup(stack));
      expect(made).toMatchObject({ kind: 'verified' });
      expect((await scenes.manifestOf(made.run.copy)).database.tables.map(({ table }) => table)).not.toContain(`public.${today}`);
      await scenes.applyBucket('restore-s3');

      await endLeft();
      const all = await events();
      await restore(stack, [made.run.copy, '--identity-file', scenes.key(), '--no-save']);
      await waitFor<true>({ what: `an event of the load in ${today}`, seconds: 120 }, async () => when((await events()) > 1, 'none but that of the proof'));
      expect(await events()).toBeLessThan(all);
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

/** Those of a host that runs, asked by nobody, where the key is. */
function runbookCommands(scenes: BackupScenes): Readonly<Record<'list' | 'bring' | 'confirm' | 'undo', (during?: Parameters<typeof restore>[2]) => Promise<string>>> {
  const [list = '', bring = '', confirm = '', undo = ''] = blocksOf('docs/runbooks/restore.md', 'On a host that runs');
  const typed = (block: string): Promise<string> => runCommands(scenes.stack, `cd ${scenes.folder}; ${asBuilt(block)}`);
  const asked = (block: string) => (during?: Parameters<typeof restore>[2]) => followed(scenes.stack, block.trim(), () => typed(`${block.trim()} --yes`), during);
  return { list: () => typed(list), bring: asked(bring), confirm: asked(confirm), undo: asked(undo) };
}

/** Whom the bucket keeps at work (Checking, Saving) is killed there, and the bucket answers again; of a migration the container is started again by the kubelet. */
const KILLED: Readonly<Partial<Record<RestorePhase, (scenes: BackupScenes) => Promise<unknown>>>> = {
  async Checking({ stack, store }) {
    await killContainer(stack, await catchRunning(stack, { component: RESTORE_COMPONENT, job: 'restore-check-' }, 'fetch'));
    await store.behave({ kind: 'forward' });
  },
  async Saving({ stack, store }) {
    await store.behave({ kind: 'hold' });
    await killContainer(stack, await catchRunning(stack, { component: BACKUP_COMPONENT, job: 'backup-' }, 'store'));
    await store.behave({ kind: 'forward' });
  },
  async Migrating({ stack }) {
    await killContainer(stack, await catchRunning(stack, { component: MIGRATE_COMPONENT, job: `${REPAIR_JOB_PREFIX}restore-` }, 'migrate'));
  },
};

/** Until the rotation has nothing left to do but to retire the login that a Job of the restore may use. @returns what it says */
function untilKept(stack: Stack): Promise<string> {
  return waitFor<string>({ what: 'the old login to be kept for the restore', seconds: 400 }, async () => {
    const { phase, message = '' } = (await glitchTip(stack)).rotation?.current ?? {};
    return /^restore restore-check-\S+ still uses /.test(message) ? { found: message } : { seen: `${phase ?? 'no rotation'}: ${message}` };
  });
}

async function namesOfJobs(stack: Stack): Promise<string[]> {
  return (await stack.kubectl('get', 'jobs', '--output', 'jsonpath={.items[*].metadata.name}')).split(' ');
}

/** The one whose name begins so, as soon as there is one. */
async function deleteJob(stack: Stack, beginning: string): Promise<void> {
  const name = await waitFor<string>({ what: `Job ${beginning} to be made`, seconds: 120, every: 0.2 }, async () => {
    const names = await namesOfJobs(stack);
    const found = names.find((each) => each.startsWith(beginning));
    return found === undefined ? { seen: names.join(' ') } : { found };
  });
  await stack.kubectl('delete', 'job', name, '--cascade=foreground');
}
