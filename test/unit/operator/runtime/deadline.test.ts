import { getEventListeners, getMaxListeners } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { startDeadline, withDeadline } from '../../../../operator/runtime/deadline.js';
import { FakeClock } from '../fake-clock.js';

describe('a deadline', () => {
  it('ends when the time is up, and says so', async () => {
    const clock = new FakeClock();
    const deadline = startDeadline(new AbortController().signal, 1_000, clock);
    await clock.advance(999);
    expect([deadline.signal.aborted, deadline.isExpired]).toEqual([false, false]);
    await clock.advance(1);
    expect([deadline.signal.aborted, deadline.isExpired]).toEqual([true, true]);
    expect(deadline.signal.reason).toMatchObject({ name: 'TimeoutError' });
  });

  it('ends with its parent, for the same reason, and did not expire then', async () => {
    const [clock, parent, why] = [new FakeClock(), new AbortController(), new Error('stopped')];
    const deadline = startDeadline(parent.signal, 1_000, clock);
    parent.abort(why);
    await clock.advance(2_000);
    expect([deadline.signal.reason, deadline.isExpired]).toEqual([why, false]);
  });

  it('has ended when its parent had', () => {
    expect(startDeadline(AbortSignal.abort(), 1_000, new FakeClock()).signal.aborted).toBe(true);
  });

  it('leaves nothing on its parent, however the work ended', async () => {
    const parent = new AbortController();
    await withDeadline(parent.signal, 60_000, (outer) => withDeadline(outer, 60_000, () => Promise.resolve()));
    await expect(withDeadline(parent.signal, 60_000, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(getEventListeners(parent.signal, 'abort')).toEqual([]);
  });

  it('of which there are many at once is no leak to Node.js', () => {
    const parent = new AbortController();
    expect(getMaxListeners(parent.signal)).toBe(10);
    startDeadline(parent.signal, 60_000).release();
    expect(getMaxListeners(parent.signal)).toBe(100);
  });

  it('is over when it is released', async () => {
    const [clock, parent] = [new FakeClock(), new AbortController()];
    const deadline = startDeadline(parent.signal, 1_000, clock);
    deadline.release();
    await clock.advance(2_000);
    parent.abort();
    expect(deadline.signal.aborted).toBe(false);
  });
});
