// The delivery against a model of GlitchTip 6.2, whose worker pops batches for good and whose web answers 200 whatever its queue does: each event has one row in the end.
import { describe, expect, it } from '@jest/globals';
import { idOf, load, notOnce, timesStored } from './load.js';
import { LIMITS, Model, type WebState } from './model.js';

const [SECOND, MINUTE] = [1_000, 60_000];
const model62 = () => new Model(undefined, '6.2');

function transactionOf(id: string): string {
  const contexts = { trace: { trace_id: idOf(9), span_id: idOf(8).slice(16) } };
  return `{}\n{"type":"transaction"}\n${JSON.stringify({ event_id: id, type: 'transaction', transaction: 'GET /', start_timestamp: 1, timestamp: 2, contexts })}`;
}

describe('the delivery to GlitchTip 6.2', () => {
  it('stores each event once, and leaves nothing in the spool', async () => {
    const model = model62();
    const ids = await load(model, { events: 50, seconds: 10 });
    await model.run(30 * SECOND);
    expect([notOnce(model, ids), model.left, model.setAside]).toEqual([0, 0, []]);
  });

  it.each<[string, (model: Model) => void, (model: Model) => void]>([
    ['web is away', (model) => (model.web = 'down'), (model) => (model.web = 'up')],
    ['web answers 200, and its queue refuses', (model) => (model.web = 'dropping'), (model) => (model.web = 'up')],
    ['Postgres is away, and batches fail for good', (model) => (model.postgres = 'down'), (model) => (model.postgres = 'up')],
    ['the worker is away', (model) => (model.worker = 'down'), (model) => (model.worker = 'up')],
    ['the worker is frozen', (model) => (model.worker = 'frozen'), (model) => (model.worker = 'up')],
    ['the worker is killed with all that it held', (model) => (model.worker = 'frozen'), (model) => model.killWorker('gone')],
    ['answers are lost on the way', (model) => (model.web = 'lying'), (model) => (model.web = 'up')],
    ['the gateway is killed', () => undefined, (model) => model.restartGateway()],
  ])('%s for two minutes: each event has one row within 15 minutes, and what is below stays bounded', async (_, breakIt, mendIt) => {
    const model = model62();
    const ids = await load(model, { events: 20, seconds: 5 });
    breakIt(model);
    ids.push(...await load(model, { events: 20, seconds: 120 }, ids.length + 1));
    mendIt(model);
    // Something that is younger, which proves that the worker holds nothing older.
    for (let minute = 0; minute < 15; minute += 1) ids.push(...await load(model, { events: 1, seconds: 60 }, ids.length + 1));
    await model.run(10 * SECOND);
    expect([notOnce(model, ids), model.left, model.setAside]).toEqual([0, 0, []]);
    expect(model.mostBelow).toBeLessThanOrEqual(LIMITS.bytes);
  });

  it('sets nothing aside while the queue refuses for hours, however often something is tried', async () => {
    const model = model62();
    const ids = await load(model, { events: 20, seconds: 5 });
    model.web = 'dropping';
    ids.push(...await load(model, { events: 1, seconds: 60 }, ids.length + 1));
    await model.run(120 * MINUTE);
    model.web = 'up';
    for (let minute = 0; minute < 30; minute += 1) ids.push(...await load(model, { events: 1, seconds: 60 }, ids.length + 1));
    await model.run(10 * SECOND);
    expect([notOnce(model, ids), model.left, model.setAside]).toEqual([0, 0, []]);
  });

  it('gives nothing again that is in a batch of a worker that thaws, though younger ones are stored before it', async () => {
    const model = model62();
    model.slow.set(idOf(1), 40 * SECOND);
    const ids = await load(model, { events: 1, seconds: 10 });
    model.worker = 'frozen';
    ids.push(...await load(model, { events: 1, seconds: 600 }, ids.length + 1));
    model.worker = 'up';
    ids.push(...await load(model, { events: 5, seconds: 120 }, ids.length + 1));
    await model.run(10 * MINUTE);
    expect(timesStored(model, ids).filter((times) => times > 1)).toEqual([]);
    expect([notOnce(model, ids), model.left]).toEqual([0, 0]);
  });

  it('waits for no row of a transaction, for 6.2 keeps none: it is let go of by its 200', async () => {
    const model = model62();
    model.unstorable.add(idOf(1));
    await model.take(transactionOf(idOf(1)));
    await model.run(5 * SECOND);
    expect([model.left, model.setAside]).toEqual([0, []]);
  });

  it.each<[string, WebState]>([['was answered with an error', 'failing'], ['was not answered, though it arrived', 'lying']])('gives a transaction again that %s: it is kept until its 200, and stored once', async (_, web) => {
    const model = model62();
    model.web = web;
    await model.take(transactionOf(idOf(1)));
    await model.run(5 * SECOND);
    expect(model.left).toBeGreaterThan(0);
    model.web = 'up';
    await model.run(10 * MINUTE);
    expect([timesStored(model, [idOf(1)]), model.left, model.setAside]).toEqual([[1], 0, []]);
  });

  it('keeps a transaction that it was giving when it was killed', async () => {
    const model = model62();
    model.web = 'failing';
    await model.take(transactionOf(idOf(1)));
    await model.run(1 * SECOND);
    model.restartGateway();
    model.web = 'up';
    await model.run(10 * MINUTE);
    expect([timesStored(model, [idOf(1)]), model.left, model.setAside]).toEqual([[1], 0, []]);
  });

  it('sets a transaction aside that web never answers 200 to, though it answers others', async () => {
    const model = model62();
    model.broken.add(idOf(1));
    await model.take(transactionOf(idOf(1)));
    const ids = await load(model, { events: 1, seconds: 900 }, 2);
    await model.run(30 * SECOND);
    expect([model.setAside, notOnce(model, ids), model.left]).toEqual([[{ id: idOf(1), why: 'given to GlitchTip 3 times, and never answered 200' }], 0, 0]);
  });
});
