// Soak: what the gateway is there for, at the rate that web alone takes at most, with everything that can be away behind it and of it.
import { describeGateway } from '../cluster/pods/gateway.js';
import { describeGatewayDisturbed } from '../cluster/pods/gateway-disturbed.js';
import { describeOnPods } from '../cluster/pods/on-pods.js';
import { describeGivenAgain, type QueueRuns } from '../cluster/pods/queue.js';
import { describeWithoutGateway } from '../cluster/pods/without-gateway.js';

/** Deaths by kill -9, one after the other. */
const KILLS = 20;

describeOnPods('soak: the gateway', 'soak-gateway', {
  onInstalled(installed) {
    const { stack, dsn } = installed;
    describeGatewayDisturbed(installed);
    const runs: QueueRuns = { reports: [] };
    describeGateway(stack, dsn, runs.reports, KILLS);
    describeGivenAgain(stack, runs);
    describeWithoutGateway(stack, dsn);
  },
});
