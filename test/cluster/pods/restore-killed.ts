// A restore on pods whose Job is killed (kill -9) in each of its containers, with a copy so large that each can be caught; and one that is taken back while it loads.
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { RESTORE_COMPONENT } from '../../../operator/api/object-names.js';
import { RESTORE_CONTAINERS } from '../../../operator/core/restore/restore-end.js';
import { backup, backupStatus, catchRunning } from '../support/backup-runs.js';
import { killContainer } from '../support/out-of-memory.js';
import { databasesOfRestores, mark, marks, restore, restoreStatus } from '../support/restore-runs.js';
import { sql } from '../support/stored-events.js';
import { BackupScenes, RATE, SCENE_MS } from './backup-scenes.js';
import type { Installed } from './on-pods.js';

/** Of 2 kB that nothing makes smaller: 120 MB, which the server within its limits loads in half a minute. */
const ROWS = 60_000;
/** That fetch decrypts and place compares and writes. Mebibytes. */
const UPLOAD = 200;
const UPLOADED = '/code/uploads/of-the-soak';

export function describeKilledRestores(installed: Installed): void {
  const { stack } = installed;
  describe(`restores at ${RATE} events/s, of a copy that takes its time`, () => {
    const scenes = new BackupScenes(installed);
    let copy = '';
    const begin = (during: Parameters<typeof restore>[2]) => restore(stack, [copy, '--identity-file', scenes.key(), '--no-save'], during);
    const rows = () => sql(stack, 'SELECT count(*), count(DISTINCT n), sum(hashtext(data)) FROM restore_filler');
    const inWeb = (...command: readonly string[]) => stack.kubectl('exec', 'deployment/web', '--', ...command);
    const job = async () => ({ component: RESTORE_COMPONENT, job: `restore-${(await restoreStatus(stack)).current?.id.toLowerCase() ?? ''}` });

    beforeAll(async () => {
      await scenes.begin();
      await scenes.applyBucket('restore-killed', { backup: { scratch: '2Gi' } });
      await mark(stack, '1 in the copy');
      await sql(stack, `CREATE TABLE restore_filler AS SELECT n, (SELECT string_agg(md5(random()::text || n || part), '') FROM generate_series(1, 62) part) AS data FROM generate_series(1, ${ROWS}) n; ALTER TABLE restore_filler OWNER TO glitchtip`);
      await inWeb('dd', 'if=/dev/urandom', `of=${UPLOADED}`, 'bs=1M', `count=${UPLOAD}`);
      expect(await backup(stack)).toMatchObject({ kind: 'verified' });
      copy = (await backupStatus(stack)).lastVerified?.copy ?? '';
      await mark(stack, '2 after it');
    }, 1_200_000);
    afterAll(() => scenes.end(), 60_000);
    afterEach(async () => {
      if ((await restoreStatus(stack)).current === undefined) return;
      await restore(stack, ['--undo']);
      await restore(stack, ['--confirm']);
    }, SCENE_MS);

    it.each(RESTORE_CONTAINERS.restore)('killed (kill -9) in %s: another attempt, into another database, and each row is there once', async (container) => {
      const wanted = await rows();
      const hash = await inWeb('sha256sum', UPLOADED);
      // What is there and the same is not written.
      await inWeb('rm', UPLOADED);
      await begin(async (phase) => {
        if (phase === 'Restoring') await killContainer(stack, await catchRunning(stack, await job(), container));
      });
      expect([await marks(stack), (await databasesOfRestores(stack)).length, await rows(), await inWeb('sha256sum', UPLOADED)]).toEqual([['1 in the copy'], 1, wanted, hash]);
      expect((await restoreStatus(stack)).current).toMatchObject({ restored: { attempt: 2 } });
    }, 2 * SCENE_MS);

    it('taken back while it loads: everything is started as it was, and nothing is left', async () => {
      const wanted = await rows();
      await begin(async (phase) => {
        if (phase !== 'Restoring') return;
        await catchRunning(stack, await job(), 'load');
        await restore(stack, ['--undo']);
      }).catch(() => undefined);
      expect([(await restoreStatus(stack)).last?.result, await marks(stack), await databasesOfRestores(stack), await rows()]).toEqual(['Canceled', ['1 in the copy', '2 after it'], [], wanted]);
      await stack.rolledOut();
    }, SCENE_MS);

    it('at the end not one event was refused, and every one is stored, once, in the database of before', async () => {
      await scenes.expectEachStoredOnce('beside restores that are killed');
    }, 2 * SCENE_MS);
  });
}
