// The conditions of an upgrade's phases: each is met, or says what brings it about, or what is waited for. Pure.
import { upgradeStep } from '../../api/object-names.js';
import type { UpgradeProgress } from '../../api/upgrade-fields.js';
import { endedStep, seenStep, stoppedStep } from '../operations/away-steps.js';
import { copyOfSaving } from '../restore/restore-names.js';
import { MET, act, firstUnmet, wait, type Step } from '../rotation/protocol.js';
import type { UpgradeAction, UpgradeFacts } from './upgrade-facts.js';
import { migrateJobName, restoreRequest } from './upgrade-names.js';

export interface UpgradeStepInput {
  readonly current: UpgradeProgress;
  readonly facts: UpgradeFacts;
  readonly now: Date;
}
export type UpgradeStep = Step<UpgradeAction>;

/** Pods of another release wait, and neither store nor migrate. */
export function manifestsStep({ facts: { running } }: UpgradeStepInput, wanted: string): UpgradeStep {
  return running === wanted ? MET : wait(`the manifests of ${wanted} are to be applied (version: "${wanted}" in settings.yaml, npm run synth, kubectl apply -f dist/): those of ${running} are`);
}

/** The next release never looks into the queue of this one. */
export function drainedStep({ facts: { gateway, parts, queue } }: UpgradeStepInput): UpgradeStep {
  const silent = (): UpgradeStep => {
    if (gateway !== undefined) return seenStep(gateway, ({ underWay }): UpgradeStep => (underWay === 0 ? MET : wait(`${underWay} events are under way to GlitchTip`)));
    return seenStep(parts, ({ web }): UpgradeStep => (web.wanted !== 0 ? act({ kind: 'stop web' }) : web.pods === 0 ? MET : wait('web has not ended')));
  };
  const nobody = parts.kind === 'seen' && parts.value.worker.wanted === 0 ? ', and the worker is scaled to nothing: scale it up, or they stay there' : '';
  const empty = (): UpgradeStep => seenStep(queue, (tasks): UpgradeStep => (tasks === 0 ? MET : wait(`${tasks} tasks are in the queue, or in the worker's hand${nobody}`)));
  return gateway === undefined ? firstUnmet([silent, empty]) : firstUnmet([empty, silent]);
}

/** The Job is made from what the manifests of the old release say: its copy is named after that release, and restored by it. */
export function savingStep(input: UpgradeStepInput): UpgradeStep {
  const { current, facts: { saving } } = input;
  return seenStep(saving, (job): UpgradeStep => {
    if (job.kind === 'absent') return firstUnmet([() => manifestsStep(input, current.from), () => act({ kind: 'save', copy: copyOfSaving(current) })]);
    return job.kind === 'running' ? wait(`the backup ${copyOfSaving(current)} is made, and restored`) : MET;
  });
}

export function namedStep({ current: { from, to }, facts: { step } }: UpgradeStepInput): UpgradeStep {
  const wanted = upgradeStep(from, to);
  return seenStep(step, (named): UpgradeStep => (named === wanted ? MET : act({ kind: 'name step', step: wanted })));
}

export function forgottenStep({ facts: { step } }: UpgradeStepInput): UpgradeStep {
  return seenStep(step, (named): UpgradeStep => (named === undefined ? MET : act({ kind: 'forget step' })));
}

/** The Job of the manifests, which has waited for the step to be named; how it ended is looked at by the plan. */
export function migratedStep({ current, facts: { migration, schema } }: UpgradeStepInput): UpgradeStep {
  return seenStep(migration, (job): UpgradeStep => {
    if (job.kind === 'none') return act({ kind: 'migrate', name: migrateJobName(current) });
    if (job.kind === 'running') return wait(`Job ${job.name} ${job.why === undefined ? 'migrates' : `cannot start (${job.why})`}`);
    return seenStep(schema, (found): UpgradeStep => (found === current.to ? MET : wait(`the database is of GlitchTip ${found ?? 'no release that is known'}`)));
  });
}

/** It waits for a step that nobody names any more, and holds up others; or it works, and would find what is restored. */
export function noMigrationStep({ facts: { migration } }: UpgradeStepInput): UpgradeStep {
  return seenStep(migration, (job): UpgradeStep => (job.kind === 'running' ? act({ kind: 'end migration', name: job.name }) : MET));
}

/** The copy is restored with the manifests of its own release; until then web and worker stay away from what is live. */
export function undoneStep(input: UpgradeStepInput): UpgradeStep {
  const { current, facts: { restore } } = input;
  if (restore.current?.wanted.upgrade === current.id) return restore.current.phase === 'Unconfirmed' ? MET : wait(`restore ${restore.current.id} of copy ${current.copy ?? ''} is ${restore.current.phase}`);
  return outcomeOf(input) ?? firstUnmet([
    () => endedStep(input), () => manifestsStep(input, current.from), () => forgottenStep(input), () => noMigrationStep(input), () => stoppedStep(input),
    () => act({ kind: 'ask for restore', request: restoreRequest(current) }),
  ]);
}

/** What became of the restore that this attempt has asked for; undefined: it has asked for none. */
function outcomeOf({ current: { id, since, to }, facts: { restore: { last, refused } } }: UpgradeStepInput): UpgradeStep | undefined {
  const isNew = (at: string) => Date.parse(at) >= Date.parse(since);
  if (last?.upgrade === id && isNew(last.at)) return last.result === 'Confirmed' ? MET : wait(`restore ${last.id} came to nothing (${last.why ?? 'it was taken back'}): undo tries once more, stay goes back to ${to}`);
  if (refused?.request.includes(id) === true && isNew(refused.at)) return wait(`the restore was refused (${refused.why}): undo tries once more, stay goes back to ${to}`);
  return undefined;
}
