// What the containers before left in the Job's folder: facts of the dumped and of the restored database, the dump's hash, times.
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { ifThere } from './error-code.js';
import { parseFacts, type DatabaseFacts } from './core/database-facts.js';
import { sha256Schema, type Fingerprint } from './core/manifest.js';
import { BackupFailure } from './core/report.js';

export const DUMP = 'database.dump';

export interface RunEvidence {
  readonly dumped: DatabaseFacts;
  readonly restored: DatabaseFacts;
  /** Taken when the dump was whole, and checked before it was restored. */
  readonly dump: Fingerprint;
  readonly seconds: Readonly<Record<string, number>>;
  /** Version of pg_dump, as 17.6; undefined where it did not say one. */
  readonly pgDump: string | undefined;
}

const stepSchema = z.strictObject({ step: z.string(), seconds: z.number() });

/** @throws BackupFailure NotVerified where something is missing: then this is no run whose restore was looked at */
export async function readEvidence(work: string): Promise<RunEvidence> {
  const text = (name: string) => readFile(join(work, name), 'utf8');
  try {
    const [sha256 = ''] = (await text(`${DUMP}.sha256`)).split(' ');
    return {
      dumped: parseFacts(await text('dumped.facts')),
      restored: parseFacts(await text('restored.facts')),
      dump: { sha256: sha256Schema.parse(sha256), bytes: (await stat(join(work, DUMP))).size },
      seconds: readSeconds(await text('seconds')),
      pgDump: /\) (\d+[\w.]*)/.exec((await ifThere(() => text('pg_dump.version'))) ?? '')?.[1],
    };
  } catch (cause) {
    throw new BackupFailure('verify', 'NotVerified', 'what dump and restore left is not whole', { cause });
  }
}

/** How long each step took, by the lines of steps.sh. @throws Error for what it does not write */
export function readSeconds(text: string): Readonly<Record<string, number>> {
  const steps = text.split('\n').filter((line) => line !== '').map((line) => stepSchema.parse(JSON.parse(line)));
  return Object.fromEntries(steps.map(({ step, seconds }) => [step, seconds]));
}
