// A move, from the request to the end, and whatever is cut off in the middle of it.
import { describe, expect, it } from '@jest/globals';
import { MoveCluster, OLD_DSN, OLD_KEY, UNKNOWN_DSN } from './move-cluster.js';

const PAIR = { project: 7, key: OLD_KEY, old: OLD_DSN };

async function at(phase: 'Parallel' | 'Cutover' | 'Finished'): Promise<MoveCluster> {
  const cluster = new MoveCluster();
  await cluster.ask('start', cluster.isAt('Parallel'));
  if (phase !== 'Parallel') await cluster.ask('cutover', cluster.isAt('Cutover'));
  if (phase === 'Finished') await cluster.ask('finish', cluster.isAt('Finished'));
  cluster.writes.length = 0;
  return cluster;
}

describe('a move', () => {
  it('imports under the lock, fills in the table, and then tells the gateway: the old one leads', async () => {
    const cluster = new MoveCluster();
    await cluster.ask('start', cluster.isAt('Parallel'));
    expect(cluster.writes.filter((write) => !write.startsWith('status'))).toEqual(['request dropped', 'lock taken', 'job', 'lock released', 'table', 'gateway old']);
    expect(cluster.table).toEqual([{ old: OLD_DSN, name: 'acme/backend', project: 7, key: OLD_KEY }, { old: UNKNOWN_DSN }]);
    expect(cluster.gateway).toMatchObject({ leads: 'old', share: 25, pairs: [PAIR] });
    expect(cluster.move.current).toMatchObject({ phase: 'Parallel', dsns: { known: 2, served: 1 } });
    expect(cluster.condition).toBe('True BothServed');
    expect(cluster.events).toEqual(['MoveStarted', 'MoveImported', 'MovePhase', 'MoveInForce']);
  });

  it('cuts over, goes back and finishes; each is one write of the status and then one request to the gateway', async () => {
    const cluster = await at('Parallel');
    for (const [request, phase, told] of [['cutover', 'Cutover', 'gateway glitchtip'], ['rollback', 'Parallel', 'gateway old'], ['cutover', 'Cutover', 'gateway glitchtip'], ['finish', 'Finished', 'gateway lets go']] as const) {
      cluster.writes.length = 0;
      await cluster.ask(request, cluster.isAt(phase));
      expect(cluster.writes.slice(0, 2)).toEqual([`status ${phase}`, told]);
    }
    expect(cluster.gateway).toBeUndefined();
    expect(cluster.condition).toBe('True OldLetGo');
    expect(cluster.table).toHaveLength(2);
  });

  it('is in force two looks after the request, and none of them waits', async () => {
    const cluster = await at('Cutover');
    cluster.request = 'rollback';
    expect([await cluster.look(), cluster.gateway?.leads]).toEqual([0, 'glitchtip']);
    expect([await cluster.look(), cluster.gateway?.leads]).toEqual([0, 'old']);
  });

  it('goes back although the table of DSNs is gone, and says that it is', async () => {
    const cluster = await at('Cutover');
    cluster.table = undefined;
    await cluster.ask('rollback', cluster.isAt('Parallel'));
    expect(cluster.gateway).toMatchObject({ leads: 'old', pairs: [PAIR] });
    expect(cluster.condition).toBe('False TableMissing');
  });

  it('goes back although another operation holds the lock', async () => {
    const cluster = await at('Cutover');
    cluster.lock = { operation: 'backup', name: 'backup-1', since: cluster.now, until: new Date(cluster.now.getTime() + 3_600_000) };
    await cluster.ask('rollback', cluster.isAt('Parallel'));
    expect(cluster.gateway?.leads).toBe('old');
  });

  it('waits for a gateway that is away, and goes on when it is back', async () => {
    const cluster = await at('Cutover');
    cluster.gatewayIsAway = true;
    cluster.request = 'rollback';
    for (let looks = 0; looks < 6; looks += 1) await cluster.look();
    expect([cluster.move.current?.phase, cluster.move.current?.inForceSince, cluster.condition]).toEqual(['Parallel', undefined, 'Unknown NotConfirmed']);
    cluster.gatewayIsAway = false;
    await cluster.until(cluster.isAt('Parallel'));
    expect(cluster.gateway?.leads).toBe('old');
  });

  it('tells a gateway again that has a new volume, and one whose table has changed', async () => {
    const cluster = await at('Cutover');
    cluster.gateway = undefined;
    await cluster.look();
    expect(cluster.gateway).toMatchObject({ leads: 'glitchtip', pairs: [PAIR] });
    cluster.table = [...cluster.table ?? [], { old: 'https://old@sentry.example.com/9', project: 9, key: 'c'.repeat(32) }];
    await cluster.look();
    expect((cluster.gateway as unknown as { pairs: unknown[] }).pairs).toHaveLength(2);
  });

  it('gives copies to the other address of the old one, once its name leads here, and leaves the table as the applications have it', async () => {
    const cluster = await at('Parallel');
    const before = cluster.table;
    cluster.spec = { ...cluster.spec, move: { from: 'https://old-sentry.example.com', organization: 'acme', ownNames: ['sentry.example.com'] } };
    await cluster.look();
    expect([cluster.gateway?.pairs, cluster.table]).toEqual([[{ ...PAIR, old: PAIR.old.replace('sentry.', 'old-sentry.') }], before]);
    const writes = cluster.writes.length;
    await cluster.look();
    expect(cluster.writes).toHaveLength(writes);
  });

  it('begins again after its end, and imports nothing twice', async () => {
    const cluster = await at('Finished');
    await cluster.ask('start', cluster.isAt('Parallel'));
    expect(cluster.jobs).toHaveLength(1);
  });

  it('does without an import where somebody says so', async () => {
    const cluster = new MoveCluster();
    cluster.projects.set(OLD_KEY, 7);
    await cluster.ask('start-without-import', cluster.isAt('Parallel'));
    expect([cluster.jobs, cluster.gateway?.pairs]).toEqual([[], [PAIR]]);
  });

  it('tries an import again whose server was away, by another Job', async () => {
    const cluster = new MoveCluster();
    cluster.reports.push({ result: 'failed', why: 'it answers 503 to /api/0/', again: true });
    await cluster.ask('start', cluster.isAt('Parallel'));
    expect(cluster.jobs.map((name) => name.slice(-2))).toEqual(['-1', '-2']);
    expect(cluster.lock).toBeUndefined();
  });

  it.each<[string, object[], string]>([
    ['the token is refused', [{ result: 'failed', why: 'it refuses the token (401)', again: false }], 'it refuses the token (401)'],
    ['the old one is away three times', Array.from({ length: 3 }, () => ({ result: 'failed', why: 'it answers 503', again: true })), 'it answers 503'],
  ])('comes to nothing when %s: events go to GlitchTip alone, as before', async (_, reports, why) => {
    const cluster = new MoveCluster();
    cluster.reports.push(...reports);
    await cluster.ask('start', cluster.isOver);
    expect(cluster.move.last).toMatchObject({ result: 'Failed', why });
    expect([cluster.gateway, cluster.condition]).toEqual([undefined, 'False MoveFailed']);
  });

  it('comes to nothing where no DSN has a project here', async () => {
    const cluster = new MoveCluster();
    await cluster.ask('start-without-import', cluster.isOver);
    expect(cluster.move.last?.why).toMatch(/^none of the 2 old DSNs has a project here/);
  });

  it('is taken back while it imports, with its Job', async () => {
    const cluster = new MoveCluster();
    cluster.jobsEnd = false;
    cluster.request = 'start';
    await cluster.until(() => cluster.jobs.length > 0 && cluster.request === undefined);
    await cluster.ask('rollback', cluster.isOver);
    await cluster.look();
    expect([cluster.move.last?.result, cluster.deleted, cluster.gateway]).toEqual(['Canceled', cluster.jobs, undefined]);
    expect(cluster.move.refused).toBeUndefined();
  });

  it('waits for its turn where another operation holds the lock, and says for which', async () => {
    const cluster = new MoveCluster();
    cluster.lock = { operation: 'restore', name: '20261129T095500Z', since: cluster.now, until: new Date(cluster.now.getTime() + 60_000) };
    cluster.status = { restore: { current: { id: '20261129T095500Z', wanted: { copy: 'latest', save: true }, phase: 'Restoring', direction: 'forth', since: '2026-11-29T09:59:00Z', attempt: 1 } } };
    cluster.request = 'start';
    for (let looks = 0; looks < 5; looks += 1) await cluster.look();
    expect([cluster.jobs, cluster.move.current?.waitsFor]).toEqual([[], 'restore 20261129T095500Z is under way since 2026-11-29T10:00:00Z']);
  });
});

describe('what is asked for at the wrong time', () => {
  it.each<[string, 'none' | 'Parallel' | 'Cutover' | 'Finished', string, RegExp]>([
    ['a rollback without a move', 'none', 'rollback', /^There is no move to roll back/],
    ['a start without a table', 'none', 'start', /Secret glitchtip-move does not exist.*migrate start makes it/],
    ['a start while one is under way', 'Parallel', 'start', /^A move is under way/],
    ['a rollback while the old one leads', 'Parallel', 'rollback', /nothing to roll back: both get every event, and the old one leads/],
    ['an end while the old one leads', 'Parallel', 'finish', /nothing to finish/],
    ['a second cutover, by somebody else', 'Cutover', 'cutover', /nothing to cut over: both get every event, and GlitchTip leads/],
    ['a rollback after the end', 'Finished', 'rollback', /the old one was let go; glitchkeeper migrate start begins again/],
    ['a word that is none', 'Parallel', 'go', /expected start, start-without-import, cutover, rollback, finish; found "go"/],
  ])('%s is refused, told, and changes nothing', async (_, phase, request, why) => {
    const cluster = phase === 'none' ? new MoveCluster() : await at(phase);
    if (request === 'start' && phase === 'none') cluster.table = undefined;
    const before = [cluster.gateway, cluster.move.current?.phase];
    await cluster.ask(request, cluster.isRefused);
    expect(cluster.move.refused?.why).toMatch(why);
    expect([cluster.gateway, cluster.move.current?.phase]).toEqual(before);
    expect(cluster.events.filter((reason) => reason === 'MoveRejected')).toHaveLength(1);
  });

  it('is not begun where the settings name no old server; what is under way goes back all the same', async () => {
    const cluster = await at('Cutover');
    const without = { ...cluster.spec, move: undefined };
    cluster.spec = without;
    await cluster.ask('rollback', cluster.isAt('Parallel'));
    const other = new MoveCluster();
    other.spec = without;
    await other.ask('start', other.isRefused);
    expect(other.move.refused?.why).toMatch(/move\.from in settings\.yaml/);
  });

  it('waits while spec.suspend is true', async () => {
    const cluster = await at('Cutover');
    cluster.spec = { ...cluster.spec, suspend: true };
    cluster.request = 'rollback';
    await cluster.look();
    expect([cluster.gateway?.leads, cluster.writes.filter((write) => write.startsWith('gateway'))]).toEqual(['glitchtip', []]);
  });
});

describe('a kill', () => {
  const WAY = [['start', 'Parallel'], ['cutover', 'Cutover'], ['rollback', 'Parallel'], ['cutover', 'Cutover'], ['finish', 'Finished']] as const;

  async function goTheWay(cut?: MoveCluster['cut']): Promise<MoveCluster> {
    const cluster = new MoveCluster();
    cluster.cut = cut;
    for (const [request, phase] of WAY) {
      await cluster.ask(request, cluster.isAt(phase));
      expect(cluster.gateway?.leads).toBe({ Parallel: 'old', Cutover: 'glitchtip', Finished: undefined }[phase]);
    }
    return cluster;
  }

  it('before or after any write, by whoever goes on, ends where it would have ended', async () => {
    const { writes } = await goTheWay();
    for (let at = 0; at < writes.length; at += 1) {
      for (const how of ['before', 'lost'] as const) {
        const cluster = await goTheWay({ at, how });
        expect({ at, how, jobs: cluster.jobs.length, lock: cluster.lock, phase: cluster.move.current?.phase, refused: cluster.move.refused, table: cluster.table }).toEqual({
          at, how, jobs: 1, lock: undefined, phase: 'Finished', refused: undefined, table: [{ old: OLD_DSN, name: 'acme/backend', project: 7, key: OLD_KEY }, { old: UNKNOWN_DSN }],
        });
      }
    }
  });
});

describe('what becomes of events', () => {
  it.each<[string, MoveCluster['delivery'], string]>([
    ['a server that takes everything', { waiting: { records: 3, bytes: 900 }, sent: 5, refused: { 413: 2 }, dropped: 0 }, 'True BothServed'],
    ['one that refused some a minute ago', { waiting: { records: 3, bytes: 900 }, sent: 5, refused: { 413: 2, 403: 1 }, refusedAt: '2026-11-29T09:59:00Z', dropped: 0 }, 'False OldRefuses'],
    ['one that refused some an hour ago', { waiting: { records: 3, bytes: 900 }, sent: 5, refused: { 413: 2 }, refusedAt: '2026-11-29T09:00:00Z', dropped: 0 }, 'True BothServed'],
    ['a server that is away', { waiting: { records: 3, bytes: 900 }, sent: 5, refused: {}, dropped: 0, closed: { why: 'ECONNREFUSED' } }, 'False OldAway'],
    ['one for which events are dropped', { waiting: { records: 3, bytes: 900 }, sent: 5, refused: {}, dropped: 8, closed: { why: 'ECONNREFUSED' } }, 'False EventsDropped'],
    ['one that has caught up', { waiting: { records: 0, bytes: 0 }, sent: 5, refused: {}, dropped: 8 }, 'True BothServed'],
  ])('%s', async (_, delivery, condition) => {
    const cluster = await at('Parallel');
    cluster.delivery = delivery;
    await cluster.look();
    expect(cluster.condition).toBe(condition);
  });
});
