// What goes wrong with that which GlitchTip stands on is told by its root cause, also when what carries the alerts fails.
import { describeDelivery } from './pods/delivery.js';
import { describeFaults } from './pods/faults.js';
import { describeOnPods } from './pods/on-pods.js';
import { NIGHTS_AROUND } from './support/faults.js';

describeOnPods('alerts of the host on real pods', 'around', {
  onInstalled: (installed) => describeFaults(installed, NIGHTS_AROUND, (note) => describeDelivery(installed, note)),
});
