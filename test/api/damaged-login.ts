// What somebody may do to a login of the operator's making, and that the operator lets it in again: the same for each program's own.
import { expect, it } from '@jest/globals';
import type { Stage } from './operator-stage.js';
import { reconcileUntilSettled } from './reconcile.js';

/** @param use as its program does, with the password of its Secret; has to fail while it is not let in */
export function describeDamagedLogin(stage: () => Stage, role: string, use: () => Promise<unknown>): void {
  it.each<[string, string]>([
    ['changed its password', `ALTER ROLE ${role} PASSWORD 'another'`],
    ['took its password', `ALTER ROLE ${role} PASSWORD NULL`],
    ['forbade it to log in', `ALTER ROLE ${role} NOLOGIN`],
    ['dropped it', `DROP OWNED BY ${role}; DROP ROLE ${role}`],
  ])('is let in again after somebody %s', async (_, damage) => {
    const before = await stage().secrets();
    await stage().sql(damage, 'glitchtip');
    await expect(use()).rejects.toThrow(/authentication failed|not permitted to log in/);
    expect(await reconcileUntilSettled(stage())).toEqual(['postgres.change']);
    await use();
    expect(await stage().secrets()).toEqual(before);
  });
}
