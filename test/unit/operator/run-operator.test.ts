// Two operators never both believe that they lead: a term is over with its Lease, not with its last call.
import { afterEach, expect, it } from '@jest/globals';
import type { LeasePort, LeaseRecord } from '../../../operator/runtime/leader-election.js';
import { Operator, type OperatorDependencies } from '../../../operator/run-operator.js';
import { FakeClock, settle } from './fake-clock.js';
import { countingCrypto } from './operator-scenarios.js';

const stop = new AbortController();
let release = (): void => undefined;
let running: Promise<void> | undefined;
afterEach(async () => {
  stop.abort();
  release();
  await running;
});

/** A Lease that the test takes away. */
class Lease implements LeasePort {
  #record: LeaseRecord | undefined;
  read = () => Promise.resolve(this.#record);
  create = (record: Omit<LeaseRecord, 'resourceVersion'>) => this.update({ ...record, resourceVersion: '1' });
  update = (record: LeaseRecord) => {
    this.#record = record;
    return Promise.resolve(true);
  };

  give(holder: string): void {
    if (this.#record) this.#record = { ...this.#record, holder };
  }
}

it('an operator that lost the Lease says so while a call of its term still hangs', async () => {
  const [clock, lease] = [new FakeClock(), new Lease()];
  const ended = (signal: AbortSignal) => new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(new Error('ended'))));
  const held = new Promise<undefined>((resolve) => { release = () => resolve(undefined); });
  let asked = 0;
  const cluster = {
    lease: () => lease,
    resources: () => ({
      list: () => Promise.resolve({ items: [{ name: 'g', generation: 1, resourceVersion: '1' }], resourceVersion: '1' }),
      // eslint-disable-next-line require-yield -- nothing changes
      async *watch(_: string, signal: AbortSignal) { await ended(signal); },
      versionOf: () => '1', nameOf: () => 'g',
    }),
    // It does not answer before the test is over, whatever becomes of its signal.
    readResource: () => {
      asked += 1;
      return held;
    },
  };
  const operator = new Operator({
    cluster, clock, crypto: countingCrypto(), random: () => 0, readSettings: () => Promise.resolve(undefined),
    config: { namespace: 'n', instance: 'this', listen: { host: '127.0.0.1', port: 0 }, resource: 'g', settingsFile: '', serviceAccount: '', logLevel: 'silent' },
    health: { forget: () => undefined }, log: { info: () => undefined, warn: () => undefined },
  } as unknown as OperatorDependencies);
  const leads = async () => /^glitchkeeper_leader (\d)$/m.exec((await operator.metrics.render()).body)?.[1];

  running = operator.run(stop.signal);
  for (let turn = 0; turn < 100 && asked === 0; turn += 1) await settle();
  expect([await leads(), asked > 0]).toEqual(['1', true]);
  lease.give('another');
  await clock.advance(10_000);
  expect(await leads()).toBe('0');
});
