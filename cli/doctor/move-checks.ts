// doctor: whether the move from an old Sentry does not get on, lacks its table, or came to nothing. What the old server lacks is the condition's to say.
import type { MoveProgress, MoveStatus } from '../../operator/api/move-fields.js';
import { describeEnd, describePhase } from '../migrate/move-progress.js';
import { formatDistance, formatDuration } from '../moments.js';
import { onSight, warning, type Finding } from './check-result.js';
import type { Facts } from './gathered-facts.js';

/** The gateway confirms a phase within seconds. Milliseconds. */
const CONFIRMED_WITHIN = 120_000;
/** An import of hundreds of projects takes its time, and waits for its turn. Milliseconds. */
const IMPORTED_WITHIN = 3_600_000;
const RUNBOOK = 'docs/runbooks/migrate-from-sentry.md';

export function checkMove({ resource, now }: Facts): readonly Finding[] {
  return onSight('move', resource, (found) => {
    const { current, last, refused }: MoveStatus = found?.status.move ?? {};
    return [
      ...(current === undefined ? [] : checkCurrent(current, now)),
      ...(current === undefined && last?.result === 'Failed' ? [warning('move', `${describeEnd(last)} (${formatDistance(last.at, now)})`, `mend it, then glitchkeeper migrate start; ${RUNBOOK}`)] : []),
      ...(refused === undefined ? [] : [warning('move', `the request "${refused.request}" was refused ${formatDistance(refused.at, now)}: ${refused.why}`, 'glitchkeeper migrate status shows what is so')]),
    ];
  });
}

function checkCurrent(current: MoveProgress, now: Date): readonly Finding[] {
  const { id, phase, since, inForceSince, tableUnread, dsns } = current;
  const age = now.getTime() - Date.parse(since);
  const isLate = inForceSince === undefined && age >= (phase === 'Importing' ? IMPORTED_WITHIN : CONFIRMED_WITHIN);
  return [
    ...(isLate ? [warning('move', `move ${id} has been ${phase} for ${formatDuration(age)}, and it is not in force: ${describePhase(current)}`, `glitchkeeper migrate status shows it; ${RUNBOOK}`)] : []),
    ...(tableUnread === undefined ? [] : [warning('move', `the table of old DSNs cannot be read: ${tableUnread}`, 'glitchkeeper migrate export prints what the gateway has; make the Secret of it again (docs/migrate.md)')]),
    ...(dsns !== undefined && dsns.served < dsns.known && phase !== 'Finished' ? [warning('move', `${dsns.known - dsns.served} of ${dsns.known} old DSNs have no project here, and are refused`, 'name project and key of each in dsns.json of Secret glitchtip-move (docs/migrate.md)')] : []),
  ];
}
