// Composition root of the program that stores a copy: what dump.sh and restore.sh left becomes one, or the operator is told why not.
import { writeFileSync } from 'node:fs';
import { encrypterFor } from './encryption.js';
import { readBackupConfig, type BackupConfig } from './environment.js';
import { codeOf } from './error-code.js';
import { BackupFailure, formatReport, type Report } from './core/report.js';
import { storeCopy } from './store-copy.js';
import type { CopyStore } from './storage/copy-store.js';
import { FolderStore } from './storage/folder-store.js';
import { S3Store } from './storage/s3-store.js';

const now = (): Date => new Date();

function connectStore({ store }: BackupConfig): CopyStore {
  return store.kind === 's3' ? new S3Store(store.place, { now }) : new FolderStore(store.folder);
}

async function run(): Promise<Report> {
  try {
    const config = readConfig();
    const encrypt = config.recipients.length > 0 ? encrypterFor(config.recipients) : undefined;
    return await storeCopy({ config, store: connectStore(config), encrypt, now, random: Math.random });
  } catch (error) {
    if (error instanceof BackupFailure) return error.report;
    // What a surprise says may hold anything; its kind and its place do not.
    return { result: 'failed', step: 'store', reason: 'StepFailed', detail: `${error instanceof Error ? error.name : 'unknown'}: ${codeOf(error) ?? 'no code'}` };
  }
}

function readConfig(): BackupConfig {
  try {
    const config = readBackupConfig(process.env);
    // Read for each request: there, what is not there would look like a store that does not answer.
    if (config.store.kind === 's3') config.store.place.credentials();
    return config;
  } catch (error) {
    if (error instanceof RangeError) throw new BackupFailure('begin', 'KeyMissing', error.message, { cause: error });
    throw error;
  }
}

function end(report: Report): void {
  const line = formatReport(report);
  process.stdout.write(`${line}\n`);
  writeFileSync(process.env['REPORT'] ?? '/dev/termination-log', line);
  process.exitCode = report.result === 'verified' ? 0 : 1;
}

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    end({ result: 'failed', step: 'store', reason: 'Stopped' });
    process.exit(1);
  });
}

void run().then(end);
