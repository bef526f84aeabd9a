// The stack itself: installed on an empty cluster, looked at from inside and outside, updated, starved, and its queue killed and filled.
import { beforeAll } from '@jest/globals';
import { describeFacts } from './pods/facts.js';
import { describeInstall } from './pods/install.js';
import { describeLogs } from './pods/logs.js';
import { describeMemory } from './pods/memory.js';
import { describeNetwork } from './pods/network.js';
import { describeOnPods } from './pods/on-pods.js';
import { describeOutage } from './pods/outage.js';
import { describePolicies } from './pods/policies.js';
import { describeQueue } from './pods/queue.js';
import { describeQuiet } from './pods/quiet.js';
import { describeRollout } from './pods/rollout.js';
import { startChatterbox } from './support/chatterbox.js';

describeOnPods('the stack on real pods', 'stack', {
  onEmpty: describeInstall,
  onInstalled({ stack, dsn, alerts, portsBefore }) {
    // What it writes in minutes is looked at last.
    beforeAll(() => startChatterbox(stack.cluster));
    describeFacts(stack);
    describeNetwork(stack, portsBefore);
    describePolicies(stack);
    describeRollout(stack, dsn);
    describeQuiet(alerts, 'an install and an update');
    describeMemory(stack, dsn);
    describeQueue(stack, dsn);
    describeOutage(stack, dsn);
    describeLogs(stack);
  },
});
