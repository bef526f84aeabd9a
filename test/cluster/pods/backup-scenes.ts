// Backups on pods while numbered events come in: what all scenes share, and what has to hold at their end.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { MANIFEST, copyKey } from '../../../backup/core/layout.js';
import { parseManifest, type Manifest } from '../../../backup/core/manifest.js';
import type { SettingsInput } from '../../../charts/settings/schema.js';
import { maintenanceEnd } from '../../../operator/core/backup/backup-schedule.js';
import type { LoadReport } from '../../sdk/load.js';
import { forgetPast } from '../support/alerts.js';
import { backup, backupStatus, untilIdle, type Ended } from '../support/backup-runs.js';
import { BackupStore } from '../support/backup-store.js';
import { cli } from '../support/cli.js';
import { untilNoIncident } from '../support/health-checks.js';
import { startLoad } from '../support/inside.js';
import { tellLoad } from '../support/load-report.js';
import type { Stack, Synthesized } from '../support/stack.js';
import { runIds, settleStored, sql } from '../support/stored-events.js';
import { expectRefusedWhileAwayOnly, type Away } from './gateway.js';
import type { Installed } from './on-pods.js';

/** Events a second, all the time. */
export const RATE = 20;
/** Longer than the part may take. Seconds. */
const LOAD_SECONDS = 2_600;
/** So small that a test fills it; a run of so small a database takes a fifth of it. */
const SCRATCH = '512Mi';
export const SCRATCH_MEBIBYTES = 512;
/** Of a scene with a run or two. Milliseconds. */
export const SCENE_MS = 600_000;

/** Among the places of the leak test. */
export const MANIFESTS = 'manifests of copies';

export type BackupScene = (scenes: BackupScenes) => void;

export class BackupScenes {
  readonly stack: Stack;
  private bucket: BackupStore | undefined;
  private load: { readonly report: Promise<LoadReport>; readonly stop: () => void } | undefined;
  /** Of age: whoever has it reads the copies of the bucket. */
  identity = '';
  /** Of files that a person has: {@link key} is one. */
  folder = '';

  constructor(readonly installed: Installed) {
    this.stack = installed.stack;
  }

  get store(): BackupStore {
    if (this.bucket === undefined) throw new Error('the bucket was not started');
    return this.bucket;
  }

  /** File of a person's folder. @default that of {@link identity}, as docs/runbooks/restore.md calls it */
  key(name = 'glitchtip-backup.key'): string {
    return join(this.folder, name);
  }

  /** @throws near the hour in which the operator rightly holds every backup back: the scenes would wait for its end */
  async begin(): Promise<void> {
    const end = [0, LOAD_SECONDS].map((later) => maintenanceEnd(new Date(Date.now() + later * 1_000))).find((each) => each !== undefined);
    if (end !== undefined) throw new Error(`GlitchTip maintains its partitions soon, and no backup is made meanwhile: begin after ${end.toISOString()}`);
    const { stack, installed, installed: { dsn } } = this;
    this.bucket = await BackupStore.start(stack.cluster);
    this.identity = await generateX25519Identity();
    installed.canaries.note('the identity of the copies', this.identity);
    this.folder = await mkdtemp(join(tmpdir(), 'glitchkeeper-key-'));
    await writeFile(this.key(), `${this.identity}\n`, { mode: 0o600 });
    this.load = startLoad(stack.cluster, { dsn: dsn(), baseUrl: await stack.baseUrl(), rate: RATE, seconds: LOAD_SECONDS });
  }

  /** Every event that was sent, and what became of it. */
  private async endLoad(): Promise<LoadReport> {
    this.load?.stop();
    const report = await this.load?.report;
    if (report === undefined) throw new Error('no load was started');
    return report;
  }

  async end(): Promise<void> {
    this.load?.stop();
    if (this.bucket) this.installed.elsewhere.set(MANIFESTS, await this.bucket.manifests());
    await this.bucket?.stop();
    if (this.folder !== '') await rm(this.folder, { recursive: true });
  }

  /** On demand only, so that none begins between two scenes. */
  async apply(label: string, more: SettingsInput['backup'], settings: SettingsInput = {}): Promise<void> {
    await this.stack.apply(await this.synthesize(label, more, settings));
    await this.stack.rolledOut();
  }

  private synthesize(label: string, more: SettingsInput['backup'], settings: SettingsInput): Promise<Synthesized> {
    return this.stack.synthesize(label, { ...settings, backup: { enabled: false, scratch: SCRATCH, ...more } });
  }

  /** Of {@link applyBucket}: not applied yet. */
  async synthesizeBucket(label: string, { backup: more, ...settings }: SettingsInput = {}): Promise<Synthesized> {
    return this.synthesize(label, { ...(await this.ofBucket()), ...more }, settings);
  }

  private async ofBucket(): Promise<NonNullable<SettingsInput['backup']>> {
    return { store: 's3', recipients: [await identityToRecipient(this.identity)], s3: this.store.settings };
  }

  /** Encrypted for {@link identity}, which is in no Secret. */
  async applyBucket(label: string, settings: SettingsInput = {}): Promise<void> {
    await this.stack.apply(await this.synthesizeBucket(label, settings));
    await this.stack.rolledOut();
    await this.stack.cluster.kubectl(['apply', '-f', '-'], JSON.stringify(this.store.secret(this.stack.namespace)));
  }

  /** Of everything that was sent since the beginning; ends it. @param away when the gateway was killed: then it answers nobody */
  async expectEachStoredOnce(label: string, away: readonly Away[] = []): Promise<void> {
    const { stack } = this;
    const report = await this.endLoad();
    const { accepted, losses } = tellLoad(label, report);
    if (away.length === 0) expect(losses).toEqual({});
    else expectRefusedWhileAwayOnly(report, away);
    const { stored, lost } = await settleStored(stack, report);
    const [rows] = await sql(stack, `SELECT count(*) FROM issue_events_issueevent WHERE title LIKE '%load ${report.runId} %'`);
    const ids = (await runIds(stack, report.runId)).size;
    // More than that may be stored: a kill between the disk and the answer.
    const wanted = away.length === 0 ? accepted : ids;
    expect({ stored, lost, rows: Number(rows), ids }).toEqual({ stored: accepted, lost: [], rows: wanted, ids: wanted });
  }

  async manifestOf(copy: string): Promise<Manifest> {
    return parseManifest(await readFile(this.store.file(copyKey(copy, MANIFEST)), 'utf8'));
  }

  /** Names of the copies in the bucket. */
  async copiesInBucket(): Promise<string[]> {
    const keys = (await this.store.objects.list()).map(({ key }) => key);
    return keys.filter((key) => key.endsWith(`/${MANIFEST}`)).map((key) => key.split('/')[1] ?? '');
  }

  expectFailed(ended: Ended, expected: object): void {
    expect(ended).toMatchObject({ kind: 'failed', run: expected });
  }

  /** What failed leaves nothing behind that the next one stumbles over. */
  async expectNextGood(): Promise<void> {
    expect(await backup(this.stack)).toMatchObject({ kind: 'verified' });
  }
}

export function describeBackups(installed: Installed, declared: readonly BackupScene[]): void {
  const { stack } = installed;
  describe(`backups at ${RATE} events/s`, () => {
    const scenes = new BackupScenes(installed);
    beforeAll(() => scenes.begin(), 900_000);
    afterEach(async () => {
      await scenes.store.behave({ kind: 'forward' });
      await untilIdle(stack);
      // Failures come here faster than anywhere: told as flapping, they would be over only after a quarter of an hour.
      await forgetPast(stack);
    }, SCENE_MS);
    afterAll(() => scenes.end(), 60_000);
    for (const declare of declared) declare(scenes);

    it('at the end not one event was refused, and every one is stored, once', async () => {
      await scenes.expectEachStoredOnce('beside backups');
    }, SCENE_MS);

    it('and all is well: no incident is open, and the newest copy is known to restore', async () => {
      await untilNoIncident(stack, 240);
      expect(JSON.parse(await cli(stack, 'backups', '--json'))).toMatchObject({ condition: { status: 'True', reason: 'Restored' } });
      expect((await backupStatus(stack)).lastFailure).toBeUndefined();
    }, SCENE_MS);
  });
}
