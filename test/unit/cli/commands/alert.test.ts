import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { HealthStatus } from '../../../../operator/api/health-fields.js';
import { waitForAnswer } from '../../../../cli/alerts/test-message-answer.js';
import { Failure } from '../../../../cli/failure.js';
import { parseResource } from '../../../../cli/glitchtip-resource-access.js';
import { fakeKubectl, type FakeKubectl } from '../fake-kubectl.js';
import { runCli, type Ran } from '../running-command.js';
import { resourceJson } from '../cli-scenarios.js';

type Results = NonNullable<HealthStatus['alertTest']>['results'];

let kubectl: FakeKubectl;
beforeEach(() => {
  kubectl = fakeKubectl();
  kubectl.prepare('annotate', '');
  kubectl.prepare('resource', resourceJson());
});
afterEach(() => kubectl.remove());

const withHealth = (health: HealthStatus, spec?: object): string => {
  const json = JSON.parse(resourceJson({ spec })) as { status: object };
  return JSON.stringify({ ...json, status: { ...json.status, health } });
};
const annotation = () => kubectl.calls().find((call) => call.startsWith('annotate'));
const testOf = (id: string, results: Results): HealthStatus => ({ alertTest: { id, at: '2026-06-01T12:00:00Z', results } });

/** Runs the command with an operator that answers as soon as it is asked. */
async function ask(results: Results, ...args: string[]): Promise<Ran> {
  const running = runCli(['alert', 'test', ...args]);
  let id: string | undefined;
  while (id === undefined) {
    await sleep(10);
    id = /glitchkeeper\.io\/alert-test=(\S+)/.exec(annotation() ?? '')?.[1];
  }
  kubectl.prepare('resource', withHealth(testOf(id, results)));
  return running;
}

describe('alert test', () => {
  it('asks with the annotation, and exits with 0 when each channel took the message', async () => {
    const ran = await ask([{ channel: 'telegram' }, { channel: 'heartbeat' }]);
    expect(ran).toMatchObject({ code: 0, printed: expect.stringMatching(/telegram[^\n]*took it[^]*heartbeat[^\n]*took it/) });
    expect(annotation()).toMatch(/^annotate glitchtips\.glitchkeeper\.io\/glitchtip glitchkeeper\.io\/alert-test=\d{8}T\d{6}Z-[0-9a-f]{6} --overwrite --namespace glitchtip /);
  });

  it('exits with 1 when one did not, and says why', async () => {
    const ran = await ask([{ channel: 'telegram', error: 'Telegram does not know the token (401)' }, { channel: 'webhook' }]);
    expect(ran).toMatchObject({ code: 1, printed: expect.stringMatching(/telegram[^\n]*does not know the token[^]*webhook[^\n]*took it/) });
  });

  it('exits with 2 when none is set up, and shows how, without a value among the arguments', async () => {
    const ran = await ask([]);
    expect(ran).toMatchObject({ code: 2, printed: expect.stringContaining('kubectl --namespace glitchtip create secret generic glitchtip-alerts --from-file=telegram-token --from-file=telegram-chat') });
    expect(ran.printed).not.toContain('--from-literal');
  });

  it('is one JSON object for a program', async () => {
    const { code, json, notes } = await ask([{ channel: 'webhook', error: 'webhook: it answers 404' }], '--json');
    expect([code, notes, json]).toEqual([1, '', [{ id: expect.any(String), at: '2026-06-01T12:00:00Z', results: [{ channel: 'webhook', error: 'webhook: it answers 404' }] }]]);
  });

  it('exits with 2 when nobody answers, does not take an older answer for its own, and says what is known', async () => {
    kubectl.prepare('resource', withHealth({ ...testOf('older', [{ channel: 'webhook' }]), channels: [{ name: 'webhook', waiting: 1, error: 'Secret glitchtip-alerts cannot be read: 503' }] }));
    const ran = await runCli(['alert', 'test', '--timeout', '1']);
    expect(ran).toMatchObject({ code: 2, notes: expect.stringMatching(/has not answered within 1 s.*checks only every 30 s.*cannot be read: 503.*kubectl -n glitchtip logs deploy\/glitchkeeper/s) });
  });

  it.each([
    ['is not valid', { version: 'newest' }, 'the resource is not valid'], ['is not watched', { health: { enabled: false } }, 'spec.health.enabled is false'],
  ])('asks nothing of a GlitchTip that %s', async (_, spec, wanted) => {
    kubectl.prepare('resource', resourceJson({ spec }));
    expect(await runCli(['alert', 'test'])).toMatchObject({ code: 2, notes: expect.stringContaining(wanted) });
    expect(annotation()).toBeUndefined();
  });

  it.each([['0'], ['soon'], ['100000']])('refuses --timeout %s', async (timeout) => {
    expect(await runCli(['alert', 'test', '--timeout', timeout])).toMatchObject({ code: 2, notes: expect.stringContaining('--timeout: expected a whole number') });
  });
});

describe('waiting for the answer', () => {
  const looks = (...answers: readonly (string | Failure)[]) => {
    const left = [...answers];
    let now = 0;
    return {
      read: () => {
        const next = left.length > 1 ? left.shift() : left[0];
        return next instanceof Failure ? Promise.reject(next) : Promise.resolve(parseResource(next ?? ''));
      },
      clock: { now: () => now, sleep: (milliseconds: number) => { now += milliseconds; return Promise.resolve(); } },
    };
  };
  const answered = withHealth(testOf('mine', []));

  it('goes on when the API server is away for a moment', async () => {
    const { read, clock } = looks(new Failure('unreachable', 'away'), resourceJson(), answered);
    expect(await waitForAnswer('mine', read, 10, clock)).toMatchObject({ kind: 'answered', test: { id: 'mine' } });
  });

  it('ends with what the API server last said', async () => {
    const { read, clock } = looks(new Failure('unreachable', 'the cluster does not answer'));
    expect(await waitForAnswer('mine', read, 10, clock)).toEqual({ kind: 'none', why: 'the cluster does not answer' });
  });

  it('does not wait for a right that is missing', async () => {
    const { read, clock } = looks(new Failure('forbidden', 'no'));
    await expect(waitForAnswer('mine', read, 10, clock)).rejects.toThrow('no');
  });
});
