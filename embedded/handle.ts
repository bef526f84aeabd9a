/** What callers and tests can do with a running cluster. */
import { execa, type Result } from 'execa';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import type { NodeNetwork } from './address.js';
import { connect, get } from './api.js';
import { readBytes, readMemory, resetPeak, type HostCgroup, type MemoryUse } from './cgroups.js';
import type { Binaries, Layout } from './config/layout.js';
import { ctr, importArchive } from './import-images.js';
import { nsenterPrefix } from './node-network.js';
import type { ClusterPaths } from './cluster-options.js';
import { hostPids, readComponents } from './supervisor.js';

/** Which container of which pod. */
export interface ContainerReference {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
}

/** Limits as the kernel enforces them; undefined means none. */
export interface KernelLimits {
  /** Bytes. */
  readonly memory: number | undefined;
  /** Thousandths of a CPU. */
  readonly milliCpu: number | undefined;
}

export interface ClusterHandle {
  readonly name: string;
  readonly nodeName: string;
  /** Administrator's kubeconfig, mode 0600, whose server is reachable from this machine. */
  readonly kubeconfigPath: string;
  readonly binaries: Binaries;
  readonly network: NodeNetwork;
  readonly paths: ClusterPaths;
  readonly cgroup: HostCgroup;
  /** Names of images that only behave like the programs of their names. */
  readonly doubles: readonly string[];
  /** Runs a command in the node's network namespace; rejects when it fails. */
  readonly nsenter: (command: string, ...args: readonly string[]) => Promise<Result>;
  /** Runs kubectl with the administrator's kubeconfig, with `input` on its standard input; rejects when it fails. */
  readonly kubectl: (args: readonly string[], input?: string) => Promise<string>;
  /** Runs ctr in the kubelet's image namespace and returns its output. */
  readonly ctr: (...args: readonly string[]) => Promise<string>;
  /** Imports an OCI archive under the names inside it. */
  readonly importArchive: (archive: string) => Promise<void>;
  /** Process ids, as this machine sees them, by component name. */
  readonly pids: () => Promise<Readonly<Record<string, number>>>;
  /** Memory of the whole cgroup; undefined when the cluster is down. */
  readonly memory: () => Promise<MemoryUse | undefined>;
  /** Makes the peak begin again at what is used now (cgroup version 1; nothing in version 2). */
  readonly resetPeak: () => Promise<void>;
  /** Folder of a running container's cgroup for a controller ("memory", "cpu", "pids"). Rejects when it does not run. */
  readonly containerCgroup: (container: ContainerReference, controller: string) => Promise<string>;
  /** What the kernel holds a running container to. */
  readonly containerLimits: (container: ContainerReference) => Promise<KernelLimits>;
}

const podSchema = z.object({
  metadata: z.object({ uid: z.string() }),
  status: z.object({
    qosClass: z.string(),
    containerStatuses: z.array(z.object({ name: z.string(), containerID: z.string().optional() })).default([]),
    initContainerStatuses: z.array(z.object({ name: z.string(), containerID: z.string().optional() })).default([]),
  }),
});

/** Path below a controller's folder at which the kubelet (driver cgroupfs) keeps a container. */
export function containerPath(pod: z.infer<typeof podSchema>, container: string): string | undefined {
  const { qosClass, containerStatuses, initContainerStatuses } = pod.status;
  const status = [...containerStatuses, ...initContainerStatuses].find((s) => s.name === container);
  const id = status?.containerID?.replace(/^containerd:\/\//, '');
  if (id === undefined) return undefined;
  const tier = qosClass === 'Guaranteed' ? '' : qosClass.toLowerCase();
  return join('kubepods', tier, `pod${pod.metadata.uid}`, id);
}

async function locateContainer(layout: Layout, cgroup: HostCgroup, reference: ContainerReference, controller: string): Promise<string> {
  const answer = await get(connect(layout.settings.paths.kubeconfig), `/api/v1/namespaces/${reference.namespace}/pods/${reference.pod}`);
  if (answer?.status !== 200) throw new Error(`pod ${reference.namespace}/${reference.pod}: ${answer?.text ?? 'no answer'}`);
  const path = containerPath(podSchema.parse(JSON.parse(answer.text)), reference.container);
  if (path === undefined) throw new Error(`container ${reference.container} of ${reference.pod} has not started`);
  const base = cgroup.version === 2 ? cgroup.memory : join('/sys/fs/cgroup', controller, cgroup.name);
  return join(base, path);
}

async function readCpu(folder: string, version: 1 | 2): Promise<number | undefined> {
  const read = async (file: string): Promise<string> => (await readFile(join(folder, file), 'utf8')).trim();
  const text = version === 2 ? await read('cpu.max') : `${await read('cpu.cfs_quota_us')} ${await read('cpu.cfs_period_us')}`;
  const [quota, period] = text.split(' ').map(Number);
  return quota === undefined || period === undefined || !(quota > 0) ? undefined : Math.round((1000 * quota) / period);
}

/** Builds the handle of an instance; nothing is read before a member is called. */
export function buildHandle(layout: Layout, cgroup: HostCgroup, doubles: readonly string[]): ClusterHandle {
  const { settings, binaries, network } = layout;
  const { paths } = settings;
  const locate = (reference: ContainerReference, controller: string): Promise<string> => locateContainer(layout, cgroup, reference, controller);
  return {
    name: settings.name,
    nodeName: settings.resource,
    kubeconfigPath: paths.kubeconfig,
    binaries,
    network,
    paths,
    cgroup,
    doubles,
    nsenter: (command, ...args) => {
      const [program, ...prefix] = nsenterPrefix(settings.resource);
      return execa(program, [...prefix, command, ...args]);
    },
    kubectl: async (args, input) => {
      const options = input === undefined ? {} : { input };
      return (await execa(binaries.kubectl, ['--kubeconfig', paths.kubeconfig, ...args], options)).stdout;
    },
    ctr: (...args) => ctr(layout, args),
    importArchive: (archive) => importArchive(layout, archive),
    pids: async () => {
      const ids = await hostPids(cgroup);
      const components = await readComponents(settings);
      return Object.fromEntries(components.flatMap((c) => (ids.has(c.pid) ? [[c.name, ids.get(c.pid) ?? 0]] : [])));
    },
    memory: () => readMemory(cgroup),
    resetPeak: () => resetPeak(cgroup),
    containerCgroup: locate,
    containerLimits: async (reference) => {
      const memoryFile = cgroup.version === 1 ? 'memory.limit_in_bytes' : 'memory.max';
      return {
        memory: await readBytes(join(await locate(reference, 'memory'), memoryFile)),
        milliCpu: await readCpu(await locate(reference, 'cpu'), cgroup.version),
      };
    },
  };
}
