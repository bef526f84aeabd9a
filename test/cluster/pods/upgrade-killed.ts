// An upgrade on pods while numbered events come in, with every part killed (kill -9) that the operator waits for: gateway, Valkey, Postgres, the Job of the import and that of the way back.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { LEGACY_IMPORT_COMPONENT, MIGRATE_COMPONENT, RESTORE_COMPONENT } from '../../../operator/api/object-names.js';
import type { UpgradePhase } from '../../../operator/api/upgrade-fields.js';
import { catchRunning } from '../support/backup-runs.js';
import { untilNoIncident } from '../support/health-checks.js';
import { killContainer, killMain } from '../support/out-of-memory.js';
import { restore, restoreStatus } from '../support/restore-runs.js';
import type { Stack, Synthesized } from '../support/stack.js';
import { sql } from '../support/stored-events.js';
import { upgrade, upgradeStatus } from '../support/upgrade-runs.js';
import { waitFor } from '../support/wait.js';
import { BackupScenes, RATE, SCENE_MS } from './backup-scenes.js';
import { killGateway, type Away } from './gateway.js';
import type { Installed } from './on-pods.js';
import { fill, missing, QUEUED } from './upgrade.js';

/** Of 2 kB: 120 MB, so that the container which loads them can be caught. */
const ROWS = 60_000;

export function describeKilledUpgrades(installed: Installed): void {
  const { stack } = installed;
  describe(`an upgrade at ${RATE} events/s whose parts are killed`, () => {
    const scenes = new BackupScenes(installed);
    const queued: string[] = [];
    const away: Away[] = [];
    let manifests: { readonly five: Synthesized; readonly six: Synthesized } | undefined;
    const of = (release: 'five' | 'six'): Synthesized => {
      if (manifests === undefined) throw new Error('nothing was synthesized');
      return manifests[release];
    };
    const rows = () => sql(stack, 'SELECT count(*), count(DISTINCT n), sum(hashtext(data)) FROM upgrade_filler');

    beforeAll(async () => {
      await scenes.begin();
      const backup = { scratch: '2Gi' };
      await scenes.applyBucket('upgrade-killed-5.2', { backup });
      manifests = { five: await scenes.synthesizeBucket('upgrade-killed-5.2', { backup }), six: await scenes.synthesizeBucket('upgrade-killed-6.2', { version: '6.2', backup }) };
      await sql(stack, `CREATE TABLE upgrade_filler AS SELECT n, (SELECT string_agg(md5(random()::text || n || part), '') FROM generate_series(1, 62) part) AS data FROM generate_series(1, ${ROWS}) n; ALTER TABLE upgrade_filler OWNER TO glitchtip`);
    }, 1_200_000);
    afterAll(() => scenes.end(), 60_000);

    it('gateway and Valkey killed in Saving, Postgres in Migrating: the next release runs, and the queue was emptied', async () => {
      await fill(installed, queued);
      expect(queued).toHaveLength(QUEUED);
      const killed: UpgradePhase[] = [];
      await upgrade(stack, ['6.2'], { manifests: of('six'), during: async (phase) => {
        if (phase === 'Saving') {
          away.push(await killGateway(stack));
          await killMain(stack, 'valkey');
          killed.push(phase);
        }
        if (phase === 'Migrating') {
          await catchRunning(stack, { component: MIGRATE_COMPONENT, job: '' }, 'migrate');
          await killMain(stack, 'postgres');
          killed.push(phase);
        }
      } });
      expect(killed).toEqual(['Saving', 'Migrating']);
      await stack.rolledOut();
      expect(await missing(stack, queued, 'issue_events_issueevent_archive', 'id')).toEqual([]);
    }, 2 * SCENE_MS);

    it('the Job of the import killed: that is told, and asked for again it goes on', async () => {
      const during = async (): Promise<unknown> => killContainer(stack, await catchRunning(stack, { component: LEGACY_IMPORT_COMPONENT, job: LEGACY_IMPORT_COMPONENT }, 'import'));
      await expect(upgrade(stack, ['--import-legacy'], { during })).rejects.toThrow();
      expect((await upgradeStatus(stack)).legacyImport?.end?.result).toBe('Failed');
      expect(await upgrade(stack, ['--import-legacy'])).toMatch(/events of the old release are where the new one looks for them/);
      expect(await missing(stack, queued, 'issue_events_issueevent', 'event_id')).toEqual([]);
    }, SCENE_MS);

    it('back, with the Job of the restore killed while it loads: another attempt, and the backup is live with 5.2, with what came since', async () => {
      const wanted = await rows();
      await upgrade(stack, ['--undo', '--identity-file', scenes.key()], { manifests: of('five'), during: async (phase) => {
        if (phase === 'Undoing') await killContainer(stack, await catchRunning(stack, { component: RESTORE_COMPONENT, job: await restoringJob(stack) }, 'load'));
      } });
      expect((await restoreStatus(stack)).current).toMatchObject({ restored: { attempt: 2 } });
      await restore(stack, ['--confirm']);
      await stack.rolledOut();
      expect([await missing(stack, queued, 'issue_events_issueevent', 'id'), await rows()]).toEqual([[], wanted]);
    }, 2 * SCENE_MS);

    it('at the end nothing was refused but while the gateway was killed, and every event is stored, once', () => scenes.expectEachStoredOnce('beside an upgrade whose parts are killed', away), 2 * SCENE_MS);

    it('and all is well', () => untilNoIncident(stack, 300), SCENE_MS);
  });
}

/** By the beginning of its name. The restore begins when web and worker have ended. */
async function restoringJob(stack: Stack): Promise<string> {
  const id = await waitFor<string>({ what: 'the restore of the way back to begin', seconds: 300, every: 0.5 }, async () => {
    const { current } = await restoreStatus(stack);
    return current === undefined ? { seen: 'none' } : { found: current.id };
  });
  return `restore-${id.toLowerCase()}`;
}
