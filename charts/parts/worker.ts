// Worker: stores events, and runs the scheduler that makes partitions and uptime checks.
import * as k8s from 'cdk8s-plus-27/lib/imports/k8s.js';
import { Construct } from 'constructs';
import { GLITCHTIP_USER, applicationContainer, heldVolumes, waitForMigrations, withMailLogin } from './application-container.js';
import { labelsOf, selectorOf } from '../part-names.js';
import { partMetadata, podDefaults } from './pod-template.js';
import type { WorkerHeartbeat } from '../releases.js';
import { runtimeHash } from './runtime-helpers.js';
import { withWayOut } from './way-out.js';
import type { Settings } from '../settings/schema.js';
import type { Topology } from '../topology.js';

/** Celery and django-vtasks finish their tasks on SIGTERM; what is still queued then stays in the queue. */
export const WORKER_GRACE_SECONDS = 60;
const FROZEN_GRACE_SECONDS = 10;

export class Worker extends Construct {
  constructor(scope: Construct, id: string, settings: Settings, { process, heartbeat }: NonNullable<Topology['worker']>) {
    super(scope, id);
    const resources = settings.resources.worker;
    const { tmp } = settings.storage;

    new k8s.KubeDeployment(this, 'deployment', {
      metadata: partMetadata('worker', 'worker', [
        { check: 'container-security-context-user-group-id', reason: "5000 is the user of GlitchTip's image" },
        { check: 'container-image-pull-policy', reason: 'tags are fixed, and a host without a way out must start again' },
      ]),
      spec: {
        replicas: 1,
        revisionHistoryLimit: 3,
        selector: { matchLabels: selectorOf('worker') },
        // Two schedulers would run every task twice on 5.x; events wait in the queue meanwhile, and a second worker's memory is saved.
        strategy: { type: 'Recreate' },
        template: {
          metadata: { labels: labelsOf('worker'), annotations: runtimeHash() },
          spec: withMailLogin(settings, withWayOut(settings, {
            ...podDefaults(settings, { ...GLITCHTIP_USER, callsInternet: true }),
            terminationGracePeriodSeconds: WORKER_GRACE_SECONDS,
            initContainers: [waitForMigrations(settings, { process, resources, tmp })],
            containers: [{
              ...applicationContainer(settings, { name: 'worker', process, resources, tmp }),
              startupProbe: beats(heartbeat, { periodSeconds: 5, failureThreshold: 24 }),
              // A frozen worker finishes nothing: it need not be waited for as a stopping one is.
              livenessProbe: { ...beats(heartbeat, { periodSeconds: 20, failureThreshold: 3 }), terminationGracePeriodSeconds: FROZEN_GRACE_SECONDS },
            }],
            volumes: heldVolumes(tmp),
          })),
        },
      },
    });
  }
}

/** Reads one file: `celery inspect ping` would cost 3 s of CPU a call, and would restart the worker for an outage of Valkey. */
function beats({ file, staleAfter }: WorkerHeartbeat, pace: { periodSeconds: number; failureThreshold: number }): k8s.Probe {
  const minutes = Math.ceil(staleAfter / 60);
  return {
    exec: { command: ['sh', '-c', `test -n "$(find ${file} -mmin -${minutes})"`] },
    timeoutSeconds: 5,
    ...pace,
  };
}
