// Makes a copy of what was dumped and restored: verifies, encrypts, stores, writes the manifest last; then looks at the copies that are there.
import { readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Encrypt, Encrypted } from './encryption.js';
import type { BackupConfig } from './environment.js';
import { isFull } from './error-code.js';
import { ENCRYPTED, MANIFEST, copyKey } from './core/layout.js';
import { ownBytes, parseManifest, type Manifest, type Stored } from './core/manifest.js';
import { BackupFailure, type VerifiedReport } from './core/report.js';
import { copiesAmong } from './core/retention.js';
import { describeProblems, findProblems } from './core/verification.js';
import { recheck } from './recheck.js';
import { retain } from './retain.js';
import { DUMP, readEvidence, type RunEvidence } from './run-evidence.js';
import type { CopyStore, StoredObject } from './storage/copy-store.js';
import { fingerprintFile, isSame } from './storage/files.js';
import { storeUploads } from './uploads.js';

export interface StoreCopyInput {
  readonly config: BackupConfig;
  readonly store: CopyStore;
  readonly encrypt: Encrypt | undefined;
  readonly now: () => Date;
  /** From 0 to below 1: which old copy is looked at. */
  readonly random: () => number;
  /** Of glitchkeeper, as 0.1.0. */
  readonly version: string;
}

/** @throws BackupFailure with the step and the reason; what is stored by then has no manifest, and so is no copy */
export async function storeCopy(input: StoreCopyInput): Promise<VerifiedReport> {
  try {
    return await storeVerified(input);
  } catch (error) {
    if (error instanceof BackupFailure && error.step === 'store' && error.reason === 'NoSpace') await makeRoom(input).catch(() => undefined);
    throw error;
  }
}

/** Else a store that is full stays so: what is too old by now goes only after a good copy, and each try would leave another half. */
async function makeRoom({ config, store, now }: StoreCopyInput): Promise<void> {
  const own = (await store.list()).map(({ key }) => key).filter((key) => key.startsWith(copyKey(config.copy, '')));
  if (!own.includes(copyKey(config.copy, MANIFEST))) for (const key of own) await store.remove(key);
  await retain(store, now(), config.retention);
}

async function storeVerified(input: StoreCopyInput): Promise<VerifiedReport> {
  const { config, store } = input;
  const began = input.now();
  const evidence = await readEvidence(config.work);
  const objects = await store.list();
  const previous = await newestGood(store, objects);
  verify(evidence, config, previous);

  const dump = await storeDump(input, evidence);
  const settings = await storeSettings(input);
  // Before the uploads, of which one that is damaged is stored anew; and today's copy is whole, whatever a look at an old one ends with.
  const [rechecked] = await Promise.allSettled([config.recheck ? recheck(input, objects) : undefined]);
  const removed = rechecked.status === 'fulfilled' ? rechecked.value?.removed : undefined;
  const uploads = config.uploads === undefined ? [] : await storeUploads({
    folder: config.uploads, work: config.work, store, encrypt: input.encrypt, previous: previous?.uploads ?? [], keys: new Set(objects.map(({ key }) => key).filter((key) => !removed?.has(key))),
  });
  const spent = Math.round((input.now().getTime() - began.getTime()) / 1_000);
  const manifest = buildManifest(input, evidence, { dump, settings, uploads, seconds: { ...evidence.seconds, store: spent } });
  await storeManifest(input, manifest);

  if (rechecked.status === 'rejected') throw rechecked.reason;
  const retained = await retain(store, input.now(), config.retention, config.copy);
  return {
    result: 'verified', copy: config.copy, bytes: ownBytes(manifest), where: store.where, how: manifest.verified.how,
    seconds: Object.values(manifest.seconds).reduce((sum, seconds) => sum + seconds, 0),
    copies: listCopies(await store.list()), ...retained, ...(rechecked.value === undefined ? {} : { rechecked: { copy: rechecked.value.copy, good: rechecked.value.good } }),
  };
}

async function newestGood(store: CopyStore, objects: readonly StoredObject[]): Promise<Manifest | undefined> {
  for (const { name, damaged } of copiesAmong(objects.map(({ key }) => key))) {
    if (damaged) continue;
    const text = await store.read(copyKey(name, MANIFEST));
    try {
      return parseManifest(text ?? '');
    } catch {
      // Of another version, or damaged: the one before it serves as well.
    }
  }
  return undefined;
}

function verify({ dumped, restored }: RunEvidence, { expected }: BackupConfig, previous: Manifest | undefined): void {
  const problems = findProblems({ dumped, restored, expected, ...(previous === undefined ? {} : { previous }) });
  if (problems.length > 0) throw new BackupFailure('verify', 'NotVerified', describeProblems(problems));
}

/** The dump itself goes as soon as it is encrypted: the volume holds one of the two. */
async function storeDump({ config, store, encrypt }: StoreCopyInput, { dump }: RunEvidence): Promise<Stored> {
  const path = join(config.work, DUMP);
  const refuse = () => new BackupFailure('encrypt', 'DumpChanged', 'the dump is not the one that was restored');
  if (!encrypt) {
    if (!isSame(await fingerprintFile(path), dump)) throw refuse();
    const key = copyKey(config.copy, DUMP);
    await store.put(key, path, dump);
    return { key, stored: dump };
  }
  const { content, stored } = await encrypted(encrypt, path);
  if (!isSame(content, dump)) throw refuse();
  await rm(path);
  const key = copyKey(config.copy, DUMP + ENCRYPTED);
  await store.put(key, path + ENCRYPTED, stored);
  await rm(path + ENCRYPTED);
  return { key, stored, content };
}

async function encrypted(encrypt: Encrypt, path: string): Promise<Encrypted> {
  try {
    return await encrypt(path, path + ENCRYPTED);
  } catch (cause) {
    if (isFull(cause)) throw new BackupFailure('encrypt', 'NoSpace', 'no room for the encrypted dump', { cause });
    throw cause;
  }
}

/** SECRET_KEY is in no copy that is not encrypted. */
async function storeSettings({ config, store, encrypt }: StoreCopyInput): Promise<Stored | undefined> {
  if (!encrypt || config.settings === undefined) return undefined;
  const folder = config.settings;
  // A mounted Secret has folders and links of its own beside its keys.
  const names = (await readdir(folder)).filter((name) => !name.startsWith('.')).sort();
  const files = Object.fromEntries(await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name), 'utf8')] as const)));
  const path = join(config.work, 'settings.json');
  await writeFile(path, JSON.stringify(files), { mode: 0o600 });
  const { content, stored } = await encrypted(encrypt, path);
  await rm(path);
  const key = copyKey(config.copy, `settings.json${ENCRYPTED}`);
  await store.put(key, path + ENCRYPTED, stored);
  return { key, stored, content };
}

function buildManifest(
  { config, now, version }: StoreCopyInput, { dumped, restored, pgDump }: RunEvidence,
  { dump, settings, uploads, seconds }: Pick<Manifest, 'dump' | 'settings' | 'uploads' | 'seconds'>,
): Manifest {
  const { server, content, tables } = dumped;
  const hashed = restored.tables.every(({ hash }) => hash !== undefined);
  const { mayShrink } = config.expected;
  return {
    format: 1, name: config.copy, startedAt: server.at, finishedAt: now().toISOString(), release: config.release,
    madeBy: { glitchkeeper: version, ...(pgDump === undefined ? {} : { pgDump }) },
    database: {
      name: server.database, systemIdentifier: server.systemIdentifier, lsn: server.lsn, serverVersion: server.serverVersion, bytes: server.bytes,
      migration: content.migration ?? '', tables: [...tables],
    },
    dump, ...(settings === undefined ? {} : { settings }), uploads,
    verified: { how: hashed ? 'content' : 'counts', ...(mayShrink === undefined ? {} : { override: mayShrink }) },
    seconds,
  };
}

async function storeManifest({ config, store }: StoreCopyInput, manifest: Manifest): Promise<void> {
  const path = join(config.work, MANIFEST);
  await writeFile(path, JSON.stringify(manifest));
  await store.put(copyKey(config.copy, MANIFEST), path, await fingerprintFile(path));
}

function listCopies(objects: readonly StoredObject[]): VerifiedReport['copies'] {
  const keys = objects.map(({ key }) => key);
  return copiesAmong(keys).map(({ name, damaged }) => {
    const bytes = objects.filter(({ key }) => key.startsWith(copyKey(name, ''))).reduce((sum, object) => sum + object.bytes, 0);
    return [name, bytes, damaged ? 'damaged' : 'good'];
  });
}
