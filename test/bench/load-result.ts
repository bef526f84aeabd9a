// From a load run and the times at which its events were seen stored to the figures of the report: pure.
import { summarize, type LoadReport } from '../sdk/load.js';
import { percentile } from '../sdk/statistics.js';
import { compareStored } from '../sdk/stored.js';
import type { LoadResult } from './load-job.js';

/** @param seen milliseconds (epoch) by event id; @param client CPU seconds and seconds of the sender */
export function loadFigures(report: LoadReport, seen: ReadonlyMap<string, number>, client: LoadResult['client']): LoadResult {
  const { sent, accepted, losses, answerP50, answerP99 } = summarize(report);
  const { stored, lost } = compareStored(report, new Set(seen.keys()));
  const lags = lagsOf(report, seen);
  const lastSeen = Math.max(report.startedAt, ...storedTimes(report, seen));
  return {
    sent,
    accepted,
    losses: [...losses].map(([why, count]) => `${count} x ${why}`).join(', '),
    refused: refusedSpan(report),
    stored,
    lost: lost.length,
    acceptedRate: perSecond(accepted, report.endedAt - report.startedAt),
    answeredRate: perSecond(accepted, Math.max(report.endedAt, ...report.events.map(({ answeredAt }) => answeredAt)) - report.startedAt),
    storedRate: perSecond(stored, lastSeen - report.startedAt),
    answers: { p50: answerP50, p99: answerP99 },
    lags: { p50: percentile(lags, 50), p95: percentile(lags, 95), p99: percentile(lags, 99), most: percentile(lags, 100) },
    startedAt: report.startedAt,
    endedAt: report.endedAt,
    client,
  };
}

/** Milliseconds from the answer to the look that found it, of every accepted event that was found. */
export function lagsOf(report: LoadReport, seen: ReadonlyMap<string, number>): number[] {
  return report.events.flatMap(({ eventId, answeredAt, outcome }) => {
    const at = seen.get(eventId);
    // An answer can arrive after its event is stored.
    return outcome.kind === 'accepted' && at !== undefined ? [Math.max(0, at - answeredAt)] : [];
  });
}

/** Events are in the order of their sending. */
function refusedSpan({ events }: LoadReport): LoadResult['refused'] {
  const times = events.filter(({ outcome }) => outcome.kind !== 'accepted').map(({ sentAt }) => sentAt);
  const [first, last] = [times[0], times.at(-1)];
  return first === undefined || last === undefined ? undefined : { first, last };
}

function storedTimes(report: LoadReport, seen: ReadonlyMap<string, number>): number[] {
  return report.events.flatMap(({ eventId }) => seen.get(eventId) ?? []);
}

function perSecond(count: number, milliseconds: number): number {
  return (count * 1000) / Math.max(1, milliseconds);
}
