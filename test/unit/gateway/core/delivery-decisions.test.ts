// The decisions of the delivery: how much may be under way, what an answer means, and when a record may be given a second time.
import { describe, expect, it } from '@jest/globals';
import { judgeMissing, storingOf, type Pipeline, type Sent } from '../../../../gateway/core/resend.js';
import { judgeAnswer, type UpstreamAnswer } from '../../../../gateway/core/upstream-answer.js';
import { closed, confirmed, mayGo, OPENING, troubled, type Window } from '../../../../gateway/core/window.js';

const LIMITS = { bytes: 5_000_000, events: 800 };
const NOTHING = { bytes: 0, events: 0 };

describe('the window', () => {
  it('begins small, and doubles with each round that is confirmed, up to what the worker can hold', () => {
    let window: Window = OPENING;
    const allowed = [window.allowed];
    for (let round = 0; round < 8; round += 1) allowed.push((window = confirmed(window, LIMITS, window.allowed)).allowed);
    expect(allowed).toEqual([131_072, 262_144, 524_288, 1_048_576, 2_097_152, 4_194_304, 5_000_000, 5_000_000, 5_000_000]);
  });

  it.each<[string, Window, { bytes: number; events: number }, [bytes: number, expected: boolean]]>([
    ['what fits', OPENING, { bytes: 100_000, events: 20 }, [31_072, true]],
    ['what does not fit any more', OPENING, { bytes: 100_000, events: 20 }, [31_073, false]],
    ['what is larger than all of it, alone', OPENING, NOTHING, [2_500_000, true]],
    ['what is larger than all of it, beside another', OPENING, { bytes: 1, events: 1 }, [2_500_000, false]],
    ['one more than the number of events', { allowed: 5_000_000 }, { bytes: 800, events: 800 }, [1, false]],
    ['more bytes than the worker can hold, however well it went', { allowed: 9_000_000 }, { bytes: 4_999_999, events: 1 }, [2, false]],
  ])('lets %s go: %#', (_, window, underWay, [bytes, expected]) => expect(mayGo(window, LIMITS, underWay, bytes)).toBe(expected));

  it('is halved by trouble, and never closed by it', () => {
    let window: Window = { allowed: 5_000_000 };
    for (let time = 0; time < 20; time += 1) window = troubled(window);
    expect(window).toEqual({ allowed: 131_072 });
  });

  it('that is closed lets nothing go, and the way is tried less and less often', () => {
    let window = closed({ allowed: 5_000_000 }, 'web refuses connections', 1_000);
    expect([mayGo(window, LIMITS, NOTHING, 1), window.closed?.probeAt, confirmed(window, LIMITS, 10)]).toEqual([false, 2_000, window]);
    const pauses: (number | undefined)[] = [];
    for (let time = 0; time < 6; time += 1) pauses.push((window = closed(window, 'still', 0)).closed?.pause);
    expect(pauses).toEqual([2_000, 4_000, 8_000, 10_000, 10_000, 10_000]);
  });
});

it.each<[UpstreamAnswer, object]>([
  [{ kind: 'answered', status: 200 }, { kind: 'taken' }],
  [{ kind: 'answered', status: 201 }, { kind: 'taken' }],
  [{ kind: 'answered', status: 429, retryAfter: 600 }, { kind: 'throttled', seconds: 600 }],
  [{ kind: 'answered', status: 429 }, { kind: 'throttled', seconds: 60 }],
  [{ kind: 'answered', status: 403 }, { kind: 'denied' }],
  [{ kind: 'answered', status: 401 }, { kind: 'denied' }],
  [{ kind: 'answered', status: 400 }, { kind: 'refused', why: 'GlitchTip answered 400' }],
  [{ kind: 'answered', status: 413 }, { kind: 'refused', why: 'GlitchTip answered 413' }],
  [{ kind: 'answered', status: 302 }, { kind: 'refused', why: 'GlitchTip answered 302' }],
  [{ kind: 'answered', status: 500 }, { kind: 'unsure', why: 'GlitchTip answered 500' }],
  [{ kind: 'answered', status: 503 }, { kind: 'unsure', why: 'GlitchTip answered 503' }],
  [{ kind: 'not sent', why: 'ECONNREFUSED' }, { kind: 'again', why: 'ECONNREFUSED' }],
  [{ kind: 'unknown', why: 'ECONNRESET' }, { kind: 'unsure', why: 'ECONNRESET' }],
])('the answer %j means %j', (answer, expected) => expect(judgeAnswer(answer)).toEqual(expected));

describe('a record that Postgres does not have', () => {
  const [SECOND, HOUR] = [1_000, 3_600_000];
  /** All was seen to be over a minute after it was sent. */
  const SENT = { sentAt: -10 * SECOND, attempts: 1, answeredAt: 0, queueEmptyAt: 60 * SECOND, overtakenAt: 95 * SECOND };
  const OVER: Pipeline = { confirmedSentAt: 90 * SECOND, workerStartedAt: -HOUR, openTransactionsAt: [], storing: 'one transaction' };
  const judge = (more: Partial<Pipeline & Sent>, now = 302 * SECOND, attempts = 1) => judgeMissing({ ...SENT, attempts, ...more }, { ...OVER, ...more }, now);

  it.each<[string, Partial<Pipeline & Sent>, string]>([
    ['the queue was not seen empty since', { queueEmptyAt: undefined }, 'the queue was not empty since'],
    ['no younger one was confirmed: the worker may be frozen', { overtakenAt: undefined }, 'the worker may still hold it'],
    ['a transaction was begun after it was sent and before the queue was empty', { openTransactionsAt: [200 * SECOND, 59 * SECOND] }, 'a transaction that was begun since is still open'],
    ['one is open that the worker of then may have begun', { openTransactionsAt: [65 * SECOND], workerStartedAt: 70 * SECOND }, 'a transaction that was begun since is still open'],
  ])('waits while %s', (_, more, why) => expect(judge(more)).toEqual({ kind: 'wait', why }));

  it('waits for 301 s from the answer on, for GlitchTip answers 200 to a second one and drops it', () => {
    expect([judge({}, 300 * SECOND).kind, judge({}, 301 * SECOND).kind]).toEqual(['wait', 'resend']);
  });

  it('that was not answered is given again as soon as nobody can be answering it any more, and once more past the guard', () => {
    const judged = (seconds: number, attempts: number) => judge({ sentAt: 0, answeredAt: undefined }, seconds * SECOND, attempts).kind;
    expect([judged(69, 1), judged(70, 1)]).toEqual(['wait', 'resend']);
    expect([judged(370, 2), judged(371, 2)]).toEqual(['wait', 'resend']);
    expect([judged(370, 3), judged(371, 3)]).toEqual(['wait', 'set aside']);
  });

  it('is given again when a younger one was confirmed, or when the worker is another since', () => {
    expect(judge({}).kind).toBe('resend');
    expect(judge({ overtakenAt: undefined, workerStartedAt: 30 * SECOND }).kind).toBe('resend');
  });

  it('does not wait for a transaction that is older than it, nor for one of what was taken later', () => {
    expect(judge({ openTransactionsAt: [-HOUR, -12 * SECOND, 62 * SECOND] }).kind).toBe('resend');
  });

  it('is not given again on account of a frozen worker, however long that lasts', () => {
    expect(judge({ overtakenAt: undefined }, 100 * HOUR).kind).toBe('wait');
  });

  describe('of a batch that was popped for good (6.2)', () => {
    const storing = storingOf('6.2');

    it.each<[string, Partial<Pipeline & Sent>, string]>([
      ['a younger one was stored, and an older batch may still be in hand', { confirmedSentAt: 155 * SECOND }, 'wait: the worker may still hold it'],
      ['one more was stored that was sent a minute later', { confirmedSentAt: 156 * SECOND }, 'resend'],
      ['the worker is another since', { overtakenAt: undefined, workerStartedAt: 30 * SECOND }, 'resend'],
      ['a transaction is open that was begun since: it may be one of several', { confirmedSentAt: 156 * SECOND, openTransactionsAt: [200 * SECOND] }, 'wait: a transaction that was begun since is still open'],
      ['a transaction is open that is older', { confirmedSentAt: 156 * SECOND, openTransactionsAt: [-12 * SECOND] }, 'resend'],
      ['one is open that another worker has begun', { overtakenAt: undefined, workerStartedAt: 100 * SECOND, openTransactionsAt: [200 * SECOND] }, 'resend'],
    ])('%s', (_, more, expected) => {
      const verdict = judge({ storing, ...more });
      expect(verdict.kind === 'resend' ? 'resend' : `${verdict.kind}: ${verdict.why}`).toBe(expected);
    });
  });

  it('is given a third time after the same pause, and then set aside', () => {
    expect([judge({}, 300 * SECOND, 2).kind, judge({}, 301 * SECOND, 2).kind]).toEqual(['wait', 'resend']);
    expect([judge({}, 300 * SECOND, 3).kind, judge({}, 301 * SECOND, 3)]).toEqual(['wait', { kind: 'set aside', why: 'given to GlitchTip 3 times, and never stored' }]);
  });
});
