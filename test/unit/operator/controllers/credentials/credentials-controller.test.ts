// A status that cannot be written: what it stops, and what it must not.
import { describe, expect, it } from '@jest/globals';

import { CredentialsController } from '../../../../../operator/controllers/credentials/credentials-controller.js';
import type { Ports } from '../../../../../operator/controllers/ports.js';
import type { SecretRole } from '../../../../../operator/core/credentials/observed.js';
import type { RotationAction } from '../../../../../operator/core/rotation/actions.js';
import { ApiError } from '../../../../../operator/io/kubernetes/api-error.js';
import { worldIn, type RotationWorld } from '../../core/rotation/rotation-scenarios.js';

const ROLES: Readonly<Record<string, SecretRole>> = { 'glitchtip-app': 'application', 'glitchtip-postgres': 'postgres', 'glitchtip-valkey': 'valkey', 'glitchtip-admin': 'administrator' };
const refused = (status: number) => new ApiError(status, 'Reason', `PATCH status: ${status}: unknown field`);

/** A controller at work on a rotation in Rolling; what writing its status is answered with, the test sets. */
class Scenario {
  readonly world: RotationWorld;
  answer: Error | undefined;
  /** Happens while Postgres is looked at. */
  meanwhile = (): void => undefined;
  /** Written or refused. */
  statuses = 0;
  readonly warnings: unknown[] = [];
  readonly events: string[] = [];
  readonly #controller: CredentialsController;

  constructor(stuck = false) {
    this.world = worldIn('Rolling', { faults: { stuck } });
    const { world } = this;
    this.#controller = new CredentialsController({
      ...this.#ports(), crypto: world.crypto, clock: { now: () => world.now.getTime(), monotonic: () => world.now.getTime(), after: () => () => undefined },
      log: () => undefined, warn: (message, fields) => this.warnings.push([message, fields]), onStatus: () => undefined,
    });
  }

  async reconcile(count: number, signal = new AbortController().signal): Promise<void> {
    for (let done = 0; done < count; done += 1) await this.#controller.reconcile('g', signal);
  }

  #ports(): Ports {
    const { world } = this;
    const apply = (action: RotationAction): Promise<true> => {
      world.apply(action);
      return Promise.resolve(true);
    };
    const cluster: Partial<Ports['cluster']> = {
      readResource: () => Promise.resolve({ metadata: { name: 'g', namespace: 'n', uid: 'u', generation: 1, resourceVersion: '1' }, spec: { version: '5.2', valkey: {}, worker: {} } }),
      observeSecret: (name) => Promise.resolve(world.observe().secrets[ROLES[name] ?? 'application']),
      observeJournal: () => Promise.resolve(world.observe().journal),
      observeLock: () => Promise.resolve(world.lock ? { kind: 'held', holder: world.lock, resourceVersion: '1' } : { kind: 'free' }),
      writeLock: (lock) => apply({ kind: 'write lock', ...lock }),
      applyStatus: () => {
        this.statuses += 1;
        return this.answer ? Promise.reject(this.answer) : Promise.resolve();
      },
      recordEvent: (_, { reason }) => Promise.resolve(void this.events.push(reason)),
      writeJournal: (_, action) => apply(action),
      writeSecret: (action) => apply(action as RotationAction),
    };
    const workloads: Partial<Ports['workloads']> = {
      observe: (name) => Promise.resolve({ name, rotation: world.templates.get(name), pending: world.pods.get(name)?.mark === world.templates.get(name) ? undefined : 'none is available' }),
      roll: (workload, rotation) => apply({ kind: 'roll', workload, rotation }).then(() => undefined),
    };
    const servers = { postgres: { observe: () => {
      this.meanwhile();
      return Promise.resolve(world.observe().postgres);
    }, tryAdministrator: () => Promise.resolve({ kind: 'not tried' }) }, valkey: { observe: () => Promise.resolve(world.observe().valkey) }, web: {} };
    return { cluster, workloads, ...servers } as unknown as Ports;
  }
}

it('a look that lost the Lease is not acted on: nothing is written', async () => {
  const scenario = new Scenario();
  const term = new AbortController();
  scenario.meanwhile = () => term.abort(new Error('the Lease is lost'));
  await expect(scenario.reconcile(1, term.signal)).rejects.toThrow('the Lease is lost');
  expect([scenario.statuses, scenario.world.phase, scenario.world.templates.get('web')]).toEqual([0, 'Rolling', undefined]);
});

describe('a rotation whose status', () => {
  it.each([400, 403, 413, 422])('is refused with %d goes on', async (status) => {
    const scenario = new Scenario();
    scenario.answer = refused(status);
    await scenario.reconcile(3);
    expect([scenario.world.phase, [...scenario.world.pods.values()].map(({ mark }) => mark)]).toEqual(['Proving', [scenario.world.rotation?.id, scenario.world.rotation?.id]]);
  });

  it('is refused has its deadline all the same', async () => {
    const scenario = new Scenario(true);
    scenario.answer = refused(422);
    await scenario.reconcile(1);
    scenario.world.after(10);
    await scenario.reconcile(1);
    expect(scenario.world.phase).toBe('Returning');
  });

  it.each<[string, Error]>([
    ['is of a stale read', refused(409)], ['is of nobody', refused(401)], ['is of a resource that is gone', refused(404)], ['is one of too many requests', refused(429)],
    ['meets an API server that is not well', refused(500)], ['is not answered', new Error('connect ECONNREFUSED')],
  ])('%s does nothing and tries again', async (_, answer) => {
    const scenario = new Scenario();
    scenario.answer = answer;
    await expect(scenario.reconcile(1)).rejects.toThrow(answer.message);
    expect([scenario.world.templates.get('web'), scenario.warnings, scenario.events]).toEqual([undefined, [], []]);
  });

  it('is refused is reported once, and once more when that comes again', async () => {
    const scenario = new Scenario(true);
    scenario.answer = refused(422);
    await scenario.reconcile(3);
    expect([scenario.warnings, scenario.events]).toEqual([[[expect.stringMatching(/^status refused/), { resource: 'g', error: refused(422).message }]], ['StatusRefused']]);
    scenario.answer = undefined;
    await scenario.reconcile(1);
    scenario.answer = refused(400);
    await scenario.reconcile(2);
    expect([scenario.warnings.length, scenario.events]).toEqual([2, ['StatusRefused', 'StatusRefused']]);
  });
});
