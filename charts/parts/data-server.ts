// A server that keeps data: one pod of a StatefulSet, its volume and its Service, all of the part's name.
import * as k8s from 'cdk8s-plus-27/lib/imports/k8s.js';
import { Construct } from 'constructs';
import { CLAIMS, labelsOf, selectorOf } from '../part-names.js';
import { clusterPort, partMetadata } from './pod-template.js';
import type { Settings } from '../settings/schema.js';
import { Volume } from './volume-claim.js';

export interface DataServerProps {
  readonly name: 'postgres' | 'valkey';
  /** Why its pod runs as the user that it runs as. */
  readonly user: string;
  /** The container names it as the part is named. */
  readonly port: number;
  readonly pod: k8s.PodSpec;
  /** Of the pod. */
  readonly annotations?: Record<string, string>;
}

export class DataServer extends Construct {
  constructor(scope: Construct, id: string, { storage }: Settings, { name, user, port, pod, annotations }: DataServerProps) {
    super(scope, id);
    new Volume(this, 'data', { name: CLAIMS[name], component: name, size: storage[name], className: storage.className });
    new k8s.KubeStatefulSet(this, 'statefulset', {
      metadata: partMetadata(name, name, [
        { check: 'container-security-context-user-group-id', reason: user },
        { check: 'container-image-pull-policy', reason: 'tags are fixed, and a host without a way out must start again' },
        { check: 'statefulset-has-servicename', reason: 'the Service has a ClusterIP: one replica needs no headless one' },
      ]),
      spec: {
        serviceName: name,
        replicas: 1,
        selector: { matchLabels: selectorOf(name) },
        template: { metadata: { labels: labelsOf(name), annotations }, spec: pod },
      },
    });
    new k8s.KubeService(this, 'service', {
      metadata: partMetadata(name, name),
      spec: { type: 'ClusterIP', selector: selectorOf(name), ports: [clusterPort(port, name)] },
    });
  }
}
