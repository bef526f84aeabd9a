// The delivery against a model of GlitchTip: whatever breaks, each event has one row in the end, and what is below stays bounded.
import { describe, expect, it } from '@jest/globals';
import { idOf, load, notOnce, timesStored } from './load.js';
import { LIMITS, Model } from './model.js';

const [SECOND, MINUTE] = [1_000, 60_000];

describe('the delivery', () => {
  it('stores each event once, and leaves nothing in the spool', async () => {
    const model = new Model();
    const ids = await load(model, { events: 50, seconds: 10 });
    await model.run(30 * SECOND);
    expect([notOnce(model, ids), model.left, model.setAside]).toEqual([0, 0, []]);
  });

  it('never has more below it than the window, whatever waits', async () => {
    const model = new Model();
    const ids = await load(model, { events: 60, seconds: 2, bytes: 200_000 });
    await model.run(3 * MINUTE);
    expect(notOnce(model, ids)).toBe(0);
    expect(model.mostBelow).toBeLessThanOrEqual(LIMITS.bytes);
  });

  it('gives an event that is larger than the window by itself', async () => {
    const model = new Model();
    const ids = await load(model, { events: 3, seconds: 1, bytes: 2_400_000 });
    await model.run(MINUTE);
    expect([notOnce(model, ids), model.left]).toEqual([0, 0]);
  });

  it.each<[string, (model: Model) => void, (model: Model) => void]>([
    ['web is away', (model) => (model.web = 'down'), (model) => (model.web = 'up')],
    ['web answers 500', (model) => (model.web = 'failing'), (model) => (model.web = 'up')],
    ['Postgres is away', (model) => (model.postgres = 'down'), (model) => (model.postgres = 'up')],
    ['the worker is away', (model) => (model.worker = 'down'), (model) => (model.worker = 'up')],
    ['the worker is frozen', (model) => (model.worker = 'frozen'), (model) => (model.worker = 'up')],
    ['the worker is killed, and what it held comes back', (model) => (model.worker = 'frozen'), (model) => model.killWorker('back')],
    ['the worker is killed, and what it held is gone', (model) => (model.worker = 'frozen'), (model) => model.killWorker('gone')],
    ['answers are lost on the way', (model) => (model.web = 'lying'), (model) => (model.web = 'up')],
    ['the gateway is killed', () => undefined, (model) => model.restartGateway()],
  ])('%s for two minutes: each event has one row, soon after, and what is below stays bounded', async (_, breakIt, mendIt) => {
    const model = new Model();
    const ids = await load(model, { events: 20, seconds: 5 });
    breakIt(model);
    ids.push(...await load(model, { events: 20, seconds: 120 }, ids.length + 1));
    mendIt(model);
    await model.run(8 * MINUTE);
    expect([notOnce(model, ids), model.left, model.setAside]).toEqual([0, 0, []]);
    expect(model.mostBelow).toBeLessThanOrEqual(LIMITS.bytes);
  });

  it('goes on by itself when its disk was full: each event has one row, and nothing is left in the spool', async () => {
    const model = new Model();
    const ids = await load(model, { events: 20, seconds: 5 });
    model.disk = 'full';
    await model.run(MINUTE);
    model.disk = 'free';
    ids.push(...await load(model, { events: 20, seconds: 5 }, ids.length + 1));
    await model.run(2 * MINUTE);
    expect([notOnce(model, ids), model.left, model.delivery.entries]).toEqual([0, 0, []]);
  });

  it('a worker that is frozen for ten minutes and thaws has each event once', async () => {
    const model = new Model();
    const ids = await load(model, { events: 20, seconds: 5 });
    model.worker = 'frozen';
    ids.push(...await load(model, { events: 5, seconds: 600 }, ids.length + 1));
    model.worker = 'up';
    await model.run(10 * MINUTE);
    expect([notOnce(model, ids), model.left]).toEqual([0, 0]);
  });

  it.each(['down', 'frozen'] as const)('gives one large event beyond the window, and no more, to a worker that is %s for an hour', async (state) => {
    const model = new Model();
    model.worker = state;
    const ids = await load(model, { events: 100, seconds: 1, bytes: 200_000 });
    await model.run(60 * MINUTE);
    expect(model.mostBelow).toBeLessThanOrEqual(LIMITS.bytes + 200_100);
    model.worker = 'up';
    await model.run(10 * MINUTE);
    expect([notOnce(model, ids), model.left]).toEqual([0, 0]);
  });

  it('goes on at once when a worker was killed and what it held comes back in an hour only, and stores that once, too', async () => {
    const model = new Model();
    const ids = await load(model, { events: 30, seconds: 3, bytes: 200_000 });
    model.worker = 'frozen';
    ids.push(...await load(model, { events: 30, seconds: 3, bytes: 200_000 }, ids.length + 1));
    model.killWorker('stranded');
    await model.run(3 * MINUTE);
    expect(notOnce(model, ids)).toBeLessThanOrEqual(25);
    await model.run(70 * MINUTE);
    expect([notOnce(model, ids), model.left, model.setAside]).toEqual([0, 0, []]);
  });

  it.each([['the same gateway', false], ['the next gateway', true]])('what web broke off in the middle is given again by %s after 70 s, and not after five minutes', async (_, restarts) => {
    const model = new Model();
    await load(model, { events: 5, seconds: 3 });
    model.web = 'failing';
    const ids = await load(model, { events: 5, seconds: 1 }, 1_000);
    model.web = 'up';
    if (restarts) model.restartGateway();
    // Something that is younger, which proves that the worker holds nothing older.
    for (let minute = 0; minute < 2; minute += 1) {
      await model.run(45 * SECOND);
      await load(model, { events: 1, seconds: 1 }, 2_000 + minute);
    }
    await model.run(20 * SECOND);
    expect([notOnce(model, ids), model.left]).toEqual([0, 0]);
  });

  it('obeys a project that is throttled, and holds no other back for it', async () => {
    const model = new Model();
    model.throttled.add(2);
    await model.append(idOf(1), { project: 2 });
    await model.append(idOf(2), { project: 1 });
    await model.run(10 * SECOND);
    expect(timesStored(model, [idOf(1), idOf(2)])).toEqual([0, 1]);
    model.throttled.clear();
    await model.run(MINUTE);
    expect([timesStored(model, [idOf(1)]), model.left]).toEqual([[1], 0]);
  });

  it('sets aside what GlitchTip refuses, with the reason, and gives what went with it by itself', async () => {
    const model = new Model();
    const ids = Array.from({ length: 10 }, (_, index) => idOf(index + 1));
    model.poisoned.add(idOf(4));
    for (const id of ids) await model.append(id);
    await model.run(30 * SECOND);
    expect([notOnce(model, ids.filter((id) => id !== idOf(4))), model.left, model.setAside]).toEqual([0, 0, [{ id: idOf(4), why: 'GlitchTip answered 400' }]]);
  });

  it("counts as its project's no more what it let go of, stored or set aside", async () => {
    const model = new Model();
    model.poisoned.add(idOf(4));
    for (let index = 1; index <= 10; index += 1) await model.append(idOf(index), { project: 7 });
    await model.run(30 * SECOND);
    expect([...model.letGo]).toEqual([[7, model.appendedBytes]]);
  });

  it('gives what is taken and never stored three times in all, then sets it aside', async () => {
    const model = new Model();
    model.unstorable.add(idOf(1));
    await model.append(idOf(1));
    for (let hour = 0; hour < 10; hour += 1) {
      await model.append(idOf(100 + hour));
      await model.run(60 * MINUTE);
    }
    expect([model.left, model.setAside]).toEqual([0, [{ id: idOf(1), why: 'given to GlitchTip 3 times, and never stored' }]]);
  });

  it('stores what was in a batch with events that GlitchTip drops batches for, and sets those aside, while others go on', async () => {
    const model = new Model();
    const toxic = [idOf(20), idOf(90)];
    for (const id of toxic) model.toxic.add(id);
    const ids = await load(model, { events: 50, seconds: 10 });
    for (let hour = 0; hour < 10; hour += 1) {
      ids.push(...await load(model, { events: 20, seconds: 10 }, ids.length + 1));
      await model.run(60 * MINUTE);
    }
    const why = 'given to GlitchTip 3 times, and never stored';
    expect([notOnce(model, ids.filter((id) => !toxic.includes(id))), model.left, model.setAside]).toEqual([0, 0, toxic.map((id) => ({ id, why }))]);
  });

  it('stores an event that goes beside one that GlitchTip drops batches for within ten minutes, even under load', async () => {
    const model = new Model();
    model.toxic.add(idOf(20));
    const ids = await load(model, { events: 50, seconds: 2 });
    await load(model, { events: 10, seconds: 600 }, 1_000);
    expect(notOnce(model, ids)).toBeLessThanOrEqual(20);
  });

  it('has what was lost with its queue stored soon after it may be given again', async () => {
    const model = new Model();
    const ids = await load(model, { events: 50, seconds: 5 });
    model.worker = 'frozen';
    ids.push(...await load(model, { events: 50, seconds: 12 }, ids.length + 1));
    model.killWorker('gone');
    model.loseQueue();
    ids.push(...await load(model, { events: 5, seconds: 350 }, ids.length + 1));
    await model.run(MINUTE);
    expect([notOnce(model, ids), model.left]).toEqual([0, 0]);
  });

  it('stores what comes meanwhile within half a minute, however many are given apart in vain', async () => {
    const model = new Model();
    const unstorable = Array.from({ length: 60 }, (_, index) => idOf(index + 1));
    for (const id of unstorable) model.unstorable.add(id);
    for (const id of unstorable) await model.append(id);
    await load(model, { events: 2, seconds: 290 }, 1_000);
    const ids: string[] = [];
    for (let times = 0; times < 30; times += 1) {
      ids.push(...await load(model, { events: 2, seconds: 10 }, 10_000 + ids.length));
      expect(notOnce(model, ids.slice(0, -60))).toBe(0);
    }
  });

  it('counts no attempt that did not arrive', async () => {
    const model = new Model();
    const ids = await load(model, { events: 1, seconds: 1 });
    for (let time = 0; time < 5; time += 1) {
      model.web = 'down';
      ids.push(...await load(model, { events: 1, seconds: 5 }, ids.length + 1));
      model.web = 'up';
      await model.run(SECOND);
    }
    model.worker = 'frozen';
    await model.run(10 * SECOND);
    model.killWorker('gone');
    await model.append(idOf(1_000));
    await model.run(8 * MINUTE);
    expect([notOnce(model, ids), model.setAside]).toEqual([0, []]);
  });

  it('survives a kill at any moment under load, each event once', async () => {
    const model = new Model();
    const ids: string[] = [];
    for (let kill = 0; kill < 20; kill += 1) {
      ids.push(...await load(model, { events: 30, seconds: 1 }, ids.length + 1));
      model.restartGateway();
    }
    await model.run(8 * MINUTE);
    expect([notOnce(model, ids), model.left]).toEqual([0, 0]);
  });

  describe('of streamed spans', () => {
    const spanOf = (root: number, isRoot: boolean) => ({ trace_id: idOf(7), span_id: idOf(root).slice(16), is_segment: isRoot, name: 'GET /', start_timestamp: 1, end_timestamp: 2 });
    const envelope = (...spans: readonly object[]) => `{}\n{"type":"span","content_type":"application/vnd.sentry.items.span.v2+json"}\n${JSON.stringify({ version: 2, items: spans })}`;
    const [child, root] = [false, true].map((isRoot) => (model: Model) => model.take(envelope(...[1, 2, 3].map((number) => spanOf(number, isRoot)))));
    const orders = { 'the roots last': [child, root], 'the roots first': [root, child], 'the roots twice': [root, child, root] };

    it.each(Object.entries(orders))('stores each transaction once, wherever it is killed: %s', async (_, takes) => {
      const wait = (model: Model) => model.run(250);
      const steps = takes.flatMap((take) => [take, wait]).concat(Array.from({ length: 8 }, () => wait));
      for (const kill of steps.keys()) {
        const model = new Model();
        for (const [index, step] of steps.entries()) {
          await step?.(model);
          if (index === kill) model.restartGateway();
        }
        await model.run(8 * MINUTE);
        expect([kill, [...model.rows.values()], model.left, model.setAside]).toEqual([kill, [1, 1, 1], 0, []]);
      }
    });
  });
});
