// Rotations on real pods, one of each way in which one goes; in the soak: undisturbed and timed, and (rotation-disturbed.ts) SECRET_KEY alone, the operator
// killed in every phase, the API server away for a minute, Valkey and Postgres killed in the middle.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RESOURCE } from '../../../charts/part-names.js';
import { GlitchTipSession } from '../../sdk/glitchtip-session.js';
import type { Phase } from '../../../operator/api/rotation-fields.js';
import { recordMeasurement } from '../../support/measurements.js';
import { printFigure } from '../support/fault-report.js';
import { freezeLeader, killLeader, leaderOf, restartsOf, withTwoOperators, type FrozenLeader } from '../support/leader.js';
import { nextLogins, readLogins, type Logins } from '../support/logins.js';
import { withForward } from '../support/project.js';
import { holdSession, letPhasePass } from '../support/undone-rotation.js';
import type { Installed } from './on-pods.js';
import { RATE, RotationRuns } from './rotation-runs.js';

type Rotations = (runs: RotationRuns) => void;

export function describeRotations(installed: Installed, rotations: readonly Rotations[]): void {
  const { stack, canaries } = installed;
  describe(`rotations at ${RATE} events/s`, () => {
    const runs = new RotationRuns(installed);
    beforeAll(() => runs.prepare(), 480_000);
    for (const declare of rotations) declare(runs);
    it('left old values of the credentials behind, of which each is looked for below', async () => {
      const current = await canaries.collect();
      // Not each rotation replaces everything.
      expect(canaries.all.length).toBeGreaterThan(Math.min(3, rotations.length) * current.length);
    });
    afterAll(() => stack.rolledOut(), 480_000);
  });
}

/** @param goal seconds */
export function undisturbed(goal: number): Rotations {
  return (runs) => {
    it('replaces everything: no event is refused or lost, neither server restarts, every old value is refused', async () => {
      const before = await runs.lives(['postgres', 'valkey']);
      const run = await runs.rotateUnderLoad('undisturbed', 'all');
      await runs.expectNothingLost(run);
      recordMeasurement({ what: 'rotation of everything', value: Math.round(run.ended.seconds), unit: 's', goal });
      expect(run.ended.seconds).toBeLessThan(goal);
      expect(await runs.lives(['postgres', 'valkey'])).toEqual(before);
    }, 900_000);
  };
}

export const compromised: Rotations = (runs) => {
  it('with `compromised` ends every session, and so do the administrator\'s old password and every old login', async () => {
    const session = await runs.signIn();
    const [email, password] = [await runs.email(), await runs.administratorPassword()];
    await runs.expectNothingLost(await runs.rotateUnderLoad('compromised', 'compromised'));
    expect(await runs.answersTo(session)).toEqual([401, 401]);
    await withForward(runs.stack, async (url) => {
      await expect(new GlitchTipSession(url).login(email, password)).rejects.toThrow('400');
      await new GlitchTipSession(url).login(email, await runs.administratorPassword());
    });
  }, 900_000);
};

export const applied: Rotations = (runs) => {
  it('goes on while `kubectl apply -f dist/` is repeated in the middle of it; who is signed in stays so for as long as the grace period', async () => {
    const printed: string[] = [];
    const session = await runs.signIn();
    expect(await runs.answersTo(session)).toEqual([200, 200]);
    const old = (await runs.stack.pod('web')).container.pod;
    // All but the administrator's password, with which Django ends sessions.
    const run = await runs.rotateUnderLoad('kubectl apply in the middle', 'secret-key,postgres,valkey,operator', async (phase) => {
      if (phase === 'Rolling') printed.push(...(await runs.stack.apply()).split('\n'));
    });
    expect(printed.length).toBeGreaterThan(10);
    // It neither undoes the operator's work nor is warned that anything differs.
    expect(printed.filter((line) => !/ unchanged$/.test(line))).toEqual([]);
    await runs.expectNothingLost(run);
    // A forwarded port may still lead to it while it ends.
    await runs.stack.kubectl('wait', '--for=delete', `pod/${old}`, '--timeout=60s');
    expect(await runs.answersTo(session)).toEqual([200, 200]);
  }, 900_000);
};

/** @param killedIn phases in which the one that leads is killed; whoever leads then goes on */
export function twoOperators(killedIn: readonly Phase[]): Rotations {
  return (runs) => {
    it(`goes on with two operators, of which the leading one is killed (kill -9) in ${killedIn.join(' and in ')}`, async () => {
      const killed: Phase[] = [];
      await withTwoOperators(runs.stack, async () => runs.expectNothingLost(await runs.rotateUnderLoad('two operators, the leader killed', 'all', async (phase) => {
        if (!killedIn.includes(phase)) return;
        await killLeader(runs.stack);
        killed.push(phase);
      })));
      printFigure(`killed in ${killed.join(', ')}`);
      expect(killed).toEqual(killedIn);
    }, 900_000);
  };
}

/** As one that the node gives no time to, or that waits for a network: it believes that it leads, and finds out before it does anything. */
export const leaderFrozen: Rotations = (runs) => {
  it('goes on with two operators, of which the leading one is frozen (SIGSTOP) until the other leads: when it wakes up, it stands back', async () => {
    const { stack } = runs;
    await withTwoOperators(stack, async () => {
      const frozen: FrozenLeader[] = [];
      await runs.expectNothingLost(await runs.rotateUnderLoad('two operators, the leader frozen', 'all', async (phase) => {
        if (phase === 'Rolling') frozen.push(await freezeLeader(stack));
      }));
      expect(frozen).toHaveLength(1);
      // It was not restarted for it, and the one that took over has led to the end.
      for (const { frozen: pod, restarts, next } of frozen) expect([await restartsOf(stack, pod), (await leaderOf(stack)).pod]).toEqual([restarts, next]);
    });
  }, 900_000);
};

/** It is given up at once, and so is an incident until everything was replaced: one that does has to follow. */
export const undone: Rotations = (runs) => {
  it('is undone when a session of somebody else stays on the old login for too long: no event is lost, the old values go on, the new ones are revoked', async () => {
    const { stack } = runs;
    let next: Logins = [];
    const attempts = (most: number) => stack.kubectl('patch', 'gt', RESOURCE, '--type=merge', '--patch', JSON.stringify({ spec: { rotation: { maxAttempts: most } } }));
    const before = await readLogins(stack);
    const session = await holdSession(stack);
    await attempts(1);
    try {
      const { ended, report } = await runs.rotateUnderLoad('undone', 'all', async (phase) => {
        if (phase !== 'Proving') return;
        next = await nextLogins(stack);
        await letPhasePass(stack, 'from no pod of ours');
      });
      expect(ended).toMatchObject({ result: 'Undone', message: expect.stringMatching(/^Proving did not end in time/) });
      await runs.expectAllStored(report);
    } finally {
      await session.end();
      await attempts(5);
    }
    expect(await readLogins(stack)).toEqual(before);
    expect(await runs.accepted(before)).toHaveLength(before.length);
    expect(next).toHaveLength(before.length);
    expect(await runs.accepted(next)).toEqual([]);
  }, 900_000);
};
