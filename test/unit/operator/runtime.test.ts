// The domain-free parts, on a clock that stands still: queue, backoff, watch, leader election.
import { describe, expect, it } from '@jest/globals';
import { delayAfter } from '../../../operator/runtime/backoff.js';
import { standForElection, type LeasePort, type LeaseRecord } from '../../../operator/runtime/leader.js';
import { KeyedQueue, type Outcome } from '../../../operator/runtime/queue.js';
import { keepWatching, type ListWatch, type WatchEvent } from '../../../operator/runtime/watch.js';
import { FakeClock, settle } from './fake-clock.js';

const backoff = { base: 1_000, max: 60_000, random: () => 1 };

describe('the wait after a failure', () => {
  it.each([[1, 1_000], [2, 2_000], [3, 4_000], [7, 60_000], [1_000, 60_000]])('number %i is at most %i ms', (failures, wait) => {
    expect(delayAfter(failures, backoff)).toBe(wait);
  });
  it('is at least half of that, so that nobody retries in step', () => expect(delayAfter(3, { ...backoff, random: () => 0 })).toBe(2_000));
});

describe('the queue', () => {
  function open(work: (key: string, run: number) => Promise<Outcome>) {
    const clock = new FakeClock();
    const runs: string[] = [];
    const errors: number[] = [];
    const queue = new KeyedQueue({
      clock, backoff,
      work: (key) => work(key, runs.push(key)),
      onError: (_key, _error, retryIn) => errors.push(retryIn),
    });
    return { clock, runs, errors, queue };
  }

  it('works once on a key that was added often', async () => {
    const { queue, runs } = open(() => Promise.resolve({}));
    for (let time = 0; time < 5; time += 1) queue.add('a');
    await settle();
    expect(runs).toEqual(['a']);
  });

  it('works once more on a key that was added while it was worked on', async () => {
    let finish: (() => void) | undefined;
    const { queue, runs } = open(async (_key, run) => {
      if (run === 1) await new Promise<void>((resolve) => (finish = resolve));
      return {};
    });
    queue.add('a');
    await settle();
    queue.add('a');
    queue.add('a');
    expect(runs).toEqual(['a']);
    finish?.();
    await settle();
    expect(runs).toEqual(['a', 'a']);
  });

  it('tries again with growing waits, and forgets the failures after a success', async () => {
    const { queue, clock, errors } = open((_key, run) => (run <= 3 || run === 5 ? Promise.reject(new Error('no')) : Promise.resolve({})));
    queue.add('a');
    await clock.advance(7_000);
    queue.add('a');
    await clock.advance(0);
    expect(errors).toEqual([1_000, 2_000, 4_000, 1_000]);
  });

  it('looks again when it was told to, and at once when added before', async () => {
    const { queue, clock, runs } = open(() => Promise.resolve({ requeueAfter: 100 }));
    queue.add('a');
    await clock.advance(99);
    expect(runs).toHaveLength(1);
    await clock.advance(1);
    expect(runs).toHaveLength(2);
    queue.add('a');
    await clock.advance(99);
    expect(runs).toHaveLength(3);
  });

  it('one failing key does not hold up another', async () => {
    const { queue, runs } = open((key) => (key === 'bad' ? Promise.reject(new Error('no')) : Promise.resolve({})));
    queue.add('bad');
    queue.add('good');
    await settle();
    expect(runs).toEqual(['bad', 'good']);
  });

  it('ends with the work that is under way, and takes none after it', async () => {
    const { queue, clock, runs } = open(() => Promise.resolve({ requeueAfter: 10 }));
    queue.add('a');
    await settle();
    await queue.stop();
    queue.add('b');
    await clock.advance(1_000);
    expect(runs).toEqual(['a']);
  });
});

describe('the watch', () => {
  /** A server that answers each watch by the script, one entry a watch, and then keeps quiet. */
  async function watched(script: (WatchEvent<string>[] | Error)[], time: number) {
    const clock = new FakeClock();
    const stop = new AbortController();
    const seen: string[] = [];
    const asked: string[] = [];
    const errors: unknown[] = [];
    let lists = 0;
    const source: ListWatch<string> = {
      list: () => Promise.resolve({ items: ['listed'], resourceVersion: `list-${(lists += 1)}` }),
      versionOf: (object) => `v-${object}`,
      async *watch(version, signal) {
        asked.push(version);
        const part = script.shift();
        if (part instanceof Error) throw part;
        if (part) yield* part;
        else await new Promise((resolve) => signal.addEventListener('abort', resolve));
      },
    };
    const running = keepWatching({
      source, clock, backoff, resyncEvery: 100_000,
      onObject: (object, change) => seen.push(change === 'DELETED' ? `-${object}` : object),
      onError: (error) => errors.push(error),
    }, stop.signal);
    await clock.advance(time);
    stop.abort();
    await running;
    return { seen, asked, errors, lists };
  }

  it('goes on from the last version when the server ends it', async () => {
    const { seen, asked, lists } = await watched([[{ type: 'ADDED', object: 'a' }], [{ type: 'DELETED', object: 'b' }]], 1);
    expect([seen, asked, lists]).toEqual([['listed', 'a', '-b'], ['list-1', 'v-a', 'v-b'], 1]);
  });

  it('goes on from a bookmark', async () => {
    expect((await watched([[{ type: 'BOOKMARK', resourceVersion: '9' }]], 1)).asked).toEqual(['list-1', '9']);
  });

  it('lists anew when its version is too old, without counting it as a failure', async () => {
    const { asked, errors } = await watched([[{ type: 'ERROR', status: 410, message: 'Gone' }]], 1);
    expect([asked, errors]).toEqual([['list-1', 'list-2'], []]);
  });

  it('starts again with backoff when the connection breaks', async () => {
    const script = () => [new Error('reset'), new Error('reset')];
    expect((await watched(script(), 999)).asked).toEqual(['list-1']);
    expect((await watched(script(), 2_001)).asked).toEqual(['list-1', 'list-2', 'list-3']);
  });

  it('does not ask in a tight loop a server that ends every watch at once', async () => {
    const { asked, errors } = await watched([[], [], [], []], 999);
    expect([asked.length, errors.length]).toEqual([1, 1]);
  });

  it('lists anew now and then, in case an event was missed', async () => {
    const { lists, errors } = await watched([], 250_000);
    expect([lists, errors]).toEqual([3, []]);
  });
});

describe('the election', () => {
  const options = { duration: 30_000, renewDeadline: 20_000, retryEvery: 10_000 };

  /** A Lease in a cluster of its own; a candidate can be cut off from it. */
  function open() {
    const clock = new FakeClock();
    let stored: LeaseRecord | undefined;
    let version = 0;
    const leading = new Set<string>();
    const twice: string[] = [];
    const cut = new Set<string>();
    const write = (identity: string, record: Omit<LeaseRecord, 'resourceVersion'>) => {
      if (cut.has(identity)) return Promise.reject(new Error('unreachable'));
      stored = { ...record, resourceVersion: String((version += 1)) };
      return Promise.resolve(true);
    };
    const portOf = (identity: string): LeasePort => ({
      read: () => (cut.has(identity) ? Promise.reject(new Error('unreachable')) : Promise.resolve(stored)),
      create: (record) => (stored ? Promise.resolve(false) : write(identity, record)),
      update: (record) => (stored?.resourceVersion === record.resourceVersion ? write(identity, record) : Promise.resolve(false)),
    });
    const stand = (identity: string) => {
      const stop = new AbortController();
      const ended = standForElection({
        ...options, clock, identity, lease: portOf(identity), onContact: () => undefined,
        async lead(term) {
          leading.add(identity);
          if (leading.size > 1) twice.push([...leading].join());
          await new Promise((resolve) => term.addEventListener('abort', resolve));
          leading.delete(identity);
        },
      }, stop.signal);
      return { async stop() { stop.abort(); await ended; } };
    };
    return { clock, leading, twice, cut, stand };
  }

  it('of two candidates one leads, for as long as it renews', async () => {
    const { clock, leading, twice, stand } = open();
    stand('a');
    stand('b');
    await clock.advance(600_000);
    expect([[...leading], twice]).toEqual([['a'], []]);
  });

  it('gives the lead back at an orderly end, without a wait for the Lease to run out', async () => {
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
