// Valkey: queue, cache and sessions, on disk within a second, and never fuller than its memory limit bears.
import * as k8s from 'cdk8s-plus-27/lib/imports/k8s.js';
import { Construct } from 'constructs';
import { APPEND_ONLY_FILE_CONTAINER, VALKEY_PROBE_USER } from '../../operator/api/object-names.js';
import { readAsset } from '../assets.js';
import { DataServer } from './data-server.js';
import { CLAIMS, CONFIG_MAPS, SECRETS, VALKEY_PORT } from '../part-names.js';
import { CONFIG_HASH, CONTAINER_SECURITY, DESPITE_PRESSURE, contentHash, configFiles, containerResources, partMetadata, podDefaults, secretFiles } from './pod-template.js';
import { MEBIBYTE, bytesOf } from '../quantity.js';
import type { Settings } from '../settings/schema.js';
import { claimed } from './volume-claim.js';

/** User of the alpine image of valkey. */
const VALKEY_USER = { user: 999, group: 1000 };
const DATA_PATH = '/data';
const USERS_FILE = `${DATA_PATH}/users.acl`;
/** Of the append-only file: charts/runtime/. */
const REPAIR = 'append-only-file.sh';
/**
 * Above some share of its limit a burst ends in an OOM kill that the append-only file repeats at every start. At 0.7 of
 * 50Mi a full queue of 9,286 events loaded from disk peaked at 49.2Mi (test/cluster/pods/queue.ts); at 0.6 events of 2.4 MB beside the
 * ids that GlitchTip keeps of 60,000 others took 40Mi, and what a rewrite of the file copies was too much
 * (test/cluster/pods/gateway-disturbed.ts).
 */
const MAXMEMORY_SHARE = 0.5;

export class Valkey extends Construct {
  constructor(scope: Construct, id: string, settings: Settings) {
    super(scope, id);
    const configuration = valkeyConfiguration(settings);

    new k8s.KubeConfigMap(this, 'config', {
      metadata: partMetadata(CONFIG_MAPS.valkey, 'valkey'),
      data: { 'valkey.conf': configuration, [REPAIR]: readAsset(`runtime/${REPAIR}`).toString('utf8') },
    });

    new DataServer(this, 'server', settings, {
      name: 'valkey',
      user: '999 is the user of the alpine image',
      port: VALKEY_PORT,
      pod: podSpec(settings),
      annotations: { [CONFIG_HASH]: contentHash(configuration) },
    });
  }
}

function podSpec(settings: Settings): k8s.PodSpec {
  return {
    ...podDefaults(settings, { ...VALKEY_USER, tolerations: DESPITE_PRESSURE }),
    terminationGracePeriodSeconds: 30,
    initContainers: [{
      name: 'users',
      image: settings.images.valkey,
      imagePullPolicy: 'IfNotPresent',
      // A new pod starts with the users of the Secret. From then on the operator changes them in the server and has it save them
      // here: a container that restarts in the middle of a rotation knows both passwords at once, not when the kubelet brings them.
      command: ['install', '-m', '600', '/run/secrets/valkey/users.acl', USERS_FILE],
      resources: containerResources(settings.resources.valkey),
      securityContext: CONTAINER_SECURITY,
      volumeMounts: [{ name: 'data', mountPath: DATA_PATH }, { name: 'acl', mountPath: '/run/secrets/valkey', readOnly: true }],
    }, {
      // After a power cut a pod gets a new sandbox, and so runs this again. The operator reads its termination message.
      name: APPEND_ONLY_FILE_CONTAINER,
      image: settings.images.valkey,
      imagePullPolicy: 'IfNotPresent',
      command: ['sh', `/etc/valkey/${REPAIR}`],
      resources: containerResources(settings.resources.valkey),
      securityContext: CONTAINER_SECURITY,
      volumeMounts: [{ name: 'data', mountPath: DATA_PATH }, { name: 'config', mountPath: '/etc/valkey', readOnly: true }],
    }],
    containers: [{
      name: 'valkey',
      image: settings.images.valkey,
      imagePullPolicy: 'IfNotPresent',
      command: ['valkey-server', '/etc/valkey/valkey.conf'],
      ports: [{ name: 'valkey', containerPort: VALKEY_PORT, protocol: 'TCP' }],
      resources: containerResources(settings.resources.valkey),
      securityContext: CONTAINER_SECURITY,
      // MISCONF is a server that cannot write to its volume, but answers.
      startupProbe: answers('PONG|MISCONF', { periodSeconds: 2, failureThreshold: 300 }),
      readinessProbe: answers('PONG|MISCONF', { periodSeconds: 5, failureThreshold: 3 }),
      // LOADING is a server that reads its append-only file: killing it would make it begin anew. Killed while it cannot
      // write, it would lose the tasks that are in its memory only.
      livenessProbe: answers('PONG|LOADING|MISCONF', { periodSeconds: 10, failureThreshold: 6 }),
      volumeMounts: [
        { name: 'data', mountPath: DATA_PATH },
        { name: 'config', mountPath: '/etc/valkey', readOnly: true },
      ],
    }],
    volumes: [
      claimed('data', CLAIMS.valkey),
      configFiles('config', CONFIG_MAPS.valkey),
      // Hashes only.
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
    `dir ${DATA_PATH}`,
    '# The append-only file is the only copy; snapshots would fork for nothing.',
    'save ""',
    '# Few rewrites: each forks, what is written meanwhile counts twice, and at a tenth of a CPU it takes seconds. From 16 MB on and at',
    '# twice the size there was one in 5 s behind a backlog, and one beside an event of 2.4 MB was killed for memory. A file of this size is',
    '# read in seconds.',
    'auto-aof-rewrite-min-size 64mb',
    'auto-aof-rewrite-percentage 300',
    '# A full queue refuses new events (500); evicting would lose accepted ones.',
    'maxmemory-policy noeviction',
    `maxmemory ${maxmemory}mb`,
    '# An event is in four buffers on its way through: at 10 % events of 400 KB end the connection of the worker between taking one and',
    '# noting that it did, and it is lost.',
    'maxmemory-clients 50%',
    `aclfile ${USERS_FILE}`,
    `port ${VALKEY_PORT}`,
    'protected-mode no',
  ].join('\n')}\n`;
}

/** The probe's user may do nothing but PING, and needs no password: none can leak from an argument. */
function answers(pattern: string, pace: { periodSeconds: number; failureThreshold: number }): k8s.Probe {
  const ping = `valkey-cli --no-auth-warning --user ${VALKEY_PROBE_USER} --pass none ping`;
  return { exec: { command: ['sh', '-c', `${ping} 2>&1 | grep -qE '${pattern}'`] }, timeoutSeconds: 5, ...pace };
}
