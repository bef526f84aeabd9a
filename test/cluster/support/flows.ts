// Flows between pods, tried from inside the network namespaces of the pods: their addresses, their rules, and no memory of theirs.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Table from 'cli-table3';
import { execa } from 'execa';
import { z } from 'zod';
import { netnsPath } from '../../../embedded/node-network.js';
import type { ClusterHandle, ContainerReference } from '../../../embedded/index.js';

const PROGRAM = fileURLToPath(new URL('./flow-program.mjs', import.meta.url));
/** How long rules may take until they are in force. */
const SETTLE_SECONDS = 20;

export type Found = 'open' | 'closed';

export interface Target {
  readonly to: string;
  readonly address: string;
  readonly port: number;
  readonly protocol?: 'TCP' | 'UDP';
  /** Whether it takes an answer to a DNS question to be open, as it does by UDP. */
  readonly asks?: boolean;
}

export interface Flow extends Target {
  readonly from: string;
  readonly expected: Found;
  readonly found: Found;
}

/** The option by which nsenter enters the network namespace of a running container. */
export async function networkOf(cluster: ClusterHandle, container: ContainerReference): Promise<string> {
  const folder = await cluster.containerCgroup(container, 'memory');
  const [process] = (await readFile(join(folder, 'cgroup.procs'), 'utf8')).split('\n');
  if (process === undefined || process === '') throw new Error(`no process of ${container.pod}`);
  return `--net=/proc/${process}/ns/net`;
}

/** Of the node itself, and of its processes. */
export function networkOfNode(cluster: ClusterHandle): string {
  return `--net=${netnsPath(cluster.nodeName)}`;
}

const findings = z.array(z.enum(['open', 'closed']));

/** Tries all targets at once, each until it is as expected or would be by now. */
export async function tryFlows(from: string, network: string, targets: readonly (Target & { readonly expected: Found })[]): Promise<Flow[]> {
  const { stdout } = await execa('nsenter', [network, process.execPath, PROGRAM, JSON.stringify({ targets, seconds: SETTLE_SECONDS })]);
  const found = findings.length(targets.length).parse(JSON.parse(stdout));
  return targets.map((target, index) => ({ ...target, from, found: found[index] ?? 'closed' }));
}

export interface Listener {
  readonly stop: () => Promise<void>;
}

/** Listens inside a network namespace, until stopped. Resolves when it does. */
export async function listen(network: string, ports: readonly (Pick<Target, 'port' | 'protocol'> & { readonly host: string })[]): Promise<Listener> {
  const running = execa('nsenter', [network, process.execPath, PROGRAM, JSON.stringify({ listen: ports })], { reject: false });
  await Promise.race([
    new Promise<void>((resolve) => running.stdout.once('data', () => resolve())),
    running.then(({ stderr }) => { throw new Error(`nothing listens: ${stderr}`); }),
  ]);
  return {
    stop: async () => {
      running.kill('SIGKILL');
      await running;
    },
  };
}

/** Targets downwards, sources across; a cell that is not as expected says both. */
export function renderFlows(flows: readonly Flow[]): string {
  const sources = [...new Set(flows.map(({ from }) => from))];
  const targets = [...new Map(flows.map((flow) => [flow.to, flow])).values()];
  const table = new Table({ head: ['to, from:', 'port', ...sources], style: { head: [], border: [], compact: true } });
  const cell = (flow: Flow | undefined): string => {
    if (flow === undefined) return '';
    return flow.found === flow.expected ? flow.found : `${flow.found}, EXPECTED ${flow.expected}`;
  };
  for (const { to, port, protocol } of targets) {
    table.push([to, `${port}${protocol === 'UDP' ? '/udp' : ''}`, ...sources.map((from) => cell(flows.find((flow) => flow.from === from && flow.to === to)))]);
  }
  return table.toString();
}
