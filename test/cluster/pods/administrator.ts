// The administrator's Secret deleted: the new one shows a password that the account refuses, which is told, and mended by a rotation of that alone.
import { describe, expect, it } from '@jest/globals';
import { RESOURCE, SECRETS } from '../../../charts/part-names.js';
import { REASONS, type Reason } from '../../../operator/api/conditions.js';
import { cliSays } from '../support/cli.js';
import { glitchTip, rotate } from '../support/requested-rotations.js';
import type { Stack } from '../support/stack.js';
import { waitFor, when } from '../support/wait.js';

/** Nobody watches Secrets: without this the operator looks when its five minutes are over. */
const LOOK = 'example.com/looked-at';

export function describeAdministrator(stack: Stack): void {
  describe("the administrator's Secret", () => {
    it('that was deleted is made anew, does not let anybody in, and is said not to', async () => {
      const before = await stack.secret(SECRETS.administrator, 'password');
      await untilAdministrator(stack, REASONS.AdministratorSignsIn);
      await stack.kubectl('delete', 'secret', SECRETS.administrator);
      await stack.kubectl('annotate', 'gt', RESOURCE, `${LOOK}=1`);
      await untilAdministrator(stack, REASONS.AdministratorPasswordRefused);
      expect(await stack.secret(SECRETS.administrator, 'password')).not.toBe(before);
      expect((await cliSays(stack, 'status')).replace(/\s+/g, ' ')).toContain('glitchkeeper rotate --only administrator');
    }, 300_000);

    it('lets people in again after a rotation of it alone', async () => {
      expect((await rotate(stack, 'administrator')).result).toBe('Completed');
      await untilAdministrator(stack, REASONS.AdministratorSignsIn);
      await stack.kubectl('annotate', 'gt', RESOURCE, `${LOOK}-`);
    }, 300_000);
  });
}

async function untilAdministrator(stack: Stack, reason: Reason): Promise<void> {
  await waitFor<true>({ what: `AdministratorCurrent to say ${reason}`, seconds: 120 }, async () => {
    const condition = (await glitchTip(stack)).conditions?.find(({ type }) => type === 'AdministratorCurrent');
    return when(condition?.reason === reason, `${condition?.reason ?? 'nothing'}: ${condition?.message ?? ''}`);
  });
}
