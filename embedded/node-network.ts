/** Makes and removes the node's network namespace and the veth pair that joins it to this machine. */
import { execa } from 'execa';
import { serviceCidr, type NodeNetwork } from './address.js';
import { exists } from './filesystem.js';

/** The file by which a network namespace is entered. */
export function netnsPath(resource: string): string {
  return `/run/netns/${resource}`;
}

/** Command line prefix that enters the namespace. `ip netns exec` would hide /sys/fs/cgroup, and the kubelet needs it. */
export function nsenterPrefix(resource: string): readonly [string, ...string[]] {
  return ['nsenter', `--net=${netnsPath(resource)}`];
}

async function ip(...args: readonly string[]): Promise<void> {
  await execa('ip', args);
}

/**
 * A new, empty namespace with one way out: the veth pair. The node's default route says "unreachable", so pods reach
 * this machine's end of the pair and nothing beyond, and are refused at once. Service addresses are routed into the
 * pair only so that local connections to them reach kube-proxy's rules. Nothing of this machine's own routing or
 * filtering is touched.
 */
export async function createNetwork(resource: string, network: NodeNetwork): Promise<void> {
  await removeNetwork(resource, network);
  await ip('netns', 'add', resource);
  await ip('link', 'add', network.hostInterface, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', resource);
  await ip('address', 'add', `${network.hostAddress}/24`, 'dev', network.hostInterface);
  await ip('link', 'set', network.hostInterface, 'up');
  await ip('-n', resource, 'address', 'add', `${network.nodeAddress}/24`, 'dev', 'eth0');
  await ip('-n', resource, 'link', 'set', 'lo', 'up');
  await ip('-n', resource, 'link', 'set', 'eth0', 'up');
  await ip('-n', resource, 'route', 'add', serviceCidr, 'dev', 'eth0');
  await ip('-n', resource, 'route', 'add', 'unreachable', 'default');
  const [nsenter, ...options] = nsenterPrefix(resource);
  await execa(nsenter, [...options, 'sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward']);
}

/** Removes both; what is not there is no error. */
export async function removeNetwork(resource: string, network: NodeNetwork | undefined): Promise<void> {
  if (network !== undefined) await execa('ip', ['link', 'delete', network.hostInterface], { reject: false });
  if (await exists(netnsPath(resource))) await ip('netns', 'delete', resource);
}
