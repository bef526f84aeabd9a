/** What the configuration files are made from: the instance, its network and where its programs lie. */
import { join } from 'node:path';
import type { NodeNetwork } from '../address.js';
import type { ClusterPaths, ClusterSettings } from '../cluster-options.js';

/** A Kubernetes object. */
export type Manifest = Readonly<Record<string, unknown>>;

/** Paths of the programs that were built; see binaries.ts. */
export interface Binaries {
  readonly etcd: string;
  readonly apiserver: string;
  readonly controllerManager: string;
  readonly scheduler: string;
  readonly kubelet: string;
  readonly proxy: string;
  readonly kubectl: string;
  /** Goes into the image of DNS. */
  readonly coredns: string;
  readonly netpol: string;
  readonly localPath: string;
  readonly metricsServer: string;
  readonly init: string;
}

/** Programs that come from the distribution. */
export interface SystemPrograms {
  readonly containerd: string;
  readonly ctr: string;
  /** Folder of the CNI plugins. */
  readonly cniPlugins: string;
}

export interface Layout {
  readonly settings: ClusterSettings;
  readonly network: NodeNetwork;
  readonly binaries: Binaries;
  readonly system: SystemPrograms;
  /** Whether the images are there without which no pod starts, that of DNS among them. */
  readonly runsPods: boolean;
  /** What keeps NetworkPolicies from being enforced on this machine; undefined: nothing, they are. */
  readonly policiesLack: string | undefined;
}

export function containerdSocket(paths: ClusterPaths): string {
  return join(paths.run, 'containerd.sock');
}

/** Its existence lets the components start that end when the API server does not know their rights yet. */
export function apiReadyFile(paths: ClusterPaths): string {
  return join(paths.run, 'api.ready');
}

/** Its existence lets the components start that need the objects of config/addons.ts. */
export function addonsReadyFile(paths: ClusterPaths): string {
  return join(paths.run, 'addons.ready');
}
