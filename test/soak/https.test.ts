// Soak: https by Traefik and an ACME server, both real, with policies enforced.
import { describeHttps } from '../cluster/pods/https.js';
import { describeOnPods } from '../cluster/pods/on-pods.js';

describeOnPods('soak: https', 'soak-https', { onInstalled: describeHttps });
