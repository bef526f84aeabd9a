/** Writes every configuration file of an instance. */
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { busyboxImage } from '../images/catalog.js';
import { buildAddons } from './addons.js';
import { buildComponents, goEnvironment } from './components.js';
import { buildResolvConf } from './dns.js';
import { buildKubeletYaml } from './kubelet.js';
import type { Layout } from './layout.js';
import { buildCniConflist, buildContainerdToml } from './runtime.js';

/** The file that go/init reads. */
export function initFile(layout: Layout): string {
  return join(layout.settings.paths.config, 'init.json');
}

/** Where go/init says what runs. */
export function statusFile(layout: Pick<Layout, 'settings'>): string {
  return join(layout.settings.paths.run, 'components.json');
}

/** This machine's /proc/meminfo with the memory that the node shall believe to have. */
export function buildMeminfo(meminfo: string, memoryBytes: number): string {
  const kib = String(Math.floor(memoryBytes / 1024));
  return meminfo.replace(/^(MemTotal:\s+)\d+/m, `$1${kib}`).replace(/^(Swap(?:Total|Free):\s+)\d+/gm, '$10');
}

/** What go/init mounts first, visible to the node's processes alone. */
function buildMounts({ settings: { paths, memoryBytes } }: Layout): readonly object[] {
  return [
    // Fresh /run: no stale shim sockets, no lock shared with this machine's iptables, nothing left behind.
    { type: 'tmpfs', target: '/run' },
    // The kubelet links every container's log below /var/log/containers.
    { type: 'tmpfs', target: '/var/log' },
    { type: 'bind', source: join(paths.run, 'cni-cache'), target: '/var/lib/cni' },
    ...(memoryBytes === undefined ? [] : [{ type: 'bind', source: join(paths.config, 'meminfo'), target: '/proc/meminfo' }]),
  ];
}

function buildInit(layout: Layout): string {
  const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
  const config = {
    mounts: buildMounts(layout),
    components: buildComponents(layout),
    env: [`PATH=${path}`, 'HOME=/', ...goEnvironment],
    statusFile: statusFile(layout),
  };
  return JSON.stringify(config, null, 2);
}

function buildLocalPath({ settings: { paths } }: Layout): string {
  return JSON.stringify({ nodePathMap: [{ node: 'DEFAULT_PATH_FOR_NON_LISTED_NODES', paths: [join(paths.root, 'volumes')] }] });
}

function buildHelperPod(): string {
  const container = { name: 'helper-pod', image: busyboxImage, imagePullPolicy: 'IfNotPresent' };
  return stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'helper-pod' }, spec: { containers: [container] } });
}

function buildAuditPolicy(): string {
  return stringify({ apiVersion: 'audit.k8s.io/v1', kind: 'Policy', omitStages: ['RequestReceived'], rules: [{ level: 'Metadata' }] });
}

/** Every file below the instance's config folder, by its relative path. Pure. */
export function buildFiles(layout: Layout, authority: string, meminfo: string): Readonly<Record<string, string>> {
  return {
    'addons.json': JSON.stringify(buildAddons(layout, authority), null, 2),
    'audit-policy.yaml': buildAuditPolicy(),
    'cni/10-pods.conflist': buildCniConflist(layout),
    'containerd.toml': buildContainerdToml(layout),
    'helper-pod.yaml': buildHelperPod(),
    'init.json': buildInit(layout),
    'kubelet.yaml': buildKubeletYaml(layout),
    'local-path.json': buildLocalPath(layout),
    meminfo: buildMeminfo(meminfo, layout.settings.memoryBytes ?? 0),
    'resolv.conf': buildResolvConf(),
  };
}

/** Writes them, and the folders that the processes expect. */
export async function writeFiles(layout: Layout): Promise<void> {
  const { paths } = layout.settings;
  const authority = await readFile(join(paths.pki, 'ca.crt'), 'utf8');
  const files = buildFiles(layout, authority, await readFile('/proc/meminfo', 'utf8'));
  for (const folder of [join(paths.config, 'cni'), paths.log, join(paths.run, 'cni-cache'), join(paths.root, 'podlogs'), '/var/lib/cni']) {
    await mkdir(folder, { recursive: true });
  }
  for (const [name, text] of Object.entries(files)) await writeFile(join(paths.config, name), text);
  await mkdir(join(paths.root, 'volumes'), { recursive: true });
  // etcd's data and the pods' Secrets are below it; pods reach their volumes by mounts, not by this path.
  await chmod(paths.root, 0o700);
}
