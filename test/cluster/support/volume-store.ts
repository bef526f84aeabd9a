// The file system of all volumes: one of its own, so that a test can fill it to its last byte and this machine's disk has room left.
import { join } from 'node:path';
import { execa } from 'execa';
import type { ClusterHandle } from '../../../embedded/index.js';

/** Several times what Postgres and Valkey take in these tests. The file is sparse. */
const SIZE = '4G';
const BALLAST = 'ballast';

/** Mounts it where local-path-provisioner makes the volumes, in the node's mount namespace: it goes when the node goes. */
export async function mountVolumeStore(cluster: ClusterHandle): Promise<void> {
  const image = join(cluster.paths.root, 'volumes.ext4');
  const { failed } = await onNode(cluster, 'mountpoint --quiet "$0"', { reject: false });
  if (!failed) return;
  await execa('truncate', ['--size', SIZE, image]);
  await execa('mkfs.ext4', ['-q', '-m', '0', image]);
  // The provisioner's folder may be written by all, as /tmp.
  await onNode(cluster, `mount -o loop '${image}' "$0" && chmod 1777 "$0"`);
}

/** To the last block: what is written from now on fails with ENOSPC. @param folder on another file system than that of all volumes */
export async function fillVolumes(cluster: ClusterHandle, folder?: string): Promise<void> {
  // At once but for a rest, which is written until nothing more can be.
  const most = '$(($(df --block-size=1 --output=avail "$0" | tail -n 1) - 4194304))';
  await onNode(cluster, `fallocate --length "${most}" "$0/${BALLAST}" && ! cat /dev/zero > "$0/${BALLAST}.rest" 2>/dev/null`, { folder });
}

export async function freeVolumes(cluster: ClusterHandle, folder?: string): Promise<void> {
  await onNode(cluster, `rm -f "$0/${BALLAST}" "$0/${BALLAST}.rest"`, { folder });
}

/** A shell in the node's mount namespace; $0 is the folder. @param folder on the file system that is meant @default that of all volumes */
export async function onNode(cluster: ClusterHandle, script: string, { folder = join(cluster.paths.root, 'volumes'), reject = true }: { readonly folder?: string | undefined; readonly reject?: boolean } = {}): Promise<{ readonly failed: boolean }> {
  const { kubelet } = await cluster.pids();
  if (kubelet === undefined) throw new Error('the kubelet does not run');
  return execa('nsenter', ['--mount', '--target', String(kubelet), 'sh', '-c', script, folder], { reject });
}
