// What all pods share: the restricted security context, resources, and small shapes that the parts are written with.
import type * as k8s from 'cdk8s-plus-27/lib/imports/k8s.js';
import { IntOrString, Quantity } from 'cdk8s-plus-27/lib/imports/k8s.js';
import { POD_ACCOUNT, labelsOf, type Component } from '../part-names.js';
import { bytesOf, mebibytes } from '../quantity.js';
import type { ContainerResources, Settings } from '../settings/schema.js';

/** Local disk that a container may fill: its emptyDirs, and beside them its logs (3 files of 10Mi). */
const EPHEMERAL_STORAGE = { request: '64Mi', besideTmp: 128 };
/** /tmp of a pod that needs no more. */
export const SMALL_TMP = '128Mi';

/** The user that an image expects to run as; its group owns the volumes, or the group of another part does whose volume it reads. */
export interface Identity {
  readonly user: number;
  readonly group: number;
  /** @default group */
  readonly volumes?: number;
}

/** PodSecurity `restricted` for a pod whose image runs as this user. */
export function podSecurity({ user, group, volumes = group }: Identity): k8s.PodSecurityContext {
  return {
    runAsNonRoot: true,
    runAsUser: user,
    runAsGroup: group,
    fsGroup: volumes,
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

interface PodKind extends Identity {
  /** {@link DESPITE_PRESSURE} for what must be scheduled again at once. */
  readonly tolerations?: readonly k8s.Toleration[];
  /** It asks for names of the internet: see {@link WHOLE_NAMES_FIRST}. */
  readonly callsInternet?: boolean;
}

/** Names with a dot are asked as they are, and not first with each of the cluster's endings: four questions in vain for each of the internet's. */
const WHOLE_NAMES_FIRST: k8s.PodDnsConfig = { options: [{ name: 'ndots', value: '1' }] };

/** Fields that every pod of ours sets the same way. */
export function podDefaults({ pods: { nodeSelector, tolerations, imagePullSecrets } }: Settings, { tolerations: own = [], callsInternet = false, ...identity }: PodKind): Omit<k8s.PodSpec, 'containers'> {
  const tolerated = [...own, ...tolerations];
  return {
    ...(tolerated.length > 0 ? { tolerations: tolerated } : {}),
    ...(Object.keys(nodeSelector).length > 0 ? { nodeSelector } : {}),
    ...(imagePullSecrets.length > 0 ? { imagePullSecrets: imagePullSecrets.map((name) => ({ name })) } : {}),
    ...(callsInternet ? { dnsConfig: WHOLE_NAMES_FIRST } : {}),
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

/** A variable from a field of the pod. With the version that the API server would fill in: the reference is one value, and who applies it without would differ from who applied it before. */
export function podField(fieldPath: string): k8s.EnvVarSource {
  return { fieldRef: { apiVersion: 'v1', fieldPath } };
}

/** An emptyDir on disk with a size limit. */
export function scratch(name: string, sizeLimit = '64Mi'): k8s.Volume {
  return { name, emptyDir: { sizeLimit: Quantity.fromString(sizeLimit) } };
}

/** A Secret as files that only the pod's group reads. */
export function secretFiles(name: string, secretName: string, keys?: readonly string[]): k8s.Volume {
  return { name, secret: { secretName, defaultMode: 0o440, items: keys?.map((key) => ({ key, path: key })) } };
}

/** Of a Secret that a person makes, and may not have made yet: then the folder has no files. */
export function optionalSecretFiles(name: string, secretName: string, keys: readonly string[]): k8s.Volume {
  const { secret, ...volume } = secretFiles(name, secretName, keys);
  return { ...volume, secret: { ...secret, optional: true } };
}

export function configFiles(name: string, configMapName: string): k8s.Volume {
  return { name, configMap: { name: configMapName, defaultMode: 0o444 } };
}

/** Of several, in one folder. */
export function projectedFiles(name: string, configMapNames: readonly string[]): k8s.Volume {
  const [only, ...others] = configMapNames;
  if (only !== undefined && others.length === 0) return configFiles(name, only);
  return { name, projected: { defaultMode: 0o444, sources: configMapNames.map((each) => ({ configMap: { name: each } })) } };
}

/** Of a ConfigMap that is made when it is needed: until then the folder has no files. */
export function optionalConfigFiles(name: string, configMapName: string): k8s.Volume {
  const { configMap, ...volume } = configFiles(name, configMapName);
  return { ...volume, configMap: { ...configMap, optional: true } };
}

export function clusterPort(port: number, name: string): k8s.ServicePort {
  return { name, port, targetPort: IntOrString.fromString(name), protocol: 'TCP' };
}

/** Of the Service that people and SDKs know: a port inside, and outside what the settings open. */
export function frontDoor({ service: { type, port } }: Settings, { port: inside, name }: { readonly port: number; readonly name: string }): Pick<k8s.ServiceSpec, 'type' | 'ports'> {
  const known = clusterPort(inside, name);
  if (type === 'NodePort') return { type, ports: [{ ...known, ...(port === undefined ? {} : { nodePort: port }) }] };
  const isOther = type === 'LoadBalancer' && port !== undefined && port !== inside;
  return { type, ports: [known, ...(isOther ? [{ ...known, name: 'public', port }] : [])] };
}

export { CONFIG_HASH, contentHash } from '../content-hash.js';

/** Why a check of kube-score does not apply, written where the next reader looks for it. */
export interface Exception {
  readonly check: string;
  readonly reason: string;
}

/** Metadata of a part: its labels, and kube-score's exceptions with their reasons beside them. */
export function partMetadata(name: string, component: Component, exceptions: readonly Exception[] = []): k8s.ObjectMeta {
  return { name, labels: labelsOf(component), annotations: exceptionAnnotations(exceptions) };
}

export function exceptionAnnotations(exceptions: readonly Exception[]): Record<string, string> | undefined {
  return exceptions.length === 0 ? undefined : {
    'kube-score/ignore': exceptions.map(({ check }) => check).join(','),
    'glitchkeeper.io/kube-score-reasons': exceptions.map(({ check, reason }) => `${check}: ${reason}`).join('; '),
  };
}
