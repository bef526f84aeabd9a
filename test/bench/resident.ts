// Resident memory of the operator and of a bare Node: the same image, so the same binary, side by side on the same node.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { percentile } from '../sdk/statistics.js';
import type { ContainerReference } from '../../embedded/index.js';
import { containersOf } from './containers.js';
import { parseStatus } from './program-cost.js';
import { atMost, mebibytes, type Row } from './bench-report.js';
import type { Stage } from './stage.js';

const LARGEST_RATIO = 1.25;
const BARE: ContainerReference = { namespace: 'bench', pod: 'bare-node', container: 'node' };

/** Bytes. */
export interface Resident {
  /** All pages in memory, those of the binary's file included. */
  readonly resident: number;
  /** Pages of its own: heap, stacks, code made at run time. */
  readonly own: number;
}

export interface Pair {
  readonly operator: Resident;
  readonly bare: Resident;
}

/** Both while they run. */
export interface SideBySide {
  /** Of Node.js, in both. */
  readonly version: string;
  readonly look: () => Promise<Pair>;
}

/** What is held against the goal, and with which Node.js. */
export interface OperatorCost extends Pair {
  readonly version: string;
}

/** Runs a bare Node in a pod beside the operator for as long as `work` takes. */
export async function besideBareNode<T>(stage: Stage, work: (pair: SideBySide) => Promise<T>): Promise<T> {
  const { cluster } = stage;
  const operator = (await containersOf(stage)).find(({ part }) => part === 'operator');
  if (operator === undefined) throw new Error('the operator does not run');
  await cluster.kubectl(['apply', '-f', '-'], JSON.stringify(bareNode(stage)));
  try {
    await cluster.kubectl(['wait', '--namespace', BARE.namespace, '--for=condition=Ready', '--timeout=120s', `pod/${BARE.pod}`]);
    const version = await cluster.kubectl(['exec', '--namespace', BARE.namespace, BARE.pod, '--', 'node', '--version']);
    const status = { operator: await statusFile(stage, operator.reference), bare: await statusFile(stage, BARE) };
    const look = async (): Promise<Pair> => ({
      operator: readResident(await readFile(status.operator, 'utf8')),
      bare: readResident(await readFile(status.bare, 'utf8')),
    });
    return await work({ version: version.trim(), look });
  } finally {
    // Waits: the next measurement may want the same name.
    await cluster.kubectl(['delete', 'namespace', BARE.namespace, '--timeout=120s']);
  }
}

/** In a namespace of its own: the stack's has a quota that is the budget. */
function bareNode({ settings }: Stage): unknown {
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: BARE.pod, namespace: BARE.namespace },
    spec: {
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 0,
      containers: [{
        name: BARE.container, image: settings.images.operator, imagePullPolicy: 'IfNotPresent',
        command: ['node', '-e', 'setInterval(() => {}, 60_000)'],
        resources: { requests: settings.resources.operator.requests, limits: settings.resources.operator.limits },
      }],
    },
  };
  return { apiVersion: 'v1', kind: 'List', items: [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: BARE.namespace } }, pod] };
}

/** /proc/PID/status of the container's only process. */
async function statusFile({ cluster }: Stage, reference: ContainerReference): Promise<string> {
  const processes = (await readFile(join(await cluster.containerCgroup(reference, 'memory'), 'cgroup.procs'), 'utf8')).trim().split('\n');
  return `/proc/${processes[0] ?? ''}/status`;
}

export function readResident(status: string): Resident {
  return { resident: parseStatus(status, 'VmRSS'), own: parseStatus(status, 'RssAnon') };
}

export function medians(samples: readonly Resident[]): Resident {
  return summarize(samples, (values) => percentile(values, 50) ?? Number.NaN);
}

/** The highest of each field, whether or not at the same moment. */
export function peaks(samples: readonly Resident[]): Resident {
  return summarize(samples, (values) => Math.max(...values));
}

function summarize(samples: readonly Resident[], pick: (values: readonly number[]) => number): Resident {
  return { resident: pick(samples.map(({ resident }) => resident)), own: pick(samples.map(({ own }) => own)) };
}

/** @param name of whom, and when */
export function residentRows({ operator, bare, version }: OperatorCost, name = 'operator'): Row[] {
  const ratio = operator.resident / bare.resident;
  return [
    { what: name, measured: `${describeResident(operator)} (Node ${version})` },
    { what: 'bare node', measured: describeResident(bare) },
    { what: `${name} / bare node, resident`, measured: ratio.toFixed(2), goal: atMost(ratio, LARGEST_RATIO) },
  ];
}

/** How many times as much is resident. */
export function timesBare(operator: Resident, bare: Resident): string {
  return `${(operator.resident / bare.resident).toFixed(2)} times bare node`;
}

export function describeResident({ resident, own }: Resident): string {
  return `${mebibytes(resident)} resident: ${mebibytes(own)} its own, ${mebibytes(resident - own)} of files (Node's program)`;
}

/** To a tenth of a mebibyte: builds differ by less than one. */
export function describeTenths({ resident, own }: Resident): string {
  const tenths = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)}Mi`;
  return `${tenths(resident)} resident: ${tenths(own)} its own, ${tenths(resident - own)} of files`;
}
