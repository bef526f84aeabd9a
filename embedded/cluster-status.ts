/** Says how an instance is: its components, the memory of its cgroup, its node. */
import { readFile } from 'node:fs/promises';
import Table from 'cli-table3';
import { connect, observeNode } from './api.js';
import { locateCgroup, readMemory, type HostCgroup, type MemoryUse } from './cgroups.js';
import { readNetwork } from './instance.js';
import { resolveOptions, type ClusterOptions, type ClusterSettings } from './cluster-options.js';
import { hostPids, readComponents, runningPid, type ComponentStatus } from './supervisor.js';

export interface ComponentReport extends ComponentStatus {
  /** As this machine sees it; undefined when it does not run. */
  readonly hostPid: number | undefined;
  /** Resident memory in bytes. */
  readonly rss: number | undefined;
}

export interface ClusterStatus {
  readonly name: string;
  readonly running: boolean;
  readonly components: readonly ComponentReport[];
  readonly memory: MemoryUse | undefined;
  /** "Ready", or why not. */
  readonly node: string;
  readonly kubeconfigPath: string;
}

async function readRss(pid: number): Promise<number | undefined> {
  const text = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(text)?.[1];
  return kib === undefined ? undefined : Number(kib) * 1024;
}

async function reportComponents(settings: ClusterSettings, cgroup: HostCgroup): Promise<ComponentReport[]> {
  const ids = await hostPids(cgroup);
  const components = await readComponents(settings);
  return Promise.all(
    components.map(async (component) => {
      const hostPid = component.pid === 0 ? undefined : ids.get(component.pid);
      return { ...component, hostPid, rss: hostPid === undefined ? undefined : await readRss(hostPid) };
    }),
  );
}

async function describeNode(settings: ClusterSettings): Promise<string> {
  const network = await readNetwork(settings);
  if (network === undefined) return 'down';
  const node = await observeNode(connect(settings.paths.kubeconfig), settings.resource);
  if (node === undefined) return 'the API server does not answer';
  return node.ready ? 'Ready' : `not Ready: ${node.message}`;
}

/** Reads the state of an instance; changes nothing. */
export async function status(options: Pick<ClusterOptions, 'name'> = {}): Promise<ClusterStatus> {
  const settings = resolveOptions(options, process.env);
  const pid = await runningPid(settings);
  const cgroup = await locateCgroup(settings.resource);
  return {
    name: settings.name,
    running: pid !== undefined,
    components: pid === undefined ? [] : await reportComponents(settings, cgroup),
    memory: await readMemory(cgroup),
    node: pid === undefined ? 'down' : await describeNode(settings),
    kubeconfigPath: settings.paths.kubeconfig,
  };
}

function mib(bytes: number | undefined): string {
  return bytes === undefined ? '-' : `${Math.round(bytes / 2 ** 20)}Mi`;
}

function duration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return seconds < 120 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`;
}

/** Renders the state as a table; `now` is in milliseconds. */
export function renderStatus(state: ClusterStatus, now: number): string {
  if (!state.running) return `cluster "${state.name}" is down`;
  const table = new Table({ head: ['component', 'state', 'pid', 'memory', 'up', 'restarts'], style: { head: [], border: [] } });
  for (const c of state.components) {
    const upFor = c.state === 'running' ? duration(now - c.startedAt) : c.lastExit;
    table.push([c.name, c.state, c.hostPid ?? '-', mib(c.rss), upFor, c.restarts]);
  }
  const { memory } = state;
  const limit = memory?.limit === undefined ? 'no limit' : `limit ${mib(memory.limit)}`;
  return [
    table.toString(),
    `memory of the whole node, pods included: ${mib(memory?.used)} used, ${mib(memory?.workingSet)} without idle file pages, ${mib(memory?.peak)} peak, ${limit}`,
    `node: ${state.node}`,
    `kubeconfig: ${state.kubeconfigPath}`,
  ].join('\n');
}
