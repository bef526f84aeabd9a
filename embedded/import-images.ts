/** Brings the local images into containerd; what an instance already has costs nothing. */
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import * as z from 'zod';
import { corednsEntry, ensureImages, type ImageArchive, type ImageProgress } from './images/index.js';
import { containerdSocket, type Layout } from './config/layout.js';
import type { Progress } from './progress.js';

const importedSchema = z.record(z.string(), z.string());

/** Recognises an archive without reading it; its name already changes with what the image is made from. */
async function stamp(archive: string): Promise<string> {
  const { size, mtimeMs } = await stat(archive);
  return `${archive} ${size} ${mtimeMs}`;
}

/** Makes or pulls every image of the stack into the cache; needs no running cluster. */
export async function prepareImages(progress: Progress): Promise<readonly ImageArchive[]> {
  return ensureImages({ onProgress: reporter(progress) });
}

/** Makes the image of DNS out of the program that was built. */
export async function prepareDnsImage(coredns: string, progress: Progress): Promise<readonly ImageArchive[]> {
  return ensureImages({ entries: [corednsEntry(coredns)], onProgress: reporter(progress) });
}

function reporter(progress: Progress): (step: ImageProgress) => void {
  return ({ image, step }) => progress.say(`image ${image}: ${step}`);
}

/** Runs ctr against the node's containerd, in the namespace of images that the kubelet sees. */
export async function ctr(layout: Pick<Layout, 'settings' | 'system'>, args: readonly string[]): Promise<string> {
  const address = containerdSocket(layout.settings.paths);
  const { stdout } = await execa(layout.system.ctr, ['--address', address, '--namespace', 'k8s.io', ...args]);
  return stdout;
}

/** Imports one OCI archive under the names that it contains. */
export async function importArchive(layout: Pick<Layout, 'settings' | 'system'>, archive: string): Promise<void> {
  await ctr(layout, ['images', 'import', archive]);
}

/** Imports the archives that this instance has not imported before. */
export async function importImages(layout: Layout, archives: readonly ImageArchive[], progress: Progress): Promise<void> {
  const file = join(layout.settings.paths.root, 'images.json');
  const imported = importedSchema.parse(JSON.parse(await readFile(file, 'utf8').catch(() => '{}')));
  for (const { name, archive } of archives) {
    const current = await stamp(archive);
    if (imported[name] === current) continue;
    await progress.step(`importing ${name}`, () => importArchive(layout, archive));
    imported[name] = current;
    await writeFile(file, JSON.stringify(imported, null, 2));
  }
}
