// Soak: https by a certificate that Traefik gets, while everything on the way is rolled, and what the ACME server needs is not there.
import { describeHttpsRolled } from '../cluster/pods/https-rolled.js';
import { describeOnPods } from '../cluster/pods/on-pods.js';

describeOnPods('soak: https, rolled', 'soak-https-rolled', { onInstalled: describeHttpsRolled });
