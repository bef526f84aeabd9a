// Rules about restores: web and worker are away because of one, which is as planned until it does not get on; one that is not finished; one that failed.
import { HEALTH_REASONS } from '../../api/health-reasons.js';
import { RESTORE_COMPONENT } from '../../api/object-names.js';
import { isKnownPhase, type RestorePhase, type RestoreProgress, type RestoreStatus } from '../../api/restore-fields.js';
import { describeEnd } from '../restore/restore-report.js';
import { missingOnTheWayBack } from './gateway-rules.js';
import type { Facts } from './health-facts.js';
import { duration, finding, secondsSince, type Finding, type Rule } from './rule-finding.js';

const R = HEALTH_REASONS;
const MINUTE = 60;

interface Limit {
  /** Web and worker are away in it, or start again. */
  readonly isAway: boolean;
  /** It takes less by far; a Job may be one of an hour. Seconds. */
  readonly longest: number;
}

const LIMITS: Readonly<Record<RestorePhase, Limit>> = {
  Waiting: { isAway: false, longest: 30 * MINUTE }, Checking: { isAway: false, longest: 60 * MINUTE },
  // It gives up by itself after ten.
  Stopping: { isAway: true, longest: 11 * MINUTE },
  Restoring: { isAway: true, longest: 60 * MINUTE }, Saving: { isAway: true, longest: 60 * MINUTE }, Swapping: { isAway: true, longest: 5 * MINUTE }, Migrating: { isAway: true, longest: 20 * MINUTE },
  Starting: { isAway: true, longest: 10 * MINUTE }, Proving: { isAway: true, longest: 10 * MINUTE }, Returning: { isAway: true, longest: 15 * MINUTE },
  Unconfirmed: { isAway: false, longest: 24 * 60 * MINUTE }, Cleaning: { isAway: false, longest: 15 * MINUTE },
  Loading: { isAway: false, longest: 60 * MINUTE }, Aside: { isAway: false, longest: 24 * 60 * MINUTE },
};
/** For how long a failure is told. Seconds. */
const FAILURE_TOLD_FOR = 24 * 60 * MINUTE;

export const restoreRules: readonly Rule[] = [ofRestore(awayForIt), ofRestore(unfinished), ofRestore(unconfirmed), ofRestore(failedLast)];

function ofRestore(rule: (status: RestoreStatus, now: Date, facts: Facts) => readonly Finding[]): Rule {
  return ({ facts, now }) => (facts.restore ? rule(facts.restore, now, facts) : []);
}

/** For a copy that is only looked at nothing was stopped. */
function isAway({ phase, wanted: { intoNewDatabase } }: RestoreProgress): boolean {
  return LIMITS[phase].isAway && intoNewDatabase !== true;
}

/** Quiet as long as it gets on: then it is only why web and worker are not there. */
function awayForIt({ current }: RestoreStatus, now: Date): readonly Finding[] {
  if (!current || !isKnownPhase(current) || !isAway(current)) return [];
  // One whose Job failed is tried again minutes later.
  const isStuck = secondsIn(current, now) >= LIMITS[current.phase].longest || (current.phase === 'Migrating' && current.why !== undefined);
  return [finding(R.RestoreStuck, RESTORE_COMPONENT, 'critical', {
    message: `Restore ${current.id} has been ${current.phase} for ${duration(secondsIn(current, now))}, and GlitchTip is away meanwhile: ${whatHoldsItUp(current)}.`,
    advice: current.phase === 'Returning' ? 'What it waits for is to be mended: it goes on by itself.' : 'What it waits for is to be mended: it goes on by itself. Or go back to what was there: glitchkeeper restore --undo.',
    symptom: 'a restore does not get on',
    quiet: !isStuck,
  })];
}

function unfinished({ current }: RestoreStatus, now: Date): readonly Finding[] {
  if (!current || !isKnownPhase(current) || isAway(current) || current.phase === 'Unconfirmed' || secondsIn(current, now) < LIMITS[current.phase].longest) return [];
  if (current.phase === 'Aside') {
    return [finding(R.RestoreUnfinished, RESTORE_COMPONENT, 'warning', {
      message: `The database of restore ${current.id} has been there for ${duration(secondsIn(current, now))} for somebody to look at: it takes its room, and no other restore or upgrade begins.`,
      advice: 'glitchkeeper restore --undo drops it.',
      symptom: 'a restored database is left',
    })];
  }
  return [finding(R.RestoreUnfinished, RESTORE_COMPONENT, 'warning', {
    message: `Restore ${current.id} has been ${current.phase} for ${duration(secondsIn(current, now))}: ${whatHoldsItUp(current)}.`,
    advice: 'What it waits for is to be mended: it goes on by itself.',
    symptom: 'a restore does not get on',
  })];
}

/** A way back that loses events is told at once: each hour may cost it more of them. */
function unconfirmed({ current }: RestoreStatus, now: Date, facts: Facts): readonly Finding[] {
  if (current?.phase !== 'Unconfirmed') return [];
  const missing = missingOnTheWayBack(facts);
  if (missing === '' && secondsIn(current, now) < LIMITS.Unconfirmed.longest) return [];
  return [finding(R.RestoreUnfinished, RESTORE_COMPONENT, 'warning', {
    message: `Restore ${current.id} was neither confirmed nor undone for ${duration(secondsIn(current, now))}: the database that is not live takes its room, and the gateway keeps what it confirmed.${missing}`,
    advice: 'Look at GlitchTip, then glitchkeeper restore --confirm, or --undo.',
    symptom: 'a restore is not confirmed',
  })];
}

function failedLast({ current, last }: RestoreStatus, now: Date): readonly Finding[] {
  if (current || last?.result !== 'Failed' || secondsSince(new Date(last.at), now) >= FAILURE_TOLD_FOR) return [];
  return [finding(R.RestoreFailed, RESTORE_COMPONENT, 'warning', {
    message: describeEnd(last),
    advice: 'Mend what it failed for, and ask for it again; another copy may do: glitchkeeper backups lists them.',
    symptom: 'the last restore failed',
  })];
}

function whatHoldsItUp({ phase, why, waitsFor }: RestoreProgress): string {
  return (why ?? waitsFor ?? (phase === 'Proving' ? 'no event of the operator\'s was stored yet' : 'it does not say what it waits for')).replace(/\.$/, '');
}

function secondsIn({ since }: RestoreProgress, now: Date): number {
  return secondsSince(new Date(since), now);
}
