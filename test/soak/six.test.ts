// Soak: GlitchTip 6.2 from an empty cluster on, with whatever can be away behind the gateway. Where no registry has its image, it is the double's (test/glitchtip-double).
import { describe, expect, it } from '@jest/globals';
import { otherGlitchTips } from '../../embedded/images/index.js';
import { describeGatewayDisturbed, SCENES_OF_GLITCHTIP } from '../cluster/pods/gateway-disturbed.js';
import { proveEventStored } from '../cluster/pods/memory.js';
import { describeOnPods } from '../cluster/pods/on-pods.js';
import { describeVerify } from '../cluster/pods/verify.js';
import { glitchTip } from '../cluster/support/requested-rotations.js';
import { waitFor } from '../cluster/support/wait.js';

/** That a rotation is promised at. */
const RATE = 60;

describeOnPods('soak: GlitchTip 6.2', 'soak-six', {
  settings: { version: '6.2' },
  images: otherGlitchTips,
  onInstalled(installed) {
    const { stack, dsn } = installed;
    describe('as it was installed', () => {
      it('stores an event, and is well', async () => {
        await proveEventStored(stack, dsn());
        await waitFor({ what: 'all to be well', seconds: 180 }, async () => {
          const incidents = ((await glitchTip(stack)).health?.incidents ?? []).map(({ reason, message }) => `${reason}: ${message}`);
          return incidents.length === 0 ? { found: true } : { seen: incidents.join(', ') };
        });
        expect(stack.release).toBe('6.2');
      }, 300_000);
    });
    describeVerify(stack);
    describeGatewayDisturbed(installed, { rate: RATE, scenes: SCENES_OF_GLITCHTIP });
  },
});
