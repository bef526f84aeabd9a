// Soak: the gateway at the rate that web alone takes at most, with everything that can be away behind it.
import { describeGatewayDisturbed } from '../cluster/pods/gateway-disturbed.js';
import { describeOnPods } from '../cluster/pods/on-pods.js';

describeOnPods('soak: behind the gateway', 'soak-gateway', { onInstalled: describeGatewayDisturbed });
