// What a kill -9 of Valkey may cost: appendfsync everysec writes to disk once a second.
import type { LoadReport } from '../../sdk/load.js';

export const FSYNC_MS = 1000;

/** Numbers of the events that were accepted in the second before the kill. */
export function youngAt({ events }: LoadReport, killedAt: number): ReadonlySet<number> {
  const young = events.filter(({ outcome, sentAt, answeredAt }) => outcome.kind === 'accepted' && sentAt <= killedAt && answeredAt >= killedAt - FSYNC_MS);
  return new Set(young.map(({ number }) => number));
}
