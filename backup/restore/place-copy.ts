// After the dump was loaded: whether the database has what the copy had; then the uploads, and SECRET_KEY where it was asked for.
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseFacts, type DatabaseFacts } from '../core/database-facts.js';
import { MANIFEST } from '../core/layout.js';
import { parseManifest, type Manifest } from '../core/manifest.js';
import { RestoreFailure, type RestoredReport } from '../core/restore-report.js';
import { compareWithCopy, describeProblems } from '../core/verification.js';
import { readSeconds } from '../run-evidence.js';
import { bring } from './bring.js';
import type { FetchInput } from './fetch-copy.js';
import { placeUploads } from './place-uploads.js';

/** @throws RestoreFailure with the step and the reason; a database that is not what it should be stays as it is, for whoever made it */
export async function placeCopy({ config, source, now }: FetchInput): Promise<RestoredReport> {
  const began = now();
  const { manifest, restored, seconds } = await readLoaded(config.work);
  const problems = compareWithCopy(manifest, restored);
  if (problems.length > 0) throw new RestoreFailure('verify', 'NotVerified', `copy ${manifest.name}: ${describeProblems(problems)}`);
  const uploads = config.uploads === undefined ? { written: 0, kept: 0 } : await placeUploads({ folder: config.uploads, source, uploads: manifest.uploads });
  const settings = config.settingsTo === undefined ? false : await bringSettings({ config, source, now }, manifest, config.settingsTo);
  return {
    result: 'restored', copy: manifest.name, tables: restored.tables.length, rows: restored.tables.reduce((sum, { rows }) => sum + rows, 0),
    how: restored.tables.some(({ hash }) => hash !== undefined) ? 'content' : 'counts',
    uploads, settings, seconds: { ...seconds, place: Math.round((now().getTime() - began.getTime()) / 1_000) },
  };
}

interface Loaded {
  readonly manifest: Manifest;
  readonly restored: DatabaseFacts;
  readonly seconds: Readonly<Record<string, number>>;
}

async function readLoaded(work: string): Promise<Loaded> {
  const text = (name: string) => readFile(join(work, name), 'utf8');
  try {
    return { manifest: parseManifest(await text(MANIFEST)), restored: parseFacts(await text('restored.facts')), seconds: readSeconds(await text('seconds')) };
  } catch (cause) {
    throw new RestoreFailure('verify', 'NotVerified', 'what fetching and loading left is not whole', { cause });
  }
}

/** Under its name when it is whole. */
async function bringSettings({ config, source }: FetchInput, { settings, name }: Manifest, to: string): Promise<true> {
  if (settings === undefined) throw new RestoreFailure('settings', 'NoCopy', `copy ${name}: expected SECRET_KEY in it, found none: it is only in copies that are encrypted`);
  const scratch = join(config.work, 'settings.json');
  await bring(source, settings, scratch);
  await writeFile(`${to}.part`, await readFile(scratch), { mode: 0o600 });
  await rename(`${to}.part`, to);
  return true;
}
