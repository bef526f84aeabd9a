// The conditions of a restore's phases: each is met, or says what brings it about, or what is waited for. Pure.
import type { RestoreProgress } from '../../api/restore-fields.js';
import type { Seen } from '../seen.js';
import { gatewayStep as setGatewayStep, seenStep, type GatewayMode } from '../operations/away-steps.js';
import { MET, act, wait, type Step } from '../rotation/protocol.js';
import type { RestoreAction, RestoreDatabase, RestoreFacts } from './restore-facts.js';
import { databaseNames, jobOfPhase, type DatabaseNames } from './restore-names.js';

export interface RestoreStepInput {
  /** Name of the live database. */
  readonly database: string;
  readonly current: RestoreProgress;
  readonly facts: RestoreFacts;
  readonly now: Date;
}
export type RestoreStep = Step<RestoreAction>;

/** What is under way to GlitchTip is let come to its end for so long; whatever is not stored by then is given again. Milliseconds. */
const DRAINED_WITHIN = 120_000;

function seen<T>(fact: Seen<T>, judge: (value: T) => RestoreStep): RestoreStep {
  return seenStep(fact, judge);
}

/** A person's own hold is a person's to end. */
export function gatewayStep({ facts }: RestoreStepInput, mode: GatewayMode): RestoreStep {
  const isAnothers = mode === 'gives' && facts.gateway?.kind === 'seen' && facts.gateway.value.mode === 'holds without keeping';
  return isAnothers ? MET : setGatewayStep({ facts }, mode);
}

/** While web and worker still work. */
export function drainedStep({ facts: { gateway, parts }, current, now }: RestoreStepInput): RestoreStep {
  if (gateway === undefined || now.getTime() - Date.parse(current.since) >= DRAINED_WITHIN) return MET;
  return seen(parts, ({ web, worker }) => {
    if (web.pods === 0 || worker.pods === 0) return MET;
    return seen(gateway, ({ underWay }) => (underWay === 0 ? MET : wait(`${underWay} events are under way to GlitchTip`)));
  });
}

/** Made if it is absent; how it ended is looked at by the plan. */
export function jobStep({ facts, current }: RestoreStepInput): RestoreStep {
  const job = jobOfPhase(current);
  if (job === undefined) return MET;
  return seen(facts.job, (found) => {
    if (found.kind === 'absent') return act({ kind: 'create job', job: job.kind, name: job.name });
    return found.kind === 'running' ? wait(`Job ${job.name} runs`) : MET;
  });
}

export function loginStep({ facts: { restoreLogin } }: RestoreStepInput, wanted: 'open' | 'closed'): RestoreStep {
  return seen(restoreLogin, (found) => (found === wanted ? MET : act({ kind: wanted === 'open' ? 'open restore login' : 'close restore login' })));
}

/** Empty, and of this attempt: into what an attempt before left half full nothing is ever restored. That it is there is recorded by the plan. */
export function newDatabaseStep(input: RestoreStepInput): RestoreStep {
  const { restored: name } = namesOf(input);
  return seen(input.facts.databases, (databases) => {
    const found = databases.find((each) => each.name === name);
    if (found === undefined) return act({ kind: 'create database', name });
    const { restored, attempt } = input.current;
    return restored?.oid === found.oid && restored.attempt < attempt ? act({ kind: 'drop database', name, oid: found.oid }) : MET;
  });
}

/**
 * Names are exchanged by renaming, one database at a time, and by their OIDs it is seen how far that is. Both are closed meanwhile: a
 * database that somebody is connected to cannot be renamed.
 */
export function swapStep(input: RestoreStepInput): RestoreStep {
  const { direction, before, restored } = input.current;
  const names = namesOf(input);
  const [live, left] = direction === 'forth' ? [restored?.oid, before] : [before, restored?.oid];
  const wanted = new Map<number | undefined, string>([[left, direction === 'forth' ? names.before : names.restored], [live, names.live]]);
  return seen(input.facts.databases, (databases) => {
    if (databases.every(({ oid }) => oid !== live)) return wait(`the database that is to be ${names.live} is gone: nothing is renamed any more`);
    return renameStep(databases, wanted) ?? openStep(databases, names.live);
  });
}

function renameStep(databases: readonly RestoreDatabase[], wanted: ReadonlyMap<number | undefined, string>): RestoreStep | undefined {
  const wrong = databases.filter(({ oid, name }) => wanted.has(oid) && wanted.get(oid) !== name);
  const open = wrong.find(({ isOpen }) => isOpen);
  if (open) return act({ kind: 'close database', name: open.name, oid: open.oid });
  const taken = (name: string) => databases.find((each) => each.name === name);
  for (const { name, oid } of wrong) {
    const to = wanted.get(oid) as string;
    if (taken(to) === undefined) return act({ kind: 'rename database', name, oid, to });
  }
  const [first] = wrong;
  return first && wait(`there is a database ${wanted.get(first.oid) ?? ''} that this restore does not know: it goes on when that one has another name`);
}

function openStep(databases: readonly RestoreDatabase[], live: string): RestoreStep {
  const found = databases.find(({ name }) => name === live);
  return found && !found.isOpen ? act({ kind: 'open database', name: live, oid: found.oid }) : MET;
}

/** Sessions that a copy brings back may have been ended since, as for a leak; passwords are today's. */
export function credentialsStep({ facts: { storedSessions, isAdministratorRight } }: RestoreStepInput): RestoreStep {
  return seen(storedSessions, (count) => {
    if (count > 0) return act({ kind: 'end stored sessions' });
    return seen(isAdministratorRight, (isRight) => (isRight ? MET : act({ kind: 'set administrator password' })));
  });
}

/** Of the two, the one that is not live. */
export function leftDatabaseStep(input: RestoreStepInput): RestoreStep {
  const { direction, before, restored } = input.current;
  const names = namesOf(input);
  return direction === 'forth' ? goneStep(input, names.before, before) : goneStep(input, names.restored, restored?.oid);
}

/** Nothing was swapped: the new one alone goes, whether it was recorded or not. */
export function newDatabaseGoneStep(input: RestoreStepInput): RestoreStep {
  const { restored: name } = namesOf(input);
  return seen(input.facts.databases, (databases) => goneStep(input, name, databases.find((each) => each.name === name)?.oid));
}

function goneStep({ facts: { databases } }: RestoreStepInput, name: string, oid: number | undefined): RestoreStep {
  return seen(databases, (all) => {
    const left = all.find((each) => each.name === name && each.oid === oid);
    return left ? act({ kind: 'drop database', name, oid: left.oid }) : MET;
  });
}

/** Before anything changed its name it still is the one that was live. */
export function reopenStep(input: RestoreStepInput): RestoreStep {
  return seen(input.facts.databases, (databases) => openStep(databases, input.database));
}

export function namesOf({ database, current }: RestoreStepInput): DatabaseNames {
  return databaseNames(database, current);
}
