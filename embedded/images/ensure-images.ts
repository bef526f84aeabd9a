/** Makes sure that an archive of every image of the stack lies in the cache: pulled where a registry answers, else built. */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheRoot } from '../cluster-options.js';
import { type Buildah, openBuildah } from './buildah.js';
import { type ImageEntry, imageCatalog } from './catalog.js';
import { fingerprint } from './fingerprint.js';
import { buildTools, pullTools } from './package-lists.js';
import { prepare, preparedName, preparedVersion } from './prepared.js';
import { type ImageMode, readImageMode, registryAnswers } from './registry.js';
import { ensureRootfs, rootfsName } from './rootfs.js';
import { assertTools } from './tools.js';

const here = dirname(fileURLToPath(import.meta.url));

export type ImageSource = 'local' | 'pulled';

export interface ImageArchive {
  /** The name inside the archive, as the manifests use it. */
  readonly name: string;
  /** Path of an oci-archive, for `ctr --namespace k8s.io images import`. */
  readonly archive: string;
  readonly source: ImageSource;
  /** True when it only behaves like the program of its name. */
  readonly isDouble: boolean;
  /** True when this call found the archive in the cache. */
  readonly cached: boolean;
}

export interface ImageProgress {
  readonly image: string;
  readonly step: string;
}

export interface EnsureImagesOptions {
  /** Default: every image of the catalog. */
  readonly entries?: readonly ImageEntry[];
  /** Default: `GLITCHKEEPER_CACHE`, else `$XDG_CACHE_HOME/glitchkeeper`, else `~/.cache/glitchkeeper`. */
  readonly cacheFolder?: string;
  /** Default: `GLITCHKEEPER_IMAGES`, else `auto`. */
  readonly mode?: ImageMode;
  readonly onProgress?: (progress: ImageProgress) => void;
}

/** File name of an image's archive: readable, and new when any input of the build is new. */
export function archiveName(entry: ImageEntry, source: ImageSource): string {
  const label = entry.name.replace(/^.*\//, '').replace(':', '-');
  return source === 'pulled' ? `${label}-pulled.tar` : `${label}-${localKey(entry)}.tar`;
}

function localKey(entry: ImageEntry): string {
  const words = [entry.name, entry.onRootfs ? rootfsName() : 'scratch', ...(entry.file === undefined ? [] : [entry.file])];
  return fingerprint(join(here, entry.folder), ...words, entry.prepared ? preparedVersion(entry.prepared) : '');
}

/**
 * Ensures an archive of every image, in their order. Needs root.
 * From nothing about four minutes; a call that finds everything takes well under a second.
 * Throws MissingToolsError naming Debian packages, or the failing command's output.
 */
export async function ensureImages(options: EnsureImagesOptions = {}): Promise<ImageArchive[]> {
  const cacheFolder = join(options.cacheFolder ?? cacheRoot(process.env), 'images');
  const archives = join(cacheFolder, 'archives');
  mkdirSync(archives, { recursive: true });
  const entries = options.entries ?? imageCatalog;
  const preferred = await chooseSource(options.mode ?? readImageMode(process.env), entries, archives);
  const maker = openMaker(cacheFolder, options.onProgress ?? (() => undefined));
  const result: ImageArchive[] = [];
  for (const entry of entries) {
    const source = entry.pullable ? preferred : 'local';
    const archive = join(archives, archiveName(entry, source));
    const cached = existsSync(archive);
    if (!cached) {
      await maker(entry, source, archive);
      removeOlder(archive, archiveName(entry, 'pulled').replace(/pulled\.tar$/, ''));
    }
    result.push({ name: entry.name, archive, source, isDouble: source === 'local' && entry.isDouble === true, cached });
  }
  return result;
}

/** In `auto` a complete set of local archives is used without asking the network first. */
async function chooseSource(mode: ImageMode, entries: readonly ImageEntry[], archives: string): Promise<ImageSource> {
  if (mode !== 'auto') {
    return mode === 'pull' ? 'pulled' : 'local';
  }
  const complete = entries.every((entry) => existsSync(join(archives, archiveName(entry, 'local'))));
  return !complete && (await registryAnswers()) ? 'pulled' : 'local';
}

type Maker = (entry: ImageEntry, source: ImageSource, archive: string) => Promise<void>;

/** Tools are looked for when the first image has to be made, so a warm call needs none. */
function openMaker(cacheFolder: string, report: (progress: ImageProgress) => void): Maker {
  let opened: Buildah | undefined;
  return async (entry, source, archive) => {
    assertTools(source === 'pulled' ? pullTools : buildTools, process.env);
    const buildah = (opened ??= openBuildah(join(cacheFolder, 'buildah')));
    const progress = (step: string): void => {
      report({ image: entry.name, step });
    };
    if (source === 'pulled') {
      progress('pulling');
      await buildah.pull(entry.name);
    } else {
      await buildLocally(entry, buildah, { cacheFolder, progress });
    }
    progress('writing the archive');
    await buildah.writeArchive(entry.name, archive);
  };
}

interface BuildSurroundings {
  readonly cacheFolder: string;
  readonly progress: (step: string) => void;
}

async function buildLocally(entry: ImageEntry, buildah: Buildah, { cacheFolder, progress }: BuildSurroundings): Promise<void> {
  const buildArguments: Record<string, string> = {};
  if (entry.onRootfs) {
    buildArguments['BASE'] = await ensureRootfs(buildah, cacheFolder, progress);
  }
  const context = mkdtempSync(join(cacheFolder, 'context-'));
  cpSync(join(here, entry.folder), context, { recursive: true });
  try {
    if (entry.prepared) {
      progress(`preparing ${preparedName(entry.prepared)}`);
      await prepare(entry.prepared, context);
    }
    progress('building');
    await buildah.build({ name: entry.name, context, buildArguments, ...(entry.file === undefined ? {} : { file: entry.file }) });
  } finally {
    rmSync(context, { recursive: true, force: true });
  }
}

/** Archives are big: one build of each image is kept. */
function removeOlder(archive: string, prefix: string): void {
  const folder = dirname(archive);
  for (const file of readdirSync(folder)) {
    const path = join(folder, file);
    if (file.startsWith(prefix) && file.endsWith('.tar') && path !== archive) {
      rmSync(path);
    }
  }
}
