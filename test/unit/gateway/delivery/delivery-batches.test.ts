// The delivery against a model of GlitchTip 6.2, whose worker pops batches for good and whose web answers 200 whatever its queue does: each event has one row in the end.
import { describe, expect, it } from '@jest/globals';
import { idOf, load, notOnce, timesStored } from './load.js';
import { LIMITS, Model } from './model.js';

const [SECOND, MINUTE] = [1_000, 60_000];
const model62 = () => new Model(undefined, '6.2');

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
    const contexts = { trace: { trace_id: idOf(9), span_id: idOf(8).slice(16) } };
    await model.take(`{}\n{"type":"transaction"}\n${JSON.stringify({ event_id: idOf(1), type: 'transaction', transaction: 'GET /', start_timestamp: 1, timestamp: 2, contexts })}`);
    await model.run(5 * SECOND);
    expect([model.left, model.setAside]).toEqual([0, []]);
  });
});
