// Composition root of the programs around copies. TASK says which: store (what dump.sh and restore.sh left becomes a copy), or, of a restore, list, fetch and place.
import { readFileSync, writeFileSync } from 'node:fs';
import { decrypterFor, type Decrypt } from './decryption.js';
import { encrypterFor } from './encryption.js';
import { readBackupConfig, readStore, type StoreConfig } from './environment.js';
import { codeOf } from './error-code.js';
import { BackupFailure, formatReport, type FailedReport, type Report } from './core/report.js';
import { RestoreFailure, formatRestoreReport, type RestoreReport } from './core/restore-report.js';
import { readRestoreConfig, type RestoreConfig } from './restore/environment.js';
import { fetchCopy, fetchReadable, type FetchInput } from './restore/fetch-copy.js';
import { listCopies } from './restore/list-copies.js';
import { placeCopy } from './restore/place-copy.js';
import { storeCopy } from './store-copy.js';
import type { CopyStore } from './storage/copy-store.js';
import { FolderStore } from './storage/folder-store.js';
import { S3Store } from './storage/s3-store.js';

/** Of package.json; bundle.config.ts puts it in. */
declare const GLITCHKEEPER_VERSION: string;

type AnyReport = Report | RestoreReport;

const now = (): Date => new Date();
const env = process.env;

const TASKS = new Map<string, () => Promise<AnyReport | undefined>>([
  ['store', () => {
    const config = configured(() => readBackupConfig(env));
    const encrypt = config.recipients.length > 0 ? encrypterFor(config.recipients) : undefined;
    return storeCopy({ config, store: connectStore(config.store), encrypt, now, random: Math.random, version: GLITCHKEEPER_VERSION });
  }],
  ['list', () => listCopies(connectStore(configured(() => readStore(env))))],
  // A rehearsal dumps what is live where there is no copy that it could read.
  ['fetch', async () => (env['OR_DUMP'] === 'true' ? fetchReadable : fetchCopy)(await restoreInput())],
  ['place', async () => placeCopy(await restoreInput())],
]);
const task = env['TASK'] ?? 'store';

function connectStore(store: StoreConfig): CopyStore {
  if (store.kind === 'volume') return new FolderStore(store.folder);
  // Read for each request: there, what is not there would look like a store that does not answer.
  configured(() => store.place.credentials());
  return new S3Store(store.place, { now });
}

async function restoreInput(): Promise<FetchInput> {
  const config = configured(() => readRestoreConfig(env));
  return { config, source: { store: connectStore(config.store), decrypt: await readIdentity(config) }, now };
}

/** Copies on a volume may need none; what is encrypted says itself that it is missing. */
async function readIdentity({ identity }: RestoreConfig): Promise<Decrypt | undefined> {
  if (identity === undefined) return undefined;
  let text: string;
  try {
    text = readFileSync(identity, 'utf8');
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return undefined;
    throw new RestoreFailure('begin', 'KeyMissing', `IDENTITY: expected a file, found ${codeOf(cause) ?? 'none'}`, { cause });
  }
  return decrypterFor(text);
}

function configured<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof RangeError) throw new BackupFailure('begin', 'KeyMissing', error.message, { cause: error });
    throw error;
  }
}

async function run(): Promise<AnyReport | undefined> {
  try {
    const program = TASKS.get(task);
    if (program === undefined) throw new BackupFailure('begin', 'KeyMissing', `TASK: expected one of ${[...TASKS.keys()].join(', ')}, found ${task}`);
    return await program();
  } catch (error) {
    if (error instanceof BackupFailure || error instanceof RestoreFailure) return error.report;
    // What a surprise says may hold anything; its kind and its place do not.
    return failed('StepFailed', `${error instanceof Error ? error.name : 'unknown'}: ${codeOf(error) ?? 'no code'}`);
  }
}

function failed(reason: FailedReport['reason'], detail?: string): FailedReport {
  return { result: 'failed', step: TASKS.has(task) ? task : 'begin', reason, ...(detail === undefined ? {} : { detail }) };
}

function end(report: AnyReport): void {
  const line = report.result === 'verified' ? formatReport(report) : formatRestoreReport(report);
  process.stdout.write(`${line}\n`);
  writeFileSync(env['REPORT'] ?? '/dev/termination-log', line);
  process.exitCode = report.result === 'failed' ? 1 : 0;
}

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    end(failed('Stopped'));
    process.exit(1);
  });
}

void run().then((report) => (report === undefined ? undefined : end(report)));
