// Soak: what goes wrong in GlitchTip 6.2 while events come in, at the default settings and by the clock.
import { otherGlitchTips } from '../../embedded/images/index.js';
import { describeFaultsBesideEvents } from '../cluster/pods/events-beside.js';
import { describeOnPods } from '../cluster/pods/on-pods.js';
import { SCENARIOS_SIX } from '../cluster/support/faults.js';

describeOnPods('soak: faults of GlitchTip 6.2', 'soak-six-faults', {
  settings: { version: '6.2' },
  images: otherGlitchTips,
  onInstalled: (installed) => describeFaultsBesideEvents(installed, { scenarios: SCENARIOS_SIX, judgedBy: 'seconds' }),
});
