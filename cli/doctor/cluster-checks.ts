// doctor: the cluster below the namespace: versions, metrics, storage, node.
import { failure, ok, onSight, oneOrEach, warning, type Finding } from './check-result.js';
import type { Facts } from './gathered-facts.js';
import type { Claim, ClusterNode, Versions } from './kubernetes-objects.js';

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
    ...onSight('storage class', storageClasses, (classes) => {
      const standard = classes.find(({ metadata }) => metadata.annotations['storageclass.kubernetes.io/is-default-class'] === 'true');
      if (standard !== undefined) return ok('storage class', `${standard.metadata.name} is the default`);
      if (claims.seen && claims.value.length > 0 && claims.value.every(({ status }) => status.phase === 'Bound')) return ok('storage class', 'no default, and every volume is bound all the same');
      return failure('storage class', 'no default storage class', 'name one in settings.yaml (storage.className), or make one the default: kubectl get storageclass');
    }),
    ...(claims.seen ? claims.value.flatMap(checkClaim) : []),
    ...onSight('node', nodes, (all) => oneOrEach(ok('node', `${all.length} node${all.length === 1 ? '' : 's'}, ready, under no pressure`), all.flatMap(nodeProblems))),
  ];
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
