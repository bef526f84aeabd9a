// Volumes by the commands of docs/runbooks/move-volume.md: a deleted claim is kept, Postgres is copied to a larger one, and an empty one is told and left alone.
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { RESOURCE } from '../../../charts/part-names.js';
import { ACCEPT_DATABASE_ANNOTATION } from '../../../operator/api/object-names.js';
import { makeProject } from '../support/project.js';
import { glitchTip } from '../support/requested-rotations.js';
import { blocksOf, runCommands } from '../support/runbook.js';
import type { Stack } from '../support/stack.js';
import { sql } from '../support/stored-events.js';
import { waitFor, when } from '../support/wait.js';
import { proveEventStored } from './memory.js';
import type { Installed } from './on-pods.js';

const RUNBOOK = 'docs/runbooks/move-volume.md';
const CLAIM = 'postgres-data';
/** Several checks and reconciles, in which the operator could have set up what it must not. */
const LEFT_ALONE_MS = 90_000;

export function describeVolumes({ stack, dsn, alerts }: Installed): void {
  describe("Postgres' volume", () => {
    const [stop = '', copy = '', rename = ''] = blocksOf(RUNBOOK, 'Copy to a new claim');
    const [keep = ''] = blocksOf(RUNBOOK, 'Somebody deleted a claim');
    const bindAgain = rename.trim().split('\n').at(-1) ?? '';

    it('of a claim that somebody deleted is kept, and is the same database afterwards', async () => {
      const before = await databaseOf(stack);
      await stack.kubectl('delete', 'pvc', CLAIM, '--wait=false');
      await runCommands(stack, [keep, stop, `kubectl -n ${stack.namespace} wait --for=delete pvc/${CLAIM} --timeout=2m`, bindAgain].join('\n'));
      await stack.apply();
      await stack.rolledOut();
      expect(await databaseOf(stack)).toEqual(before);
      await proveEventStored(stack, dsn());
    }, 900_000);

    it('is copied to a larger claim, which is the same database in another volume', async () => {
      const before = await databaseOf(stack);
      const larger = await stack.synthesize('larger', { storage: { postgres: '16Gi' } });
      // The cluster has the one class.
      await runCommands(stack, [stop, copy.replace(/^ *storageClassName: .*\n/m, ''), rename].join('\n'));
      await stack.apply(larger);
      await stack.rolledOut();
      const after = await databaseOf(stack);
      expect({ ...after, volume: before.volume }).toEqual(before);
      expect(after.volume).not.toBe(before.volume);
      expect(await stack.kubectl('get', 'pvc', CLAIM, '--output', 'jsonpath={.status.capacity.storage}')).toBe('16Gi');
      await proveEventStored(stack, dsn());
    }, 900_000);

    it('that is empty is told, and nothing is set up in it until it is accepted', async () => {
      // Postgres was down in the scene before: one outage would go on in one message, which is edited.
      await waitFor<true>({ what: 'no incident', seconds: 300 }, async () => {
        const { incidents = [] } = (await glitchTip(stack)).health ?? {};
        return when(incidents.length === 0, incidents.map(({ reason }) => reason).join());
      });
      const since = Date.now();
      await stack.kubectl('delete', 'pvc', CLAIM, '--wait=false');
      await stack.kubectl('delete', 'pod', 'postgres-0');
      await waitFor<true>({ what: 'the claim to be gone', seconds: 120 }, async () => when((await stack.kubectl('get', 'pvc', CLAIM, '--ignore-not-found')) === '', 'still there'));
      await stack.apply();
      await waitFor<true>({ what: 'DatabaseReplaced', seconds: 300 }, async () => {
        const condition = (await glitchTip(stack)).conditions?.find(({ type }) => type === 'DatabaseHealthy');
        return when(condition?.reason === 'DatabaseReplaced', `${condition?.reason ?? 'no condition'}: ${condition?.message ?? ''}`);
      });
      await alerts().message(/The database is new/, since);
      await sleep(LEFT_ALONE_MS);
      expect(await sql(stack, "SELECT rolname FROM pg_roles WHERE rolname LIKE 'glitchtip%'")).toEqual([]);
      expect(await sql(stack, "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace")).toEqual([]);

      const [system = ''] = await sql(stack, SYSTEM);
      await stack.kubectl('annotate', 'gt', RESOURCE, '--overwrite', `${ACCEPT_DATABASE_ANNOTATION}=${system}`);
      // Web was rolled out all the time: it answers probes without its database. Its tables are there when it is healthy again.
      await waitFor<true>({ what: 'Healthy', seconds: 900 }, async () => {
        const condition = (await glitchTip(stack)).conditions?.find(({ type }) => type === 'Healthy');
        return when(condition?.status === 'True', `${condition?.reason ?? 'no condition'}: ${condition?.message ?? ''}`);
      });
      await proveEventStored(stack, (await makeProject(stack)).dsn);
    }, 1_500_000);
  });
}

const SYSTEM = 'SELECT system_identifier FROM pg_control_system()';

interface Database {
  readonly system: readonly string[];
  readonly projects: readonly string[];
  readonly volume: string;
}

async function databaseOf(stack: Stack): Promise<Database> {
  const volume = await stack.kubectl('get', 'pvc', CLAIM, '--output', 'jsonpath={.spec.volumeName}');
  return { system: await sql(stack, SYSTEM), projects: await sql(stack, 'SELECT id, slug FROM projects_project ORDER BY id'), volume };
}
