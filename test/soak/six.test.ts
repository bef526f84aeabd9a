// Soak: GlitchTip 6.2 from an empty cluster on, with whatever can be away behind the gateway. Where no registry has its image, it is the double's (test/glitchtip-double).
import { describe, expect, it } from '@jest/globals';
import { execa } from 'execa';
import { z } from 'zod';
import { SECRETS } from '../../charts/part-names.js';
import { otherGlitchTips } from '../../embedded/images/index.js';
import { describeGatewayDisturbed, SCENES_OF_GLITCHTIP } from '../cluster/pods/gateway-disturbed.js';
import { proveEventStored } from '../cluster/pods/memory.js';
import { describeOnPods } from '../cluster/pods/on-pods.js';
import { withForward } from '../cluster/support/project.js';
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
    // Not 01.5 and 01.6: its double keeps no transaction that the API shows.
    it('passes `npm run verify`: what the real SDK sends is found again, as it was sent', async () => {
      const { stdout } = await withForward(stack, async (url) => {
        const args = ['--import', 'tsx', 'test/sdk/main.ts', '--url', url, '--email', await stack.secret(SECRETS.administrator, 'email'), '--only', '01,02', '--gateway', '--json'];
        return execa(process.execPath, args, { env: { GLITCHTIP_PASSWORD: await stack.secret(SECRETS.administrator, 'password') }, reject: false, stderr: 'inherit' });
      });
      const { tests, storedChecked } = z.object({ storedChecked: z.boolean(), tests: z.array(z.object({ id: z.string(), result: z.string() })) }).parse(JSON.parse(stdout));
      expect(storedChecked).toBe(true);
      expect(tests.filter(({ id, result }) => result !== 'passed' && !['01.5', '01.6'].includes(id))).toEqual([]);
    }, 300_000);

    describeGatewayDisturbed(installed, { rate: RATE, scenes: SCENES_OF_GLITCHTIP });
  },
});
