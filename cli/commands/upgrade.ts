// `glitchkeeper upgrade`: has the operator lead to the next release, says what that means before it asks for it, applies its manifests when they are due; confirms it, or takes it back.
import { UPGRADE_ANNOTATION } from '../../operator/api/object-names.js';
import { isAgreed } from '../agreement.js';
import { Failure } from '../failure.js';
import { readResource, type Resource } from '../glitchtip-resource-access.js';
import { printPhases, showPhaseLines } from '../live/phase-lines.js';
import { askWithIdentity, readIdentity } from '../restore/identity.js';
import { followUpgrade } from '../upgrade/follow-upgrade.js';
import { checkManifests } from '../upgrade/manifests.js';
import { planRequest, wishOf, type Request, type RequestPlan, type UpgradeArguments, type Wish } from '../upgrade/request-upgrade.js';
import { isEnd, isPast, phasesOf, type End } from '../upgrade/upgrade-progress.js';
import { describeEnd, describeProspect, describeTurn, upgradeLines } from '../upgrade/upgrade-text.js';
import type { Context, ExitCode } from './command-context.js';

export interface UpgradeOptions extends UpgradeArguments {
  /** Folder of the manifests that are applied when the upgrade waits for them. */
  readonly manifests: string;
  /** False: a person applies them. */
  readonly apply: boolean;
  /** Seconds. */
  readonly timeout: number;
  readonly yes: boolean;
  /** Resolves on Ctrl-C. */
  readonly until: () => Promise<void>;
}

type Asked = Exclude<Wish, { kind: 'show' | 'not understood' }>;

export async function upgrade(context: Context, options: UpgradeOptions): Promise<ExitCode> {
  const wish = wishOf(options);
  if (wish.kind === 'not understood') throw new Failure('usage', wish.message);
  const resource = await readResource(context.place);
  if (wish.kind === 'show') return show(context, resource);
  const plan = planRequest(resource, wish);
  if (plan.kind === 'refused') throw new Failure('refused', plan.message);
  const folder = needsManifests(resource, wish) ? folderOf(plan.request, options) : undefined;
  if (plan.kind === 'ask') {
    const identity = options.identityFile === undefined ? undefined : await readIdentity(options.identityFile);
    if (!(await isMeant(context, { resource, wish, folder, options }))) return 1;
    await request(context, plan, identity);
  }
  return followToEnd(context, plan.request, folder, options);
}

/** Looked at before anything is stopped for it. */
function folderOf({ manifestsOf }: Request, { apply, manifests }: UpgradeOptions): string | undefined {
  if (!apply || manifestsOf === undefined) return undefined;
  checkManifests(manifests, manifestsOf);
  return manifests;
}

/** Those of an upgrade whose migration has not begun are the ones that run already, and go on after Ready only where nobody has applied them. */
function needsManifests({ status: { upgrade: { current } = {} } }: Resource, { kind }: Asked): boolean {
  if (kind === 'begin') return true;
  if (kind === 'undo') return current?.copy !== undefined && current.phase !== 'Ready';
  return kind === 'follow' && (current?.phase === 'Ready' || current?.phase === 'Undoing');
}

function show({ output }: Context, { name, namespace, status: { upgrade: known = {} } }: Resource): ExitCode {
  const lines = upgradeLines(known, new Date(), output.paint);
  if (output.json) output.printJson({ name, namespace, ...known });
  else output.print(lines.length === 0 ? 'there was no upgrade here: glitchkeeper upgrade VERSION' : lines.join('\n'));
  if (known.current !== undefined) return 2;
  return known.last?.result === 'Failed' ? 1 : 0;
}

async function isMeant({ output }: Context, { resource, wish, folder, options }: { readonly resource: Resource; readonly wish: Asked; readonly folder: string | undefined; readonly options: UpgradeOptions }): Promise<boolean> {
  if (wish.kind === 'follow') return true;
  const manifests = folder === undefined ? 'yours to apply, when it says Ready: kubectl apply -f dist/' : `those in ${folder}/ are applied by this program, once the backup was restored and found good`;
  const text = wish.kind === 'begin' ? describeProspect(resource, wish.version, manifests, new Date()) : describeTurn(wish.kind, resource.status.upgrade?.current);
  return isAgreed(output, { text, question: wish.kind === 'begin' ? `Upgrade to ${wish.version} now?` : 'Shall it be so?', yes: options.yes });
}

async function request({ place, output }: Context, { request: { value } }: Extract<RequestPlan, { kind: 'ask' }>, identity: string | undefined): Promise<void> {
  await askWithIdentity(place, `${UPGRADE_ANNOTATION}=${value}`, identity);
  if (output.json) output.printJson({ state: 'requested', request: value });
  else output.say(`asked the operator: ${value}`);
}

async function followToEnd({ place, output }: Context, followed: Request, folder: string | undefined, { timeout, until }: UpgradeOptions): Promise<ExitCode> {
  const started = Date.now();
  const polls = followUpgrade(place, { request: followed, folder, timeout, until: until() });
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
  switch (end.kind) {
    case 'unconfirmed': return 0;
    case 'imported': return end.run.end?.result === 'Imported' ? 0 : 1;
    case 'refused': return 1;
    case 'ended': return isSo(kind, end.run.result) ? 0 : 1;
    default: return 2;
  }
}

function isSo(kind: Request['kind'], result: Extract<End, { kind: 'ended' }>['run']['result']): boolean {
  if (kind === 'undo') return result === 'Undone' || result === 'Canceled';
  return kind === 'confirm' || kind === 'begin' ? result === 'Confirmed' : result !== 'Failed';
}
