import { describe, expect, it } from '@jest/globals';
import { keepWatching, type ListWatch, type WatchEvent } from '../../../../operator/runtime/resource-watch.js';
import { FakeClock } from '../fake-clock.js';

const backoff = { base: 1_000, max: 60_000, random: () => 1 };

describe('the watch', () => {
  /** A server that answers each watch by the script, one entry a watch, and then keeps quiet. */
  async function watched(script: (WatchEvent<string>[] | Error | { readonly quietFor: number })[], time: number, items: (list: number) => string[] = () => ['listed']) {
    const clock = new FakeClock();
    const stop = new AbortController();
    const seen: string[] = [];
    const asked: string[] = [];
    const errors: unknown[] = [];
    let lists = 0;
    const source: ListWatch<string> = {
      list: () => Promise.resolve({ items: items(lists), resourceVersion: `list-${(lists += 1)}` }),
      versionOf: (object) => `v-${object}`,
      nameOf: (object) => object,
      async *watch(version, signal) {
        asked.push(version);
        const part = script.shift();
        if (part instanceof Error) throw part;
        if (part && 'quietFor' in part) await new Promise<void>((resolve) => clock.after(part.quietFor, resolve));
        else if (part) yield* part;
        else await new Promise((resolve) => signal.addEventListener('abort', resolve));
      },
    };
    const running = keepWatching({
      source, clock, backoff, resyncEvery: 100_000,
      onPresent: (object) => seen.push(object),
      onDeleted: (name) => seen.push(`-${name}`),
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

  it('lists with growing waits when the server finds every list too old', async () => {
    const gone = (): WatchEvent<string>[] => [{ type: 'ERROR', status: 410, message: 'Gone' }];
    const { lists, errors } = await watched([gone(), gone(), gone(), gone(), gone(), gone()], 6_999);
    expect([lists, errors.length]).toEqual([4, 3]);
  });

  it('lists at once again when its version is too old after something was seen', async () => {
    const script = (): WatchEvent<string>[] => [{ type: 'ADDED', object: 'a' }, { type: 'ERROR', status: 410, message: 'Gone' }];
    const { lists, errors } = await watched([script(), script(), script()], 1);
    expect([lists, errors]).toEqual([4, []]);
  });

  it('starts again with backoff when the connection breaks', async () => {
    const script = () => [new Error('reset'), new Error('reset')];
    expect((await watched(script(), 999)).asked).toEqual(['list-1']);
    expect((await watched(script(), 2_999)).asked).toEqual(['list-1', 'list-2']);
    expect((await watched(script(), 3_001)).asked).toEqual(['list-1', 'list-2', 'list-3']);
  });

  it('waits longer each time that lists work and watches do not', async () => {
    const { lists, errors } = await watched([1, 2, 3, 4, 5, 6].map(() => [{ type: 'ERROR', status: 429, message: 'Too many requests' }]), 14_999);
    expect([lists, errors.length]).toEqual([4, 4]);
  });

  it('begins with the shortest wait again once a watch has sent something', async () => {
    const script = [new Error('reset'), new Error('reset'), [{ type: 'ADDED', object: 'a' } as const, { type: 'ERROR', status: 500, message: 'no' } as const]];
    expect((await watched(script, 4_001)).asked).toEqual(['list-1', 'list-2', 'list-3', 'list-4']);
  });

  it('begins with the shortest wait again after a watch that had nothing to send', async () => {
    const script = [new Error('reset'), new Error('reset'), { quietFor: 5_000 }, new Error('reset')];
    expect((await watched(script, 9_001)).asked).toEqual(['list-1', 'list-2', 'list-3', 'list-3', 'list-4']);
  });

  it('reports once what was deleted while nobody watched', async () => {
    const { seen } = await watched([[{ type: 'ADDED', object: 'a' }, { type: 'ERROR', status: 410, message: 'Gone' }]], 250_000, (list) => (list === 0 ? ['listed', 'b'] : ['listed']));
    expect(seen).toEqual(['listed', 'b', 'a', '-b', '-a', 'listed', 'listed', 'listed']);
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
