/** Checks what the kernel must be able to do, before anything is started, and says what to do when it cannot. */
import { readFile } from 'node:fs/promises';
import { execa } from 'execa';
import { exists } from './filesystem.js';
import { searchPath } from './images/tools.js';

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

/** A kernel that runs the command without an error has the feature. */
type Probe = readonly [feature: string, command: string];

/** What kube-proxy's rules are made of. */
const serviceProbes: readonly Probe[] = [
  ['nf_tables', 'nft add table ip probe'],
  ['nft_chain_nat', "nft 'add chain ip probe nat { type nat hook postrouting priority 100; }'"],
  ['nft_fib', 'nft add rule ip probe nat fib daddr type local accept'],
  ['nft_numgen', 'nft add rule ip probe nat numgen random mod 2 0 accept'],
  ['nft_masq', 'nft add rule ip probe nat masquerade fully-random'],
  ['nft_reject', 'nft add chain ip probe plain && nft add rule ip probe plain reject'],
];

/** What kube-router's rules are made of. */
const policyProbes: readonly Probe[] = [
  ['ip_set_hash_ip', 'ipset create addresses hash:ip'],
  ['ip_set_hash_net', 'ipset create networks hash:net'],
  ['xt_set', 'iptables -A FORWARD -m set --match-set addresses src -j ACCEPT'],
  ['xt_comment and xt_mark', 'iptables -A FORWARD -m comment --comment x -m mark --mark 0x10000/0x10000 -j RETURN'],
  ['xt_MARK', 'iptables -A FORWARD -j MARK --set-xmark 0x10000/0x10000'],
  ['xt_addrtype', 'iptables -A FORWARD -m addrtype --src-type LOCAL -j ACCEPT'],
  ['xt_conntrack', 'iptables -A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT'],
  ['xt_multiport', 'iptables -A FORWARD -p tcp -m multiport --dports 30000:32767 -j RETURN'],
  ['xt_physdev', 'iptables -A FORWARD -m physdev --physdev-is-bridged -j ACCEPT'],
  ['xt_limit and xt_NFLOG', 'iptables -A FORWARD -m limit --limit 10/minute -j NFLOG --nflog-group 100'],
  ['ipt_REJECT', 'iptables -A FORWARD -j REJECT'],
];

/** What this machine lacks to enforce NetworkPolicies, by its name; undefined when it lacks nothing. Needs root, ipset and iptables. */
export function lackingForPolicies(): Promise<string | undefined> {
  return lackingOf(policyProbes);
}

/** Throws UnsupportedMachineError when kube-proxy could not make its rules. Needs root and nft. */
export async function checkServices(): Promise<void> {
  const lacking = await lackingOf(serviceProbes);
  if (lacking !== undefined) throw new UnsupportedMachineError(`the kernel lacks ${lacking} (needed for Services: kube-proxy in nftables mode)`);
}

/** Tried in a network namespace that ends with the attempt, for no file says what a kernel has built in. */
async function lackingOf(probes: readonly Probe[]): Promise<string | undefined> {
  const script = probes.map(([feature, command]) => `${command} >/dev/null 2>&1 || echo '${feature}'`).join('\n');
  const { stdout, failed, shortMessage } = await execa('unshare', ['--net', 'sh', '-c', script], { reject: false, env: { PATH: searchPath(process.env) } });
  if (failed) return shortMessage;
  return stdout === '' ? undefined : stdout.split('\n').join(', ');
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
