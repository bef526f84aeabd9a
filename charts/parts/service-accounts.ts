// One ServiceAccount for pods that have no business with the Kubernetes API: no token, no rights.
import * as k8s from 'cdk8s-plus-27/lib/imports/k8s.js';
import { Construct } from 'constructs';
import { POD_ACCOUNT } from '../part-names.js';

export class ServiceAccounts extends Construct {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    new k8s.KubeServiceAccount(this, 'pods', { metadata: { name: POD_ACCOUNT }, automountServiceAccountToken: false });
  }
}
