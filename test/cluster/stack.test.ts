// The stack that `npm start` itself brought up: looked at from inside and outside, updated, its credentials rotated, its queue killed and filled; at the end Ctrl-C leaves nothing.
import { afterAll, beforeAll } from '@jest/globals';
import { describeBackupNow } from './pods/backup.js';
import { describeFacts } from './pods/facts.js';
import { describeGateway } from './pods/gateway.js';
import { describeLogs } from './pods/logs.js';
import { describeNetwork } from './pods/network.js';
import { describeOnPods } from './pods/on-pods.js';
import { describePolicies } from './pods/policies.js';
import { describeGivenAgain, describeQueue, type QueueRuns } from './pods/queue.js';
import { describeOnlyAlerted, describeQuiet } from './pods/quiet.js';
import { describeRollout } from './pods/rollout.js';
import { applied, compromised, describeRotations, twoOperators, undone } from './pods/rotation.js';
import { describeEnd, describeStart } from './pods/start.js';
import { startChatterbox } from './support/chatterbox.js';
import { NpmStart } from './support/npm-start.js';

const npmStart = new NpmStart();
afterAll(() => npmStart.kill());

describeOnPods('the stack on real pods', 'stack', {
  bringUp: (stack) => npmStart.begin(stack),
  onEmpty: (stack) => describeStart(stack, npmStart),
  install: () => npmStart.ready(),
  onInstalled(installed) {
    const { stack, dsn, alerts, portsBefore } = installed;
    // What it writes in minutes is looked at last.
    beforeAll(() => startChatterbox(stack.cluster));
    describeFacts(stack);
    describeNetwork(stack, portsBefore);
    describePolicies(stack);
    describeRollout(stack, dsn);
    describeBackupNow(stack);
    describeQuiet(alerts, 'an install and an update');
    describeRotations(installed, [undone, applied, twoOperators(['Rolling', 'Retiring']), compromised]);
    // Given up is a matter for a person, until the next one completed.
    describeOnlyAlerted(alerts, 'whatever was rolled, and killed of the operator,', 'CredentialsOverdue, credentials');
    const runs: QueueRuns = { reports: [] };
    describeQueue(stack, dsn, runs);
    describeGateway(stack, dsn, runs.reports);
    describeGivenAgain(stack, runs);
    describeLogs(stack);
  },
  onLeaving: (stack) => describeEnd(stack, npmStart),
});
