/** Waits, in order, for what a starting node has to become; ends at once when a component dies. */
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { dnsServiceAddress } from './address.js';
import type { ClusterConnection } from '../operator/io/kubernetes/connection.js';
import { countStalePods, get, observeNode } from './api.js';
import { containerdSocket, type Layout } from './config/layout.js';
import { nsenterPrefix } from './node-network.js';
import { readComponents, runningPid, tailLog } from './supervisor.js';
import type { ClusterSettings } from './cluster-options.js';

/** A component ended, or something did not become ready in time; the message has the end of the log. */
export class StartError extends Error {
  override readonly name = 'StartError';
}

const pollMs = 100;
const logLines = 20;

/** Throws StartError when a component has died since the start. */
async function assertAlive(settings: ClusterSettings): Promise<void> {
  const log = (name: string): Promise<string> => tailLog(settings.paths, name, logLines);
  if ((await runningPid(settings)) === undefined) throw new StartError(`the node ended:\n${await log('init')}`);
  for (const component of await readComponents(settings)) {
    if (component.state !== 'exited' && component.restarts === 0) continue;
    throw new StartError(`${component.name} ended (${component.lastExit}); the end of its log:\n${await log(component.name)}`);
  }
}

/** Polls until `probe` gives true; `suspect` is the component whose log is shown when that takes too long. */
async function waitUntil(settings: ClusterSettings, goal: Goal, probe: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + goal.seconds * 1000;
  for (;;) {
    if (settings.signal?.aborted === true) throw new StartError('interrupted');
    if (await probe()) return;
    await assertAlive(settings);
    if (Date.now() > end) {
      const log = await tailLog(settings.paths, goal.suspect, logLines);
      throw new StartError(`${goal.what} did not happen within ${goal.seconds} s; the end of ${goal.suspect}'s log:\n${log}`);
    }
    await sleep(pollMs);
  }
}

export interface Goal {
  readonly what: string;
  readonly seconds: number;
  readonly suspect: string;
}

export function waitForApi(settings: ClusterSettings, connection: ClusterConnection): Promise<void> {
  const goal = { what: 'an API server that is ready', seconds: 120, suspect: 'kube-apiserver' };
  return waitUntil(settings, goal, async () => (await get(connection, '/readyz'))?.status === 200);
}

/** Ready counts only when the kubelet said so after `since` (ms); an earlier run's word is still in etcd. */
export function waitForNode(settings: ClusterSettings, connection: ClusterConnection, since: number): Promise<void> {
  const goal = { what: 'a node that is Ready', seconds: 120, suspect: 'kubelet' };
  return waitUntil(settings, goal, async () => {
    const node = await observeNode(connection, settings.resource);
    // Kubernetes writes whole seconds.
    return node !== undefined && node.ready && node.heartbeat >= Math.floor(since / 1000) * 1000;
  });
}

export function waitForContainerd({ settings }: Layout): Promise<void> {
  return waitUntil(settings, { what: 'a container runtime that listens', seconds: 60, suspect: 'containerd' }, () => isListening(containerdSocket(settings.paths)));
}

/** Its file is there a moment before, and after a kill. */
async function isListening(path: string): Promise<boolean> {
  const socket = connect(path);
  const isConnected = await once(socket, 'connect').then(() => true, () => false);
  socket.destroy();
  return isConnected;
}

/** Every process runs, and pods find each other by name; without pods there is no DNS to wait for. */
export async function waitForDns({ settings, runsPods }: Layout): Promise<void> {
  const processes = { what: 'a process for every component', seconds: 60, suspect: 'init' };
  await waitUntil(settings, processes, async () => (await readComponents(settings)).every((component) => component.state === 'running'));
  const dns = { what: 'a DNS that can be reached by its Service', seconds: 120, suspect: 'kubelet' };
  if (runsPods) await waitUntil(settings, dns, () => accepts(settings, dnsServiceAddress, 53));
}

/** kubectl complains of every command while an aggregated API is registered and does not answer. */
export async function waitForMetrics(settings: ClusterSettings, connection: ClusterConnection): Promise<void> {
  const metrics = { what: 'an answer of the metrics API', seconds: 60, suspect: 'metrics-server' };
  await waitUntil(settings, metrics, async () => (await get(connection, '/apis/metrics.k8s.io/v1beta1'))?.status === 200);
}

/** Whether a TCP connection from the node is taken. CoreDNS listens when it knows the cluster's Services. */
async function accepts(settings: ClusterSettings, address: string, port: number): Promise<boolean> {
  const [nsenter, ...prefix] = nsenterPrefix(settings.resource);
  const { failed } = await execa(nsenter, [...prefix, 'bash', '-c', `: < /dev/tcp/${address}/${port}`], { reject: false, timeout: 1000 });
  return !failed;
}

/**
 * After a kill the API server still says of every pod what was true before it. Waits until the kubelet has reported
 * each of them again, so that a caller's "wait until Ready" means this run; at most `podReportSeconds`.
 */
export async function waitForPodReports(settings: ClusterSettings, connection: ClusterConnection, since: number): Promise<void> {
  const end = Date.now() + podReportSeconds * 1000;
  const goal = { what: 'a report on every pod', seconds: podReportSeconds * 2, suspect: 'kubelet' };
  await waitUntil(settings, goal, async () => Date.now() > end || (await countStalePods(connection, since)) === 0);
}

const podReportSeconds = 20;

/** Lets the components start that were waiting for the addons' objects. */
export async function openGate(file: string): Promise<void> {
  await writeFile(file, '');
}
