// The stack applied to an empty cluster, as README's one line does; then what goes wrong, one of each kind, and what a person hears of it.
import { describeOperatorKilled } from './pods/delivery.js';
import { describeFaults } from './pods/faults.js';
import { describeInstall } from './pods/install.js';
import { describeMemory } from './pods/memory.js';
import { describeOnPods } from './pods/on-pods.js';
import { LAST_SCENARIO, SCENARIOS } from './support/faults.js';

describeOnPods('faults on real pods', 'faults', {
  onEmpty: describeInstall,
  onInstalled(installed) {
    describeFaults(installed, {
      scenarios: SCENARIOS, judgedBy: 'checks', last: LAST_SCENARIO,
      more: (note) => describeOperatorKilled(installed, note),
    });
    // Each is reported for ten minutes: after them nothing has to be well but what they are about.
    describeMemory(installed);
  },
});
