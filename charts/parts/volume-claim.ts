// A volume of a part, claimed by name. A StatefulSet's own template would do, but kubectl finds it changed at every apply.
import * as k8s from 'cdk8s-plus-27/lib/imports/k8s.js';
import { Construct } from 'constructs';
import type { Component } from '../part-names.js';
import { partMetadata } from './pod-template.js';

export interface VolumeProps {
  /** Name of the claim. */
  readonly name: string;
  readonly component: Component;
  /** Disk quantity. */
  readonly size: string;
  /** Left out: the cluster's default class. */
  readonly className?: string;
}

export class Volume extends Construct {
  constructor(scope: Construct, id: string, { name, component, size, className }: VolumeProps) {
    super(scope, id);
    new k8s.KubePersistentVolumeClaim(this, 'claim', {
      metadata: partMetadata(name, component),
      spec: {
        // One node: all pods that need it may mount it.
        accessModes: ['ReadWriteOnce'],
        storageClassName: className,
        resources: { requests: { storage: k8s.Quantity.fromString(size) } },
      },
    });
  }
}

/** A claimed volume as a pod mounts it. */
export function claimed(name: string, claimName: string): k8s.Volume {
  return { name, persistentVolumeClaim: { claimName } };
}
