// Soak: Postgres' volume deleted, copied and lost, by the commands of the runbook.
import { describeOnPods } from '../cluster/pods/on-pods.js';
import { describeVolumes } from '../cluster/pods/volumes.js';

describeOnPods('soak: volumes', 'soak-volumes', { onInstalled: describeVolumes });
