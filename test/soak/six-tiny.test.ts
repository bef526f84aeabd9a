// Soak: GlitchTip 6.2 as one process with its queue in Postgres: what the SDK sends, what goes wrong in it while events come in, and rotations.
import { describe, it } from '@jest/globals';
import { otherGlitchTips } from '../../embedded/images/index.js';
import { describeFaultsBesideEvents } from '../cluster/pods/events-beside.js';
import { describeOnPods } from '../cluster/pods/on-pods.js';
import { RATE, RotationRuns } from '../cluster/pods/rotation-runs.js';
import { describeVerify } from '../cluster/pods/verify.js';
import { SCENARIOS_TINY } from '../cluster/support/faults.js';

describeOnPods('soak: the one process of GlitchTip 6.2', 'soak-six-tiny', {
  settings: { version: '6.2', profile: 'tiny' },
  images: otherGlitchTips,
  onInstalled(installed) {
    describeVerify(installed.stack);
    describeFaultsBesideEvents(installed, { scenarios: SCENARIOS_TINY, judgedBy: 'seconds' });
    describe(`a rotation at ${RATE} events/s`, () => {
      it.each(['all', 'compromised'])('of everything (%s): no event is refused or lost, and no old login is let in', async (request) => {
        const runs = new RotationRuns(installed, RATE);
        await runs.prepare();
        await runs.expectNothingLost(await runs.rotateUnderLoad(`${request} of one process`, request));
      }, 1_200_000);
    });
  },
});
