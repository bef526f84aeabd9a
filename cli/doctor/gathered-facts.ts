// Everything that `glitchkeeper doctor` looks at, gathered in one place: each by itself, because each may be forbidden by itself.
import type * as z from 'zod';
import { readAsset } from '../../charts/assets.js';
import { bundleHash } from '../../charts/content-hash.js';
import { LOADER_FILE, PROGRAMS } from '../../charts/programs.js';
import { TRAEFIK } from '../../charts/traefik.js';
import { BACKUP_TEMPLATE, LEASE_NAME } from '../../operator/api/object-names.js';
import { Failure, explainFailure, type ProgramError } from '../failure.js';
import { ANSWER_WITHIN, kubectl } from '../kubectl.js';
import { KIND_NAME, ask, parseResource, type Place, type Resource } from '../glitchtip-resource-access.js';
import { notSeen, seen, type Seen } from './check-result.js';
import { mainContainer } from './address-checks.js';
import * as objects from './kubernetes-objects.js';
import type { Outside } from './outside-checks.js';
import { lookFromOutside } from './outside-look.js';

export interface Facts {
  /** What a person calls the cluster, and the namespace and resource that are meant. */
  readonly place: { readonly cluster: string; readonly namespace: string; readonly name: string };
  readonly now: Date;
  /** Hash of the operator's bundle that this program was built with; undefined when it was built without one. */
  readonly ownBundle: string | undefined;
  readonly versions: objects.Versions;
  readonly metrics: Seen<true>;
  readonly storageClasses: Seen<readonly objects.StorageClass[]>;
  readonly nodes: Seen<readonly objects.ClusterNode[]>;
  /** Undefined: it does not exist. So with the next ones. */
  readonly namespace: Seen<objects.NamespaceObject | undefined>;
  readonly definition: Seen<objects.Definition | undefined>;
  readonly resource: Seen<Resource | undefined>;
  readonly lease: Seen<objects.Lease | undefined>;
  readonly workloads: Seen<readonly objects.Workload[]>;
  readonly pods: Seen<readonly objects.RunningPod[]>;
  readonly services: Seen<readonly objects.Service[]>;
  readonly ingresses: Seen<readonly objects.Ingress[]>;
  readonly policies: Seen<readonly objects.NetworkPolicy[]>;
  readonly claims: Seen<readonly objects.Claim[]>;
  /** Names of the keys of the alerts' Secret; undefined: there is no such Secret. */
  readonly alertKeys: Seen<readonly string[] | undefined>;
  /** Of the pods of a backup's Job. */
  readonly backupTemplate: Seen<objects.PodTemplate | undefined>;
  /** The same of the Secret of the bucket, where copies go to one. */
  readonly storeKeys: Seen<{ readonly secret: string; readonly keys: readonly string[] | undefined }>;
  /** Of Traefik, and the public name that it asks an ACME server for; undefined where it does not ask. */
  readonly traefikLog?: Seen<{ readonly name: string; readonly log: string }>;
  /** The public name as it is seen from here; undefined unless it was asked for. */
  readonly outside?: Seen<Outside>;
}

const json = ['--output', 'json'] as const;
/** As backup/environment.ts reads them. */
export const STORE_CREDENTIALS = '/run/secrets/backup-store';
/** It writes some dozens a day, without an access log. Lines. */
const LOG_LINES = 5_000;
const KEYS_ONLY = 'go-template={{range $key, $value := .data}}{{$key}}{{"\\n"}}{{end}}';

/**
 * @param fromOutside look at the public name, too, from where this program runs
 * @throws Failure when the cluster cannot be reached
 */
export async function gatherFacts(place: Place, now: Date, fromOutside = false): Promise<Facts> {
  // First, and alone: a problem with the connection to the cluster is reported once.
  const versions = await readVersions(place);
  const look = <T extends z.ZodType>(shape: T, ...args: string[]): Promise<Seen<z.output<T>>> => attempt(async () => shape.parse(JSON.parse(await ask(place, ...args))));
  const list = <T extends z.ZodType>(shape: T, kind: string): Promise<Seen<z.output<T>[]>> => look(objects.listOf(shape), 'get', kind, ...json);
  const one = <T extends z.ZodType>(shape: T, ...args: string[]): Promise<Seen<z.output<T> | undefined>> => orAbsent(look(shape, 'get', ...args, ...json));
  const [metrics, storageClasses, nodes, namespace, definition, resource, lease, workloads, pods, services, ingresses, policies, claims, backupTemplate] = await Promise.all([
    attempt(async () => { await ask(place, 'get', '--raw', `/apis/metrics.k8s.io/v1beta1/namespaces/${place.namespace}/pods`); return true as const; }),
    list(objects.storageClass, 'storageclasses'),
    list(objects.node, 'nodes'),
    one(objects.namespace, 'namespace', place.namespace),
    one(objects.definition, 'customresourcedefinition', KIND_NAME),
    orAbsent(attempt(async () => parseResource(await ask(place, 'get', KIND_NAME, place.name, ...json)))),
    one(objects.lease, 'lease', LEASE_NAME),
    list(objects.workload, 'deployments,statefulsets,jobs'),
    list(objects.runningPod, 'pods'),
    list(objects.service, 'services'),
    list(objects.ingress, 'ingresses'),
    list(objects.networkPolicy, 'networkpolicies'),
    list(objects.claim, 'persistentvolumeclaims'),
    one(objects.podTemplate, 'podtemplate', BACKUP_TEMPLATE),
  ]);
  return {
    place: { cluster: place.target.description, namespace: place.namespace, name: place.name },
    now, versions, metrics, storageClasses, nodes, namespace, definition, resource, lease, workloads, pods, services, ingresses, policies, claims, backupTemplate,
    ownBundle: ownBundle(),
    alertKeys: await readAlertKeys(place, resource),
    storeKeys: await readStoreKeys(place, backupTemplate),
    ...(await readTraefikLog(place, resource)),
    ...(fromOutside ? { outside: await lookOutside(workloads) } : {}),
  };
}

/** The name is the one that web writes into links and DSNs. */
async function lookOutside(workloads: Facts['workloads']): Promise<Seen<Outside>> {
  if (!workloads.seen) return workloads;
  const web = mainContainer(workloads.value, 'web');
  const domain = web && objects.variable(web, 'GLITCHTIP_DOMAIN');
  if (domain === undefined || !URL.canParse(domain)) return notSeen('web does not say its address');
  const { protocol, hostname, port } = new URL(domain);
  if (protocol !== 'https:') return seen({ domain });
  return seen({ domain: hostname, look: await lookFromOutside(hostname, { plain: 80, secure: port === '' ? 443 : Number(port) }) });
}

async function readVersions(place: Place): Promise<objects.Versions> {
  try {
    return objects.versions.parse(JSON.parse(await kubectl(place.target, 'version', ANSWER_WITHIN, ...json)));
  } catch (error) {
    throw explainFailure(error as ProgramError);
  }
}

async function attempt<T>(read: () => Promise<T>): Promise<Seen<T> & { readonly absent?: boolean }> {
  try {
    return seen(await read());
  } catch (error) {
    if (!(error instanceof Failure)) return notSeen(`what kubectl answered cannot be understood: ${error instanceof Error ? error.message : String(error)}`);
    return { ...notSeen(error.message), absent: error.kind === 'not found' || error.kind === 'no kind' };
  }
}

/** That something does not exist was seen, too. */
async function orAbsent<T>(looked: Promise<Seen<T> & { readonly absent?: boolean }>): Promise<Seen<T | undefined>> {
  const result = await looked;
  return !result.seen && result.absent === true ? seen(undefined) : result;
}

async function readAlertKeys(place: Place, resource: Seen<Resource | undefined>): Promise<Facts['alertKeys']> {
  if (!resource.seen || resource.value === undefined) return notSeen('the resource that names the Secret was not seen');
  const { secret } = resource.value.spec.alerts;
  return readKeys(place, secret);
}

async function readStoreKeys(place: Place, template: Seen<objects.PodTemplate | undefined>): Promise<Facts['storeKeys']> {
  if (!template.seen) return template;
  const secret = template.value && objects.secretMountedAt(template.value, STORE_CREDENTIALS);
  if (secret === undefined) return notSeen('the pods of a backup mount no Secret of a bucket');
  const keys = await readKeys(place, secret);
  return keys.seen ? seen({ secret, keys: keys.value }) : keys;
}

/** Where the certificate is in no Secret, and not Traefik's own, Traefik gets it. */
async function readTraefikLog({ target }: Place, resource: Seen<Resource | undefined>): Promise<Pick<Facts, 'traefikLog'>> {
  const { https, web } = resource.seen && resource.value !== undefined ? resource.value.spec : {};
  if (https === undefined || https.selfSigned === true || web?.tls !== undefined) return {};
  const read = async () => ({ name: https.name, log: await ask({ target, namespace: TRAEFIK.namespace }, 'logs', 'deployment/traefik', `--tail=${LOG_LINES}`) });
  return { traefikLog: await attempt(read) };
}

/** The API server returns the whole Secret; this kubectl call prints only the names of its keys. */
function readKeys(place: Place, secret: string): Promise<Seen<readonly string[] | undefined>> {
  return orAbsent(attempt(async () => (await ask(place, 'get', 'secret', secret, '--output', KEYS_ONLY)).split('\n').filter((key) => key !== '')));
}

function ownBundle(): string | undefined {
  try {
    return bundleHash(readAsset(`runtime/${LOADER_FILE}`).toString('utf8'), readAsset(PROGRAMS.operator.bundle).toString('base64'));
  } catch {
    // A program that was built without the operator has nothing to compare with.
    return undefined;
  }
}
