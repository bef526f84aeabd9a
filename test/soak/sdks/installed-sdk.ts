// Installs an SDK into the cache, once for what its files pin, and says what a machine lacks for it.
import { createHash } from 'node:crypto';
import { access, copyFile, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { cacheRoot } from '../../../embedded/cluster-options.js';
import { buildProgress } from '../../../embedded/index.js';
import { MissingPackagesError, ensurePackages } from '../../../embedded/packages.js';
import type { Contestant } from './contestants.js';

const CHROMIUM = { debianPackage: 'chromium', neededFor: 'a browser with an SDK in it', anyOf: ['chromium', 'chromium-browser', 'google-chrome'] };

export interface InstalledSdk {
  readonly contestant: Contestant;
  readonly command: readonly [program: string, ...arguments_: string[]];
  /** For the program. */
  readonly env: Readonly<Record<string, string>>;
}

export function sourceOf({ folder }: Pick<Contestant, 'folder'>): string {
  return join(import.meta.dirname, folder);
}

/** Commands that this machine has neither nor can install; Chromium comes from Debian's packages, where that is allowed. */
export async function missingFor({ needs }: Pick<Contestant, 'needs'>): Promise<string[]> {
  const missing: string[] = [];
  for (const command of needs) if (!(command === 'chromium' ? await hasChromium() : (await pathOf(command)) !== undefined)) missing.push(command);
  return missing;
}

export async function installSdk(contestant: Contestant): Promise<InstalledSdk> {
  const source = sourceOf(contestant);
  const target = join(cacheRoot(process.env), 'sdks', `${contestant.folder}-${await fingerprint(contestant.pins.map((pin) => join(source, pin)))}`);
  if (!(await access(target).then(() => true, () => false))) {
    const scratch = `${target}.${process.pid}`;
    await mkdir(scratch, { recursive: true });
    try {
      for (const pin of contestant.pins) await copyFile(join(source, pin), join(scratch, pin));
      await contestant.install(scratch, source);
      await rename(scratch, target);
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  }
  const chromium = contestant.needs.includes('chromium') ? await chromiumPath() : undefined;
  return { contestant, command: contestant.command(target, source), env: { SDK_FOLDER: target, ...(chromium === undefined ? {} : { CHROMIUM: chromium }) } };
}

async function fingerprint(files: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const file of files) hash.update(await readFile(file)).update('\0');
  return hash.digest('hex').slice(0, 16);
}

async function hasChromium(): Promise<boolean> {
  try {
    await ensurePackages([CHROMIUM], buildProgress((line) => process.stderr.write(`${line}\n`), Date.now));
    return true;
  } catch (error) {
    if (error instanceof MissingPackagesError) return false;
    throw error;
  }
}

async function chromiumPath(): Promise<string | undefined> {
  for (const name of CHROMIUM.anyOf) {
    const path = await pathOf(name);
    if (path !== undefined) return path;
  }
  return undefined;
}

async function pathOf(command: string): Promise<string | undefined> {
  const { stdout, failed } = await execa('sh', ['-c', 'command -v "$1"', 'sh', command], { reject: false });
  return failed ? undefined : stdout;
}
