// From nothing: a host that is lost, and another one that has only the bucket and the key, by the commands of docs/runbooks/restore.md.
import { copyFile, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { SECRETS } from '../../../charts/part-names.js';
import type { SettingsInput } from '../../../charts/settings/schema.js';
import { Sensitive } from '../../../operator/core/sensitive.js';
import { buildDjangoPassword } from '../../../operator/io/django-password.js';
import type { GlitchTipSession } from '../../sdk/glitchtip-session.js';
import { recordMeasurement } from '../../support/measurements.js';
import { backup } from '../support/backup-runs.js';
import { BackupStore } from '../support/backup-store.js';
import { startLoad } from '../support/inside.js';
import { databasesOfRestores } from '../support/restore-runs.js';
import { asBuilt, blocksOf, runCommands } from '../support/runbook.js';
import { answersTo, signIn, type Account } from '../support/sessions.js';
import type { Stack, Synthesized } from '../support/stack.js';
import { runIds, settleStored, sql } from '../support/stored-events.js';
import { MANIFESTS, SCENE_MS } from './backup-scenes.js';
import type { Installed } from './on-pods.js';

/** What the lost host leaves: the bucket, the key, and what a person remembers of it. */
export interface LeftBehind {
  bucket?: string;
  identity?: string;
  dsn?: string;
  runId?: string;
  facts?: Facts;
  administrator?: Account;
  /** Of {@link USER}. */
  session?: GlitchTipSession;
}

interface Facts {
  readonly organizations: readonly string[];
  readonly users: readonly string[];
  readonly keys: readonly string[];
  readonly events: readonly string[];
}

const LABEL = 'bucket';
const RUNBOOK = 'docs/runbooks/restore.md';
const UPLOAD = { folder: '/code/uploads/file_blobs/ab', name: 'an-upload', text: 'what somebody uploaded' };
const SOURCE_SECONDS = 20;
/** Somebody who is not the administrator, and has chosen a password. */
const USER: Account = { email: 'somebody@example.com', password: 'chosen-by-somebody' };
/** A shell's `cat` for what a person pastes and ends by Ctrl-D, a line each: of a pipe the first one would take all. */
const PASTED = `cat() { IFS= read -r pasted; printf '%s\\n' "$pasted"; }`;

/** A host with something on it, and a copy of that in the bucket. */
export function describeLostHost({ stack, dsn, elsewhere }: Installed, left: LeftBehind): void {
  describe('the host that will be lost', () => {
    it('has events, an upload, somebody who is signed in, and a copy of it all in the bucket', async () => {
      const store = await BackupStore.start(stack.cluster);
      const identity = await generateX25519Identity();
      await toBucket(stack, store, await identityToRecipient(identity));
      const runId = await sendEvents(stack, dsn());
      await stack.exec('web', ['sh', '-c', `mkdir -p ${UPLOAD.folder} && cat > ${UPLOAD.folder}/${UPLOAD.name}`], UPLOAD.text);
      await addUser(stack);
      const session = await signIn(stack, USER);
      expect(await answersTo(stack, session)).toEqual([200, 200]);
      expect(await backup(stack)).toMatchObject({ kind: 'verified', run: { where: 's3' } });
      elsewhere.set(MANIFESTS, await store.manifests());
      Object.assign(left, { session, administrator: await administrator(stack), bucket: await store.keep(), identity, dsn: dsn(), runId, facts: await factsOf(stack, runId) });
    }, SCENE_MS);
  });
}

export function describeFromNothing({ stack }: Installed, left: LeftBehind): void {
  describe('another host, from the bucket and the key', () => {
    const [apply = '', keys = '', bring = '', confirm = ''] = blocksOf(RUNBOOK, 'From nothing: a new host, the bucket and the key');
    let store: BackupStore | undefined;
    let folder = '';
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'glitchkeeper-key-'));
      await writeFile(join(folder, 'glitchtip-backup.key'), `${left.identity ?? ''}\n`, { mode: 0o600 });
      store = await BackupStore.start(stack.cluster, left.bucket);
    }, SCENE_MS);
    afterAll(async () => {
      await store?.stop();
      await rm(folder, { recursive: true, force: true });
    });
    /** In a folder of the project, with the programs as they are built. */
    const typed = (block: string, input?: string): Promise<string> => runCommands(stack, `cd ${folder}; ${asBuilt(block)}`, input);
    /** Asked by nobody. */
    const confirmed = (block: string): Promise<string> => typed(`${block.trim()} --yes`);

    it('is applied with the settings of before, and given the keys of the bucket', async () => {
      const manifests = await synthesizeBucket(stack, started(store), await identityToRecipient(left.identity ?? ''));
      await copyFile(stack.settingsFile(LABEL), join(folder, 'settings.yaml'));
      await typed(apply);
      stack.noteApplied(manifests);
      await typed(`${PASTED}\n${keys}`, started(store).pasted);
      expect((await readdir(folder)).sort()).toEqual(['dist', 'glitchtip-backup.key', 'settings.yaml']);
      await stack.rolledOut();
    }, SCENE_MS);

    it('by one command has everything: organizations, users, DSN keys, events by their ids, and the upload', async () => {
      const began = Date.now();
      await confirmed(bring);
      recordMeasurement({ what: 'a new host, from the bucket and the key, by one command', value: Math.round((Date.now() - began) / 1_000), unit: 's' });
      expect(await factsOf(stack, left.runId ?? '')).toEqual(left.facts);
      expect(await stack.exec('web', ['cat', `${UPLOAD.folder}/${UPLOAD.name}`])).toBe(UPLOAD.text);
    }, SCENE_MS);

    it("lets people in as docs/restore.md says: by their own passwords and the administrator's new one, by no old session and not by the administrator's old one", async () => {
      const { administrator: before = USER, session } = left;
      const today = await administrator(stack);
      expect({ email: today.email, isNew: today.password !== before.password }).toEqual({ email: before.email, isNew: true });
      expect(await answersTo(stack, started(session))).toEqual([401, 401]);
      for (const account of [USER, today]) expect(await answersTo(stack, await signIn(stack, account))).toEqual([200, 200]);
      await expect(signIn(stack, before)).rejects.toThrow('400');
    }, SCENE_MS);

    it('takes events by the DSN of before', async () => {
      const runId = await sendEvents(stack, left.dsn ?? '');
      expect((await runIds(stack, runId)).size).toBeGreaterThan(0);
    }, SCENE_MS);

    it('is kept once it is confirmed', async () => {
      await confirmed(confirm);
      expect(await databasesOfRestores(stack)).toEqual([]);
    }, SCENE_MS);
  });
}

function synthesizeBucket(stack: Stack, store: BackupStore, recipient: string): Promise<Synthesized> {
  const backup: SettingsInput['backup'] = { enabled: false, store: 's3', recipients: [recipient], s3: store.settings };
  return stack.synthesize(LABEL, { backup });
}

async function toBucket(stack: Stack, store: BackupStore, recipient: string): Promise<void> {
  await stack.apply(await synthesizeBucket(stack, store, recipient));
  await stack.cluster.kubectl(['apply', '-f', '-'], JSON.stringify(store.secret(stack.namespace)));
  await stack.rolledOut();
}

async function administrator(stack: Stack): Promise<Account> {
  return { email: await stack.secret(SECRETS.administrator, 'email'), password: await stack.secret(SECRETS.administrator, 'password') };
}

/** As the administrator is, but for what makes one: so it has whatever columns this release has. */
async function addUser(stack: Stack): Promise<void> {
  const { email } = await administrator(stack);
  const own = { id: 1_000_001, email: USER.email, password: await buildDjangoPassword(new Sensitive(USER.password)), is_superuser: false, is_staff: false };
  await sql(stack, `INSERT INTO users_user SELECT (jsonb_populate_record(u, '${JSON.stringify(own)}')).* FROM users_user u WHERE email = '${email}'`);
}

function started<T>(what: T | undefined): T {
  if (what === undefined) throw new Error('what the scene before made is not there');
  return what;
}

/** Each of them stored. @returns the id of the run */
async function sendEvents(stack: Stack, dsn: string): Promise<string> {
  const report = await startLoad(stack.cluster, { dsn, baseUrl: await stack.baseUrl(), rate: 5, seconds: SOURCE_SECONDS }).report;
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
