// Tunnel: cloudflared, which leads what comes to the public name at Cloudflare to the front door. It calls out; no port is open.
import * as k8s from 'cdk8s-plus-27/lib/imports/k8s.js';
import { Construct } from 'constructs';
import { TUNNEL, TUNNEL_PORT, labelsOf, selectorOf } from '../part-names.js';
import { MEBIBYTE, bytesOf } from '../quantity.js';
import type { Settings } from '../settings/schema.js';
import { CONTAINER_SECURITY, DESPITE_PRESSURE, clusterPort, containerResources, partMetadata, podDefaults, secretFiles } from './pod-template.js';

/** User of cloudflared's image. */
const NONROOT = { user: 65_532, group: 65_532 };
const TOKEN_PATH = '/run/secrets/tunnel';
const TOKEN = 'token';
/** Of the limit, for Go's heap: beside it the program's own pages stay in memory. */
const HEAP_SHARE = 0.5;
/** What is under way may end; cloudflared's own default. Seconds. */
const GRACE_SECONDS = 30;

export class Tunnel extends Construct {
  constructor(scope: Construct, id: string, settings: Settings) {
    super(scope, id);
    new k8s.KubeDeployment(this, 'deployment', {
      metadata: partMetadata(TUNNEL, 'tunnel', [
        { check: 'container-image-pull-policy', reason: 'tags are fixed, and a host without a way out must start again' },
      ]),
      spec: {
        replicas: 1,
        revisionHistoryLimit: 3,
        selector: { matchLabels: selectorOf('tunnel') },
        // One after the other: there is no memory for two. Cloudflare answers 530 for the seconds between.
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: k8s.IntOrString.fromNumber(0), maxUnavailable: k8s.IntOrString.fromNumber(1) } },
        template: {
          metadata: { labels: labelsOf('tunnel') },
          spec: {
            ...podDefaults(settings, { ...NONROOT, tolerations: DESPITE_PRESSURE, callsInternet: true }),
            terminationGracePeriodSeconds: GRACE_SECONDS + 5,
            containers: [container(settings)],
            volumes: [secretFiles('token', settings.https.tunnel.secret, [TOKEN])],
          },
        },
      },
    });
    new k8s.KubeService(this, 'service', {
      metadata: partMetadata(TUNNEL, 'tunnel'),
      // One that is not connected is not Ready, and is asked all the same.
      spec: { type: 'ClusterIP', publishNotReadyAddresses: true, selector: selectorOf('tunnel'), ports: [clusterPort(TUNNEL_PORT, 'metrics')] },
    });
  }
}

function container({ images, resources: { tunnel: resources } }: Settings): k8s.Container {
  const probe = (path: string, pace: { periodSeconds: number; failureThreshold: number }): k8s.Probe => ({ httpGet: { path, port: k8s.IntOrString.fromString('metrics') }, timeoutSeconds: 5, ...pace });
  return {
    name: 'cloudflared',
    image: images.cloudflared,
    imagePullPolicy: 'IfNotPresent',
    args: ['tunnel', '--no-autoupdate', '--metrics', `0.0.0.0:${TUNNEL_PORT}`, '--grace-period', `${GRACE_SECONDS}s`, 'run'],
    env: [
      { name: 'TUNNEL_TOKEN_FILE', value: `${TOKEN_PATH}/${TOKEN}` },
      { name: 'GOMEMLIMIT', value: String(Math.floor((bytesOf(resources.limits.memory) * HEAP_SHARE) / MEBIBYTE) * MEBIBYTE) },
    ],
    ports: [{ name: 'metrics', containerPort: TUNNEL_PORT, protocol: 'TCP' }],
    resources: containerResources(resources),
    securityContext: CONTAINER_SECURITY,
    startupProbe: probe('/healthcheck', { periodSeconds: 2, failureThreshold: 60 }),
    // 200 while a connection to Cloudflare is there. Without one a restart mends nothing: that is not the other probe's business.
    readinessProbe: probe('/ready', { periodSeconds: 5, failureThreshold: 2 }),
    livenessProbe: probe('/healthcheck', { periodSeconds: 20, failureThreshold: 3 }),
    volumeMounts: [{ name: 'token', mountPath: TOKEN_PATH, readOnly: true }],
  };
}
