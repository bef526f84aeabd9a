/** What the distribution provides: finds it, installs it when that is allowed, else says exactly what to install. */
import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { hostDebianPackages as imagePackages } from './images/package-lists.js';
import type { SystemPrograms } from './config/layout.js';
import type { Progress } from './progress.js';

/** Something that a Debian package brings, and the places where any one of them is enough. */
export interface Requirement {
  readonly debianPackage: string;
  readonly neededFor: string;
  /** Names looked for on PATH, or absolute paths. */
  readonly anyOf: readonly string[];
}

const pluginFolders = ['/usr/lib/cni', '/opt/cni/bin', '/usr/libexec/cni'];

/** For the node itself. */
export const nodeRequirements: readonly Requirement[] = [
  { debianPackage: 'containerd', neededFor: 'running containers', anyOf: ['containerd'] },
  { debianPackage: 'runc', neededFor: 'running containers', anyOf: ['runc'] },
  { debianPackage: 'containernetworking-plugins', neededFor: "the pods' network", anyOf: pluginFolders.map((f) => join(f, 'ptp')) },
  { debianPackage: 'iptables', neededFor: 'NetworkPolicies (kube-router)', anyOf: ['iptables'] },
  { debianPackage: 'ipset', neededFor: 'NetworkPolicies (kube-router)', anyOf: ['ipset'] },
  { debianPackage: 'nftables', neededFor: 'Services (kube-proxy)', anyOf: ['nft'] },
  { debianPackage: 'iproute2', neededFor: 'the network namespace', anyOf: ['ip'] },
  { debianPackage: 'util-linux', neededFor: 'unshare and nsenter', anyOf: ['nsenter'] },
  { debianPackage: 'mount', neededFor: 'volumes (kubelet)', anyOf: ['mount'] },
];

/** For making images: each package of embedded/images, recognised by the file that it brings. */
export const imageRequirements: readonly Requirement[] = imagePackages.map((debianPackage) => ({
  debianPackage,
  neededFor: 'making images',
  anyOf: {
    'debian-archive-keyring': ['/usr/share/keyrings/debian-archive-keyring.gpg', '/usr/share/keyrings/debian-archive-keyring.pgp'],
    'ca-certificates': ['/etc/ssl/certs/ca-certificates.crt'],
  }[debianPackage] ?? [debianPackage],
}));

/** Distribution packages are missing and may not be installed from here; the message is the remedy. */
export class MissingPackagesError extends Error {
  override readonly name = 'MissingPackagesError';
}

const searchFolders = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

async function firstThatExists(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) {
    const found = await access(path, constants.R_OK).then(
      () => true,
      () => false,
    );
    if (found) return path;
  }
  return undefined;
}

/** The first of a requirement's files on this machine. */
async function find(requirement: Requirement): Promise<string | undefined> {
  const candidates = requirement.anyOf.flatMap((name) => (name.startsWith('/') ? [name] : searchFolders.map((f) => join(f, name))));
  return firstThatExists(candidates);
}

async function missingOf(requirements: readonly Requirement[]): Promise<Requirement[]> {
  const missing: Requirement[] = [];
  for (const requirement of requirements) if ((await find(requirement)) === undefined) missing.push(requirement);
  return missing;
}

/** Sentence for people: packages, and what each group is for. */
export function describePackages(missing: readonly Requirement[]): string {
  const purposes = [...new Set(missing.map((r) => r.neededFor))].join(', ');
  return `${missing.map((r) => r.debianPackage).join(' ')} (needed for ${purposes})`;
}

/** Installs what is missing when this process is root and apt-get exists; else throws MissingPackagesError. */
export async function ensurePackages(requirements: readonly Requirement[], progress: Progress): Promise<void> {
  const missing = await missingOf(requirements);
  if (missing.length === 0) return;
  const names = missing.map((r) => r.debianPackage);
  const apt = await firstThatExists(['/usr/bin/apt-get']);
  if (apt === undefined || process.getuid?.() !== 0) {
    throw new MissingPackagesError(`missing: ${describePackages(missing)}. Install with: sudo apt-get install -y ${names.join(' ')}`);
  }
  progress.say(`installing Debian packages: ${describePackages(missing)}`);
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  await progress.step('apt-get update', () => execa(apt, ['-q', 'update'], { env }));
  await progress.step('apt-get install', () => execa(apt, ['-q', 'install', '-y', '--no-install-recommends', ...names], { env }));
  const still = await missingOf(missing);
  if (still.length > 0) throw new MissingPackagesError(`installed, and yet not found: ${describePackages(still)}`);
}

/** Where the distribution's programs are; call ensurePackages first. */
export async function locateSystemPrograms(): Promise<SystemPrograms> {
  const program = async (name: string): Promise<string> => {
    const path = await firstThatExists(searchFolders.map((f) => join(f, name)));
    if (path === undefined) throw new MissingPackagesError(`${name} was not found in ${searchFolders.join(', ')}`);
    return path;
  };
  const plugin = await firstThatExists(pluginFolders.map((f) => join(f, 'ptp')));
  return { containerd: await program('containerd'), ctr: await program('ctr'), cniPlugins: plugin?.replace(/\/ptp$/, '') ?? '' };
}
