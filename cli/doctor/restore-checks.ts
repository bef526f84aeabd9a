// doctor: whether a restore is kept open, does not get on, or came to nothing.
import type { RestoreProgress, RestoreStatus } from '../../operator/api/restore-fields.js';
import { formatDistance, formatDuration } from '../moments.js';
import { describePhase, describeResult } from '../restore/restore-progress.js';
import { onSight, warning, type Finding } from './check-result.js';
import type { Facts } from './gathered-facts.js';

/** A person has looked by then; until it is confirmed two databases take their room. Milliseconds. */
const OPEN_FOR = 86_400_000;
/** A phase of a large database takes its time. Milliseconds. */
const UNDER_WAY_FOR = 3_600_000;
const RUNBOOK = 'docs/runbooks/restore.md';

export function checkRestore({ resource, now }: Facts): readonly Finding[] {
  return onSight('restore', resource, (found) => {
    const { current, last, refused }: RestoreStatus = found?.status.restore ?? {};
    return [
      ...(current === undefined ? [] : checkCurrent(current, now)),
      ...(last?.result === 'Failed' ? [warning('restore', `${describeResult(last)} (${formatDistance(last.at, now)})`, `${RUNBOOK} has each reason; glitchkeeper backups lists the copies`)] : []),
      ...(refused === undefined ? [] : [warning('restore', `the request "${refused.request}" was refused ${formatDistance(refused.at, now)}: ${refused.why}`, 'ask for it in another way: glitchkeeper restore --help')]),
    ];
  });
}

function checkCurrent(current: RestoreProgress, now: Date): readonly Finding[] {
  const { id, phase, since } = current;
  const age = now.getTime() - Date.parse(since);
  if (phase === 'Aside') {
    return age < OPEN_FOR ? [] : [warning('restore', `the database of restore ${id} has been there for ${formatDuration(age)} for somebody to look at, and takes its room`, 'glitchkeeper restore --undo drops it')];
  }
  if (phase === 'Unconfirmed') {
    if (age < OPEN_FOR) return [];
    return [warning('restore', `restore ${id} is done and has been kept open for ${formatDuration(age)}: the database that is not live and what the gateway keeps take their room`, 'glitchkeeper restore --confirm, or --undo')];
  }
  if (age < UNDER_WAY_FOR) return [];
  return [warning('restore', `restore ${id} has been ${phase} for ${formatDuration(age)}: ${describePhase(current)}`, `glitchkeeper restore --follow shows it, --undo takes it back; ${RUNBOOK}`)];
}
