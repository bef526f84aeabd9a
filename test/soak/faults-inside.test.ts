// Soak: what goes wrong in GlitchTip itself, at the default settings and by the clock.
import { describeFaults } from '../cluster/pods/faults.js';
import { describeOnPods } from '../cluster/pods/on-pods.js';
import { SCENARIOS_INSIDE } from '../cluster/support/faults.js';

describeOnPods('soak: faults of GlitchTip', 'soak-inside', {
  onInstalled: (installed) => describeFaults(installed, { scenarios: SCENARIOS_INSIDE, judgedBy: 'seconds' }),
});
