// The volume that web writes uploads to and the worker reads them from.
import * as k8s from 'cdk8s-plus-27/lib/imports/k8s.js';
import { Construct } from 'constructs';
import { UPLOADS_CLAIM } from './names.js';
import { partMetadata } from './pods.js';
import type { Settings } from './settings.js';

export class Uploads extends Construct {
  constructor(scope: Construct, id: string, { storage }: Settings) {
    super(scope, id);
    new k8s.KubePersistentVolumeClaim(this, 'claim', {
      metadata: partMetadata(UPLOADS_CLAIM, 'web'),
      spec: {
        // One node: both pods may mount it.
        accessModes: ['ReadWriteOnce'],
        storageClassName: storage.className,
        resources: { requests: { storage: k8s.Quantity.fromString(storage.uploads) } },
      },
    });
  }
}
