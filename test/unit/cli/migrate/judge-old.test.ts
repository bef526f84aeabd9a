// What comes over from an old server, read from a stand-in of its API.
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { isStopped, judgeOld, rowsOf } from '../../../../cli/migrate/judge-old.js';
import { readOrganization, readProjects, type OldOrganization } from '../../../../cli/migrate/old-server.js';
import { OLD_TOKEN, startOldSentry, type OldSentry } from '../../../support/old-sentry.js';

let old: OldSentry;
const access = (more: object = {}) => ({ url: old.url, organization: 'acme', token: OLD_TOKEN, ...more });
beforeEach(async () => { old = await startOldSentry(); });
afterEach(() => old.stop());

describe('the old server', () => {
  it('is read whole, page by page, with what it tells of rates and SDKs', async () => {
    const found = await readOrganization(access());
    expect([found.projects.map(({ slug }) => slug), found.people, found.invited, found.teams]).toEqual([['backend', 'web', 'mobile'], 4, 1, 1]);
    expect(found.others).toEqual(['lab']);
    expect(found.usage).toContainEqual({ category: 'error', accepted: 10_800, busiest: 7_200 });
    expect(found.sdks?.map(({ name }) => name)).toEqual(['sentry.python', 'sentry.javascript.node']);
  });

  it.each<[string, number | undefined, object, string]>([
    ['refuses the token', undefined, { token: 'another' }, 'the old server refuses the token (401)'],
    ['forbids something', 403, {}, 'the token may not read /api/0/ of the old server (403): it needs org:read'],
    ['has no such organization', undefined, { organization: 'other' }, '/api/0/organizations/other/projects/ is not on the old server (404): move.organization has to be its slug there'],
    ['redirects', 302, {}, 'the old server redirects (302): put the address that it leads to into move.from'],
    ['is ill', 503, {}, 'the old server answers 503 to /api/0/'],
    ['is away', 0, {}, 'the old server does not answer at http://127.0.0.1'],
  ])('that %s is a failure that says so, without the token', async (_, answers, more, expected) => {
    old.answers = answers;
    const failure = await readProjects(access(more)).then(() => new Error('nothing'), (error: unknown) => error as Error);
    expect(failure).toMatchObject({ name: 'Failure', message: expect.stringContaining(expected) });
    expect(`${failure.message} ${failure.stack ?? ''}`).not.toContain(OLD_TOKEN);
  });

  it('has a DSN of each key that is turned on', async () => {
    expect(rowsOf(await readProjects(access()), 'acme')).toEqual([
      { old: `https://${'a'.repeat(32)}@sentry.example.com/1`, name: 'acme/backend' }, { old: `https://${'c'.repeat(32)}@sentry.example.com/42`, name: 'acme/web' },
      { old: `https://${'d'.repeat(32)}@sentry.example.com/4504044639748096`, name: 'acme/mobile' },
    ]);
  });
});

describe('a plan', () => {
  const textsOf = async (verdict: string, change: (found: OldOrganization) => OldOrganization = (found) => found) => judgeOld(change(await readOrganization(access()))).filter((each) => each.verdict === verdict).map(({ about, text }) => `${about}: ${text}`);

  it('says what works', async () => {
    expect(await textsOf('works')).toEqual([
      expect.stringMatching(/^projects: 3 projects with 3 keys: applications change the host of their DSN, or nothing/), 'people: 3 people and 1 team, with their roles',
      'rates: 21,600 errors and transactions in seven days, 5.0 a second in the busiest hour; about 100 a second are stored at the default limits',
      'disk: at an assumed 4 KB each: an hour in which one of the two is away takes up to 69Mi of gateway.spool (of move.share of it, where that one follows); a day takes 12Mi of storage.postgres at least, before indexes, for each day of retentionDays', 'SDKs: sentry.javascript.node 10.1.0, sentry.python 2.20.0',
    ]);
  });

  it('says what is otherwise, and what does not come over', async () => {
    expect(await textsOf('differs')).toEqual([expect.stringMatching(/^numbers: 1 project gets another number here/), expect.stringMatching(/^passwords: nobody's comes over/)]);
    expect(await textsOf('lost')).toEqual([
      expect.stringMatching(/^keys: 1 key that is turned off/), expect.stringMatching(/^history: issues, events/), expect.stringMatching(/^organizations: 1 other organization there \(lab\): a move has one/), expect.stringMatching(/^people: 1 invitation/),
      'session: 100 in seven days: GlitchTip keeps none of them; the old one gets them until the move is finished',
      expect.stringMatching(/^SDKs: sentry\.javascript\.node 10\.1\.0: spans that they send beside transactions/),
    ]);
  });

  it('says so where more comes than is stored, and where nothing is told', async () => {
    expect(await textsOf('differs', (found) => ({ ...found, usage: [{ category: 'error', accepted: 9e6, busiest: 720_000 }] }))).toContainEqual(expect.stringMatching(/200\.0 a second in the busiest hour.*raise resources\.web/));
    expect(await textsOf('differs', (found) => ({ ...found, usage: undefined }))).toContainEqual(expect.stringMatching(/^rates: the old server does not say/));
  });

  it('stops where there is nothing to move', async () => {
    const found = await readOrganization(access());
    expect([isStopped(judgeOld(found)), isStopped(judgeOld({ ...found, projects: [] }))]).toEqual([false, true]);
  });
});
