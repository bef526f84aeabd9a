// What the real SDK sends is found again, as it was sent: `npm run verify` on a stack of pods.
import { expect, it } from '@jest/globals';
import { execa } from 'execa';
import { z } from 'zod';
import { SECRETS } from '../../../charts/part-names.js';
import { withForward } from '../support/project.js';
import type { Stack } from '../support/stack.js';

/** The double of 6.2 keeps no transaction that the API shows. */
const NOT_IN_THE_DOUBLE = ['01.5', '01.6'];

const reported = z.object({ storedChecked: z.boolean(), tests: z.array(z.object({ id: z.string(), result: z.string() })) });

export function describeVerify(stack: Stack): void {
  it('passes `npm run verify`: what the real SDK sends is found again, as it was sent', async () => {
    const { stdout } = await withForward(stack, async (url) => {
      const args = ['--import', 'tsx', 'test/sdk/main.ts', '--url', url, '--email', await stack.secret(SECRETS.administrator, 'email'), '--only', '01,02', '--gateway', '--json'];
      return execa(process.execPath, args, { env: { GLITCHTIP_PASSWORD: await stack.secret(SECRETS.administrator, 'password') }, reject: false, stderr: 'inherit' });
    });
    const { tests, storedChecked } = reported.parse(JSON.parse(stdout));
    expect(storedChecked).toBe(true);
    expect(tests.filter(({ id, result }) => result !== 'passed' && !NOT_IN_THE_DOUBLE.includes(id))).toEqual([]);
  }, 300_000);
}
