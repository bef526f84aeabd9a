// Keeping: whichever database is live in the end, each event that came since the hold is in it once; and what is kept is never in the way of what comes.
import { describe, expect, it } from '@jest/globals';
import { Keep } from '../../../../gateway/delivery/keep.js';
import { LAST_ROUND } from '../../../../gateway/spool/rounds.js';
import { FailingFiles } from '../spool/failing-files.js';
import { Model } from './model.js';

const [SECOND, MINUTE] = [1_000, 60_000];
const idOf = (number: number) => number.toString(16).padStart(32, '0');

/** A few events a second. @returns their ids */
async function load(model: Model, { seconds, from, events = 10, project = 1 }: { readonly seconds: number; readonly from: number; readonly events?: number; readonly project?: number }): Promise<string[]> {
  const ids: string[] = [];
  for (let second = 0; second < seconds; second += 1) {
    for (let count = 0; count < events; count += 1) {
      const id = idOf(from + ids.length);
      ids.push(id);
      await model.append(id, { project });
    }
    await model.run(SECOND);
  }
  return ids;
}

const notOnce = (model: Model, ids: readonly string[]) => ids.filter((id) => model.rows.get(id) !== 1);
const GIVEN_AGAIN = 10 * MINUTE;

interface Restored {
  readonly model: Model;
  /** Stored before the hold; given meanwhile; came while it was held; after it. */
  readonly ids: Readonly<Record<'before' | 'draining' | 'held' | 'after', readonly string[]>>;
}

/** A restore, up to where a person looks at it: the other database is empty, as an old copy is. */
async function restored(model = new Model()): Promise<Restored> {
  const before = await load(model, { seconds: 20, from: 1 });
  await model.run(20 * SECOND);
  const draining = await load(model, { seconds: 1, from: 10_000 });
  model.hold();
  const held = await load(model, { seconds: 60, from: 20_000 });
  model.release('other');
  const after = await load(model, { seconds: 20, from: 30_000 });
  await model.run(GIVEN_AGAIN);
  return { model, ids: { before, draining, held, after } };
}

describe('what is kept', () => {
  it('while nothing else is live, is what was stored since: nothing is given twice', async () => {
    const model = new Model();
    const ids = await load(model, { seconds: 5, from: 1 });
    model.keep.begin('restore');
    ids.push(...await load(model, { seconds: 10, from: 10_000 }));
    await model.run(GIVEN_AGAIN);
    expect([notOnce(model, ids), model.left, model.kept.bytes > 100 * 4_000]).toEqual([[], 0, true]);
  });

  it('is given to a restored database, but for what was stored before the hold', async () => {
    const { model, ids } = await restored();
    expect(notOnce(model, [...ids.draining, ...ids.held, ...ids.after])).toEqual([]);
    expect(ids.before.filter((id) => model.rows.has(id))).toEqual([]);
    expect([model.left, model.setAside]).toEqual([0, []]);
  });

  it('is let go once it is confirmed', async () => {
    const { model } = await restored();
    model.keep.end();
    await model.run(2 * SECOND);
    expect([model.left, model.kept]).toEqual([0, { bytes: 0, dropped: 0 }]);
  });

  it('on the way back is given to the database of before: all that came since, each once', async () => {
    const { model, ids } = await restored();
    model.hold();
    const meanwhile = await load(model, { seconds: 30, from: 40_000 });
    model.release('one');
    await model.run(GIVEN_AGAIN);
    expect(notOnce(model, [...Object.values(ids).flat(), ...meanwhile])).toEqual([]);
    model.keep.end();
    await model.run(2 * SECOND);
    expect([model.left, model.kept.bytes, model.setAside]).toEqual([0, 0, []]);
  });

  it('there, back and there again, is in whichever is live', async () => {
    const { model, ids } = await restored();
    const since: string[] = [];
    for (const [turn, live] of (['one', 'other', 'one'] as const).entries()) {
      model.hold();
      since.push(...await load(model, { seconds: 5, from: 100_000 * (turn + 1) }));
      model.release(live);
      await model.run(GIVEN_AGAIN);
      expect({ live, lost: notOnce(model, [...ids.draining, ...ids.held, ...ids.after, ...since]) }).toEqual({ live, lost: [] });
    }
  });

  it.each([['the same gateway', false], ['the next gateway', true]])('that was missing, and waits to be given, is not given by %s to the database that has it', async (_, restarts) => {
    const model = new Model();
    model.keep.begin('restore');
    const ids = await load(model, { seconds: 5, from: 1 });
    model.hold();
    await model.run(10 * SECOND);
    model.web = 'down';
    model.release('other');
    await model.run(GIVEN_AGAIN);
    model.hold();
    model.release('one');
    if (restarts) model.restartGateway();
    model.web = 'up';
    await model.run(GIVEN_AGAIN);
    expect([notOnce(model, ids), model.left, model.setAside]).toEqual([[], 0, []]);
  });

  it.each([1, 3, 7, 13])('is so wherever the gateway is killed, every %i s', async (every) => {
    const model = new Model();
    const ids = await load(model, { seconds: 10, from: 1 });
    await model.run(20 * SECOND);
    for (const [turn, live] of (['other', 'one'] as const).entries()) {
      model.hold();
      for (let time = 0; time < 6; time += 1) {
        model.restartGateway();
        ids.push(...await load(model, { seconds: every, from: 100_000 * (turn + 1) + ids.length, events: 3 }));
        if (time === 2) model.release(live);
      }
      for (let time = 0; time < 8; time += 1) {
        await model.run(MINUTE);
        model.restartGateway();
      }
      await model.run(GIVEN_AGAIN);
    }
    expect([notOnce(model, ids), model.left, model.setAside]).toEqual([[], 0, []]);
  });

  it('waits for GlitchTip to forget it: its duplicate guard is of no database', async () => {
    const model = new Model();
    model.keep.begin('restore');
    const ids = await load(model, { seconds: 2, from: 1 });
    model.hold();
    await model.run(10 * SECOND);
    model.release('other');
    await model.run(4 * MINUTE);
    expect(model.rows.size).toBe(0);
    await model.run(6 * MINUTE);
    expect([notOnce(model, ids), model.setAside]).toEqual([[], []]);
  });

  it('goes for what comes, the oldest first, and is counted', async () => {
    const model = new Model(3_000_000);
    model.hold();
    model.release('one');
    const ids = await load(model, { seconds: 100, from: 1 });
    await model.run(MINUTE);
    expect([notOnce(model, ids), model.left]).toEqual([[], 0]);
    const { bytes, dropped } = model.kept;
    expect(bytes).toBeGreaterThan(2_500_000);
    expect(bytes).toBeLessThanOrEqual(3_000_000);
    expect(dropped).toBeGreaterThan(250);
    model.hold();
    model.release('other');
    await model.run(GIVEN_AGAIN);
    expect([notOnce(model, ids.slice(-600)), ids.slice(0, 250).filter((id) => model.rows.has(id))]).toEqual([[], []]);
  });

  it('that is missing where it is looked for goes for nothing: it is as good as what has just come', async () => {
    const model = new Model(3_000_000);
    model.hold();
    model.release('one');
    const ids = await load(model, { seconds: 50, from: 1 });
    await model.run(30 * SECOND);
    model.hold();
    model.release('other');
    model.web = 'down';
    await model.run(MINUTE);
    const refused = await load(model, { seconds: 100, from: 10_000 }).then(() => false, (error: unknown) => (error as Error).name);
    model.web = 'up';
    await model.run(2 * GIVEN_AGAIN);
    expect([refused, notOnce(model, ids)]).toEqual(['SpoolFullError', []]);
  });
});

describe('what a project sends that the copy does not know', () => {
  const NEWER = 2;
  /** So that a minute's are more than are in hand at once (MOST_ENTRIES in gateway/delivery/backlog.ts), and the others go on. Events a second. */
  const MANY = 90;
  async function sentToCopy(events: number): Promise<{ readonly model: Model; readonly ids: readonly string[] }> {
    const model = new Model();
    model.lacking.other.add(NEWER);
    const draining = await load(model, { seconds: 1, from: 1, project: NEWER });
    model.hold();
    const held = await load(model, { seconds: 60, from: 10_000, events, project: NEWER });
    model.release('other');
    await model.run(GIVEN_AGAIN);
    const others = await load(model, { seconds: 10, from: 50_000 });
    const after = await load(model, { seconds: 10, from: 60_000, project: NEWER });
    await model.run(MINUTE);
    expect([notOnce(model, others), model.setAside]).toEqual([[], []]);
    return { model, ids: [...draining, ...held, ...after] };
  }

  it.each([['the same gateway', false], ['the next gateway', true]])('waits, holds up nobody, and is stored once by %s on the way back', async (_, restarts) => {
    const { model, ids } = await sentToCopy(restarts ? 5 : MANY);
    if (restarts) model.restartGateway();
    model.hold();
    model.release('one');
    await model.run(2 * GIVEN_AGAIN);
    expect([notOnce(model, ids), model.left, model.setAside]).toEqual([[], 0, []]);
  });

  it.each([['the same gateway', false], ['the next gateway', true]])('is set aside by %s once the copy is confirmed', async (_, restarts) => {
    const { model, ids } = await sentToCopy(5);
    if (restarts) model.restartGateway();
    model.keep.end();
    await model.run(10 * SECOND);
    expect([new Set(model.setAside.map(({ id }) => id)), model.left]).toEqual([new Set(ids), 0]);
  });
});

describe('the file of keeping', () => {
  const PATH = '/spool/keep.json';
  const opened = (files: FailingFiles) => new Keep(files, PATH, () => 1_000);

  it('survives a power cut, goes on with a new reason, and ends', () => {
    const files = new FailingFiles();
    expect(opened(files).state).toEqual({ round: 0 });
    opened(files).begin('restore');
    opened(files).begin('restore of 20261129T023000Z');
    expect(opened(files.after('none')).state).toEqual({ round: 1, on: { since: 1_000, why: 'restore of 20261129T023000Z' } });
    opened(files).end();
    expect(opened(files.after('none')).state).toEqual({ round: 1 });
  });

  it('has a new round whenever it begins, and with each database while it is on', () => {
    const files = new FailingFiles();
    const keep = opened(files);
    const rounds = [() => keep.begin('restore'), () => keep.beginRound(), () => keep.end(), () => keep.beginRound(), () => keep.begin('another')].map((act) => {
      act();
      return keep.look().round;
    });
    expect(rounds).toEqual([1, 2, 2, 2, 3]);
  });

  it('begins with the first round again after the last', () => {
    const files = new FailingFiles();
    files.open(PATH).write(0, [Buffer.from(JSON.stringify({ round: LAST_ROUND }))]);
    expect(opened(files).begin('restore').round).toBe(1);
  });

  it.each(['no', '{"round":0}', '{"round":1,"on":{"since":"noon"}}'])('that is %s says that all is kept: somebody wanted it', (text) => {
    const files = new FailingFiles();
    files.open(PATH).write(0, [Buffer.from(text)]);
    expect(opened(files).state).toEqual({ round: LAST_ROUND, on: { since: 1_000, why: 'the file that says so is damaged' } });
  });
});
