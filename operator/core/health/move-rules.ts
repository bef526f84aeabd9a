// Rules about the move from an old Sentry: what it costs is the old one's alone, and what a person has to mend of it.
import { HEALTH_REASONS } from '../../api/health-reasons.js';
import { isKnownMovePhase, type MoveStatus } from '../../api/move-fields.js';
import { MOVE_COMPONENT } from '../../api/object-names.js';
import type { DeliveryToOld } from '../move/move-facts.js';
import { duration, finding, secondsSince, type CheckInput, type Finding, type Rule } from './rule-finding.js';

const R = HEALTH_REASONS;
const MINUTE = 60;
/** A restart of the old one, or a burst, is nothing. Seconds. */
const BEHIND_AFTER = 10 * MINUTE;
/** The gateway answers within seconds, also after a start. Seconds. */
const CONFIRMED_WITHIN = 2 * MINUTE;
/** Hundreds of projects take minutes; and it waits for its turn. Seconds. */
const IMPORTED_WITHIN = 60 * MINUTE;
/** For how long a failure is told. Seconds. */
const FAILURE_TOLD_FOR = 24 * 60 * MINUTE;

export const moveRules: readonly Rule[] = [behind, ofMove(stuck), ofMove(withoutTable), ofMove(failedLast)];

function ofMove(rule: (status: MoveStatus, now: Date) => readonly Finding[]): Rule {
  return ({ facts: { move }, now }) => (move ? rule(move, now) : []);
}

function behind({ facts: { gateway }, now }: CheckInput): readonly Finding[] {
  const delivery = gateway.kind === 'seen' ? gateway.value.move : undefined;
  if (!delivery || !isBehind(delivery, now)) return [];
  const { waiting: { records, oldest }, closed, dropped } = delivery;
  const since = oldest === undefined ? '' : `, the oldest for ${duration(secondsSince(new Date(oldest), now))}`;
  return [finding(R.OldServerBehind, MOVE_COMPONENT, 'warning', {
    message: `${records} requests wait for the old server${since}${closed ? `, which takes nothing (${closed.why})` : ''}.${dropped > 0 ? ` ${dropped} were dropped, for the share of the one that does not lead was full.` : ''} GlitchTip is not held up by it.`,
    advice: 'Look why the old one does not take them; glitchkeeper migrate compare lists what it lacks (docs/runbooks/migrate-from-sentry.md).',
    symptom: 'the old server does not keep up',
  })];
}

function isBehind({ waiting: { records, oldest }, dropped }: DeliveryToOld, now: Date): boolean {
  if (records === 0) return false;
  return dropped > 0 || (oldest !== undefined && secondsSince(new Date(oldest), now) >= BEHIND_AFTER);
}

function stuck({ current }: MoveStatus, now: Date): readonly Finding[] {
  if (!current || !isKnownMovePhase(current) || current.inForceSince !== undefined) return [];
  const seconds = secondsSince(new Date(current.since), now);
  if (seconds < (current.phase === 'Importing' ? IMPORTED_WITHIN : CONFIRMED_WITHIN)) return [];
  const why = (current.waitsFor ?? current.why ?? 'it does not say what it waits for').replace(/\.$/, '');
  return [finding(R.MoveStuck, MOVE_COMPONENT, 'warning', {
    message: current.phase === 'Importing' ? `The import of move ${current.id} has not ended for ${duration(seconds)}: ${why}.` : `The gateway has not confirmed ${current.phase} for ${duration(seconds)}, and does what was wanted before: ${why}.`,
    advice: 'What it waits for is to be mended: it goes on by itself. glitchkeeper migrate status shows it.',
    symptom: 'a step of the move does not get on',
  })];
}

function withoutTable({ current }: MoveStatus): readonly Finding[] {
  if (current?.tableUnread === undefined || current.phase === 'Finished') return [];
  return [finding(R.MoveTableMissing, MOVE_COMPONENT, 'warning', {
    message: `The table of old DSNs cannot be read (${current.tableUnread}): the gateway goes on with what it has of it, and cutover and rollback work.`,
    advice: 'glitchkeeper migrate export prints what the gateway has; make the Secret of it again (docs/runbooks/migrate-from-sentry.md).',
    symptom: 'the table of old DSNs is gone',
  })];
}

function failedLast({ current, last }: MoveStatus, now: Date): readonly Finding[] {
  if (current || last?.result !== 'Failed' || secondsSince(new Date(last.at), now) >= FAILURE_TOLD_FOR) return [];
  return [finding(R.MoveFailed, MOVE_COMPONENT, 'warning', {
    message: `Move ${last.id} came to nothing, and events go to GlitchTip alone: ${last.why ?? 'it does not say why'}.`,
    advice: 'Mend what it failed for, and start it again: glitchkeeper migrate plan looks at the old one first.',
    symptom: 'the last move came to nothing',
  })];
}
