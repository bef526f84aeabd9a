// What all pods share: the restricted security context, resources, and small shapes that the parts are written with.
import type * as k8s from 'cdk8s-plus-27/lib/imports/k8s.js';
import { IntOrString, Quantity } from 'cdk8s-plus-27/lib/imports/k8s.js';
import { POD_ACCOUNT, labelsOf, type Component } from '../part-names.js';
import { bytesOf, mebibytes } from '../quantity.js';
import type { ContainerResources } from '../settings/schema.js';

/** Local disk that a container may fill: its emptyDirs, and beside them its logs (3 files of 10Mi). */
const EPHEMERAL_STORAGE = { request: '64Mi', besideTmp: 128 };
/** /tmp of a pod that needs no more. */
export const SMALL_TMP = '128Mi';

/** The user that an image expects to run as; its group owns the volumes. */
export interface Identity {
  readonly user: number;
  readonly group: number;
}

/** PodSecurity `restricted` for a pod whose image runs as this user. */
export function podSecurity({ user, group }: Identity): k8s.PodSecurityContext {
  return {
    runAsNonRoot: true,
    runAsUser: user,
    runAsGroup: group,
    fsGroup: group,
    // Without it the kubelet walks the whole volume at every start.
    fsGroupChangePolicy: 'OnRootMismatch',
    seccompProfile: { type: 'RuntimeDefault' },
  };
}

/** PodSecurity `restricted` for a container, and more: nothing but its volumes can be written. */
export const CONTAINER_SECURITY: k8s.SecurityContext = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'] },
};

/** @param tmp the most that its emptyDirs hold together */
export function containerResources({ requests, limits }: ContainerResources, tmp = SMALL_TMP): k8s.ResourceRequirements {
  return {
    requests: quantities(requests, EPHEMERAL_STORAGE.request),
    limits: quantities(limits, `${mebibytes(bytesOf(tmp)) + EPHEMERAL_STORAGE.besideTmp}Mi`),
  };
}

function quantities(amounts: { cpu: string; memory: string }, disk: string): Record<string, Quantity> {
  return {
    cpu: Quantity.fromString(amounts.cpu),
    memory: Quantity.fromString(amounts.memory),
    'ephemeral-storage': Quantity.fromString(disk),
  };
}

/** Fields that every pod of ours sets the same way. */
export function podDefaults(identity: Identity): Pick<k8s.PodSpec, 'securityContext' | 'enableServiceLinks' | 'serviceAccountName' | 'automountServiceAccountToken'> {
  return {
    securityContext: podSecurity(identity),
    // Service links would set VALKEY_PORT=tcp://..., which GlitchTip reads as its port.
    enableServiceLinks: false,
    serviceAccountName: POD_ACCOUNT,
    automountServiceAccountToken: false,
  };
}

/**
 * Scheduled again at once after an eviction for memory, and not only when the node has been well for minutes: the operator, which
 * reports it, and the servers that everything else waits for. Web and worker, which are most of the memory, wait.
 */
export const DESPITE_PRESSURE: readonly k8s.Toleration[] = [{ key: 'node.kubernetes.io/memory-pressure', operator: 'Exists', effect: 'NoSchedule' }];

/** An emptyDir on disk with a size limit. */
export function scratch(name: string, sizeLimit = '64Mi'): k8s.Volume {
  return { name, emptyDir: { sizeLimit: Quantity.fromString(sizeLimit) } };
}

/** A Secret as files that only the pod's group reads. */
export function secretFiles(name: string, secretName: string, keys?: readonly string[]): k8s.Volume {
  return { name, secret: { secretName, defaultMode: 0o440, items: keys?.map((key) => ({ key, path: key })) } };
}

export function configFiles(name: string, configMapName: string): k8s.Volume {
  return { name, configMap: { name: configMapName, defaultMode: 0o444 } };
}

export function clusterPort(port: number, name: string): k8s.ServicePort {
  return { name, port, targetPort: IntOrString.fromString(name), protocol: 'TCP' };
}

export { CONFIG_HASH, contentHash } from '../content-hash.js';

/** Why a check of kube-score does not apply, written where the next reader looks for it. */
export interface Exception {
  readonly check: string;
  readonly reason: string;
}

/** Metadata of a part: its labels, and kube-score's exceptions with their reasons beside them. */
export function partMetadata(name: string, component: Component, exceptions: readonly Exception[] = []): k8s.ObjectMeta {
  const annotations = exceptions.length === 0 ? undefined : {
    'kube-score/ignore': exceptions.map(({ check }) => check).join(','),
    'glitchkeeper.io/kube-score-reasons': exceptions.map(({ check, reason }) => `${check}: ${reason}`).join('; '),
  };
  return { name, labels: labelsOf(component), annotations };
}
