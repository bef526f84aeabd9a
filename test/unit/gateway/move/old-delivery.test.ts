// What the old Sentry of a move is given: everything once, whatever becomes of it, and nothing of it holds up anything else.
import { describe, expect, it } from '@jest/globals';
import { OLD_SENTRY } from '../../../../gateway/spool/destination-numbers.js';
import { MINUTE, OldModel, SECOND, answered, away, idOf } from './old-model.js';

const started = (): OldModel => {
  const model = new OldModel();
  model.lead('old');
  return model;
};
const notOnce = (model: OldModel, ids: readonly string[]) => ids.filter((id) => model.received.get(id) !== 1);
const missing = (model: OldModel, ids: readonly string[]) => ids.filter((id) => !model.received.has(id));
const countsOf = (model: OldModel) => model.moving.counts.read(model.moving.move.current === 'damaged' ? 0 : model.moving.move.current?.since ?? 0, 0, Number.MAX_SAFE_INTEGER).map(({ counts }) => counts);

describe('the old one', () => {
  it('is given each event once, as its SDK would have, and nothing is left', async () => {
    const model = started();
    const ids = await model.load({ events: 60, seconds: 5 });
    await model.run(SECOND);
    expect([notOnce(model, ids), model.waiting]).toEqual([[], 0]);
    expect(model.requests[0]).toMatchObject({ headers: { 'x-glitchkeeper-copy': '1780000000000', 'content-type': 'application/x-sentry-envelope', 'x-sentry-auth': `Sentry sentry_version=7, sentry_key=${'1'.repeat(32)}` } });
    expect(model.requests[0]?.url.href).toBe('https://sentry.example.com/api/41/envelope/');
    expect(model.moving.status).toMatchObject({ leads: 'old', sent: 300, refused: {}, dropped: 0, waiting: { records: 0, bytes: 0 }, ledAt: expect.any(String) });
    expect(model.moving.status).not.toHaveProperty('refusedAt');
  });

  it('has 60 events a second that it answers after 100 ms each, over ten connections at most', async () => {
    const model = started();
    model.delay = 100;
    const ids = await model.load({ events: 60, seconds: 10 });
    await model.run(2 * SECOND);
    expect([notOnce(model, ids), model.mostOpen <= 10]).toEqual([[], true]);
  });

  it.each<[string, (model: OldModel) => void]>([
    ['takes no connection', (model) => (model.answer = () => away)],
    ['answers 503', (model) => (model.answer = () => answered(503))],
    ['is a proxy without a Sentry behind it', (model) => (model.answer = () => answered(404))],
    ['has an address that leads back here', (model) => (model.answer = () => answered(508))],
    ['is slow', (model) => (model.delay = 10 * SECOND)],
  ])('that %s for ten minutes has everything soon after, nobody asks it all the time, and it is told', async (_, breakIt) => {
    const model = started();
    const ids = await model.load({ events: 5, seconds: 2 });
    breakIt(model);
    const asked = model.requests.length;
    ids.push(...await model.load({ events: 5, seconds: 600 }, 1_000));
    expect(model.requests.length - asked).toBeLessThan(700);
    if (model.delay === 0) expect(model.moving.status?.closed).toMatchObject({ why: expect.stringMatching(/ECONNREFUSED|answered (503|404)|leads back to this gateway/), until: expect.any(String) });
    [model.answer, model.delay] = [() => answered(200), 0];
    await model.run(MINUTE);
    expect([missing(model, ids), model.waiting, model.moving.status?.closed, model.moving.status?.refused]).toEqual([[], 0, undefined, {}]);
  });

  it('that fails with one event takes all others, and that one is given up after minutes', async () => {
    const model = started();
    model.answer = (id) => answered(id === idOf(3) ? 500 : 200);
    const ids = await model.load({ events: 10, seconds: 5 });
    await model.run(SECOND);
    expect([notOnce(model, ids.filter((id) => id !== idOf(3))), model.waiting]).toEqual([[], 1]);
    await model.load({ events: 1, seconds: 1_500 }, 1_000);
    expect([model.waiting, model.moving.status?.refused, model.received.get(idOf(3))]).toEqual([0, { 500: 1 }, 9]);
  });

  it('that refuses is told by status and project, and others are not held up', async () => {
    const model = started();
    model.answer = (_, project) => answered(project === 2 ? 403 : 200);
    const ids = [...await model.load({ events: 5, seconds: 2 }), ...await model.load({ events: 5, seconds: 2, project: 2 }, 1_000)];
    expect([notOnce(model, ids), model.waiting, model.moving.status?.refused, [...model.failures]]).toEqual([[], 0, { 403: 10 }, ['the old Sentry refuses records with 403: one of project 42']]);
    expect(model.moving.status).toHaveProperty('refusedAt');
    const [hour] = countsOf(model);
    expect([hour?.projects['1'], hour?.projects['2']]).toMatchObject([{ taken: 10, has: { old: 10 }, lacks: { old: 0 } }, { taken: 10, has: { old: 0 }, lacks: { old: 10 } }]);
    expect(hour?.lacked[0]).toEqual({ project: 2, id: idOf(1_000), side: 'old', why: 'the old one answered 403' });
  });
});

describe('a limit', () => {
  const limit = (categories: readonly string[], seconds = 60) => answered(429, [{ seconds, categories, isOfOrganization: false }]);

  it('is obeyed for the project that it is of, and no other waits', async () => {
    const model = started();
    model.answer = (_, project) => (project === 2 ? limit([]) : answered(200));
    await model.append(idOf(1), { project: 2 });
    await model.run(SECOND);
    const asked = model.requests.length;
    const ids = [...await model.load({ events: 5, seconds: 10, project: 2 }, 100), ...await model.load({ events: 5, seconds: 10 }, 1_000)];
    expect([model.requests.length - asked, missing(model, ids.slice(50))]).toEqual([50, []]);
    model.answer = () => answered(200);
    await model.run(MINUTE);
    expect([missing(model, ids), model.waiting, model.moving.status?.refused]).toEqual([[], 0, {}]);
  });

  it('of a category lets others of the project go', async () => {
    const model = started();
    model.answer = () => limit(['session']);
    await model.append(idOf(1), { types: ['session'] });
    await model.run(SECOND);
    model.answer = () => answered(200);
    await model.append(idOf(2), { types: ['session'] });
    await model.append(idOf(3), { types: ['event'] });
    await model.run(SECOND);
    expect([model.received.has(idOf(2)), model.received.has(idOf(3))]).toEqual([false, true]);
  });

  it('of hours has what it is of refused, as an SDK would have thrown it away', async () => {
    const model = started();
    model.answer = () => limit([], 7_200);
    await model.append(idOf(1));
    await model.run(3 * SECOND);
    expect([model.waiting, model.moving.status?.refused]).toEqual([0, { 429: 1 }]);
  });

  it('of a project with thousands of records holds up no other', async () => {
    const model = started();
    model.answer = (_, project) => (project === 2 ? limit([], 600) : answered(200));
    for (let number = 1; number <= 8_000; number += 1) await model.append(idOf(number), { project: 2, bytes: 100 });
    const ids = await model.load({ events: 5, seconds: 5 }, 10_000);
    await model.run(5 * SECOND);
    expect(missing(model, ids)).toEqual([]);
    expect(model.moving.status?.waiting.records).toBeLessThanOrEqual(2_500);
  });
});

describe('the one that follows', () => {
  it('is away: it has its share of the spool, its oldest go, are counted, and the one that leads loses nothing', async () => {
    const model = new OldModel(400_000);
    model.lead('glitchtip', 25);
    model.answer = () => away;
    for (let number = 1; number <= 200; number += 1) model.stored([await model.append(idOf(number))]);
    await model.run(SECOND);
    expect(model.spool.followersBytes).toBeLessThanOrEqual(100_000);
    const dropped = model.moving.status?.dropped ?? 0;
    expect([dropped > 100, model.waiting]).toEqual([true, 200 - dropped]);
    model.answer = () => answered(200);
    await model.run(2 * MINUTE);
    expect([model.waiting, model.received.has(idOf(200)), model.spool.followersBytes]).toEqual([0, true, 0]);
    const [hour] = countsOf(model);
    expect(hour?.projects['1']).toMatchObject({ taken: 200, lacks: { old: dropped }, has: { old: 200 - dropped } });
    expect(hour?.lacked[0]).toEqual({ project: 1, id: idOf(1), side: 'old', why: 'it fell behind by more than its share of the spool' });
  });

  it('is GlitchTip where the old one leads, which is never dropped anything', async () => {
    const model = new OldModel(400_000);
    model.lead('old', 25);
    const ids = await model.load({ events: 40, seconds: 5 });
    expect([notOnce(model, ids), (model.moving.status?.dropped ?? 0) > 50, model.spool.followersBytes <= 100_000]).toEqual([[], true, true]);
    expect(countsOf(model)[0]?.lacked[0]).toMatchObject({ id: idOf(1), side: 'glitchtip' });
  });
});

describe('cutover and rollback under load', () => {
  it('lose nothing on either side, and say when the first record came under the one that leads', async () => {
    const model = started();
    const ids = await model.load({ events: 60, seconds: 3 });
    for (const [turn, leads] of (['glitchtip', 'old', 'glitchtip', 'old'] as const).entries()) {
      model.lead(leads);
      expect(model.moving.status).toMatchObject({ leads });
      expect(model.moving.status?.ledAt).toBeUndefined();
      const at = model.now;
      ids.push(...await model.load({ events: 60, seconds: 3 }, 10_000 * (turn + 1)));
      expect(Date.parse(model.moving.status?.ledAt ?? '') - at).toBeLessThan(SECOND);
    }
    await model.run(SECOND);
    expect([notOnce(model, ids), model.waiting, model.moving.status?.dropped]).toEqual([[], 0, 0]);
  });
});

describe('the gateway is killed', () => {
  it.each(['kill', 'none', 'half'] as const)('(%s) at any time: the old one has everything that was answered, and few things twice', async (aftermath) => {
    const model = started();
    model.delay = 300;
    const ids: string[] = [];
    for (let turn = 1; turn <= 8; turn += 1) {
      ids.push(...await model.load({ events: 20, seconds: 1 }, 1_000 * turn));
      model.restart(aftermath);
    }
    await model.run(MINUTE);
    expect([missing(model, ids), model.waiting, model.moving.status?.leads]).toEqual([[], 0, 'old']);
    // A power cut forgets what was let go of a segment that is still written.
    if (aftermath === 'kill') expect(notOnce(model, ids).length).toBeLessThanOrEqual(8 * 10);
  });

  it('says that the counts of the hour may lack its last seconds, and counts on', async () => {
    const model = started();
    await model.load({ events: 5, seconds: 1 });
    model.moving.counts.write();
    await model.load({ events: 5, seconds: 1 }, 100);
    model.restart();
    await model.load({ events: 5, seconds: 1 }, 200);
    expect(countsOf(model)).toMatchObject([{ isInterrupted: true, projects: { 1: { taken: 10 } } }]);
    await model.moving.stop();
    model.restart();
    expect(countsOf(model)).toMatchObject([{ projects: { 1: { taken: 10 } } }]);
  });
});

describe('what is no business of the old one', () => {
  it('is what came before the move', async () => {
    const model = new OldModel();
    await model.append(idOf(1), { destinations: [0] });
    model.lead('old');
    await model.append(idOf(2));
    await model.run(SECOND);
    expect([...model.received.keys()]).toEqual([idOf(2)]);
  });

  it.each([['while it is away', () => away], ['while it takes what comes', () => answered(200)]])('is everything once the move ends, %s: the spool is GlitchTip\'s alone', async (_, answer) => {
    const model = started();
    model.answer = answer;
    await model.load({ events: 5, seconds: 5 });
    model.moving.end();
    expect([model.waiting, model.spool.followersBytes, model.moving.status]).toEqual([0, 0, undefined]);
    const asked = model.requests.length;
    await model.run(MINUTE);
    expect(model.requests.length).toBe(asked);
  });

  it('is what came during another move', async () => {
    const model = started();
    model.answer = () => away;
    await model.load({ events: 5, seconds: 1 });
    // Another gateway of the volume was told of the end and of a new beginning.
    model.files.remove('/spool/move.json');
    model.moving.move.look();
    model.now += SECOND;
    model.lead('old');
    model.answer = () => answered(200);
    const asked = model.requests.length;
    await model.append(idOf(1_000));
    await model.run(2 * MINUTE);
    expect([model.requests.slice(asked).map(({ body }) => body.toString().trim()), model.waiting]).toEqual([[idOf(1_000)], 0]);
  });
});

describe('a file of the move that is damaged', () => {
  it('changes nothing for who knew it; for the next gateway nothing is let go and nothing given, until it is told again', async () => {
    const model = started();
    model.files.damage('/spool/move.json', () => Buffer.from('no'));
    model.moving.look();
    await model.append(idOf(1));
    await model.run(SECOND);
    expect(model.received.has(idOf(1))).toBe(true);
    await model.append(idOf(2));
    model.restart();
    await model.run(SECOND);
    expect([model.moving.move.current, model.moving.status, model.received.has(idOf(2)), model.waiting]).toEqual(['damaged', undefined, false, 1]);
    model.lead('old');
    expect(model.moving.status).toMatchObject({ leads: 'old' });
  });
});

it('what GlitchTip waits for alone is not looked at', async () => {
  const model = started();
  const place = await model.append(idOf(1), { destinations: [0] });
  await model.run(SECOND);
  expect([model.requests, model.spool.isDone(place, OLD_SENTRY)]).toEqual([[], true]);
});
