// From a load run and what was seen stored to the rows of the report.
import { describe, expect, it } from '@jest/globals';
import { ingestRows } from '../../bench/ingest.js';
import type { LoadResult } from '../../bench/load-job.js';
import { lagsOf, loadFigures } from '../../bench/load-result.js';
import type { LoadReport, Outcome, SentEvent } from '../../sdk/load.js';

const event = (number: number, answeredAt: number, outcome: Outcome = { kind: 'accepted', status: 200 }): SentEvent =>
  ({ number, eventId: `e${number}`, sentAt: answeredAt - 10, answeredAt, outcome });
const report = (...events: SentEvent[]): LoadReport => ({ runId: 'r', events, startedAt: 1000, endedAt: 3000 });
const client = { cpu: 12, seconds: 60 };

describe('lagsOf', () => {
  it('runs from the answer to the look that found the event', () => {
    expect(lagsOf(report(event(1, 2000), event(2, 2100)), new Map([['e1', 2500], ['e2', 4100]]))).toEqual([500, 2000]);
  });

  it('is never negative', () => {
    expect(lagsOf(report(event(1, 2000)), new Map([['e1', 1990]]))).toEqual([0]);
  });

  it('leaves out what was not accepted, and what was not found', () => {
    expect(lagsOf(report(event(1, 2000, { kind: 'error', code: 'ECONNRESET' }), event(2, 2000)), new Map([['e1', 2500]]))).toEqual([]);
  });
});

describe('loadFigures', () => {
  it('counts accepted and stored apart, each by its own time', () => {
    const figures = loadFigures(report(event(1, 1100), event(2, 1200), event(3, 1300, { kind: 'refused', status: 503 })), new Map([['e1', 5000]]), client);
    expect(figures).toMatchObject({ sent: 3, accepted: 2, stored: 1, lost: 1, losses: '1 x 503', acceptedRate: 1, answeredRate: 1, storedRate: 0.25 });
  });

  it('goes on to the last answer for what the server can when more is sent', () => {
    expect(loadFigures(report(event(1, 1100), event(2, 5000)), new Map(), client)).toMatchObject({ acceptedRate: 1, answeredRate: 0.5 });
  });

  it('knows when the first and the last event that was not accepted were sent', () => {
    const refused: Outcome = { kind: 'refused', status: 503 };
    const events = [event(1, 1100), event(2, 1200, refused), event(3, 1300), event(4, 1400, { kind: 'error', code: 'ECONNREFUSED' }), event(5, 1500)];
    expect(loadFigures(report(...events), new Map(), client).refused).toEqual({ first: 1190, last: 1390 });
    expect(loadFigures(report(event(1, 1100)), new Map(), client).refused).toBeUndefined();
  });

  it('has no lag where nothing was stored', () => {
    expect(loadFigures(report(event(1, 1100)), new Map(), client)).toMatchObject({ stored: 0, storedRate: 0, lags: { p99: undefined } });
  });
});

describe('ingestRows', () => {
  const good: LoadResult = {
    sent: 6240, accepted: 6240, losses: '', stored: 6240, lost: 0, acceptedRate: 104, answeredRate: 103, storedRate: 102,
    answers: { p50: 20, p99: 300 }, lags: { p50: 900, p95: 1900, p99: 2100, most: 2300 }, startedAt: 0, endedAt: 60_000, client,
  };
  const cpu = { parts: [{ part: 'web', used: 0.45, limit: 0.5, throttled: 0.31 }], cluster: 1.2, machine: 1.5 };
  const goals = (result: LoadResult): (boolean | undefined)[] => ingestRows(result, cpu).map(({ goal }) => goal?.met).filter((met) => met !== undefined);

  it('meets its three goals when all is accepted, stored, and in time', () => {
    expect(goals(good)).toEqual([true, true, true]);
  });

  it.each<[string, Partial<LoadResult>, boolean[]]>([
    ['a refused event', { accepted: 6239, losses: '1 x ECONNRESET' }, [false, true, true]],
    ['an event that is lost after its 200', { stored: 6239, lost: 1 }, [true, false, true]],
    ['a lag of 5 s', { lags: { p99: 5000 } }, [true, true, false]],
    ['no lag at all', { lags: {} }, [true, true, false]],
  ])('does not overlook %s', (_sentence, change, expected) => {
    expect(goals({ ...good, ...change })).toEqual(expected);
  });

  it('says what was not accepted, and why', () => {
    expect(ingestRows({ ...good, accepted: 6239, losses: '1 x ECONNRESET' }, cpu)[0]?.measured).toContain('(not accepted: 1 x ECONNRESET)');
  });

  it('shows who used the CPU, the client included', () => {
    const measured = ingestRows(good, cpu).map((row) => row.measured);
    expect(measured).toContain('web 0.45 of 0.5, held up in 31 % of its periods');
    expect(measured).toContain('cluster 1.20, client 0.20, everything else 0.10');
  });
});
