// From nothing: a host that is lost, and another one that has only the bucket and the key, by the commands of docs/runbooks/restore.md.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import type { SettingsInput } from '../../../charts/settings/schema.js';
import { recordMeasurement } from '../../support/measurements.js';
import { backup } from '../support/backup-runs.js';
import { BackupStore } from '../support/backup-store.js';
import { startLoad } from '../support/inside.js';
import { databasesOfRestores } from '../support/restore-runs.js';
import { blocksOf, runCommands } from '../support/runbook.js';
import type { Stack } from '../support/stack.js';
import { runIds, settleStored, sql } from '../support/stored-events.js';
import { SCENE_MS } from './backup-scenes.js';
import type { Installed } from './on-pods.js';

/** What the lost host leaves: the bucket, the key, and what a person remembers of it. */
export interface LeftBehind {
  bucket?: string;
  identity?: string;
  dsn?: string;
  runId?: string;
  facts?: Facts;
}

interface Facts {
  readonly organizations: readonly string[];
  readonly users: readonly string[];
  readonly keys: readonly string[];
  readonly events: readonly string[];
}

const RUNBOOK = 'docs/runbooks/restore.md';
const UPLOAD = { folder: '/code/uploads/file_blobs/ab', name: 'an-upload', text: 'what somebody uploaded' };
const SOURCE_SECONDS = 20;

/** A host with something on it, and a copy of that in the bucket. */
export function describeLostHost({ stack, dsn }: Installed, left: LeftBehind): void {
  describe('the host that will be lost', () => {
    it('has events, an upload, and a copy of both in the bucket', async () => {
      const store = await BackupStore.start(stack.cluster);
      const identity = await generateX25519Identity();
      await toBucket(stack, store, await identityToRecipient(identity));
      const runId = await sendEvents(stack, dsn());
      await stack.exec('web', ['sh', '-c', `mkdir -p ${UPLOAD.folder} && cat > ${UPLOAD.folder}/${UPLOAD.name}`], UPLOAD.text);
      expect(await backup(stack)).toMatchObject({ kind: 'verified', run: { where: 's3' } });
      Object.assign(left, { bucket: await store.keep(), identity, dsn: dsn(), runId, facts: await factsOf(stack, runId) });
    }, SCENE_MS);
  });
}

export function describeFromNothing({ stack }: Installed, left: LeftBehind): void {
  describe('another host, from the bucket and the key', () => {
    const [, , bring = '', confirm = ''] = blocksOf(RUNBOOK, 'From nothing: a new host, the bucket and the key');
    let store: BackupStore | undefined;
    let folder = '';
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'glitchkeeper-key-'));
      await writeFile(join(folder, 'glitchtip-backup.key'), `${left.identity ?? ''}\n`, { mode: 0o600 });
      store = await BackupStore.start(stack.cluster, left.bucket);
      await toBucket(stack, store, await identityToRecipient(left.identity ?? ''));
    }, SCENE_MS);
    afterAll(async () => {
      await store?.stop();
      await rm(folder, { recursive: true, force: true });
    });
    /** The CLI as it is built, asked by nobody. */
    const typed = (block: string): Promise<string> => runCommands(stack, `${block.trim().replace('npx glitchkeeper', 'node build/cli.js').replace('glitchtip-backup.key', join(folder, 'glitchtip-backup.key'))} --yes`);

    it('by one command has everything: organizations, users, DSN keys, events by their ids, and the upload', async () => {
      const began = Date.now();
      await typed(bring);
      recordMeasurement({ what: 'a new host, from the bucket and the key, by one command', value: Math.round((Date.now() - began) / 1_000), unit: 's' });
      expect(await factsOf(stack, left.runId ?? '')).toEqual(left.facts);
      expect(await stack.exec('web', ['cat', `${UPLOAD.folder}/${UPLOAD.name}`])).toBe(UPLOAD.text);
    }, SCENE_MS);

    it('takes events by the DSN of before', async () => {
      const runId = await sendEvents(stack, left.dsn ?? '');
      expect((await runIds(stack, runId)).size).toBeGreaterThan(0);
    }, SCENE_MS);

    it('is kept once it is confirmed', async () => {
      await typed(confirm);
      expect(await databasesOfRestores(stack)).toEqual([]);
    }, SCENE_MS);
  });
}

async function toBucket(stack: Stack, store: BackupStore, recipient: string): Promise<void> {
  const backup: SettingsInput['backup'] = { enabled: false, store: 's3', recipients: [recipient], s3: store.settings };
  await stack.apply(await stack.synthesize('bucket', { backup }));
  await stack.cluster.kubectl(['apply', '-f', '-'], JSON.stringify(store.secret(stack.namespace)));
  await stack.rolledOut();
}

/** Each of them stored. @returns the id of the run */
async function sendEvents(stack: Stack, dsn: string): Promise<string> {
  const report = await startLoad(stack.cluster, { dsn, baseUrl: `http://${await stack.serviceAddress('web')}:8080`, rate: 5, seconds: SOURCE_SECONDS }).report;
  expect((await settleStored(stack, report)).lost).toEqual([]);
  return report.runId;
}

/** The operator's own project is another one on each host. */
async function factsOf(stack: Stack, runId: string): Promise<Facts> {
  return {
    organizations: await sql(stack, "SELECT slug FROM organizations_ext_organization WHERE slug NOT LIKE 'glitchkeeper%' ORDER BY 1"),
    users: await sql(stack, "SELECT email, password <> '' FROM users_user WHERE email COLLATE \"C\" NOT LIKE '%glitchkeeper%' ORDER BY 1"),
    keys: await sql(stack, "SELECT k.public_key FROM projects_projectkey k JOIN projects_project p ON p.id = k.project_id WHERE p.slug NOT LIKE 'glitchkeeper%' ORDER BY 1"),
    events: [...(await runIds(stack, runId))].sort(),
  };
}
