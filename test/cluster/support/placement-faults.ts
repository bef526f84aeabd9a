// How a pod comes to have no node, or is put out by it, on real pods: by the kubelet and the scheduler, whose own words the operator reads.
import { MEBIBYTE, bytesOf } from '../../../charts/quantity.js';
import type { Made } from './fault-actions.js';
import { printFigure } from './fault-report.js';
import { clearEvicted } from './memory-hog.js';
import type { Stack } from './stack.js';
import { waitFor } from './wait.js';

const TAINT = 'dedicated=others:NoSchedule';
const FOREIGN = 'of-another-node';
/** Of all that the pod writes, in the place of several times as much: less than its emptyDir may hold. Mebibytes. */
const WRITTEN_AT_MOST = 128;

/** More than its emptyDir may hold, and less than its containers may write. Resolves when the kubelet has put the pod out, which it does when it looks. */
export async function fillTmp(stack: Stack): Promise<void> {
  expectPutOutFor(await writeUntilPutOut(stack, Math.ceil(bytesOf(stack.manifests.settings.storage.tmp) / MEBIBYTE) + 32), /Usage of EmptyDir volume "tmp"/);
}

/** More than its containers may write, and less than its emptyDir may hold: the kubelet counts all of the pod, its logs too, against their limits. */
export function writesTooMuch(): Made {
  return {
    inject: async (stack) => {
      // The largest limit of its init containers counts, too.
      const limited = (name: string) => ({ name, resources: { limits: { 'ephemeral-storage': `${WRITTEN_AT_MOST}Mi` } } });
      await stack.kubectl('patch', 'deployment/worker', '--patch', JSON.stringify({ spec: { template: { spec: { initContainers: [limited('wait-for-migrations')], containers: [limited('worker')] } } } }));
      await stack.rolledOut();
      expectPutOutFor(await writeUntilPutOut(stack, WRITTEN_AT_MOST + 64), /Pod ephemeral local storage usage/);
    },
    repair: async (stack) => {
      await stack.kubectl('rollout', 'undo', 'deployment/worker');
      await stack.rolledOut();
      await clearEvicted(stack);
    },
  };
}

function expectPutOutFor(said: string, reason: RegExp): void {
  if (!reason.test(said)) throw new Error(`expected ${String(reason)} of the kubelet, found: ${said}`);
}

/** @returns what the kubelet says of it: by an event alone, for a container that ends in good order leaves no reason in its pod's status */
async function writeUntilPutOut(stack: Stack, mebibytes: number): Promise<string> {
  const { container: { pod: name } } = await stack.pod('worker');
  // It may be put out before all of it is written, and dd with it.
  await stack.exec('worker', ['dd', 'if=/dev/zero', 'of=/tmp/filler', 'bs=1M', `count=${mebibytes}`]).catch(() => '');
  const said = await waitFor<string>({ what: `${name} to be put out`, seconds: 180 }, async () => {
    const phase = await stack.kubectl('get', 'pod', name, '--output', 'jsonpath={.status.phase}');
    const reason = await stack.kubectl('get', 'events', '--field-selector', `reason=Evicted,involvedObject.name=${name}`, '--output', 'jsonpath={.items[*].message}');
    return /^(Succeeded|Failed)/.test(phase) && reason !== '' ? { found: reason } : { seen: `${phase} ${reason}` };
  });
  printFigure(`of a worker that wrote ${mebibytes}Mi to its /tmp the kubelet says: ${said.trim()}`);
  return said;
}

export function cordoned(): Made {
  return {
    inject: async (stack) => {
      await stack.cluster.kubectl(['cordon', await nodeOf(stack)]);
      await newWorker(stack);
    },
    repair: async (stack) => stack.cluster.kubectl(['uncordon', await nodeOf(stack)]),
  };
}

export function tainted(): Made {
  return {
    inject: async (stack) => {
      await stack.cluster.kubectl(['taint', 'nodes', await nodeOf(stack), TAINT]);
      await newWorker(stack);
    },
    repair: async (stack) => stack.cluster.kubectl(['taint', 'nodes', await nodeOf(stack), `${TAINT}-`]),
  };
}

/** As of a cluster without a default class: no provisioner makes it a volume. */
export function unboundClaim(): Made {
  return mounting('of-no-volume');
}

/** As of a host that was exchanged for another: the volume is bound, and only pods of a node that there is not may mount it. */
export function foreignVolume(): Made {
  const { inject, repair } = mounting(FOREIGN, FOREIGN);
  return {
    inject: async (stack, dsn) => {
      await stack.cluster.kubectl(['create', '-f', '-'], JSON.stringify({
        apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name: FOREIGN },
        spec: {
          capacity: { storage: '1Mi' }, accessModes: ['ReadWriteOnce'], storageClassName: '', persistentVolumeReclaimPolicy: 'Retain', local: { path: '/tmp' },
          claimRef: { namespace: stack.namespace, name: FOREIGN },
          nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: ['gone'] }] }] } },
        },
      }));
      await inject(stack, dsn);
    },
    repair: async (stack) => {
      await repair?.(stack);
      await stack.cluster.kubectl(['delete', 'pv', FOREIGN]);
    },
  };
}

/** A new worker that mounts a claim which no class makes a volume for. @param volumeName of one that is there: it is bound first */
function mounting(claim: string, volumeName?: string): Made {
  return {
    inject: async (stack) => {
      await stack.cluster.kubectl(['--namespace', stack.namespace, 'create', '-f', '-'], JSON.stringify({
        apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: claim },
        spec: { storageClassName: '', ...(volumeName === undefined ? {} : { volumeName }), accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Mi' } } },
      }));
      if (volumeName !== undefined) await stack.kubectl('wait', '--for=jsonpath={.status.phase}=Bound', `pvc/${claim}`, '--timeout=60s');
      await stack.kubectl('patch', 'deployment/worker', '--patch', JSON.stringify({ spec: { template: { spec: { volumes: [{ name: claim, persistentVolumeClaim: { claimName: claim } }] } } } }));
    },
    // An apply leaves a volume alone that it never made.
    repair: async (stack) => {
      await stack.kubectl('rollout', 'undo', 'deployment/worker');
      await stack.rolledOut();
      await stack.kubectl('delete', 'pvc', claim);
    },
  };
}

async function nodeOf(stack: Stack): Promise<string> {
  return stack.cluster.kubectl(['get', 'nodes', '--output', 'jsonpath={.items[0].metadata.name}']);
}

function newWorker(stack: Stack): Promise<string> {
  return stack.kubectl('delete', 'pod', '--selector', 'app.kubernetes.io/component=worker');
}
