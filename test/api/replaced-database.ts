// Postgres on an empty data directory, as after a deleted volume claim: the operator tells, and makes nothing in it until it is accepted.
import { describe, expect, it } from '@jest/globals';
import { ACCEPT_DATABASE_ANNOTATION } from '../../operator/api/object-names.js';
import { buildPorts } from './operator-ports.js';
import type { Stage } from './operator-stage.js';
import { reconcile, reconcileUntilReady, reconcileUntilSettled } from './reconcile.js';

/** @param stage with both servers started; Postgres is another one afterwards */
export function describeReplacedDatabase(stage: () => Stage): void {
  describe('a Postgres whose volume is gone', () => {
    const system = async () => (await stage().sql<{ id: string }>('SELECT system_identifier::text AS id FROM pg_control_system()'))[0]?.id ?? '';
    const remembered = async () => (await stage().resource()).status?.postgres?.systemIdentifier;

    it('is known by its system identifier', async () => {
      await reconcileUntilReady(stage());
      expect(await remembered()).toBe(await system());
    }, 60_000);

    it('is told, and nothing is made in the new one, whatever the operator looks', async () => {
      const before = await system();
      await stage().postgres.stop();
      await stage().startPostgres();
      expect(await reconcileUntilSettled(stage())).toEqual([]);
      expect(await stage().condition('DatabaseHealthy')).toBe(`False DatabaseReplaced: The database is new: its data directory has the system identifier ${await system()}, and had ${before}. Nothing is set up in it until it is accepted: docs/runbooks/move-volume.md.`);
      await reconcile(buildPorts(stage().operatorApi));
      expect([await stage().roles(), await remembered()]).toEqual([[], before]);
    }, 90_000);

    it('is set up once somebody accepted it', async () => {
      await stage().kubectl(['annotate', 'gt', 'glitchtip', '--overwrite', `${ACCEPT_DATABASE_ANNOTATION}=${await system()}`]);
      await reconcileUntilReady(stage());
      expect((await stage().roles()).map(({ rolname }) => rolname)).toEqual(expect.arrayContaining(['glitchtip', 'glitchtip_a', 'glitchtip_b']));
      expect(await remembered()).toBe(await system());
    }, 60_000);
  });
}
