// The decision on a restore: its status, what a person asks for and what is seen become the next step and the status. Pure.
//
// The status is written before the step is done, and each step is seen in the world when it was: so whoever comes after a kill goes on.
// Until the databases change names a failure starts everything again as it was. From then on a person decides, and both ways are open.
import { RESTORE_PHASES, isKnownPhase, type RestoreEnd, type RestorePhase, type RestoreProgress, type RestoreStatus } from '../../api/restore-fields.js';
import { isHeldBy, lockStep, proofStep, startedStep, stoppedStep, unlockStep, type GatewayMode } from '../operations/away-steps.js';
import { AT_ONCE, RESTING, WHILE_HELD_BACK, WHILE_UNDER_WAY, doing as does, enter, nextAttempt, record, refusal, rest, type RecordedPlan } from '../operations/recorded-plan.js';
import { firstUnmet, pauseAfter, wait } from '../rotation/protocol.js';
import { toSeconds } from '../timestamps.js';
import { without } from '../without.js';
import { describeRestoreAction, endOfJob, type RestoreAction, type RestoreFacts, type RestoreJobEnd } from './restore-facts.js';
import { LONGEST_LIVE_NAME, copyOfSaving, jobOfPhase } from './restore-names.js';
import { parseRestoreRequest } from './restore-request.js';
import * as steps from './restore-steps.js';
import type { RestoreStep, RestoreStepInput } from './restore-steps.js';

export interface RestoreInput {
  /** Name of the live database. */
  readonly database: string;
  readonly suspend: boolean;
  readonly status: RestoreStatus;
  /** The value of the annotation glitchkeeper.io/restore. */
  readonly request: string | undefined;
  /** Why none can begin at all; undefined: nothing keeps one from it. */
  readonly impediment?: string | undefined;
  readonly facts: RestoreFacts;
  readonly now: Date;
}

export type RestorePlan = RecordedPlan<RestoreStatus, RestoreAction>;

/** Of Checking, Restoring, Loading and Saving, whose Jobs may be killed. */
export const MOST_ATTEMPTS = 3;
/** Web and worker end within a minute; longer, and something keeps them. Milliseconds. */
const STOPPED_WITHIN = 600_000;
/** The restored database and what is written ahead of it, as shares of the one in the copy. */
const ROOM = 1.3;

/** The phases in their order; once the databases are to change names, nothing is restored or saved any more. */
const FORTH: readonly RestorePhase[] = RESTORE_PHASES.slice(0, RESTORE_PHASES.indexOf('Unconfirmed') + 1);
const BACK: readonly RestorePhase[] = FORTH.filter((phase) => !['Waiting', 'Checking', 'Restoring', 'Saving'].includes(phase));
/** Of a copy that a person wants to look at: nothing is stopped, saved or exchanged. */
const ASIDE: readonly RestorePhase[] = ['Waiting', 'Checking', 'Loading', 'Aside'];
/** Also in a phase before it, on the way back. Where nothing was live before, there is no way back. */
const isSwapBegun = ({ phase, before }: RestoreProgress): boolean => before !== undefined || FORTH.indexOf(phase) >= FORTH.indexOf('Swapping');

/** One step at a time: after each, everything is observed again. */
export function planRestore(input: RestoreInput): RestorePlan {
  const { status, suspend, request } = input;
  const { current } = status;
  if (current && !isKnownPhase(current)) return rest(status, `A later version of the operator has brought it to ${current.phase}: this one does not know how it goes on.`);
  if (suspend) return rest(status, 'Nothing is restored while spec.suspend is true.');
  // What was taken up is in the status: the annotation goes, so that it does not ask a second time.
  if (current?.request !== undefined) return request === current.request ? doing(status, { kind: 'drop request' }) : record(status, without(current, 'request'), 'The request is recorded.');
  if (request !== undefined) return planRequest(input, request);
  if (current) return planPhase(input, current);
  return planIdle(input);
}

/** What a status that was lost has left behind. */
function planIdle({ status, facts: { lock, hold } }: RestoreInput): RestorePlan {
  if (lock.kind === 'ours') return doing(status, { kind: 'release lock' });
  return isHeldBy(hold, 'restore') ? doing(status, { kind: 'let go' }) : rest(status, 'No restore is under way.');
}

function planRequest(input: RestoreInput, annotation: string): RestorePlan {
  const request = parseRestoreRequest(annotation);
  const { current } = input.status;
  switch (request.kind) {
    case 'none': return rest(input.status, 'No restore is under way.');
    case 'invalid': return refuse(input, request.message);
    case 'begin': return planBeginning(input, annotation, request.wanted);
    case 'confirm': return current ? planConfirm(input, current) : refuse(input, 'There is no restore to confirm.');
    case 'undo': return current ? planUndo(input, current) : refuse(input, 'There is no restore to undo.');
  }
}

function planBeginning(input: RestoreInput, annotation: string, wanted: RestoreProgress['wanted']): RestorePlan {
  const { status, status: { current }, database, impediment, now } = input;
  if (current) return refuse(input, `A restore is under way (${current.id}, ${current.phase}): confirm or undo it first.`);
  if (impediment !== undefined) return refuse(input, impediment);
  if (database.length > LONGEST_LIVE_NAME) return refuse(input, `spec.database.name: expected at most ${LONGEST_LIVE_NAME} characters for a restore beside it, found ${database.length}.`);
  const at = toSeconds(now);
  const begun: RestoreProgress = { id: at.replaceAll(/[-:]/g, ''), request: annotation, wanted, phase: 'Waiting', direction: 'forth', since: at, attempt: 1 };
  return record({ ...status, refused: undefined }, begun, 'The restore is recorded.');
}

/** Told in the status, which is written before the annotation goes. */
function refuse({ status, request = '', now }: RestoreInput, rejected: string): RestorePlan {
  return doing({ ...status, refused: refusal(status, request, rejected, now) }, { kind: 'drop request', rejected });
}

function planConfirm(input: RestoreInput, current: RestoreProgress): RestorePlan {
  const { status, request, now } = input;
  if (current.wanted.intoNewDatabase === true) return refuse(input, 'Nothing was exchanged, and so there is nothing to confirm: undo drops the database of the copy.');
  if (current.phase !== 'Unconfirmed') return refuse(input, `There is nothing to confirm yet: the restore is ${current.phase}.`);
  return record(status, { ...enter(current, 'Cleaning', now), ...(request === undefined ? {} : { request }) }, 'The restore is confirmed.');
}

/** Before the swap it is given up; from then on the databases change names once more, in whichever direction. */
function planUndo(input: RestoreInput, before: RestoreProgress): RestorePlan {
  const { status, request, now } = input;
  const current = request === undefined ? before : { ...before, request };
  if (['Returning', 'Cleaning'].includes(current.phase)) return refuse(input, `The restore cannot be undone while it is ${current.phase}.`);
  if (!isSwapBegun(current)) return record(status, { ...enter(current, 'Returning', now), canceled: true, why: 'it was taken back' }, 'The restore is taken back.');
  if (current.before === undefined) return refuse(input, 'There was no database before this restore.');
  if (current.wanted.upgrade !== undefined) return refuse(input, 'The database of before is of the release that was taken back: confirm this restore, and upgrade again.');
  const direction = current.direction === 'forth' ? 'back' : 'forth';
  return record(status, { ...enter(current, 'Stopping', now), direction }, 'The restore is undone.');
}

function planPhase(input: RestoreInput, current: RestoreProgress): RestorePlan {
  const { status, now } = input;
  const failure = failureOf(input, current);
  if (failure) return planFailure(input, current, failure);
  const underway: RestoreStepInput = { ...input, current };
  const step = unmet(CONDITIONS[current.phase], underway);
  if (step.kind === 'act') return doing(status, step.actions[0] as RestoreAction, `${current.phase}: `);
  if (step.kind === 'met') return planMet(underway, status);
  const isLate = current.phase === 'Stopping' && !isSwapBegun(current) && now.getTime() - Date.parse(current.since) >= STOPPED_WITHIN;
  return isLate ? giveUp(status, current, step.why, now) : rest(status, `${current.phase}: ${step.why}.`, LOOKED_AT[current.phase] ?? WHILE_UNDER_WAY);
}

/** Others that are not looked at so often: nothing of a restore is under way in them. */
const LOOKED_AT: Readonly<Partial<Record<RestorePhase, number>>> = { Waiting: WHILE_HELD_BACK, Unconfirmed: RESTING, Aside: RESTING };

function unmet(conditions: readonly Condition[], underway: RestoreStepInput): RestoreStep {
  return firstUnmet(conditions.map((condition) => () => condition(underway)));
}

type Condition = (input: RestoreStepInput) => RestoreStep;

/** Web and worker stay away in all phases in which the database is none of theirs. */
const AWAY: readonly Condition[] = [lockStep, gateway('holds'), stoppedStep];

/** What has to hold in each phase, in the order in which it is brought about. */
const CONDITIONS: Readonly<Record<RestorePhase, readonly Condition[]>> = {
  Waiting: [lockStep],
  Checking: [lockStep, steps.jobStep],
  Stopping: [lockStep, gateway('holds'), steps.drainedStep, stoppedStep],
  Restoring: [...AWAY, loadStep],
  Saving: [...AWAY, savingStep],
  Swapping: [...AWAY, steps.swapStep],
  Migrating: [...AWAY, steps.jobStep, steps.credentialsStep],
  Starting: [lockStep, gateway('holds'), startedStep],
  // What was given to the other database and is missing in this one is given again.
  Proving: [lockStep, gateway('keeps'), startedStep, proofStep],
  Unconfirmed: [unlockStep, () => wait('a person looks at it, and says confirm or undo')],
  Cleaning: [lockStep, steps.leftDatabaseStep, gateway('gives')],
  Returning: [(input) => steps.loginStep(input, 'closed'), steps.newDatabaseGoneStep, steps.reopenStep, returnedStep],
  Loading: [lockStep, loadStep],
  Aside: [unlockStep, () => wait('a person looks at the database of the copy, and says undo')],
};

function gateway(mode: GatewayMode): Condition {
  return (input) => steps.gatewayStep(input, mode);
}

/**
 * Of an upgrade that is taken back web and worker could not start: the database is of another release than they are by now. It has stopped them, and goes
 * on. For a copy that is looked at nothing was stopped.
 */
function returnedStep(input: RestoreStepInput): RestoreStep {
  const { upgrade, intoNewDatabase } = input.current.wanted;
  if (upgrade !== undefined || intoNewDatabase === true) return { kind: 'met' };
  return firstUnmet<RestoreAction>([() => startedStep(input), () => steps.gatewayStep(input, 'gives')]);
}

/** The Job comes only when the status knows the database: planMet records it. */
function loadStep(input: RestoreStepInput): RestoreStep {
  const { restored, attempt } = input.current;
  if (endOfJob(input.facts.job)?.kind === 'done') return steps.loginStep(input, 'closed');
  const isRecorded = restored?.attempt === attempt;
  return firstUnmet([() => steps.loginStep(input, 'open'), () => steps.newDatabaseStep(input), ...(isRecorded ? [() => steps.jobStep(input)] : [])]);
}

function savingStep(input: RestoreStepInput): RestoreStep {
  const { isLiveEmpty, databases } = input.facts;
  if (!input.current.wanted.save) return { kind: 'met' };
  if (databases.kind === 'unseen') return wait(databases.why);
  if (databases.value.every(({ name }) => name !== input.database)) return { kind: 'met' };
  if (isLiveEmpty.kind === 'unseen') return wait(isLiveEmpty.why);
  return isLiveEmpty.value ? { kind: 'met' } : steps.jobStep(input);
}

function phaseAfter(current: RestoreProgress): RestorePhase {
  const order = current.wanted.intoNewDatabase === true ? ASIDE : isSwapBegun(current) ? BACK : FORTH;
  return order[order.indexOf(current.phase) + 1] ?? 'Unconfirmed';
}

/** Everything holds: on to the next phase, with what this one has found. */
function planMet(underway: RestoreStepInput, status: RestoreStatus): RestorePlan {
  const { current, now } = underway;
  const { phase, direction } = current;
  const next = enter(current, phaseAfter(current), now);
  switch (phase) {
    case 'Cleaning': return end(status, current, direction === 'forth' ? 'Confirmed' : 'Undone', now);
    case 'Returning': return end(status, current, current.canceled === true ? 'Canceled' : 'Failed', now);
    case 'Checking': return planChecked(status, underway, next);
    case 'Restoring': case 'Loading': return planRestored(status, underway, next);
    case 'Saving': return planSaved(status, underway, next);
    default: return record(status, next, `${phase} has ended.`);
  }
}

/** A volume that fills up in the middle would take the live database with it. */
function planChecked(status: RestoreStatus, { current, facts, now }: RestoreStepInput, next: RestoreProgress): RestorePlan {
  const job = endOfJob(facts.job);
  const { free } = facts;
  if (job?.kind !== 'checked') return rest(status, 'Checking: its Job says nothing.', WHILE_UNDER_WAY);
  if (free?.kind === 'unseen') return rest(status, free.why, WHILE_UNDER_WAY);
  const needed = Math.ceil(job.databaseBytes * ROOM);
  if (free === undefined || free.value >= needed) return record(status, { ...next, copy: job.copy }, 'Checking has ended.');
  const mebibytes = (bytes: number) => `${Math.ceil(bytes / 1_048_576)} MiB`;
  return giveUp(status, { ...current, copy: job.copy }, `the volume of Postgres: expected ${mebibytes(needed)} free, found ${mebibytes(free.value)}`, now);
}

/** The new database is in the status before anything is restored into it. */
function planRestored(status: RestoreStatus, underway: RestoreStepInput, next: RestoreProgress): RestorePlan {
  const { current } = underway;
  if (current.restored?.attempt === current.attempt) return record(status, next, `${current.phase} has ended.`);
  const oid = oidOf(underway, steps.namesOf(underway).restored);
  return record(status, { ...current, ...(oid === undefined ? {} : { restored: { oid, attempt: current.attempt } }) }, 'The new database is recorded.');
}

/** From here on both are known by their OIDs. */
function planSaved(status: RestoreStatus, underway: RestoreStepInput, next: RestoreProgress): RestorePlan {
  const { current, facts, database } = underway;
  if (facts.databases.kind === 'unseen') return rest(status, facts.databases.why, WHILE_UNDER_WAY);
  const before = oidOf(underway, database);
  const saved = endOfJob(facts.job) ? copyOfSaving(current) : undefined;
  return record(status, { ...next, ...(before === undefined ? {} : { before }), ...(saved === undefined ? {} : { saved }) }, 'Saving has ended.');
}

function oidOf({ facts: { databases } }: RestoreStepInput, name: string): number | undefined {
  return databases.kind === 'seen' ? databases.value.find((each) => each.name === name)?.oid : undefined;
}

/** Of the phase's own Job. */
function failureOf({ facts }: RestoreInput, current: RestoreProgress): Extract<RestoreJobEnd, { kind: 'failed' }> | undefined {
  const job = jobOfPhase(current) === undefined ? undefined : endOfJob(facts.job);
  return job?.kind === 'failed' ? job : undefined;
}

function planFailure(input: RestoreInput, current: RestoreProgress, { why, again }: Extract<RestoreJobEnd, { kind: 'failed' }>): RestorePlan {
  const { status, now } = input;
  const { phase, attempt, since } = current;
  const next = nextAttempt(current, why, now);
  if (isSwapBegun(current)) {
    if (now.getTime() - Date.parse(since) >= pauseAfter(attempt)) return record(status, next, `${phase} is tried again.`);
    const away = unmet(AWAY, { ...input, current });
    if (away.kind === 'act') return doing(status, away.actions[0] as RestoreAction, `${phase}: `);
    return rest({ ...status, current: { ...current, why } }, `${phase}: ${why}. It is tried again; undo goes back.`, WHILE_UNDER_WAY);
  }
  if (again && attempt < MOST_ATTEMPTS) return record(status, next, `${phase} is tried again: ${why}.`);
  // What is there may be what cannot be dumped any more.
  const otherwise = phase === 'Saving' ? '; with "save": false it is kept as a database alone, until confirm' : '';
  return giveUp(status, current, `${phase}: ${why}${otherwise}`, now);
}

function giveUp(status: RestoreStatus, current: RestoreProgress, why: string, now: Date): RestorePlan {
  return record(status, { ...enter(current, 'Returning', now), why }, `The restore is given up: ${why}.`);
}

function end(status: RestoreStatus, { id, copy, saved, why, wanted: { upgrade } }: RestoreProgress, result: RestoreEnd['result'], now: Date): RestorePlan {
  const last: RestoreEnd = { id, at: toSeconds(now), result, ...(copy === undefined ? {} : { copy }), ...(saved === undefined ? {} : { saved }), ...(why === undefined ? {} : { why }), ...(upgrade === undefined ? {} : { upgrade }) };
  return { status: { ...status, current: undefined, last }, message: `The restore has ended: ${result}.`, requeueAfter: AT_ONCE };
}

function doing(status: RestoreStatus, action: RestoreAction, before = ''): RestorePlan {
  return does(status, action, `${before}${describeRestoreAction(action)}`);
}
