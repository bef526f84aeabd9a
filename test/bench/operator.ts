// Resident memory of the operator against a bare Node: the same image, so the same binary, side by side on the same node.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { percentile } from '../sdk/statistics.js';
import type { ContainerReference } from '../cluster/embedded/index.js';
import { containersOf } from './containers.js';
import { parseStatus } from './program-cost.js';
import { atMost, mebibytes, type Row, type Section } from './report.js';
import type { Stage } from './stage.js';

const LARGEST_RATIO = 1.25;
const SAMPLES = 10;
const BARE: ContainerReference = { namespace: 'bench', pod: 'bare-node', container: 'node' };

/** Bytes; medians of the samples. */
export interface Resident {
  /** All pages in memory, those of the binary's file included. */
  readonly resident: number;
  /** Pages of its own: heap, stacks, code made at run time. */
  readonly own: number;
}

export interface OperatorCost {
  readonly operator: Resident;
  readonly bare: Resident;
  readonly version: string;
}

export async function measureOperator(stage: Stage): Promise<Section> {
  const { cluster, signal } = stage;
  const operator = (await containersOf(stage)).find(({ part }) => part === 'operator');
  if (operator === undefined) throw new Error('the operator does not run');
  await cluster.kubectl(['apply', '-f', '-'], JSON.stringify(bareNode(stage)));
  try {
    await cluster.kubectl(['wait', '--namespace', BARE.namespace, '--for=condition=Ready', '--timeout=120s', `pod/${BARE.pod}`]);
    const version = await cluster.kubectl(['exec', '--namespace', BARE.namespace, BARE.pod, '--', 'node', '--version']);
    const status = { operator: await statusFile(stage, operator.reference), bare: await statusFile(stage, BARE) };
    const samples: { operator: Resident[]; bare: Resident[] } = { operator: [], bare: [] };
    for (let sample = 0; sample < SAMPLES; sample += 1) {
      await sleep(1000, undefined, { signal });
      samples.operator.push(readResident(await readFile(status.operator, 'utf8')));
      samples.bare.push(readResident(await readFile(status.bare, 'utf8')));
    }
    const cost = { operator: medians(samples.operator), bare: medians(samples.bare), version: version.trim() };
    return { name: 'operator', rows: operatorRows(cost), numbers: cost };
  } finally {
    await cluster.kubectl(['delete', 'namespace', BARE.namespace, '--wait=false']);
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

function medians(samples: readonly Resident[]): Resident {
  const median = (values: readonly number[]): number => percentile(values, 50) ?? Number.NaN;
  return { resident: median(samples.map(({ resident }) => resident)), own: median(samples.map(({ own }) => own)) };
}

export function operatorRows({ operator, bare, version }: OperatorCost): Row[] {
  const describe = ({ resident, own }: Resident): string => `${mebibytes(resident)} resident: ${mebibytes(own)} its own, ${mebibytes(resident - own)} of files (Node's program)`;
  const ratio = operator.resident / bare.resident;
  return [
    { what: 'operator', measured: `${describe(operator)} (Node ${version})` },
    { what: 'bare node', measured: describe(bare) },
    { what: 'operator / bare node, resident', measured: ratio.toFixed(2), goal: atMost(ratio, LARGEST_RATIO) },
  ];
}
