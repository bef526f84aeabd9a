/** Makes the one root filesystem layer that the local images share: Debian by debootstrap, then the packages. */
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import type { Buildah } from './buildah.js';
import { fingerprint } from './fingerprint.js';
import { debianSuite, rootfsPackages } from './package-lists.js';
import { searchPath } from './tools.js';

const baseFolder = join(dirname(fileURLToPath(import.meta.url)), 'base');
const repository = 'localhost/glitchkeeper-rootfs';
const debianMirror = 'http://deb.debian.org/debian';

/** Name of the shared image; it changes with the suite, the package list and the Containerfile. */
export function rootfsName(): string {
  return `${repository}:${fingerprint(baseFolder, debianSuite, process.arch, ...rootfsPackages)}`;
}

/**
 * Builds the shared image unless the storage has it; about two minutes from nothing.
 * Needs root and a Debian mirror. debootstrap verifies the archive's signature.
 */
export async function ensureRootfs(buildah: Buildah, cacheFolder: string, progress: (step: string) => void): Promise<string> {
  const name = rootfsName();
  if (await buildah.exists(name)) {
    return name;
  }
  const scratch = mkdtempSync(join(cacheFolder, 'rootfs-'));
  try {
    cpSync(baseFolder, scratch, { recursive: true });
    progress(`debootstrap: a minimal Debian ${debianSuite}`);
    await bootstrap(join(scratch, 'rootfs'));
    progress(`installing ${String(rootfsPackages.length)} packages and what they need`);
    await buildah.build({ name, context: scratch, buildArguments: { PACKAGES: rootfsPackages.join(' ') } });
    await buildah.prune(repository, name);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  return name;
}

async function bootstrap(target: string): Promise<void> {
  const env = { ...process.env, PATH: searchPath(process.env) };
  await execa('debootstrap', ['--variant=minbase', debianSuite, target, debianMirror], { env, stdin: 'ignore' });
  // The container gets its own /dev; device nodes would need rights that a build may lack.
  rmSync(join(target, 'dev'), { recursive: true, force: true });
  mkdirSync(join(target, 'dev'));
}
