// `glitchkeeper bundle`: an archive for whoever is to help, without any secret in it.
import { existsSync } from 'node:fs';
import { createArchive, type Archive } from '../bundle/archive.js';
import { renderReport, type BundleReport, type FileReport } from '../bundle/archive-contents.js';
import { Scrubber } from '../bundle/scrubber.js';
import { readSecrets } from '../bundle/secret-list.js';
import { logSources, sourcesOf, type Source } from '../bundle/archive-sources.js';
import { Failure } from '../failure.js';
import type { Place } from '../glitchtip-resource-access.js';
import type { Context, ExitCode } from './command-context.js';

export interface BundleOptions {
  /** @default glitchkeeper-NAMESPACE-TIME.tar.gz in the current folder */
  readonly output?: string;
}

export async function bundle({ place, output }: Context, options: BundleOptions): Promise<ExitCode> {
  const now = new Date();
  const file = options.output ?? `glitchkeeper-${place.namespace}-${now.toISOString().slice(0, 19).replace(/[-:]/g, '')}Z.tar.gz`;
  if (existsSync(file)) throw new Failure('refused', `${file} exists already: pass --output`);
  const archive = createArchive(file, now);
  const report = await fill(archive, file, () => collect(place, archive, output.say));
  if (output.json) output.printJson(report);
  else output.print(renderReport(report));
  return 0;
}

/** Whatever goes wrong, nothing half made stays. */
async function fill(archive: Archive, file: string, work: () => Promise<Omit<BundleReport, 'file' | 'bytes'>>): Promise<BundleReport> {
  try {
    return { ...await work(), file, bytes: await archive.close() };
  } catch (error) {
    await archive.discard();
    // Of the file system: no folder, no right, no room.
    const { syscall, message } = error as NodeJS.ErrnoException;
    if (syscall !== undefined) throw new Failure('refused', `${file} cannot be written: ${message}`, { cause: error });
    throw error;
  }
}

async function collect(place: Place, archive: Archive, say: (text: string) => void): Promise<Omit<BundleReport, 'file' | 'bytes'>> {
  const secrets = await readSecrets(place);
  const scrubber = new Scrubber(secrets.values, secrets.names);
  const files: FileReport[] = [];
  const notCollected: { path: string; why: string }[] = [];
  const add = async ({ path, read }: Source): Promise<void> => {
    const before = scrubber.total;
    const text = await orWhy(read);
    if (typeof text !== 'string') {
      notCollected.push({ path, why: scrubber.text(text.message) });
      return;
    }
    await archive.add(path, text);
    files.push({ path, bytes: Buffer.byteLength(text), removed: scrubber.total - before });
  };
  say('collecting ...');
  await add({ path: 'secrets.yaml', read: () => Promise.resolve(secrets.description) });
  for (const source of [...sourcesOf(place, scrubber), ...await logSources(place, scrubber)]) await add(source);
  // A value that was made meanwhile was not looked for.
  if ((await readSecrets(place)).fingerprint !== secrets.fingerprint) throw new Failure('conflict', 'the Secrets changed while the archive was made (a rotation?), so it was thrown away: try again');
  return { files, notCollected, removed: Object.fromEntries(scrubber.removed), tooShort: scrubber.tooShort };
}

async function orWhy(read: () => Promise<string>): Promise<string | Failure> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
}
