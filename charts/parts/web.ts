// Web: GlitchTip's HTTP server, behind the gateway; without one it is rolled with a surge, so that no event is refused.
import * as k8s from 'cdk8s-plus-27/lib/imports/k8s.js';
import { Construct } from 'constructs';
import { GLITCHTIP_USER, applicationContainer, heldVolumes, runtimeCommand, waitForMigrations, withMailLogin } from './application-container.js';
import { CONFIG_MAPS, WEB, WEB_BACKEND, labelsOf, selectorOf } from '../part-names.js';
import { clusterPort, frontDoor, partMetadata, podDefaults } from './pod-template.js';
import { HTTP_PORT } from '../releases.js';
import { mailPort } from '../settings/email-schema.js';
import { runtimeHash } from './runtime-helpers.js';
import type { Settings } from '../settings/schema.js';
import { topologyOf } from '../topology.js';
import { withWayOut } from './way-out.js';
import { WORKER_GRACE_SECONDS } from './worker.js';

const PORT_NAME = 'http';
/**
 * Seconds that a pod goes on answering after it left the Service: without it a rolling restart at 60 events/s lost 34 of
 * 4,500. What waits by then must be answered before the server ends: uWSGI's full listen queue (1024) at 80 a second takes 13 s. With
 * 8 s, 57 of 2,200 were cut off on a busy host.
 */
const DRAIN_SECONDS = 15;
/** Behind the gateway: what it and people's browsers have asked is answered; nobody new comes. */
const DRAIN_BEHIND_GATEWAY = 5;
/** For what it is answering then. */
const ANSWER_SECONDS = 30;

export class Web extends Construct {
  constructor(scope: Construct, id: string, settings: Settings) {
    super(scope, id);
    const { web: process, webResources: resources, worker, gateway } = topologyOf(settings);
    // Source maps are unpacked by the worker, or here where web does its job.
    const tmp = worker === undefined ? settings.storage.tmp : undefined;
    const drainSeconds = gateway ? DRAIN_BEHIND_GATEWAY : DRAIN_SECONDS;
    const webGrace = drainSeconds + ANSWER_SECONDS;
    // What a worker of its own calls, one process calls by itself.
    const ownWay = (pod: k8s.PodSpec) => (worker === undefined ? withWayOut(settings, pod) : pod);
    const container = applicationContainer(settings, { name: 'web', process, resources, tmp });

    new k8s.KubeConfigMap(this, 'hold', { metadata: partMetadata(CONFIG_MAPS.hold, 'web') });
    new k8s.KubeDeployment(this, 'deployment', {
      metadata: partMetadata('web', 'web', [
        { check: 'container-security-context-user-group-id', reason: "5000 is the user of GlitchTip's image" },
        { check: 'container-image-pull-policy', reason: 'tags are fixed, and a host without a way out must start again' },
        { check: 'pod-probes-identical', reason: 'GlitchTip has one truthful path; liveness waits six times as long' },
      ]),
      spec: {
        replicas: 1,
        revisionHistoryLimit: 3,
        selector: { matchLabels: selectorOf('web') },
        strategy: {
          type: 'RollingUpdate',
          rollingUpdate: { maxSurge: k8s.IntOrString.fromNumber(gateway ? 0 : 1), maxUnavailable: k8s.IntOrString.fromNumber(gateway ? 1 : 0) },
        },
        template: {
          metadata: { labels: labelsOf('web'), annotations: runtimeHash() },
          spec: withMailLogin(settings, ownWay({
            ...podDefaults(settings, { ...GLITCHTIP_USER, callsInternet: worker === undefined || mailPort(settings.email) !== undefined }),
            // One process finishes its tasks, too.
            terminationGracePeriodSeconds: worker === undefined ? Math.max(webGrace, WORKER_GRACE_SECONDS) : webGrace,
            initContainers: [waitForMigrations(settings, { process, resources, tmp })],
            containers: [{
              ...container,
              ports: [{ name: PORT_NAME, containerPort: HTTP_PORT, protocol: 'TCP' }],
              lifecycle: {
                postStart: { exec: { command: runtimeCommand('warm.py') } },
                preStop: { exec: { command: ['sleep', String(drainSeconds)] } },
              },
              // /api/0/health/, which is often asked, does not exist, and the image has no curl.
              startupProbe: health({ periodSeconds: 2, failureThreshold: 30 }),
              readinessProbe: health({ periodSeconds: 5, failureThreshold: 2 }),
              // What does not answer for a minute finishes no task either.
              livenessProbe: { ...health({ periodSeconds: 10, failureThreshold: 6 }), ...(worker === undefined ? { terminationGracePeriodSeconds: webGrace } : {}) },
            }],
            volumes: heldVolumes(tmp),
          })),
        },
      },
    });

    new k8s.KubeService(this, 'service', {
      metadata: partMetadata(gateway ? WEB_BACKEND : WEB, 'web'),
      spec: { ...(gateway ? { type: 'ClusterIP', ports: [clusterPort(HTTP_PORT, PORT_NAME)] } : frontDoor(settings, { port: HTTP_PORT, name: PORT_NAME })), selector: selectorOf('web') },
    });
  }
}

/** /_health/ answers without asking PostgreSQL or Valkey: an outage of theirs must not restart web. */
function health(pace: { periodSeconds: number; failureThreshold: number }): k8s.Probe {
  return {
    httpGet: {
      path: '/_health/',
      port: k8s.IntOrString.fromString(PORT_NAME),
      // The pod's address is allowed as POD_IP, but not in its IPv6 form; localhost always is.
      httpHeaders: [{ name: 'Host', value: 'localhost' }],
    },
    timeoutSeconds: 10,
    successThreshold: 1,
    ...pace,
  };
}
