// How a pod comes to have no node, or is put out by it, on real pods: by the kubelet and the scheduler, whose own words the operator reads.
import { MEBIBYTE, bytesOf } from '../../../charts/quantity.js';
import type { Made } from './fault-actions.js';
import { printFigure } from './fault-report.js';
import type { Stack } from './stack.js';
import { waitFor } from './wait.js';

const TAINT = 'dedicated=others:NoSchedule';
const CLAIM = 'of-no-volume';

/** More than its emptyDir may hold, and less than its containers may write. Resolves when the kubelet has put the pod out, which it does when it looks. */
export async function fillTmp(stack: Stack): Promise<void> {
  const { container: { pod: name } } = await stack.pod('worker');
  const size = Math.ceil(bytesOf(stack.manifests.settings.storage.tmp) / MEBIBYTE) + 32;
  // It may be put out before all of it is written, and dd with it.
  await stack.exec('worker', ['dd', 'if=/dev/zero', 'of=/tmp/filler', 'bs=1M', `count=${size}`]).catch(() => '');
  const said = await waitFor<string>({ what: `${name} to be put out`, seconds: 180 }, async () => {
    const status = await stack.kubectl('get', 'pod', name, '--output', 'jsonpath={.status.phase} {.status.reason} {.status.message}');
    return /^(Succeeded|Failed)/.test(status) ? { found: status } : { seen: status };
  });
  printFigure(`of a worker that filled its /tmp the kubelet says: ${said.trim()}`);
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
  return {
    inject: async (stack) => {
      const claim = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: CLAIM }, spec: { storageClassName: '', accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Mi' } } } };
      await stack.cluster.kubectl(['--namespace', stack.namespace, 'create', '-f', '-'], JSON.stringify(claim));
      await stack.kubectl('patch', 'deployment/worker', '--patch', JSON.stringify({ spec: { template: { spec: { volumes: [{ name: CLAIM, persistentVolumeClaim: { claimName: CLAIM } }] } } } }));
    },
    // An apply leaves a volume alone that it never made.
    repair: async (stack) => {
      await stack.kubectl('rollout', 'undo', 'deployment/worker');
      await stack.rolledOut();
      await stack.kubectl('delete', 'pvc', CLAIM);
    },
  };
}

async function nodeOf(stack: Stack): Promise<string> {
  return stack.cluster.kubectl(['get', 'nodes', '--output', 'jsonpath={.items[0].metadata.name}']);
}

function newWorker(stack: Stack): Promise<string> {
  return stack.kubectl('delete', 'pod', '--selector', 'app.kubernetes.io/component=worker');
}
