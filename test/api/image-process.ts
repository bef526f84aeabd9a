// Runs a server out of one of the stack's images without a container runtime: unpacked into the cache, entered by chroot.
import { access, mkdir, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { execa } from 'execa';
import { z } from 'zod';
import { cacheRoot } from '../../embedded/cluster-options.js';
import { ensureImages, imageCatalog, otherGlitchTips, type ImageArchive } from '../../embedded/images/index.js';
import { Program } from './control-plane.js';

const descriptor = z.object({ digest: z.templateLiteral(['sha256:', z.string()]) });
const index = z.object({ manifests: z.array(descriptor).min(1) });
const manifest = z.object({ config: descriptor, layers: z.array(descriptor) });
const configuration = z.object({ config: z.object({ Env: z.array(z.string()).default([]) }) });

/** An image on disk. */
export interface UnpackedImage {
  /** Its root folder. */
  readonly root: string;
  /** The variables that it sets. */
  readonly env: Readonly<Record<string, string>>;
}

/** An image of the stack's, or one that is pulled for this call: its archive. @param name or the path of an oci-archive, NAME.tar */
export async function archiveOf(name: string): Promise<Pick<ImageArchive, 'archive' | 'isDouble' | 'source'>> {
  if (name.endsWith('.tar')) return { archive: resolve(name), isDouble: false, source: 'local' };
  const known = [imageCatalog, otherGlitchTips].find((entries) => entries.some((candidate) => candidate.name === name));
  const images = await ensureImages(known === undefined ? { entries: [{ name, folder: '', onRootfs: false, pullable: true }], mode: 'pull' } : { entries: known });
  const image = images.find((candidate) => candidate.name === name);
  if (image === undefined) throw new Error(`there is no image ${name}`);
  return image;
}

/** An image as archiveOf takes it, unpacked once. Needs root. The first call takes about ten seconds an image. */
export async function unpackImage(name: string): Promise<UnpackedImage> {
  const image = await archiveOf(name);
  const folder = join(cacheRoot(process.env), 'images', 'unpacked', basename(image.archive, '.tar'));
  if (!(await access(folder).then(() => true, () => false))) {
    const scratch = `${folder}.${process.pid}`;
    await unpackArchive(image.archive, scratch);
    await rename(scratch, folder);
    await removeStale(dirname(folder), dirname(image.archive));
  }
  const env = JSON.parse(await readFile(join(folder, 'env.json'), 'utf8')) as Record<string, string>;
  return { root: join(folder, 'root'), env };
}

/** No run of the tests is longer. Milliseconds. */
const IN_USE = 6 * 3_600_000;

/** What was unpacked of archives that are gone: each build of an image is half a gigabyte. */
async function removeStale(unpacked: string, archives: string): Promise<void> {
  const kept = new Set((await readdir(archives)).map((file) => basename(file, '.tar')));
  for (const name of await readdir(unpacked)) {
    const path = join(unpacked, name);
    const unpackedAt = (await stat(path).catch(() => undefined))?.mtimeMs ?? Number.POSITIVE_INFINITY;
    if (!kept.has(name) && Date.now() - unpackedAt > IN_USE) await rm(path, { recursive: true, force: true });
  }
}

async function unpackArchive(archive: string, scratch: string): Promise<void> {
  const [oci, root] = [join(scratch, 'oci'), join(scratch, 'root')];
  await mkdir(oci, { recursive: true });
  await mkdir(root);
  await execa('tar', ['-xf', archive, '-C', oci]);
  const read = async (digest: string) => JSON.parse(await readFile(blob(oci, digest), 'utf8')) as unknown;
  const [first] = index.parse(JSON.parse(await readFile(join(oci, 'index.json'), 'utf8'))).manifests;
  const { config, layers } = manifest.parse(await read(first?.digest ?? ''));
  const variables = configuration.parse(await read(config.digest)).config.Env.map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)] as const);
  await writeFile(join(scratch, 'env.json'), JSON.stringify(Object.fromEntries(variables)));
  for (const layer of layers) await execa('tar', ['-xf', blob(oci, layer.digest), '-C', root, '--exclude=dev/*', '--exclude=.wh.*']);
  await rm(oci, { recursive: true });
}

function blob(oci: string, digest: string): string {
  return join(oci, 'blobs', ...digest.split(':'));
}

/** A command inside an image. */
export interface ImageCommand {
  readonly image: UnpackedImage;
  readonly user: { readonly uid: number; readonly gid: number };
  readonly command: readonly string[];
}

/**
 * Prepares the process; its mounts (proc and devices, which the image lacks) are in a mount namespace of its own and end with it.
 * `folders` are folders of the machine by the path that they have inside.
 */
export function prepareProcess({ image: { root, env }, user, command }: ImageCommand, folders: Readonly<Record<string, string>>): Program {
  const script = [
    'root=$1; user=$2; shift 2',
    'mkdir -p "$root/proc" "$root/dev"; mount -t proc proc "$root/proc"; mount --rbind /dev "$root/dev"',
    'while [ "$1" != -- ]; do mkdir -p "$root$1"; mount --bind "$2" "$root$1"; shift 2; done; shift',
    'exec chroot --userspec="$user" "$root" "$@"',
  ].join('\n');
  const args = ['--mount', '--propagation', 'private', 'sh', '-euc', script, 'sh', root, `${user.uid}:${user.gid}`, ...Object.entries(folders).flat(), '--', ...command];
  return new Program('unshare', args, { env });
}
