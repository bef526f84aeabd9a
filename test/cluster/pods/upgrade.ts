// Upgrades on pods while numbered events come in: there and back, and once more with operator and Jobs killed in each phase; at the end each event is stored once, old ones too.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { WEB_BACKEND } from '../../../charts/part-names.js';
import { BACKUP_COMPONENT, MIGRATE_COMPONENT, REPAIR_JOB_PREFIX, UPGRADE_STEP, WAIT_FOR_DATABASE } from '../../../operator/api/object-names.js';
import type { UpgradePhase } from '../../../operator/api/upgrade-fields.js';
import { recordMeasurement } from '../../support/measurements.js';
import { catchRunning } from '../support/backup-runs.js';
import { untilNoIncident } from '../support/health-checks.js';
import { applyHeld } from '../support/held-apply.js';
import { startLoad } from '../support/inside.js';
import { killOperator } from '../support/leader.js';
import { killContainer } from '../support/out-of-memory.js';
import { fillQueue } from '../support/queue-access.js';
import { copier } from '../support/queued-events.js';
import { restore } from '../support/restore-runs.js';
import type { Stack, Synthesized } from '../support/stack.js';
import { sql } from '../support/stored-events.js';
import { upgrade, upgradeStatus } from '../support/upgrade-runs.js';
import { waitFor, when } from '../support/wait.js';
import { BackupScenes, RATE, SCENE_MS } from './backup-scenes.js';
import type { Installed } from './on-pods.js';

/** Events in the queue of 5.2 when the upgrade begins. */
export const QUEUED = 3_000;
const KILLED_IN: readonly UpgradePhase[] = ['Draining', 'Stopping', 'Saving', 'Ready', 'Migrating', 'Starting', 'Proving'];

export function describeUpgrades(installed: Installed): void {
  const { stack } = installed;
  describe(`upgrades at ${RATE} events/s`, () => {
    const scenes = new BackupScenes(installed);
    const queued: string[] = [];
    let [five, six]: (Synthesized | undefined)[] = [];
    const of = (manifests: Synthesized | undefined): Synthesized => {
      if (manifests === undefined) throw new Error('nothing was synthesized');
      return manifests;
    };

    beforeAll(async () => {
      await scenes.begin();
      await scenes.applyBucket('upgrade-5.2');
      five = await scenes.synthesizeBucket('upgrade-5.2');
      six = await scenes.synthesizeBucket('upgrade-6.2', { version: '6.2' });
    }, 900_000);
    afterAll(() => scenes.end(), 60_000);

    it('6.2 applied by itself, twice, migrates nothing, and 5.2 applied again goes on', async () => {
      const migrations = () => sql(stack, 'SELECT count(*), max(id) FROM django_migrations');
      const before = await migrations();
      for (let times = 0; times < 2; times += 1) await stack.apply(of(six));
      await waitFor({ what: 'the migrate Job of 6.2 to wait', seconds: 180 }, async () => {
        const log = await stack.kubectl('logs', '--selector', `app.kubernetes.io/component=${MIGRATE_COMPONENT}`, '--container', WAIT_FOR_DATABASE, '--tail=20', '--prefix').catch(String);
        return when(/waiting: the database is of GlitchTip 5\.2, this is 6\.2/.test(log), log.slice(-300));
      });
      await stack.apply(of(five));
      await stack.kubectl('delete', 'job', '--selector', `app.kubernetes.io/component=${MIGRATE_COMPONENT}`, '--field-selector', 'status.successful=0');
      await stack.rolledOut();
      expect(await migrations()).toEqual(before);
    }, SCENE_MS);

    it(`there, with ${QUEUED} events in the queue: the next release runs, the queue was emptied, nothing was refused`, async () => {
      await fill(installed, queued);
      expect(queued).toHaveLength(QUEUED);
      const began = Date.now();
      const printed = await upgrade(stack, ['6.2'], { manifests: of(six), during: (phase) => (phase === 'Saving' ? installed.canaries.collect() : Promise.resolve()) });
      recordMeasurement({ what: `upgrade from 5.2 to 6.2 at ${RATE} events/s, ${QUEUED} in the queue`, value: Math.round((Date.now() - began) / 1_000), unit: 's' });
      expect(printed).toMatch(/GlitchTip 6\.2 runs, and has stored an event/);
      await stack.rolledOut();
      expect(await missing(stack, queued, 'issue_events_issueevent_archive', 'id')).toEqual([]);
    }, 2 * SCENE_MS);

    it('back, with the operator killed (kill -9) on the way: the backup is live with 5.2, and what came since was given to it', async () => {
      const began = Date.now();
      const during = (phase: UpgradePhase): Promise<void> => (phase === 'Undoing' ? killOperator(stack) : Promise.resolve());
      expect(await upgrade(stack, ['--undo', '--identity-file', scenes.key()], { manifests: of(five), during })).toMatch(/is taken back/);
      recordMeasurement({ what: `the way back from 6.2 to 5.2 at ${RATE} events/s, the operator killed on it`, value: Math.round((Date.now() - began) / 1_000), unit: 's' });
      await restore(stack, ['--confirm']);
      await stack.rolledOut();
      expect(await missing(stack, queued, 'issue_events_issueevent', 'id')).toEqual([]);
      expect(await stack.kubectl('get', 'configmap', UPGRADE_STEP.configMap, '--ignore-not-found')).toBe('');
    }, 2 * SCENE_MS);

    it('with the operator killed (kill -9) in each phase, the Jobs of backup and migration too, and manifests applied in the middle, which start neither web nor worker, it comes to the same end', async () => {
      const killed: UpgradePhase[] = [];
      await upgrade(stack, ['6.2'], {
        manifests: of(six),
        during: async (phase) => {
          if (!KILLED_IN.includes(phase)) return;
          killed.push(phase);
          await killOperator(stack);
          if (phase === 'Saving') {
            await killContainer(stack, await catchRunning(stack, { component: BACKUP_COMPONENT, job: 'backup-' }, 'dump'));
            await applyHeld(stack, 'upgrade', of(five));
          }
          if (phase === 'Migrating') await killContainer(stack, await catchRunning(stack, { component: MIGRATE_COMPONENT, job: `${REPAIR_JOB_PREFIX}upgrade-` }, 'migrate'));
          if (phase === 'Starting') await stack.apply(of(six));
        },
      });
      expect(killed).toEqual(KILLED_IN);
      await stack.rolledOut();
    }, 2 * SCENE_MS);

    it('old events are where 6.2 looks for them, and the upgrade is confirmed', async () => {
      expect(await upgrade(stack, ['--import-legacy'])).toMatch(/events of the old release are where the new one looks for them/);
      expect(await missing(stack, queued, 'issue_events_issueevent', 'event_id')).toEqual([]);
      await upgrade(stack, ['--confirm']);
      expect((await upgradeStatus(stack)).last?.result).toBe('Confirmed');
    }, SCENE_MS);

    it('at the end not one event was refused, and every one is stored, once', () => scenes.expectEachStoredOnce('beside upgrades'), 2 * SCENE_MS);

    it('and all is well', () => untilNoIncident(stack, 300), SCENE_MS);
  });
}

/** Events as GlitchTip queued them, each with an id of its own. Past the gateway, which holds back what it cannot give to a worker. */
export async function fill({ stack, dsn }: Installed, ids: string[]): Promise<void> {
  await stack.scale('deployment/worker', 'worker', 0);
  try {
    const load = startLoad(stack.cluster, { dsn: dsn(), baseUrl: await stack.baseUrl(WEB_BACKEND), rate: 5, seconds: 5 });
    await fillQueue(stack, await copier(stack, await load.report, ids), QUEUED);
  } finally {
    await stack.kubectl('scale', 'deployment/worker', '--replicas=1');
  }
}

/** Of the ids, those that a table does not have. */
export async function missing(stack: Stack, ids: readonly string[], table: string, column: string): Promise<string[]> {
  return sql(stack, `SELECT sent.id FROM unnest('{${ids.join(',')}}'::uuid[]) sent (id) WHERE NOT EXISTS (SELECT FROM ${table} stored WHERE stored.${column} = sent.id)`);
}
