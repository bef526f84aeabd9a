// Rules about upgrades: web and worker are away because of one, which is as planned until it does not get on; one that is not finished; one that failed.
import { HEALTH_REASONS } from '../../api/health-reasons.js';
import { isKnownUpgradePhase, type UpgradePhase, type UpgradeProgress, type UpgradeStatus } from '../../api/upgrade-fields.js';
import { describeEnd } from '../upgrade/upgrade-report.js';
import { missingOnTheWayBack } from './gateway-rules.js';
import type { Facts } from './health-facts.js';
import { duration, finding, secondsSince, type Finding, type Rule } from './rule-finding.js';

const R = HEALTH_REASONS;
const PART = 'upgrade';
const MINUTE = 60;

interface Limit {
  /** Web and worker are away in it, or start again, or the database is of another release than they are. */
  readonly isAway: boolean;
  /** It takes less by far; a Job may be one of an hour. Seconds. */
  readonly longest: number;
}

const LIMITS: Readonly<Record<UpgradePhase, Limit>> = {
  Waiting: { isAway: false, longest: 30 * MINUTE },
  // These two give up by themselves.
  Draining: { isAway: true, longest: 31 * MINUTE }, Stopping: { isAway: true, longest: 11 * MINUTE },
  Saving: { isAway: true, longest: 60 * MINUTE }, Ready: { isAway: true, longest: 30 * MINUTE }, Migrating: { isAway: true, longest: 60 * MINUTE },
  Starting: { isAway: true, longest: 10 * MINUTE }, Proving: { isAway: true, longest: 10 * MINUTE }, Returning: { isAway: true, longest: 15 * MINUTE }, Undoing: { isAway: true, longest: 30 * MINUTE },
  Unconfirmed: { isAway: false, longest: 24 * 60 * MINUTE }, Cleaning: { isAway: false, longest: 15 * MINUTE },
};
/** For how long a failure is told. Seconds. */
const FAILURE_TOLD_FOR = 24 * 60 * MINUTE;

export const upgradeRules: readonly Rule[] = [ofUpgrade(awayForIt), ofUpgrade(unfinished), ofUpgrade(unconfirmed), ofUpgrade(failedLast)];

function ofUpgrade(rule: (status: UpgradeStatus, now: Date, facts: Facts) => readonly Finding[]): Rule {
  return ({ facts, now }) => (facts.upgrade ? rule(facts.upgrade, now, facts) : []);
}

/** Quiet as long as it gets on: then it is only why web and worker are not there. */
function awayForIt({ current }: UpgradeStatus, now: Date): readonly Finding[] {
  if (!current || !isKnownUpgradePhase(current) || !LIMITS[current.phase].isAway) return [];
  const isStuck = secondsIn(current, now) >= LIMITS[current.phase].longest || (current.phase === 'Migrating' && current.why !== undefined);
  return [finding(R.UpgradeStuck, PART, 'critical', {
    message: `${described(current, now)}, and GlitchTip is away meanwhile: ${whatHoldsItUp(current)}.`,
    advice: current.phase === 'Returning' || current.phase === 'Undoing' ? 'What it waits for is to be mended: it goes on by itself.' : 'What it waits for is to be mended: it goes on by itself. Or go back: glitchkeeper upgrade --undo.',
    symptom: 'an upgrade does not get on',
    quiet: !isStuck,
  })];
}

function unfinished({ current }: UpgradeStatus, now: Date): readonly Finding[] {
  if (!current || !isKnownUpgradePhase(current) || LIMITS[current.phase].isAway || current.phase === 'Unconfirmed' || secondsIn(current, now) < LIMITS[current.phase].longest) return [];
  return [finding(R.UpgradeUnfinished, PART, 'warning', { message: `${described(current, now)}: ${whatHoldsItUp(current)}.`, advice: 'What it waits for is to be mended: it goes on by itself.', symptom: 'an upgrade does not get on' })];
}

/** A way back that loses events is told at once: each hour may cost it more of them. */
function unconfirmed({ current }: UpgradeStatus, now: Date, facts: Facts): readonly Finding[] {
  if (current?.phase !== 'Unconfirmed') return [];
  const missing = missingOnTheWayBack(facts);
  if (missing === '' && secondsIn(current, now) < LIMITS.Unconfirmed.longest) return [];
  return [finding(R.UpgradeUnfinished, PART, 'warning', {
    message: `Upgrade ${current.id} to ${current.to} was neither confirmed nor undone for ${duration(secondsIn(current, now))}: the gateway keeps what it confirmed, for as long as its spool has room.${missing}`,
    advice: 'Look at GlitchTip, then glitchkeeper upgrade --confirm, or --undo.',
    symptom: 'an upgrade is not confirmed',
  })];
}

function failedLast({ current, last }: UpgradeStatus, now: Date): readonly Finding[] {
  if (current || last?.result !== 'Failed' || secondsSince(new Date(last.at), now) >= FAILURE_TOLD_FOR) return [];
  return [finding(R.UpgradeFailed, PART, 'warning', { message: describeEnd(last), advice: 'Mend what it failed for, and ask for it again: glitchkeeper upgrade.', symptom: 'the last upgrade failed' })];
}

function described(current: UpgradeProgress, now: Date): string {
  return `Upgrade ${current.id} to ${current.to} has been ${current.phase} for ${duration(secondsIn(current, now))}`;
}

function whatHoldsItUp({ phase, why, waitsFor }: UpgradeProgress): string {
  return (why ?? waitsFor ?? (phase === 'Proving' ? 'no event of the operator\'s was stored yet' : 'it does not say what it waits for')).replace(/\.$/, '');
}

function secondsIn({ since }: UpgradeProgress, now: Date): number {
  return secondsSince(new Date(since), now);
}
