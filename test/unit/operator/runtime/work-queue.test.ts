import { describe, expect, it } from '@jest/globals';
import { delayAfter } from '../../../../operator/runtime/backoff.js';
import { KeyedQueue, type Outcome } from '../../../../operator/runtime/work-queue.js';
import { FakeClock, settle } from '../fake-clock.js';

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

  it('requeues after the time that the worker gave, and at once when added before', async () => {
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
