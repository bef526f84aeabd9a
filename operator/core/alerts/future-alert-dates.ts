// Instants in the future: written while the clock was wrong, such as on a host that had just started and had no time from NTP yet.
// Whatever waits for one would wait until the clock gets there.
import { toSeconds } from '../timestamps.js';
import type { ChannelState, TrackedCause, AlertState } from './alert-state.js';

/** The alert state with future instants set to `now` and no channel paused; the same object when there were none. */
export function withoutAhead(alerts: AlertState, now: Date): AlertState {
  const { followed, channels, repairs, report } = alerts;
  const isAhead = (instant: string | undefined): instant is string => instant !== undefined && Date.parse(instant) > now.getTime();
  const instants = [
    ...followed.flatMap((each) => [each.since, each.seenAt, each.quietSince, each.toldAt, each.wordedAt, ...each.openings]),
    ...channels.flatMap(({ absentSince, pause }) => [absentSince, pause?.since]), ...repairs.map(({ at }) => at), report?.since,
  ];
  if (!instants.some(isAhead)) return alerts;
  const hold = <T extends string | undefined>(instant: T) => (isAhead(instant) ? toSeconds(now) as T : instant);
  return {
    ...alerts,
    followed: followed.map((each): TrackedCause => ({
      ...each, since: hold(each.since), seenAt: hold(each.seenAt), quietSince: hold(each.quietSince), toldAt: hold(each.toldAt),
      wordedAt: hold(each.wordedAt), openings: each.openings.map(hold),
    })),
    channels: channels.map((each): ChannelState => ({ ...each, absentSince: hold(each.absentSince), pause: isAhead(each.pause?.since) ? undefined : each.pause })),
    repairs: repairs.map((each) => ({ ...each, at: hold(each.at) })),
    report: report && { ...report, since: hold(report.since) },
  };
}
