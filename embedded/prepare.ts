/** Gets ready what every instance starts from, once for a machine: Debian's packages, the cluster's programs, the images. */
import type { ImageArchive } from './images/index.js';
import { ensureBinaries } from './binaries.js';
import type { Binaries } from './config/layout.js';
import { prepareDnsImage, prepareImages } from './import-images.js';
import { withLock } from './instance.js';
import { stateRoot } from './cluster-options.js';
import { ensurePackages, imageRequirements, nodeRequirements } from './packages.js';
import type { Progress } from './progress.js';

export interface Prepared {
  readonly binaries: Binaries;
  /** Of every image of the stack and of DNS; none when they were not asked for. */
  readonly archives: readonly ImageArchive[];
}

/**
 * What is ready already costs well under a second; on a fresh machine it takes five minutes and more. Needs root for packages and images.
 * Throws MissingPackagesError, or what a build said.
 */
export async function prepareMachine({ images }: { readonly images: boolean }, progress: Progress): Promise<Prepared> {
  // Two first starts at once would download and compile everything twice.
  return withLock(stateRoot(process.env), '.prepare', () => progress.say('waiting for another first start'), async () => {
    await ensurePackages(images ? [...nodeRequirements, ...imageRequirements] : nodeRequirements, progress);
    // Compiling waits for processors, making images mostly for packages to arrive.
    const [binaries, archives] = await Promise.all([ensureBinaries(progress), images ? prepareImages(progress) : []]);
    return { binaries, archives: images ? [...(await prepareDnsImage(binaries.coredns, progress)), ...archives] : [] };
  });
}
