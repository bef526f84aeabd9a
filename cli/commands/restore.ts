// `glitchkeeper restore`: brings a copy back, says what that means before it asks for it, and follows it; confirms it, or takes it back.
import { RESTORE_ANNOTATION } from '../../operator/api/object-names.js';
import { isAgreed } from '../agreement.js';
import { Failure } from '../failure.js';
import { readResource, type Resource } from '../glitchtip-resource-access.js';
import { printPhases, showPhaseLines } from '../live/phase-lines.js';
import { followRestore, untilLeft } from '../restore/follow-restore.js';
import { askWithIdentity, readIdentity } from '../restore/identity.js';
import { planRequest, wishOf, type Request, type RequestPlan, type RestoreArguments, type Wish } from '../restore/request-restore.js';
import { isEnd, isPast, phasesOf, type End } from '../restore/restore-progress.js';
import { describeEnd, describeProspect, describeTurn, restoreLines } from '../restore/restore-text.js';
import type { Context, ExitCode } from './command-context.js';

export interface RestoreOptions extends RestoreArguments {
  /** Seconds. */
  readonly timeout: number;
  readonly yes: boolean;
  /** Resolves on Ctrl-C. */
  readonly until: () => Promise<void>;
}

type Asked = Exclude<Wish, { kind: 'show' | 'not understood' }>;

export async function restore(context: Context, options: RestoreOptions): Promise<ExitCode> {
  const wish = wishOf(options);
  if (wish.kind === 'not understood') throw new Failure('usage', wish.message);
  const resource = await readResource(context.place);
  if (wish.kind === 'show') return show(context, resource);
  const plan = planRequest(resource, wish, options.identityFile !== undefined);
  if (plan.kind === 'refused') throw new Failure(plan.usage === true ? 'usage' : 'refused', plan.message);
  if (plan.kind === 'ask') {
    // Before anybody is asked: a file that is none should not be found out afterwards.
    const identity = options.identityFile === undefined ? undefined : await readIdentity(options.identityFile);
    if (!(await isMeant(context, { resource, wish, yes: options.yes }))) return 1;
    await request(context, plan, identity);
  }
  return followToEnd(context, plan.request, options);
}

function show({ output }: Context, { name, namespace, status: { restore: known = {} } }: Resource): ExitCode {
  const lines = restoreLines(known, new Date(), output.paint);
  if (output.json) output.printJson({ name, namespace, ...known });
  else output.print(lines.length === 0 ? 'nothing was ever restored here; glitchkeeper backups lists the copies' : lines.join('\n'));
  if (known.current !== undefined) return 2;
  return known.last?.result === 'Failed' ? 1 : 0;
}

async function isMeant({ output }: Context, { resource, wish, yes }: { readonly resource: Resource; readonly wish: Asked; readonly yes: boolean }): Promise<boolean> {
  if (wish.kind === 'follow') return true;
  const text = wish.kind === 'begin' ? describeProspect(resource, wish.wanted, new Date()) : describeTurn(wish.kind, resource);
  return isAgreed(output, { text, question: wish.kind === 'begin' ? 'Restore it now?' : `Shall it be ${wish.kind === 'confirm' ? 'confirmed' : 'undone'}?`, yes });
}

async function request({ place, output }: Context, { request: { value } }: Extract<RequestPlan, { kind: 'ask' }>, identity: string | undefined): Promise<void> {
  await askWithIdentity(place, `${RESTORE_ANNOTATION}=${value}`, identity);
  if (output.json) output.printJson({ state: 'requested', request: value });
  else output.say(`asked the operator: ${value}`);
}

async function followToEnd({ place, output }: Context, followed: Request, { timeout, until }: RestoreOptions): Promise<ExitCode> {
  const started = Date.now();
  const polls = untilLeft(followRestore(place, followed, timeout), until());
  const end = output.json ? await printPhases(polls, isEnd, output) : await showPhaseLines(polls, { isEnd, phasesOf: (progress) => phasesOf(followed, progress), isPast });
  const waited = Math.round((Date.now() - started) / 1000);
  if (output.json) {
    const { kind, ...rest } = end;
    output.printJson({ state: kind, ...rest, waitedSeconds: waited });
  } else output.print(`${describeEnd(end, output.paint)}\n(after ${waited} s)`);
  return codeOf(followed, end);
}

/** Whether what was asked for is so now; what could not be found out is neither. */
function codeOf({ kind }: Request, end: End): ExitCode {
  if (end.kind === 'unconfirmed') return 0;
  if (end.kind === 'refused') return 1;
  if (end.kind !== 'ended') return 2;
  const { result } = end.run;
  const isSo = kind === 'begin' ? result === 'Confirmed' : kind === 'undo' ? result !== 'Failed' && result !== 'Confirmed' : result !== 'Failed';
  return isSo ? 0 : 1;
}
