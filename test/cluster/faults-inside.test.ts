// What goes wrong in GlitchTip itself is told by its root cause.
import { describeFaults } from './pods/faults.js';
import { describeOnPods } from './pods/on-pods.js';
import { NIGHTS_INSIDE } from './support/faults.js';

describeOnPods('alerts of GlitchTip on real pods', 'inside', {
  onInstalled: (installed) => describeFaults(installed, NIGHTS_INSIDE),
});
