// Soak: pods that no node takes, or that a node puts out: for what, and what helps, by the words of a real scheduler and a real kubelet.
import { describeFaults } from '../cluster/pods/faults.js';
import { describeOnPods } from '../cluster/pods/on-pods.js';
import { SCENARIOS_OF_PLACEMENT } from '../cluster/support/faults.js';

describeOnPods('soak: pods without a node', 'soak-placement', {
  onInstalled: (installed) => describeFaults(installed, { scenarios: SCENARIOS_OF_PLACEMENT, judgedBy: 'seconds' }),
});
