// The namespace: PodSecurity `restricted` enforced, a quota equal to the budget, and what the operator's token may write in it.
import * as k8s from 'cdk8s-plus-27/lib/imports/k8s.js';
import { Construct } from 'constructs';
import { QUOTA } from '../../operator/api/object-names.js';
import { planBudget, worstMoment } from '../budget.js';
import { bytesOf, mebibytes, milliCpuOf } from '../quantity.js';
import type { ContainerResources, Settings } from '../settings/schema.js';
import { HTTP_PORT } from '../releases.js';
import { AdmissionPolicies } from './admission-policies.js';
import { frontDoor } from './pod-template.js';

export class Namespace extends Construct {
  constructor(scope: Construct, id: string, settings: Settings) {
    super(scope, id);
    const { namespace } = settings;
    new k8s.KubeNamespace(this, 'namespace', {
      metadata: {
        name: namespace,
        // Its own metadata would carry the chart's namespace otherwise, which a Namespace cannot have.
        namespace: undefined,
        labels: {
          'app.kubernetes.io/name': 'glitchtip',
          'app.kubernetes.io/managed-by': 'glitchkeeper',
          'pod-security.kubernetes.io/enforce': 'restricted',
          'pod-security.kubernetes.io/warn': 'restricted',
          'pod-security.kubernetes.io/audit': 'restricted',
        },
      },
    });
    new k8s.KubeResourceQuota(this, 'quota', {
      metadata: { name: QUOTA, namespace },
      spec: { hard: quota(settings) },
    });
    new AdmissionPolicies(this, 'admission', settings);
  }
}

/**
 * Far more objects than there ever are, a person's own among them: what makes them without end fills the API server's database, and
 * with it the host's disk. Pods that have ended do not count; each release of glitchkeeper leaves its bundles behind, three ConfigMaps.
 */
const MOST_OBJECTS = { pods: 20, secrets: 50, configmaps: 100, services: 20, persistentvolumeclaims: 20, 'count/jobs.batch': 50, 'count/leases.coordination.k8s.io': 20 };

/** Exactly what the budget allows at its worst moment: what would starve the neighbours is not even created. */
function quota(settings: Settings): Record<string, k8s.Quantity> {
  const { lines } = planBudget(settings);
  const most = (pick: (resources: ContainerResources) => number) => worstMoment(lines, ({ resources }) => (resources === undefined ? 0 : pick(resources)));
  // A port of a LoadBalancer has one of the nodes, too.
  const publicPorts = settings.service.type === 'ClusterIP' ? 0 : frontDoor(settings, { port: HTTP_PORT, name: 'http' }).ports?.length ?? 0;
  return {
    'requests.cpu': k8s.Quantity.fromString(`${most(({ requests }) => milliCpuOf(requests.cpu))}m`),
    'requests.memory': k8s.Quantity.fromString(`${most(({ requests }) => mebibytes(bytesOf(requests.memory)))}Mi`),
    'limits.cpu': k8s.Quantity.fromString(`${most(({ limits }) => milliCpuOf(limits.cpu))}m`),
    'limits.memory': k8s.Quantity.fromString(`${most(({ limits }) => mebibytes(bytesOf(limits.memory)))}Mi`),
    'services.loadbalancers': k8s.Quantity.fromString(settings.service.type === 'LoadBalancer' ? '1' : '0'),
    'services.nodeports': k8s.Quantity.fromString(String(publicPorts)),
    ...Object.fromEntries(Object.entries(MOST_OBJECTS).map(([what, most]) => [what, k8s.Quantity.fromString(String(most))])),
  };
}
