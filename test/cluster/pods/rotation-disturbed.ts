// Rotations with every other disturbance: parts of the soak.
import { expect, it } from '@jest/globals';
import type { Phase } from '../../../operator/api/rotation-fields.js';
import { freezeApiServer } from '../support/api-server.js';
import { youngAt } from '../support/durability.js';
import { printFigure } from '../support/fault-report.js';
import { rotate } from '../support/requested-rotations.js';
import { waitFor } from '../support/wait.js';
import type { RotationRuns } from './rotation-runs.js';

const API_SERVER_DOWN_MS = 60_000;

export function secretKeyAlone(runs: RotationRuns): void {
  it('of SECRET_KEY alone: sessions live on for as long as the grace period', async () => {
    const session = await runs.signIn();
    expect(await runs.answersTo(session)).toEqual([200, 200]);
    const old = (await runs.stack.pod('web')).container.pod;
    await rotate(runs.stack, 'secret-key');
    // A forwarded port may still lead to it while it ends.
    await runs.stack.kubectl('wait', '--for=delete', `pod/${old}`, '--timeout=60s');
    expect(await runs.answersTo(session)).toEqual([200, 200]);
  }, 300_000);
}

export function killedInEachPhase(runs: RotationRuns): void {
  it('goes on when the operator is killed (kill -9) in each phase', async () => {
    const { stack } = runs;
    const killed: Phase[] = [];
    const run = await runs.rotateUnderLoad('operator killed in each phase', 'all', async (phase) => {
      killed.push(phase);
      await runs.kill('operator');
      // Its kubelet's pause doubles with each death; a new pod begins without one.
      if (killed.length % 2 === 0) await stack.kubectl('delete', 'pod', (await stack.pod('operator')).container.pod, '--wait=false');
    });
    printFigure(`killed in ${killed.join(', ')}`);
    expect(killed).toEqual(expect.arrayContaining(['Rolling', 'Retiring']));
    await runs.expectNothingLost(run);
  }, 900_000);
}

export function apiServerAway(runs: RotationRuns): void {
  it(`goes on after the API server was away for ${API_SERVER_DOWN_MS / 1000} s`, async () => {
    const { stack } = runs;
    const run = await runs.rotateUnderLoad('API server down', 'all', async (phase) => {
      if (phase !== 'Rolling') return;
      await freezeApiServer(stack, API_SERVER_DOWN_MS);
      await waitFor({ what: 'the API server to answer', seconds: 60 }, async () => ({ found: await stack.kubectl('get', 'gt') }));
    });
    await runs.expectNothingLost(run);
  }, 900_000);
}

export function valkeyKilled(runs: RotationRuns): void {
  it('Valkey killed (kill -9) in the middle comes back accepting what is published, and the rotation completes', async () => {
    let killedAt = 0;
    const run = await runs.rotateUnderLoad('Valkey killed', 'all', async (phase) => {
      if (phase === 'Rolling') killedAt = await runs.kill('valkey');
    });
    await runs.expectOnlyServerErrors(run, youngAt(run.report, killedAt));
  }, 900_000);
}

export function postgresKilled(runs: RotationRuns): void {
  it('Postgres killed (kill -9) in the middle comes back accepting what is published, and the rotation completes', async () => {
    const run = await runs.rotateUnderLoad('Postgres killed', 'all', async (phase) => {
      if (phase === 'Rolling') await runs.kill('postgres');
    });
    await runs.expectOnlyServerErrors(run);
  }, 900_000);
}
