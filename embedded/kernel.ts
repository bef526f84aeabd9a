/** Checks what the kernel must be able to do, before anything is started, and says what to do when it cannot. */
import { readFile } from 'node:fs/promises';
import { execa } from 'execa';
import { exists } from './filesystem.js';

/** This machine cannot run the embedded cluster; the message names the remedy. */
export class UnsupportedMachineError extends Error {
  override readonly name = 'UnsupportedMachineError';
}

interface KernelFeature {
  readonly module: string;
  readonly neededFor: string;
  readonly present: () => Promise<boolean>;
}

async function hasFilesystem(name: string): Promise<boolean> {
  return (await readFile('/proc/filesystems', 'utf8')).split(/\s+/).includes(name);
}

/** br_netfilter and dummy are not among them: the pods' network is routed (config/runtime.ts) and uses a veth pair. */
const features: readonly KernelFeature[] = [
  { module: 'overlay', neededFor: "containers' filesystems", present: () => hasFilesystem('overlay') },
  { module: 'nf_conntrack', neededFor: 'Services (kube-proxy)', present: () => exists('/proc/sys/net/netfilter/nf_conntrack_max') },
];

/** Throws UnsupportedMachineError unless this is Linux, run by root, with overlayfs and connection tracking. */
export async function checkMachine(): Promise<void> {
  if (process.platform !== 'linux') throw new UnsupportedMachineError(`the embedded cluster needs Linux, found ${process.platform}`);
  if (process.getuid?.() !== 0) throw new UnsupportedMachineError('the embedded cluster makes namespaces and cgroups: run it as root');
  for (const feature of features) {
    if (await feature.present()) continue;
    await execa('modprobe', [feature.module], { reject: false });
    if (await feature.present()) continue;
    throw new UnsupportedMachineError(`the kernel lacks ${feature.module} (needed for ${feature.neededFor}); load it with: modprobe ${feature.module}`);
  }
}
