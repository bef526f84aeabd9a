// `glitchkeeper rehearse`: has the operator try a release's migrations on a copy, follows it, and shows what they took; without a release, how the last one went.
import { REHEARSAL_ANNOTATION } from '../../operator/api/object-names.js';
import { Failure } from '../failure.js';
import { readResource, type Resource } from '../glitchtip-resource-access.js';
import { followRehearsal, printSteps, showSteps } from '../rehearsal/follow-rehearsal.js';
import { rehearsalLines, renderRehearsal } from '../rehearsal/rehearsal-text.js';
import type { End } from '../rehearsal/rehearsal-progress.js';
import { planRequest } from '../rehearsal/request-rehearsal.js';
import { askWithIdentity, readIdentity } from '../restore/identity.js';
import type { Context, ExitCode } from './command-context.js';

export interface RehearseOptions {
  readonly version?: string;
  readonly identityFile?: string;
  /** Seconds. */
  readonly timeout: number;
}

export async function rehearse(context: Context, { version, identityFile, timeout }: RehearseOptions): Promise<ExitCode> {
  const { place, output } = context;
  const resource = await readResource(place);
  if (version === undefined) return show(context, resource);
  const plan = planRequest(resource, version, identityFile !== undefined);
  if (plan.kind === 'refused') throw new Failure('refused', plan.message);
  if (plan.kind === 'ask') await askWithIdentity(place, `${REHEARSAL_ANNOTATION}=${plan.request.version}`, identityFile === undefined ? undefined : await readIdentity(identityFile));
  if (output.json) output.printJson({ state: plan.kind === 'ask' ? 'requested' : 'followed', note: plan.note });
  else output.say(plan.note);
  const started = Date.now();
  const polls = followRehearsal(place, plan.request, timeout);
  const end = output.json ? await printSteps(polls, output) : await showSteps(polls);
  tell(context, end, Math.round((Date.now() - started) / 1000));
  return codeOf(end);
}

function show({ output }: Context, { name, namespace, status: { rehearsal: known = {} } }: Resource): ExitCode {
  const lines = rehearsalLines(known, new Date(), output.paint);
  if (output.json) output.printJson({ name, namespace, ...known });
  else output.print(lines.length === 0 ? 'nothing was ever rehearsed here: glitchkeeper rehearse VERSION' : lines.join('\n'));
  if (known.current !== undefined) return 2;
  return known.last?.result === 'Failed' || known.check?.result === 'Failed' ? 1 : 0;
}

function tell({ output }: Context, end: End, waited: number): void {
  const { kind, ...rest } = end;
  if (output.json) output.printJson({ state: kind, ...rest, waitedSeconds: waited });
  else if (end.kind === 'ended') output.print(`${renderRehearsal(end.run, new Date(), output.paint)}\n(after ${waited} s)`);
  else output.print(`${output.paint('red', end.message)} (after ${waited} s)`);
}

/** What could not be found out is neither good nor bad. */
function codeOf(end: End): ExitCode {
  if (end.kind === 'ended') return end.run.result === 'Passed' ? 0 : 1;
  return end.kind === 'refused' ? 1 : 2;
}
