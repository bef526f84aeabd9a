// The decision on an upgrade: its status, what a person asks for and what is seen become the next step and the status. Pure.
//
// The status is written before the step is done, and each step is seen in the world when it was: so whoever comes after a kill goes on.
// Until the step is named for the pods, a failure starts everything again as it was. From then on a person decides, and the way back is the backup.
import type { Release } from '../../api/glitchtip-releases.js';
import { UPGRADE_PHASES, isKnownUpgradePhase, type UpgradeEnd, type UpgradePhase, type UpgradeProgress, type UpgradeStatus } from '../../api/upgrade-fields.js';
import { endedStep, gatewayStep, isHeldBy, lockStep, proofStep, startedStep, stoppedStep, unlockStep, type GatewayMode } from '../operations/away-steps.js';
import { AT_ONCE, RESTING, WHILE_HELD_BACK, WHILE_UNDER_WAY, doing as does, enter, nextAttempt, record, refusal, rest, type RecordedPlan } from '../operations/recorded-plan.js';
import { MOST_ATTEMPTS } from '../restore/restore-plan.js';
import { copyOfSaving } from '../restore/restore-names.js';
import { endOfJob } from '../restore/restore-facts.js';
import { firstUnmet, pauseAfter, wait } from '../rotation/protocol.js';
import { toSeconds } from '../timestamps.js';
import { without } from '../without.js';
import { beginImport, planImport } from './legacy-import.js';
import { describeUpgradeAction, type UpgradeAction, type UpgradeFacts } from './upgrade-facts.js';
import { parseUpgradeRequest } from './upgrade-request.js';
import * as steps from './upgrade-steps.js';
import type { UpgradeStep, UpgradeStepInput } from './upgrade-steps.js';

export interface UpgradeInput {
  readonly suspend: boolean;
  readonly status: UpgradeStatus;
  /** The value of the annotation glitchkeeper.io/upgrade. */
  readonly request: string | undefined;
  /** Why none can begin at all; undefined: nothing keeps one from it. */
  readonly impediment?: string | undefined;
  readonly facts: UpgradeFacts;
  readonly now: Date;
}

export type UpgradePlan = RecordedPlan<UpgradeStatus, UpgradeAction>;

/** Thousands of events at 20 a second, and a worker that was just started. Milliseconds. */
const DRAINED_WITHIN = 30 * 60_000;
/** Web and worker end within a minute; longer, and something keeps them. Milliseconds. */
const STOPPED_WITHIN = 10 * 60_000;
/** Somebody applies manifests, and web of them is started. Milliseconds. */
const WHILE_READY = 5_000;

/** The phases in their order. */
const FORTH: readonly UpgradePhase[] = UPGRADE_PHASES.slice(0, UPGRADE_PHASES.indexOf('Unconfirmed') + 1);

/** The database may be half of the one release and half of the other. */
export function isMigrationBegun({ phase }: Pick<UpgradeProgress, 'phase'>): boolean {
  return phase === 'Undoing' || phase === 'Cleaning' || FORTH.indexOf(phase) >= FORTH.indexOf('Migrating');
}

/** One step at a time: after each, everything is observed again. */
export function planUpgrade(input: UpgradeInput): UpgradePlan {
  const { status, status: { current }, suspend, request } = input;
  if (current && !isKnownUpgradePhase(current)) return rest(status, `A later version of the operator has brought it to ${current.phase}: this one does not know how it goes on.`);
  if (suspend) return rest(status, 'Nothing is upgraded while spec.suspend is true.');
  const taken = planTaken(input);
  if (taken) return taken;
  if (request !== undefined) return planRequest(input, request);
  const plan = current ? planPhase(input, current) : planIdle(input);
  return (isAtRest(plan, current) ? planImport(input) : undefined) ?? plan;
}

/** What was taken up is in the status: the annotation goes, so that it does not ask a second time. */
function planTaken({ status, status: { current, legacyImport }, request }: UpgradeInput): UpgradePlan | undefined {
  if (current?.request !== undefined) return request === current.request ? doing(status, { kind: 'drop request' }) : record(status, without(current, 'request'), 'The request is recorded.');
  if (legacyImport?.request === undefined) return undefined;
  return request === legacyImport.request ? doing(status, { kind: 'drop request' }) : changed({ ...status, legacyImport: without(legacyImport, 'request') }, 'The request is recorded.');
}

/** Nothing is done, and no phase has ended. */
function isAtRest({ action, status }: UpgradePlan, current: UpgradeProgress | undefined): boolean {
  return action === undefined && status.current?.phase === current?.phase && status.current?.since === current?.since;
}

/** What a status that was lost has left behind. */
function planIdle({ status, facts: { lock, hold } }: UpgradeInput): UpgradePlan {
  if (lock.kind === 'ours') return doing(status, { kind: 'release lock' });
  return isHeldBy(hold, 'upgrade') ? doing(status, { kind: 'let go' }) : rest(status, 'No upgrade is under way.');
}

function planRequest(input: UpgradeInput, annotation: string): UpgradePlan {
  const { status: { current }, facts } = input;
  const request = parseUpgradeRequest(annotation, facts.running);
  switch (request.kind) {
    // What a version that was applied too early says of the request is not what is wrong.
    case 'invalid': return refuse(input, current === undefined ? request.message : `An upgrade is under way (${current.id}, ${current.phase}). ${request.message}`);
    case 'begin': return planBeginning(input, annotation, request.to);
    case 'import': return planImportRequest(input, annotation);
    default: return current ? TURNS[request.kind](input, current) : refuse(input, `There is no upgrade to ${request.kind}.`);
  }
}

const TURNS: Readonly<Record<'confirm' | 'undo' | 'stay', (input: UpgradeInput, current: UpgradeProgress) => UpgradePlan>> = { confirm: planConfirm, undo: planUndo, stay: planStay };

function planBeginning(input: UpgradeInput, annotation: string, to: Release): UpgradePlan {
  const { status, status: { current }, impediment, facts: { running, restore }, now } = input;
  if (current) return refuse(input, `An upgrade is under way (${current.id}, ${current.phase}): confirm or undo it first.`);
  if (impediment !== undefined) return refuse(input, impediment);
  if (restore.current) return refuse(input, `Restore ${restore.current.id} is ${restore.current.phase}: confirm or undo it first.`);
  const at = toSeconds(now);
  const begun: UpgradeProgress = { id: at.replaceAll(/[-:]/g, ''), request: annotation, from: running, to, phase: 'Waiting', since: at, attempt: 1 };
  return record({ ...status, refused: undefined }, begun, 'The upgrade is recorded.');
}

/** Told in the status, which is written before the annotation goes. */
function refuse({ status, request = '', now }: UpgradeInput, rejected: string): UpgradePlan {
  return doing({ ...status, refused: refusal(status, request, rejected, now) }, { kind: 'drop request', rejected });
}

function planConfirm(input: UpgradeInput, current: UpgradeProgress): UpgradePlan {
  if (current.phase !== 'Unconfirmed') return refuse(input, `There is nothing to confirm yet: the upgrade is ${current.phase}.`);
  return turn(input, enter(current, 'Cleaning', input.now), 'The upgrade is confirmed.');
}

/** Before anything was migrated it is given up; from then on the backup is restored. */
function planUndo(input: UpgradeInput, current: UpgradeProgress): UpgradePlan {
  const { facts: { restore }, now } = input;
  if (current.phase === 'Returning' || current.phase === 'Cleaning') return refuse(input, `The upgrade cannot be undone while it is ${current.phase}.`);
  if (!isMigrationBegun(current)) return turn(input, { ...enter(current, 'Returning', now), canceled: true, why: 'it was taken back' }, 'The upgrade is taken back.');
  if (restore.current?.wanted.upgrade === current.id) return refuse(input, `It is being undone already: restore ${restore.current.id} is ${restore.current.phase}.`);
  return turn(input, enter(current, 'Undoing', now), 'The upgrade is undone.');
}

/** What is live was not touched yet: everything of the next release is looked at, and started. */
function planStay(input: UpgradeInput, current: UpgradeProgress): UpgradePlan {
  const { facts: { restore }, now } = input;
  if (current.phase !== 'Undoing') return refuse(input, `It is not being undone: the upgrade is ${current.phase}.`);
  if (restore.current?.wanted.upgrade === current.id) return refuse(input, `Restore ${restore.current.id} is ${restore.current.phase}: glitchkeeper restore --undo takes it back first.`);
  return turn(input, enter(current, 'Migrating', now), 'It stays with the next release.');
}

function planImportRequest(input: UpgradeInput, annotation: string): UpgradePlan {
  const { status, status: { current, last, legacyImport }, now } = input;
  if (legacyImport !== undefined && legacyImport.end === undefined) return refuse(input, `An import is under way (${legacyImport.id}).`);
  if (current ? current.phase !== 'Unconfirmed' : last?.result !== 'Confirmed') return refuse(input, 'There are no events of an older release to import: that follows an upgrade.');
  return changed({ ...status, legacyImport: beginImport(annotation, now) }, 'The import is recorded.');
}

function turn({ status, request }: UpgradeInput, next: UpgradeProgress, message: string): UpgradePlan {
  return record(status, { ...next, ...(request === undefined ? {} : { request }) }, message);
}

function planPhase(input: UpgradeInput, current: UpgradeProgress): UpgradePlan {
  const { status, facts, now } = input;
  const failure = failureOf(current, facts);
  if (failure) return planFailure(input, current, failure);
  const underway: UpgradeStepInput = { current, facts, now };
  const step = firstUnmet(CONDITIONS[current.phase].map((condition) => () => condition(underway)));
  if (step.kind === 'act') return doing(status, step.actions[0] as UpgradeAction, `${current.phase}: `);
  if (step.kind === 'met') return planMet(input, current);
  const isLate = now.getTime() - Date.parse(current.since) >= (GIVEN_UP_AFTER[current.phase] ?? Infinity);
  return isLate ? giveUp(status, current, step.why, now) : rest(status, `${current.phase}: ${step.why}.`, LOOKED_AT[current.phase] ?? WHILE_UNDER_WAY);
}

/** Others are looked at while something is under way. */
const LOOKED_AT: Readonly<Partial<Record<UpgradePhase, number>>> = { Waiting: WHILE_HELD_BACK, Ready: WHILE_READY, Unconfirmed: RESTING };
const GIVEN_UP_AFTER: Readonly<Partial<Record<UpgradePhase, number>>> = { Draining: DRAINED_WITHIN, Stopping: STOPPED_WITHIN };

type Condition = (input: UpgradeStepInput) => UpgradeStep;

const gateway = (mode: GatewayMode): Condition => (input) => gatewayStep(input, mode);
const manifestsOf = (side: 'from' | 'to'): Condition => (input) => steps.manifestsStep(input, input.current[side]);

/** Web and worker stay away in all phases in which the database is none of theirs. The migrate Job logs in as they do. */
const AWAY: readonly Condition[] = [lockStep, gateway('holds'), endedStep];

/**
 * What has to hold in each phase, in the order in which it is brought about. While the queue empties the gateway lets go of what it sees
 * stored, for the backup has it; from Stopping on it keeps what no backup has.
 */
const CONDITIONS: Readonly<Record<UpgradePhase, readonly Condition[]>> = {
  Waiting: [manifestsOf('from'), lockStep],
  Draining: [lockStep, gateway('holds without keeping'), manifestsOf('from'), steps.drainedStep],
  Stopping: [...AWAY, stoppedStep],
  Saving: [...AWAY, steps.savingStep],
  Ready: [...AWAY, manifestsOf('to')],
  Migrating: [...AWAY, manifestsOf('to'), steps.namedStep, steps.migratedStep],
  Starting: [lockStep, gateway('holds'), startedStep],
  Proving: [lockStep, gateway('holds'), startedStep, proofStep],
  Unconfirmed: [gateway('keeps'), unlockStep, () => wait('a person looks at it, and says confirm or undo')],
  Cleaning: [lockStep, gateway('gives'), steps.forgottenStep],
  Returning: [steps.forgottenStep, manifestsOf('from'), steps.noMigrationStep, startedStep, gateway('gives')],
  Undoing: [undoingLockStep, steps.undoneStep],
};

/** The restore takes the lock over, and holds the gateway itself. */
function undoingLockStep(input: UpgradeStepInput): UpgradeStep {
  const isRestored = input.facts.restore.current?.wanted.upgrade === input.current.id;
  return isRestored ? { kind: 'met' } : firstUnmet<UpgradeAction>([() => lockStep(input), () => gatewayStep(input, 'holds')]);
}

/** Everything holds: on to the next phase, with what this one has found. */
function planMet({ status, now }: UpgradeInput, current: UpgradeProgress): UpgradePlan {
  const { phase } = current;
  switch (phase) {
    case 'Cleaning': return end(status, current, 'Confirmed', now);
    case 'Undoing': return end(status, current, 'Undone', now);
    case 'Returning': return end(status, current, current.canceled === true ? 'Canceled' : 'Failed', now);
    default: {
      const next = enter(current, FORTH[FORTH.indexOf(phase) + 1] ?? 'Unconfirmed', now);
      return record(status, phase === 'Saving' ? { ...next, copy: copyOfSaving(current) } : next, `${phase} has ended.`);
    }
  }
}

interface Failure {
  readonly why: string;
  /** Another attempt may end otherwise. */
  readonly again: boolean;
}

/** Of the phase's own Job. */
function failureOf(current: UpgradeProgress, facts: UpgradeFacts): Failure | undefined {
  if (current.phase === 'Migrating') return failureOfMigration(current, facts);
  if (current.phase !== 'Saving') return undefined;
  const job = endOfJob(facts.saving);
  return job?.kind === 'failed' ? job : undefined;
}

function failureOfMigration(current: UpgradeProgress, { migration, schema }: UpgradeFacts): Failure | undefined {
  if (migration.kind === 'unseen') return undefined;
  const { kind } = migration.value;
  if (kind === 'failed') return { why: `Job ${migration.value.name} failed: kubectl logs job/${migration.value.name} -c migrate says why`, again: true };
  const isOther = kind === 'done' && schema.kind === 'seen' && schema.value !== current.to;
  return isOther ? { why: `Job ${migration.value.name} has ended, and the database is of GlitchTip ${schema.value ?? 'no release that is known'}`, again: true } : undefined;
}

function planFailure(input: UpgradeInput, current: UpgradeProgress, { why, again }: Failure): UpgradePlan {
  const { status, facts, now } = input;
  const { phase, attempt, since } = current;
  if (phase === 'Saving') return again && attempt < MOST_ATTEMPTS ? record(status, nextAttempt(current, why, now), `${phase} is tried again: ${why}.`) : giveUp(status, current, `${phase}: ${why}`, now);
  if (now.getTime() - Date.parse(since) >= pauseAfter(attempt)) return record(status, nextAttempt(current, why, now), `${phase} is tried again.`);
  const away = firstUnmet(AWAY.map((condition) => () => condition({ current, facts, now })));
  if (away.kind === 'act') return doing(status, away.actions[0] as UpgradeAction, `${phase}: `);
  return rest({ ...status, current: { ...current, why } }, `${phase}: ${why}. It is tried again; undo goes back.`, WHILE_UNDER_WAY);
}

function giveUp(status: UpgradeStatus, current: UpgradeProgress, why: string, now: Date): UpgradePlan {
  return record(status, { ...enter(current, 'Returning', now), why }, `The upgrade is given up: ${why}.`);
}

function end(status: UpgradeStatus, { id, from, to, copy, why }: UpgradeProgress, result: UpgradeEnd['result'], now: Date): UpgradePlan {
  const last: UpgradeEnd = { id, from, to, at: toSeconds(now), result, ...(copy === undefined ? {} : { copy }), ...(why === undefined ? {} : { why }) };
  return changed({ ...status, current: undefined, last }, `The upgrade has ended: ${result}.`);
}

function changed(status: UpgradeStatus, message: string): UpgradePlan {
  return { status, message, requeueAfter: AT_ONCE };
}

function doing(status: UpgradeStatus, action: UpgradeAction, before = ''): UpgradePlan {
  return does(status, action, `${before}${describeUpgradeAction(action)}`);
}
