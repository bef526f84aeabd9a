/** Stops an instance and removes what it made outside its state folder; the state goes only when asked. */
import { rm } from 'node:fs/promises';
import { locateCgroup, removeCgroup } from './cgroups.js';
import { releaseNetwork } from './address.js';
import { instancesRoot, readNetwork, withLock } from './instance.js';
import { removeNetwork } from './node-network.js';
import { resolveOptions, type ClusterOptions, type ClusterSettings } from './cluster-options.js';
import { killNode, stop } from './supervisor.js';

export interface DownOptions extends Pick<ClusterOptions, 'name'> {
  /** Also delete etcd's data, the volumes, the imported images and the logs. Default false. */
  readonly delete?: boolean | undefined;
}

/** Stops the processes and removes namespace, cgroups and interface. Safe to repeat, and after a kill -9 of everything. */
export async function takeDown(settings: ClusterSettings): Promise<void> {
  const cgroup = await locateCgroup(settings.resource);
  await stop(settings, cgroup);
  await removeCgroup(cgroup);
  await removeNetwork(settings.resource, await readNetwork(settings));
}

/** Kills the instance and deletes its folder; once its processes are gone nothing is mounted below it. */
export async function deleteInstance(settings: ClusterSettings): Promise<void> {
  await killNode(settings);
  await takeDown(settings);
  const network = await readNetwork(settings);
  await rm(settings.paths.root, { recursive: true, force: true });
  if (network !== undefined) await releaseNetwork(instancesRoot(settings), network.index);
}

/** Stops the instance; what was not started is left alone. Rejects when a process of somebody else holds its cgroup. */
export async function down(options: DownOptions = {}): Promise<void> {
  const settings = resolveOptions({ name: options.name }, process.env);
  await withLock(instancesRoot(settings), settings.name, () => undefined, () =>
    options.delete === true ? deleteInstance(settings) : takeDown(settings),
  );
}
