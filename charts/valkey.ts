// Valkey: queue, cache and sessions, on disk within a second, and never fuller than its memory limit bears.
import * as k8s from 'cdk8s-plus-27/lib/imports/k8s.js';
import { Construct } from 'constructs';
import { VALKEY_PROBE_USER } from '../operator/api/names.js';
import { CLAIMS, CONFIG_MAPS, SECRETS, VALKEY_PORT, labelsOf, selectorOf } from './names.js';
import { CONFIG_HASH, CONTAINER_SECURITY, clusterPort, contentHash, configFiles, containerResources, partMetadata, podDefaults, secretFiles } from './pods.js';
import { MEBIBYTE, bytesOf } from './quantity.js';
import type { Settings } from './settings.js';
import { Volume, claimed } from './storage.js';

/** User of the alpine image of valkey. */
const VALKEY_USER = { user: 999, group: 1000 };
const PORT_NAME = 'valkey';
/**
 * Above some share of its limit a burst ends in an OOM kill that the append-only file repeats at every start. At 0.7 of
 * 50Mi a full queue of 9,286 events loaded from disk peaked at 49.2Mi: measured by test/cluster/pods/queue.ts.
 */
const MAXMEMORY_SHARE = 0.6;

export class Valkey extends Construct {
  constructor(scope: Construct, id: string, settings: Settings) {
    super(scope, id);
    const configuration = valkeyConfiguration(settings);

    new k8s.KubeConfigMap(this, 'config', {
      metadata: partMetadata(CONFIG_MAPS.valkey, 'valkey'),
      data: { 'valkey.conf': configuration },
    });

    new Volume(this, 'data', { name: CLAIMS.valkey, component: 'valkey', size: settings.storage.valkey, className: settings.storage.className });
    new k8s.KubeStatefulSet(this, 'statefulset', {
      metadata: partMetadata('valkey', 'valkey', [
        { check: 'container-security-context-user-group-id', reason: '999 is the user of the alpine image' },
        { check: 'container-image-pull-policy', reason: 'tags are fixed, and a host without a way out must start again' },
        { check: 'statefulset-has-servicename', reason: 'the Service has a ClusterIP: one replica needs no headless one' },
      ]),
      spec: {
        serviceName: 'valkey',
        replicas: 1,
        selector: { matchLabels: selectorOf('valkey') },
        template: {
          metadata: { labels: labelsOf('valkey'), annotations: { [CONFIG_HASH]: contentHash(configuration) } },
          spec: podSpec(settings),
        },
      },
    });

    new k8s.KubeService(this, 'service', {
      metadata: partMetadata('valkey', 'valkey'),
      spec: { type: 'ClusterIP', selector: selectorOf('valkey'), ports: [clusterPort(VALKEY_PORT, PORT_NAME)] },
    });
  }
}

function podSpec(settings: Settings): k8s.PodSpec {
  return {
    ...podDefaults(VALKEY_USER),
    terminationGracePeriodSeconds: 30,
    containers: [{
      name: 'valkey',
      image: settings.images.valkey,
      imagePullPolicy: 'IfNotPresent',
      command: ['valkey-server', '/etc/valkey/valkey.conf'],
      ports: [{ name: PORT_NAME, containerPort: VALKEY_PORT, protocol: 'TCP' }],
      resources: containerResources(settings.resources.valkey),
      securityContext: CONTAINER_SECURITY,
      startupProbe: answers('PONG', { periodSeconds: 2, failureThreshold: 300 }),
      readinessProbe: answers('PONG', { periodSeconds: 5, failureThreshold: 3 }),
      // LOADING is a server that reads its append-only file: killing it would make it begin anew.
      livenessProbe: answers('PONG|LOADING', { periodSeconds: 10, failureThreshold: 6 }),
      volumeMounts: [
        { name: 'data', mountPath: '/data' },
        { name: 'config', mountPath: '/etc/valkey', readOnly: true },
        { name: 'acl', mountPath: '/run/secrets/valkey', readOnly: true },
      ],
    }],
    volumes: [
      claimed('data', CLAIMS.valkey),
      configFiles('config', CONFIG_MAPS.valkey),
      // Hashes only. Its own file and not ACL SAVE: what the operator publishes is what a restart loads.
      secretFiles('acl', SECRETS.valkey, ['users.acl']),
    ],
  };
}

export function valkeyConfiguration(settings: Settings): string {
  const maxmemory = Math.floor((bytesOf(settings.resources.valkey.limits.memory) * MAXMEMORY_SHARE) / MEBIBYTE);
  return `${[
    '# An accepted event is on disk within a second.',
    'appendonly yes',
    'appendfsync everysec',
    'dir /data',
    '# The append-only file is the only copy; snapshots would fork for nothing.',
    'save ""',
    '# Small rewrites: each forks, and what is written meanwhile counts twice.',
    'auto-aof-rewrite-min-size 16mb',
    '# A full queue refuses new events (500); evicting would lose accepted ones.',
    'maxmemory-policy noeviction',
    `maxmemory ${maxmemory}mb`,
    'maxmemory-clients 10%',
    'aclfile /run/secrets/valkey/users.acl',
    `port ${VALKEY_PORT}`,
    'protected-mode no',
  ].join('\n')}\n`;
}

/** The probe's user may do nothing but PING, and needs no password: none can leak from an argument. */
function answers(pattern: string, pace: { periodSeconds: number; failureThreshold: number }): k8s.Probe {
  const ping = `valkey-cli --no-auth-warning --user ${VALKEY_PROBE_USER} --pass none ping`;
  return { exec: { command: ['sh', '-c', `${ping} 2>&1 | grep -qE '${pattern}'`] }, timeoutSeconds: 5, ...pace };
}
