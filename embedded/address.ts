/** Chooses the small network between this machine and an instance's node, and names everything that follows from it. */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import * as z from 'zod';

/** Addresses inside the node's network namespace, equal for every instance because nobody outside can see them. */
export const podCidr = '10.244.0.0/16';
export const nodePodCidr = '10.244.0.0/24';
export const serviceCidr = '10.96.0.0/16';
/** What `network.clusterRanges` of settings.yaml is on it. */
export const clusterRanges: readonly string[] = [podCidr, serviceCidr];
export const kubernetesServiceAddress = '10.96.0.1';
export const dnsServiceAddress = '10.96.0.10';

/** One end of the veth pair is this machine's, the other the node's. */
export interface NodeNetwork {
  /** N in 172.30.N.0/24. */
  readonly index: number;
  readonly nodeAddress: string;
  readonly hostAddress: string;
  readonly hostInterface: string;
  /** URL of the API server, reachable from this machine. */
  readonly server: string;
}

export function networkFor(index: number): NodeNetwork {
  const nodeAddress = `172.30.${index}.1`;
  return {
    index,
    nodeAddress,
    hostAddress: `172.30.${index}.254`,
    hostInterface: `gk${index}h`,
    server: `https://${nodeAddress}:6443`,
  };
}

/** A route of this machine. */
export interface HostRoute {
  readonly dst: string;
  readonly dev: string;
}

function toNumber(address: string): number {
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}

/** True when the two IPv4 networks share an address; "default" overlaps nothing, for it is always there. */
export function overlaps(a: string, b: string): boolean {
  if (a === 'default' || b === 'default') return false;
  const [aBase = '', aBits = '32'] = a.split('/');
  const [bBase = '', bBits = '32'] = b.split('/');
  const size = 2 ** (32 - Math.min(Number(aBits), Number(bBits)));
  return Math.floor(toNumber(aBase) / size) === Math.floor(toNumber(bBase) / size);
}

/** The lowest N whose network is neither claimed nor routed elsewhere; undefined when all 256 are taken. */
export function chooseIndex(routes: readonly HostRoute[], claimed: ReadonlySet<number>): number | undefined {
  for (let index = 0; index < 256; index += 1) {
    if (!claimed.has(index) && isFree(routes, index)) return index;
  }
  return undefined;
}

/** True when no other interface of this machine routes into 172.30.N.0/24. */
export function isFree(routes: readonly HostRoute[], index: number): boolean {
  const { hostInterface } = networkFor(index);
  return !routes.some((route) => route.dev !== hostInterface && overlaps(route.dst, `172.30.${index}.0/24`));
}

const routesSchema = z.array(z.object({ dst: z.string(), dev: z.string().default('') }));

async function observeRoutes(): Promise<HostRoute[]> {
  const { stdout } = await execa('ip', ['-4', '-json', 'route', 'show', 'table', 'all', 'type', 'unicast']);
  return routesSchema.parse(JSON.parse(stdout === '' ? '[]' : stdout));
}

/** Claims are folders named N: making one is atomic, so two instances that start at once get different networks. */
async function claim(root: string, index: number, name: string): Promise<boolean> {
  const folder = join(root, 'subnets', String(index));
  await mkdir(join(root, 'subnets'), { recursive: true });
  try {
    await mkdir(folder);
  } catch {
    return (await readFile(join(folder, 'owner'), 'utf8').catch(() => '')) === name;
  }
  await writeFile(join(folder, 'owner'), name);
  return true;
}

/** Gives the network back. */
export async function releaseNetwork(root: string, index: number): Promise<void> {
  await rm(join(root, 'subnets', String(index)), { recursive: true, force: true });
}

/** The instance's network: the one that it had if that is still free, else a new one. Throws when all are taken. */
export async function ensureNetwork(root: string, name: string, previous: number | undefined): Promise<NodeNetwork> {
  const routes = await observeRoutes();
  if (previous !== undefined && isFree(routes, previous) && (await claim(root, previous, name))) return networkFor(previous);
  const refused = new Set<number>();
  for (;;) {
    const index = chooseIndex(routes, refused);
    if (index === undefined) throw new Error('every network 172.30.N.0/24 of this machine is in use');
    if (await claim(root, index, name)) return networkFor(index);
    refused.add(index);
  }
}
