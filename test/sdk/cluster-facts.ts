// Reads from a Kubernetes cluster what cluster-findings.ts decides on: services, pods, and the kernel's limits inside them.
import { Writable } from 'node:stream';
import * as net from 'node:net';
import { CoreV1Api, Exec, KubeConfig, type V1Container, type V1Pod } from '@kubernetes/client-node';
import { parseQuantity } from '../../operator/core/quantity.js';
import { LIMITS_COMMAND, parseKernelLimits, PARTS, type LimitFacts, type PodFacts, type ServiceFacts } from './cluster-findings.js';
import type { ClusterSettings } from './suite.js';

const COMPONENT = 'app.kubernetes.io/component';

export class ClusterFacts {
  private readonly config = new KubeConfig();
  private readonly core: CoreV1Api;
  private readonly namespace: string;

  /** @throws when the kubeconfig or the context does not exist */
  constructor({ kubeconfig, context, namespace }: ClusterSettings) {
    if (kubeconfig === undefined) this.config.loadFromDefault();
    else this.config.loadFromFile(kubeconfig);
    if (context !== undefined) this.config.setCurrentContext(context);
    if (this.config.getCurrentCluster() === null) throw new Error(`no context ${context ?? '(current)'} in the kubeconfig`);
    this.core = this.config.makeApiClient(CoreV1Api);
    this.namespace = namespace;
  }

  async services(): Promise<ServiceFacts[]> {
    const { items } = await this.core.listNamespacedService({ namespace: this.namespace });
    return items.map(({ metadata, spec }) => ({
      name: metadata?.name ?? '',
      type: spec?.type ?? 'ClusterIP',
      externalIps: spec?.externalIPs ?? [],
      ports: (spec?.ports ?? []).map(({ port }) => port),
    }));
  }

  async pods(): Promise<PodFacts[]> {
    return (await this.runningPods()).map(({ metadata, spec }) => ({
      name: metadata?.name ?? '',
      hostNetwork: spec?.hostNetwork ?? false,
      hostPorts: (spec?.containers ?? []).flatMap(({ ports }) => ports ?? []).flatMap(({ hostPort }) => hostPort ?? []),
    }));
  }

  /** One row for the first container of a running pod of each part. */
  async limits(): Promise<LimitFacts[]> {
    const pods = await this.runningPods();
    const facts: LimitFacts[] = [];
    for (const part of PARTS) {
      const pod = pods.find(({ metadata }) => metadata?.labels?.[COMPONENT] === part);
      const container = pod?.spec?.containers[0];
      if (pod?.metadata?.name !== undefined && container !== undefined) facts.push(await this.limitsOf(part, pod.metadata.name, container));
    }
    return facts;
  }

  private async limitsOf(part: string, pod: string, container: V1Container): Promise<LimitFacts> {
    const kernel = parseKernelLimits(await this.exec(pod, container.name, LIMITS_COMMAND));
    const manifest = container.resources?.limits ?? {};
    return {
      part,
      container: container.name,
      memory: { manifest: parseQuantity(manifest.memory ?? ''), kernel: kernel.memory },
      cpu: { manifest: parseQuantity(manifest.cpu ?? ''), kernel: kernel.cpu },
    };
  }

  /** Ports of the namespace's services that answer on a node's own address, from this machine. */
  async openNodePorts(): Promise<string[]> {
    const { items } = await this.core.listNode();
    const addresses = items.flatMap(({ status }) => status?.addresses ?? []).filter(({ type }) => type.endsWith('IP'));
    const ports = [...new Set((await this.services()).flatMap(({ ports: own }) => own))];
    const tries = addresses.flatMap(({ address }) => ports.map((port) => ({ address, port })));
    const answers = await Promise.all(tries.map(async (target) => ((await connects(target)) ? `${target.address}:${target.port}` : '')));
    return answers.filter((answer) => answer !== '');
  }

  private async runningPods(): Promise<V1Pod[]> {
    const { items } = await this.core.listNamespacedPod({ namespace: this.namespace });
    return items.filter(({ status }) => status?.phase === 'Running');
  }

  private exec(pod: string, container: string, command: string[]): Promise<string> {
    let printed = '';
    const output = new Writable({
      write(chunk: Buffer, _encoding, done) {
        printed += chunk.toString();
        done();
      },
    });
    return new Promise((resolve, reject) => {
      new Exec(this.config)
        .exec(this.namespace, pod, container, command, output, null, null, false, () => resolve(printed))
        .catch((error: unknown) => reject(new Error(`exec in ${pod} failed`, { cause: error })));
    });
  }
}

const CONNECT_MS = 2000;

function connects({ address, port }: { address: string; port: number }): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ host: address, port, timeout: CONNECT_MS });
    const end = (open: boolean): void => {
      socket.destroy();
      resolve(open);
    };
    socket.once('connect', () => end(true));
    socket.once('timeout', () => end(false));
    socket.once('error', () => end(false));
  });
}
