// doctor: the cluster below the namespace: versions, metrics, storage, node.
import { failure, ok, onSight, oneOrEach, warning, type Finding } from './check-result.js';
import type { Facts } from './gathered-facts.js';
import type { Claim, ClusterNode, StorageClass, Versions } from './kubernetes-objects.js';

/** Validation rules in a CRD and the grace of a single probe are stable from here on (Kubernetes 1.29). */
const OLDEST_MINOR = 29;
/** Of the cluster that the tests of this project run on. */
const TESTED_MINOR = 34;
/** kubectl supports an API server one minor version older or newer than itself. */
const SKEW = 1;

export function checkCluster({ place, versions, metrics, storageClasses, claims, nodes }: Facts): readonly Finding[] {
  return [
    ok('kube context', `${place.cluster} answers`),
    checkServer(versions),
    checkSkew(versions),
    metrics.seen
      ? ok('metrics', 'the metrics API answers')
      : warning('metrics', `no metrics API (${metrics.why})`, 'install metrics-server (k3s has it unless it is disabled): memory and its trend are not seen without it'),
    ...onSight('storage class', storageClasses, (classes) => checkStorageClasses(classes, claims)),
    ...(claims.seen ? claims.value.flatMap(checkClaim) : []),
    ...onSight('node', nodes, (all) => oneOrEach(ok('node', `${all.length} node${all.length === 1 ? '' : 's'}, ready, under no pressure`), all.flatMap(nodeProblems))),
  ];
}

/** A claim that no pod has mounted yet waits for its first one, as that of backups does: it lacks nothing if it names a class that there is. */
function checkStorageClasses(classes: readonly StorageClass[], claims: Facts['claims']): readonly Finding[] {
  const waiting = claims.seen ? claims.value.filter(({ status }) => status.phase !== 'Bound') : [];
  const unknown = waiting.filter(({ spec: { storageClassName: wanted } }) => wanted !== undefined && wanted !== '' && classes.every(({ metadata }) => metadata.name !== wanted));
  const needsDefault = !claims.seen || claims.value.length === 0 || waiting.some(({ spec }) => spec.storageClassName === undefined);
  return oneOrEach(checkDefaultClass(classes, needsDefault), unknown.map(({ metadata: { name }, spec: { storageClassName = '' } }) =>
    failure('storage class', `claim ${name} waits for storage class ${storageClassName}, which there is not`, 'kubectl get storageclass lists those there are; name one in settings.yaml (storage.className), and make the claim anew')));
}

function checkDefaultClass(classes: readonly StorageClass[], isNeeded: boolean): Finding {
  const standard = classes.find(({ metadata }) => metadata.annotations['storageclass.kubernetes.io/is-default-class'] === 'true');
  if (standard !== undefined) return ok('storage class', `${standard.metadata.name} is the default`);
  if (!isNeeded) return ok('storage class', 'no default, and no volume waits for one');
  return failure('storage class', 'no default storage class', 'name one in settings.yaml (storage.className), or make one the default: kubectl get storageclass');
}

/** Nothing where all is well: the volumes are a matter of the storage class above. */
function checkClaim({ metadata: { name, deletionTimestamp } }: Claim): readonly Finding[] {
  if (deletionTimestamp === undefined) return [];
  return [failure('volume', `claim ${name} is being deleted: its data goes with the last pod that mounts it`, 'restart nothing that mounts it; docs/runbooks/move-volume.md keeps the volume')];
}

function checkServer({ serverVersion }: Versions): Finding {
  const version = serverVersion?.gitVersion ?? 'unknown';
  const minor = minorOf(version);
  if (minor === undefined) return warning('Kubernetes', `version ${version} cannot be understood`, `glitchkeeper needs 1.${OLDEST_MINOR} or newer`);
  if (minor < OLDEST_MINOR) return failure('Kubernetes', `${version} is too old`, `update to 1.${OLDEST_MINOR} or newer; 1.${TESTED_MINOR} is what this project tests`);
  return ok('Kubernetes', `${version}${minor > TESTED_MINOR ? ` (1.${TESTED_MINOR} is what this project tests)` : ''}`);
}

function checkSkew({ clientVersion, serverVersion }: Versions): Finding {
  const client = minorOf(clientVersion.gitVersion);
  const server = minorOf(serverVersion?.gitVersion ?? '');
  if (client === undefined || server === undefined || Math.abs(client - server) <= SKEW) return ok('kubectl', clientVersion.gitVersion);
  return warning('kubectl', `${clientVersion.gitVersion} against a server of 1.${server}`, `install a kubectl from 1.${server - SKEW} to 1.${server + SKEW}`);
}

function minorOf(version: string): number | undefined {
  const [, minor] = /^v?1\.(\d+)\./.exec(version) ?? [];
  return minor === undefined ? undefined : Number(minor);
}

function nodeProblems({ metadata: { name }, status: { conditions } }: ClusterNode): readonly Finding[] {
  return conditions.flatMap(({ type, status, message }) => {
    if (type === 'Ready') return status === 'True' ? [] : [failure('node', `${name} is not ready: ${message}`, `kubectl describe node ${name}; on the host: journalctl -u k3s`)];
    return status === 'True' ? [failure('node', `${name} reports ${type}: ${message}`, `free what ${name} lacks: kubectl describe node ${name} shows what takes it`)] : [];
  });
}
