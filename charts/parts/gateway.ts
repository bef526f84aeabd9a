// Gateway: the one address for people and SDKs. It has events on its own disk before it answers, and gives them to GlitchTip at the pace that it can hold.
import * as k8s from 'cdk8s-plus-27/lib/imports/k8s.js';
import { Construct } from 'constructs';
import { OF_A_ROLLOUT } from '../../gateway/front/drain.js';
import { CLAIMS, CONFIG_MAPS, DATABASE, GATEWAY, GATEWAY_CONTROL_PORT, SECRETS, VALKEY_PORT, WEB, WEB_BACKEND, labelsOf, selectorOf } from '../part-names.js';
import { PROGRAMS, commandOf } from '../programs.js';
import { MEBIBYTE, bytesOf } from '../quantity.js';
import { HTTP_PORT } from '../releases.js';
import type { Settings } from '../settings/schema.js';
import { topologyOf } from '../topology.js';
import { isServedInCluster } from '../traefik.js';
import { CONTAINER_SECURITY, DESPITE_PRESSURE, clusterPort, containerResources, frontDoor, partMetadata, podDefaults, podField, scratch, secretFiles } from './pod-template.js';
import { NODE_USER, ProgramBundle } from './program-bundle.js';
import { Volume, claimed } from './volume-claim.js';
import { withWayOut } from './way-out.js';

const SPOOL_PATH = '/spool';
const CREDENTIALS_PATH = '/run/secrets/gateway';
const PORTS = { http: HTTP_PORT, control: GATEWAY_CONTROL_PORT } as const;
/** Beside what waits: done records in segments that are not done yet, and what was set aside. */
const VOLUME_SHARE = 1.25;
/** Seconds for which a pod that has left the Service is not told to end yet. From then on it waits until no proxy of the node leads to it any more (gateway/front/drain.ts). */
const DRAIN_SECONDS = 5;

export class Gateway extends Construct {
  constructor(scope: Construct, id: string, settings: Settings) {
    super(scope, id);
    const bundle = new ProgramBundle(this, 'bundle', settings, { program: PROGRAMS.gateway, name: CONFIG_MAPS.gatewayBundle, component: 'gateway' });
    new Volume(this, 'spool', { name: CLAIMS.spool, component: 'gateway', size: volumeSize(settings), className: settings.storage.className });
    new k8s.KubeDeployment(this, 'deployment', {
      metadata: partMetadata(GATEWAY, 'gateway', [
        { check: 'container-security-context-user-group-id', reason: "1000 is the user of Node's image" },
        { check: 'container-image-pull-policy', reason: 'tags are fixed, and a host without a way out must start again' },
        { check: 'pod-probes-identical', reason: 'what cannot write to its disk takes no events, and a restart would not mend it' },
      ]),
      spec: {
        replicas: 1,
        revisionHistoryLimit: 3,
        selector: { matchLabels: selectorOf('gateway') },
        // Two pods share the volume for a moment: each writes a folder of its own, and what the old one leaves the new one takes over.
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: k8s.IntOrString.fromNumber(1), maxUnavailable: k8s.IntOrString.fromNumber(0) } },
        template: {
          metadata: { labels: labelsOf('gateway'), annotations: bundle.annotations },
          spec: withOldServer(settings, {
            ...podDefaults(settings, { ...NODE_USER, tolerations: DESPITE_PRESSURE, callsInternet: topologyOf(settings).move }),
            terminationGracePeriodSeconds: DRAIN_SECONDS + OF_A_ROLLOUT.most / 1_000 + 30,
            containers: [container(settings, bundle.mounts)],
            volumes: [...bundle.volumes, claimed('spool', CLAIMS.spool), secretFiles('credentials', SECRETS.gateway), scratch('tmp')],
          }),
        },
      },
    });
    new k8s.KubeService(this, 'service', {
      // Of web, as where there is no gateway: it stays when the gateway is taken out, and changes hands last when one is brought in.
      metadata: partMetadata(WEB, 'web'),
      spec: { ...frontDoor(settings, { port: HTTP_PORT, name: 'http' }), selector: selectorOf('gateway') },
    });
    new k8s.KubeService(this, 'control-service', {
      metadata: partMetadata(`${GATEWAY}-control`, 'gateway'),
      spec: { type: 'ClusterIP', selector: selectorOf('gateway'), ports: [clusterPort(GATEWAY_CONTROL_PORT, 'control')] },
    });
  }
}

/** During a move it calls the old server, by whatever way leads there. */
function withOldServer(settings: Settings, pod: k8s.PodSpec): k8s.PodSpec {
  return topologyOf(settings).move ? withWayOut(settings, pod) : pod;
}

function container(settings: Settings, bundleMounts: readonly k8s.VolumeMount[]): k8s.Container {
  const probe = (path: string, pace: { periodSeconds: number; failureThreshold: number }): k8s.Probe => ({ httpGet: { path, port: k8s.IntOrString.fromString('control') }, timeoutSeconds: 5, ...pace });
  return {
    name: 'gateway',
    image: settings.images.operator,
    imagePullPolicy: 'IfNotPresent',
    command: [...commandOf(PROGRAMS.gateway)],
    env: [{ name: 'POD_NAME', valueFrom: podField('metadata.name') }, ...variables(settings)],
    ports: Object.entries(PORTS).map(([name, containerPort]) => ({ name, containerPort, protocol: 'TCP' })),
    resources: containerResources(settings.resources.gateway),
    securityContext: CONTAINER_SECURITY,
    lifecycle: { preStop: { exec: { command: ['sleep', String(DRAIN_SECONDS)] } } },
    startupProbe: probe('/healthz', { periodSeconds: 1, failureThreshold: 120 }),
    readinessProbe: probe('/readyz', { periodSeconds: 2, failureThreshold: 2 }),
    livenessProbe: probe('/healthz', { periodSeconds: 10, failureThreshold: 6 }),
    volumeMounts: [
      ...bundleMounts,
      { name: 'spool', mountPath: SPOOL_PATH },
      { name: 'credentials', mountPath: CREDENTIALS_PATH, readOnly: true },
      { name: 'tmp', mountPath: '/tmp' },
    ],
  };
}

function variables(settings: Settings): { name: string; value: string }[] {
  const { version, logs, https: { acceptPlainEvents }, gateway: { spool, limits, spansToTransactions } } = settings;
  const proxies = trustedProxies(settings);
  return Object.entries({
    RELEASE: version,
    SPOOL_DIR: SPOOL_PATH,
    SPOOL_SIZE: spool,
    PORT: String(PORTS.http),
    CONTROL_PORT: String(PORTS.control),
    UPSTREAM: `${WEB_BACKEND}:${HTTP_PORT}`,
    DATABASE: `postgres:${DATABASE.port}/${DATABASE.name}`,
    ...(topologyOf(settings).valkey ? { VALKEY: `valkey:${VALKEY_PORT}` } : {}),
    CREDENTIALS_DIR: CREDENTIALS_PATH,
    PROJECT_EVENTS_PER_SECOND: String(limits.projectEventsPerSecond),
    PROJECT_BYTES_PER_SECOND: limits.projectBytesPerSecond,
    EVENTS_PER_SECOND: String(limits.eventsPerSecond),
    BYTES_PER_SECOND: limits.bytesPerSecond,
    SPANS_TO_TRANSACTIONS: String(spansToTransactions),
    ...(logs.enabled ? { LOGS: 'true' } : {}),
    ...(acceptPlainEvents === 'never' ? {} : { PLAIN_EVENTS_UNTIL: `${acceptPlainEvents}T00:00:00Z` }),
    // An empty value is dropped by the API server, and so "configured" by each apply.
    ...(proxies.length > 0 ? { TRUSTED_PROXIES: proxies.join(',') } : {}),
  }).map(([name, value]) => ({ name, value }));
}

/** Traefik is a pod, and so is who serves a Gateway; whose pods reach the gateway at all, the policies say. */
function trustedProxies(settings: Settings): string[] {
  const { gateway: { trustedProxies: others }, network: { clusterRanges } } = settings;
  return [...others, ...(isServedInCluster(settings) ? clusterRanges : [])];
}

function volumeSize({ gateway }: Settings): string {
  return `${Math.ceil((bytesOf(gateway.spool) * VOLUME_SHARE) / MEBIBYTE)}Mi`;
}
