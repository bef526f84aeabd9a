// Soak: the stack applied to an empty cluster, looked at from inside and outside, updated, starved part by part, its queue and its gateway killed, the queue filled, its file damaged, a mistyped image, the administrator's Secret deleted, a port of the node opened.
import { beforeAll } from '@jest/globals';
import { describeAdministrator } from '../cluster/pods/administrator.js';
import { describeFacts } from '../cluster/pods/facts.js';
import { describeGateway } from '../cluster/pods/gateway.js';
import { describeInstall } from '../cluster/pods/install.js';
import { describeLogs } from '../cluster/pods/logs.js';
import { describeMemory } from '../cluster/pods/memory.js';
import { describeMigrations } from '../cluster/pods/migrations.js';
import { describeNetwork } from '../cluster/pods/network.js';
import { describeOnPods } from '../cluster/pods/on-pods.js';
import { describePublicService } from '../cluster/pods/public-service.js';
import { describeGivenAgain, describeQueue, type QueueRuns } from '../cluster/pods/queue.js';
import { describeQueueFile } from '../cluster/pods/queue-file.js';
import { describeQuiet } from '../cluster/pods/quiet.js';
import { describeRollout } from '../cluster/pods/rollout.js';
import { startChatterbox } from '../cluster/support/chatterbox.js';

describeOnPods('soak: the stack', 'soak-stack', {
  onEmpty: describeInstall,
  onInstalled(installed) {
    const { stack, dsn, alerts, portsBefore } = installed;
    // What it writes in minutes is looked at last.
    beforeAll(() => startChatterbox(stack.cluster));
    describeFacts(stack);
    describeNetwork(stack, portsBefore);
    describeRollout(stack, dsn);
    describeQuiet(alerts, 'an install and an update');
    describeMemory(installed);
    const runs: QueueRuns = { reports: [] };
    describeQueue(stack, dsn, runs);
    describeGateway(stack, dsn, runs.reports);
    describeGivenAgain(stack, runs);
    describeQueueFile(stack, alerts);
    describeMigrations(installed);
    describeAdministrator(stack);
    describePublicService(stack);
    describeLogs(stack);
  },
});
