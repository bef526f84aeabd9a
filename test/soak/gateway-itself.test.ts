// Soak: the gateway itself killed again and again, taken out of a stack that takes events, and brought back.
import { describeGateway } from '../cluster/pods/gateway.js';
import { describeOnPods } from '../cluster/pods/on-pods.js';
import { describeGivenAgain, type QueueRuns } from '../cluster/pods/queue.js';
import { describeWithoutGateway } from '../cluster/pods/without-gateway.js';

/** Deaths by kill -9, one after the other. */
const KILLS = 20;

describeOnPods('soak: the gateway', 'soak-gateway-itself', {
  onInstalled({ stack, dsn }) {
    const runs: QueueRuns = { reports: [] };
    describeGateway(stack, dsn, runs.reports, KILLS);
    describeWithoutGateway(stack, dsn);
    describeGivenAgain(stack, runs);
  },
});
