// `glitchkeeper rotate`: asks the operator for new credentials, and on demand waits until they are in use.
import { ROTATE_ANNOTATION } from '../../operator/api/object-names.js';
import { Failure } from '../failure.js';
import { KIND_NAME, ask, readResource, type Place, type Resource } from '../glitchtip-resource-access.js';
import { followRotation } from '../rotation/follow-rotation.js';
import { describeEnd, type End } from '../rotation/rotation-progress.js';
import { planRequest, type Request, type RequestPlan, type RotateArguments } from '../rotation/request-rotation.js';
import { printPhases, showPhases } from '../rotation/show-rotation.js';
import type { Context, ExitCode } from './command-context.js';

export interface RotateOptions extends RotateArguments {
  readonly wait: boolean;
  /** Seconds. */
  readonly timeout: number;
  readonly yes: boolean;
}

export async function rotate(context: Context, options: RotateOptions): Promise<ExitCode> {
  const { place, output } = context;
  const resource = await readResource(place);
  const plan = planRequest(resource, options);
  if (plan.kind === 'refused') throw new Failure(plan.usage ? 'usage' : 'refused', plan.message);
  if (options.compromised && !(await isMeant(context, resource, options))) return 1;

  if (plan.kind === 'ask') await annotate(place, plan.request, plan.overwrite);
  if (output.json) output.printJson({ state: 'requested', request: plan.request.value, note: plan.note });
  else output.print(sayAsked(plan));
  if (options.wait) return watch(context, plan.request, options.timeout);
  if (!output.json) output.print('"glitchkeeper status" shows how far it is.');
  return 0;
}

function sayAsked({ kind, request, note }: Exclude<RequestPlan, { kind: 'refused' }>): string {
  if (kind === 'asked') return note;
  return `asked for: ${request.value}${note === undefined ? '' : ` (${note})`}`;
}

async function isMeant({ output }: Context, { spec }: Resource, { yes }: RotateOptions): Promise<boolean> {
  if (yes) return true;
  output.say([
    'Every credential is replaced, and the old ones end at once, without a grace:',
    '- everybody is signed out, and links in mails that were sent stop working;',
    `- the administrator's password becomes another one: Secret ${spec.secrets.administrator} has it afterwards;`,
    '- API tokens and DSN keys stay as they are: docs/runbooks/secret-leaked.md says how to replace them.',
  ].join('\n'));
  const answer = await output.agree('Replace everything now?');
  if (answer === undefined) throw new Failure('usage', '--compromised asks before it ends every session, and there is no terminal to ask on: pass --yes');
  if (!answer) output.say('nothing was changed');
  return answer;
}

/** Without --overwrite kubectl refuses when somebody else asked since the resource was read. */
async function annotate(place: Place, { value }: Request, overwrite: boolean): Promise<void> {
  await ask(place, 'annotate', `${KIND_NAME}/${place.name}`, `${ROTATE_ANNOTATION}=${value}`, ...(overwrite ? ['--overwrite'] : []));
}

async function watch({ place, output }: Context, request: Request, timeout: number): Promise<ExitCode> {
  const started = Date.now();
  const polls = followRotation(request, () => readResource(place), timeout);
  const end = output.json ? await printPhases(polls, output) : await showPhases(polls);
  const seconds = Math.round((Date.now() - started) / 1000);
  if (output.json) output.printJson(finalLine(end, seconds));
  else output.print(`${output.paint(end.kind === 'completed' ? 'green' : 'red', describeEnd(end))} (after ${seconds} s)`);
  return end.kind === 'completed' ? 0 : 1;
}

function finalLine({ kind, ...rest }: End, seconds: number): object {
  return { state: kind, ...rest, seconds };
}
