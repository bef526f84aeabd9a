// The first phase of a move: projects and keys are imported, each old DSN gets the project and the key that it means here. Pure.
import type { MoveProgress } from '../../api/move-fields.js';
import { canonical } from '../canonical-json.js';
import { firstUnmet, MET, act, wait, type Step } from '../rotation/protocol.js';
import { toSeconds } from '../timestamps.js';
import { without } from '../without.js';
import { fillIn, pairsOf } from './dsn-table.js';
import { importJobName, wantsImport } from './import-job.js';
import type { ImportEnd, MoveAction } from './move-facts.js';
import { doing, end, enter, record, rest, type MovePlan, type UnderWay } from './next-step.js';

/** Milliseconds. */
const WHILE_IMPORTING = 2_000;
/** Of an import whose server, or whose pod, was away. */
export const MOST_ATTEMPTS = 3;

export function planImporting(input: UnderWay): MovePlan {
  const { status, current, facts } = input;
  const wantsJob = wantsImport(current);
  const job = wantsJob && facts.job.kind === 'seen' && facts.job.value.kind === 'ended' ? facts.job.value.end : undefined;
  if (job) return planEnded(input, job);
  const step = firstUnmet<MoveAction>(wantsJob ? [() => lockStep(input), () => jobStep(input)] : [() => unlockStep(input), () => tableStep(input)]);
  if (step.kind === 'act') return doing(status, step.actions[0] as MoveAction);
  if (step.kind === 'wait') return rest(status, step.why, WHILE_IMPORTING);
  return planServed(input);
}

function planEnded({ status, current, now }: UnderWay, job: ImportEnd): MovePlan {
  if (job.kind === 'done') return record(status, { ...without(current, 'why', 'waitsFor'), importedAt: toSeconds(now) }, job.summary);
  if (!job.again || current.attempt >= MOST_ATTEMPTS) return end(status, { current, result: 'Failed', why: job.why, now });
  const next: MoveProgress = { ...without(current, 'waitsFor'), attempt: current.attempt + 1, since: toSeconds(now), why: job.why };
  return record(status, next, `The import is tried again: ${job.why}.`);
}

function lockStep({ facts: { lock } }: UnderWay): Step<MoveAction> {
  if (lock.kind === 'ours') return MET;
  return lock.kind === 'free' ? act<MoveAction>({ kind: 'take lock' }) : wait(lock.why);
}

function unlockStep({ facts: { lock } }: UnderWay): Step<MoveAction> {
  return lock.kind === 'ours' ? act<MoveAction>({ kind: 'release lock' }) : MET;
}

function jobStep({ facts: { job, noJob }, current }: UnderWay): Step<MoveAction> {
  const name = importJobName(current);
  if (job.kind === 'unseen') return wait(job.why);
  if (job.value.kind === 'running') return wait(`Job ${name} runs`);
  return noJob === undefined ? act<MoveAction>({ kind: 'create job', name }) : wait(noJob);
}

/** Filled in before events are given by it: whoever looks into the Secret sees old and new side by side. */
function tableStep({ facts: { table, projects } }: UnderWay): Step<MoveAction> {
  if (table.kind === 'unseen') return wait(table.why);
  if (projects.kind === 'unseen') return wait(projects.why);
  const rows = fillIn(table.value, projects.value);
  return canonical(rows) === canonical(table.value) ? MET : act<MoveAction>({ kind: 'write table', rows });
}

function planServed({ status, current, facts: { table }, now }: UnderWay): MovePlan {
  const rows = table.kind === 'seen' ? table.value : [];
  const served = pairsOf(rows).length;
  if (served === 0) return end(status, { current, result: 'Failed', why: `none of the ${rows.length} old DSNs has a project here: import them, or name project and key in the table`, now });
  return record(status, { ...enter(current, 'Parallel', now), dsns: { known: rows.length, served } }, 'Importing has ended.');
}
