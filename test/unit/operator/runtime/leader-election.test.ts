import { describe, expect, it } from '@jest/globals';
import { standForElection, type LeasePort, type LeaseRecord } from '../../../../operator/runtime/leader-election.js';
import { FakeClock } from '../fake-clock.js';

describe('the election', () => {
  const options = { duration: 30_000, renewDeadline: 20_000, retryEvery: 10_000, renewAgainEvery: 2_000 };

  /** A Lease in a cluster of its own; a candidate can be cut off from it. */
  function open(latency = 0) {
    const clock = new FakeClock();
    const terms: string[] = [];
    const slowly = <T>(work: () => Promise<T>) => (latency === 0 ? work() : new Promise<void>((resolve) => clock.after(latency, resolve)).then(work));
    let stored: LeaseRecord | undefined;
    let version = 0;
    const leading = new Set<string>();
    const twice: string[] = [];
    const cut = new Set<string>();
    const hanging = new Set<'all'>();
    const write = (identity: string, record: Omit<LeaseRecord, 'resourceVersion'>) => {
      if (cut.has(identity)) return Promise.reject(new Error('unreachable'));
      stored = { ...record, resourceVersion: String((version += 1)) };
      return Promise.resolve(true);
    };
    /** As long as nobody gives up: a request to nowhere has no other end. */
    const until = <T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> => new Promise((resolve, reject) => {
      const giveUp = () => reject(new Error('given up'));
      signal.addEventListener('abort', giveUp, { once: true });
      if (hanging.has('all')) return;
      slowly(work).then(resolve, reject).finally(() => signal.removeEventListener('abort', giveUp));
    });
    const portOf = (identity: string): LeasePort => ({
      read: (signal) => until(signal, () => (cut.has(identity) ? Promise.reject(new Error('unreachable')) : Promise.resolve(stored))),
      create: (record, signal) => until(signal, () => (stored ? Promise.resolve(false) : write(identity, record))),
      update: (record, signal) => until(signal, () => (stored?.resourceVersion === record.resourceVersion ? write(identity, record) : Promise.resolve(false))),
    });
    const stand = (identity: string) => {
      const stop = new AbortController();
      const ended = standForElection({
        ...options, clock, identity, lease: portOf(identity), onContact: () => undefined,
        async onElected(term) {
          leading.add(identity);
          terms.push(identity);
          if (leading.size > 1) twice.push([...leading].join());
          await new Promise((resolve) => term.addEventListener('abort', resolve));
          leading.delete(identity);
        },
      }, stop.signal);
      return { async stop() { stop.abort(); await ended; } };
    };
    return { clock, leading, twice, cut, hanging, stand, terms };
  }

  it('of two candidates one is the leader, for as long as it renews', async () => {
    const { clock, leading, twice, stand } = open();
    stand('a');
    stand('b');
    await clock.advance(600_000);
    expect([[...leading], twice]).toEqual([['a'], []]);
  });

  it('releases the Lease at a graceful stop, so that nobody waits for it to expire', async () => {
    const { clock, leading, stand } = open();
    const first = stand('a');
    stand('b');
    await clock.advance(1_000);
    await first.stop();
    await clock.advance(10_000);
    expect([...leading]).toEqual(['b']);
  });

  it('a leader that is cut off stops before another starts', async () => {
    const { clock, leading, twice, cut, stand } = open();
    stand('a');
    stand('b');
    await clock.advance(5_000);
    cut.add('a');
    await clock.advance(20_000);
    expect([...leading]).toEqual([]);
    await clock.advance(40_000);
    expect([...leading]).toEqual(['b']);
    cut.delete('a');
    await clock.advance(100_000);
    expect([[...leading], twice]).toEqual([['b'], []]);
  });

  it('a leader that is cut off stops in time though the clock goes back, and another starts only then', async () => {
    const { clock, leading, twice, cut, stand } = open();
    stand('a');
    stand('b');
    await clock.advance(5_000);
    cut.add('a');
    clock.step(-3_600_000);
    await clock.advance(20_000);
    expect([...leading]).toEqual([]);
    await clock.advance(40_000);
    expect([[...leading], twice]).toEqual([['b'], []]);
  });

  it('a leader goes on after one failed renewal, however long the good ones take', async () => {
    const { clock, terms, twice, cut, stand } = open(500);
    stand('a');
    stand('b');
    await clock.advance(15_000);
    cut.add('a');
    await clock.advance(8_000);
    cut.delete('a');
    await clock.advance(120_000);
    expect([terms, twice]).toEqual([['a'], []]);
  });

  it('a leader whose renewal hangs stops before another starts', async () => {
    const { clock, leading, twice, hanging, stand } = open();
    stand('a');
    await clock.advance(5_000);
    hanging.add('all');
    await clock.advance(15_000);
    expect([...leading]).toEqual([]);
    hanging.clear();
    stand('b');
    await clock.advance(120_000);
    expect([leading.size, twice]).toEqual([1, []]);
  });

  it('a leader that misses one renewal neither stops nor is deposed because the clock leaps ahead meanwhile', async () => {
    const { clock, leading, twice, cut, stand } = open();
    stand('a');
    await clock.advance(1_000);
    stand('b');
    await clock.advance(14_000);
    cut.add('a');
    clock.step(3_600_000);
    await clock.advance(8_000);
    cut.delete('a');
    expect([...leading]).toEqual(['a']);
    await clock.advance(60_000);
    expect([[...leading], twice]).toEqual([['a'], []]);
  });

  it('a leader that cannot renew once goes on leading', async () => {
    const { clock, leading, cut, stand } = open();
    stand('a');
    await clock.advance(5_000);
    cut.add('a');
    await clock.advance(10_000);
    cut.delete('a');
    await clock.advance(60_000);
    expect([...leading]).toEqual(['a']);
  });

  it('comes back to its own Lease at once after a crash', async () => {
    const { clock, leading, cut, stand } = open();
    stand('a');
    await clock.advance(1_000);
    cut.add('a');
    await clock.advance(25_000);
    cut.delete('a');
    await clock.advance(10_000);
    expect([...leading]).toEqual(['a']);
  });
});
