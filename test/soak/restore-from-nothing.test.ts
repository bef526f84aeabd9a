// Soak: a host is lost, and another one has everything again from the bucket and the key. One cluster after the other: the first is deleted before the second is made.
import { describeOnPods } from '../cluster/pods/on-pods.js';
import { describeFromNothing, describeLostHost, type LeftBehind } from '../cluster/pods/restore-from-nothing.js';

const left: LeftBehind = {};

describeOnPods('soak: the host that is lost', 'soak-lost', { onInstalled: (installed) => describeLostHost(installed, left) });
describeOnPods('soak: a new host', 'soak-new', { onInstalled: (installed) => describeFromNothing(installed, left) });
