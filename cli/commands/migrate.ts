// `glitchkeeper migrate`: this GlitchTip takes the place of an old Sentry in phases, each of which has a way back.
import { MOVE_ANNOTATION } from '../../operator/api/object-names.js';
import { encodeDsnTable, isRenamed, pairsOf, type OldDsn } from '../../operator/core/move/dsn-table.js';
import { isAgreed } from '../agreement.js';
import { Failure } from '../failure.js';
import { KIND_NAME, ask, readResource, type Place, type Resource } from '../glitchtip-resource-access.js';
import { follow } from '../live/follow.js';
import { openCursor, phaseLine, printStates, showLines } from '../live/phase-lines.js';
import { readComparison, readGatewayMove, type GatewayMove } from '../migrate/gateway-move.js';
import { isStopped, judgeOld, rowsOf } from '../migrate/judge-old.js';
import { readDomain, withNewDsns, type BothDsns } from '../migrate/new-dsn.js';
import { isEnd, judgeProgress, phasesOf, type End, type Progress } from '../migrate/move-progress.js';
import { describeStart, describeStep, describeTurn, describeVerdict, judgeComparison, moveLines, renderComparison, renderFindings } from '../migrate/move-text.js';
import { readOrganization, readProjects, type OldAccess } from '../migrate/old-server.js';
import { NO_MOVE, planStart, planTurn, type MovePlan, type MoveRequest, type Turn } from '../migrate/request-move.js';
import { merged, readTable, readToken, writeTable } from '../migrate/table-secret.js';
import type { Output } from '../output.js';
import type { Context, ExitCode } from './command-context.js';

/** How long a step is waited for, and whether it is asked first. */
export interface StepOptions {
  /** Seconds. */
  readonly timeout: number;
  readonly yes: boolean;
}

export interface StartOptions extends StepOptions {
  readonly tokenFile?: string;
  /** False: projects and keys are here already. */
  readonly import: boolean;
}

export async function migratePlan({ place, output }: Context, { tokenFile }: { readonly tokenFile: string }): Promise<ExitCode> {
  const access = await accessOf(await readResource(place), tokenFile);
  const old = await readOrganization(access);
  const findings = judgeOld(old);
  if (output.json) output.printJson({ from: access.url, organization: access.organization, findings, usage: old.usage, sdks: old.sdks, dsns: rowsOf(old.projects, access.organization).length });
  else output.print(renderFindings(findings, output.paint));
  return isStopped(findings) ? 1 : 0;
}

async function accessOf({ spec: { move } }: Resource, tokenFile: string): Promise<OldAccess> {
  if (move === undefined) throw new Failure('refused', NO_MOVE);
  return { url: move.from.replace(/\/+$/, ''), organization: move.organization, token: await readToken(tokenFile) };
}

/** The old DSNs are saved before anything else changes. */
export async function migrateStart(context: Context, { tokenFile, import: imports, ...options }: StartOptions): Promise<ExitCode> {
  const { place, output } = context;
  const resource = await readResource(place);
  const plan = planStart(resource, imports);
  const { move } = resource.spec;
  if (plan.kind === 'refused' || move === undefined) throw new Failure('refused', plan.kind === 'refused' ? plan.message : NO_MOVE);
  const [access, before] = [tokenFile === undefined ? undefined : await accessOf(resource, tokenFile), await readTable(place)];
  const rows = await rowsToSave(access, before?.rows ?? []);
  if (!(await isAgreed(output, { text: describeStart(move, { dsns: rows.length, imports }), question: 'Start it now?', yes: options.yes }))) return 1;
  await writeTable(place, { rows, token: access?.token, before: before?.secret });
  return request(context, plan, options);
}

/** @param access undefined: nobody asks the old server */
async function rowsToSave(access: OldAccess | undefined, known: readonly OldDsn[]): Promise<readonly OldDsn[]> {
  const rows = merged(known, access ? rowsOf(await readProjects(access), access.organization) : []);
  if (rows.length > 0) return rows;
  throw new Failure('usage', 'there is no old DSN: pass --token-file with a token of the old server, which lists them, or make Secret glitchtip-move by hand (docs/runbooks/migrate-from-sentry.md)');
}

export async function migrateTurn(context: Context, turn: Turn, options: StepOptions): Promise<ExitCode> {
  const plan = planTurn(await readResource(context.place), turn);
  if (plan.kind === 'refused') throw new Failure('refused', plan.message);
  // Whoever goes back is in a hurry, and it harms nothing.
  if (turn !== 'rollback' && !(await isAgreed(context.output, { text: describeTurn(turn, await countOthers(context, turn)), question: 'Shall it be so?', yes: options.yes }))) return 1;
  return request(context, plan, options);
}

/** Of the table, where it can be read. */
async function countOthers({ place }: Context, turn: Turn): Promise<number> {
  if (turn !== 'finish') return 0;
  const table = await readTable(place).catch(() => undefined);
  return (table?.rows ?? []).filter(isRenamed).length;
}

async function request({ place, output }: Context, { request: wanted }: Extract<MovePlan, { kind: 'ask' }>, { timeout }: StepOptions): Promise<ExitCode> {
  const started = Date.now();
  // Without --overwrite kubectl refuses when somebody else asked since the resource was read.
  await ask(place, 'annotate', `${KIND_NAME}/${place.name}`, `${MOVE_ANNOTATION}=${wanted.value}`);
  if (output.json) output.printJson({ state: 'requested', request: wanted.value });
  const polls = followMove(place, wanted, timeout);
  const end = output.json ? await printStates(polls, isEnd, { describe: stateOf, output }) : await showPhases(wanted, polls);
  const waited = Math.round((Date.now() - started) / 100) / 10;
  if (output.json) output.printJson({ ...end, state: end.kind, kind: undefined, waitedSeconds: waited });
  else output.print(`${describeStep(end, output.paint)}\n(after ${waited} s)`);
  return codeOf(wanted, end);
}

function followMove(place: Place, wanted: MoveRequest, timeout: number): AsyncGenerator<Progress, void> {
  return follow<Resource, Progress>({
    read: () => readResource(place), judge: (resource) => judgeProgress(wanted, resource), first: { kind: 'queued', message: 'nothing seen yet' }, isEnd, timeout,
    timedOut: (last) => ({ kind: 'timed out', message: last.kind === 'phase' ? `${last.phase}, ${last.message}` : last.message }),
  });
}

function stateOf(progress: Progress): { readonly state: string; readonly message: string } {
  return { state: progress.kind === 'phase' ? progress.phase : progress.kind, message: progress.message };
}

async function showPhases(wanted: MoveRequest, polls: AsyncGenerator<Progress, void>): Promise<End> {
  const cursor = await openCursor(polls);
  const phases = phasesOf(wanted);
  const isPast = (at: Progress, phase: string) => (at.kind === 'phase' || at.kind === 'in force') && (at.kind === 'in force' || phases.indexOf(at.phase) > phases.findIndex((each) => each === phase));
  for (;;) {
    if (isEnd(cursor.progress)) return cursor.progress;
    await showLines(phases.map((phase) => phaseLine({ title: phase, isPast: (at) => isPast(at, phase), hasTurned: (at) => isEnd(at) && at.kind !== 'in force' }, cursor)), { exitOnError: true });
  }
}

/** Whether what was asked for is so now; what could not be found out is neither. */
function codeOf({ kind }: MoveRequest, end: End): ExitCode {
  if (end.kind === 'in force') return 0;
  if (end.kind === 'ended') return end.result === 'Canceled' && kind === 'rollback' ? 0 : 1;
  return end.kind === 'refused' ? 1 : 2;
}

export async function migrateStatus({ place, output }: Context): Promise<ExitCode> {
  const { name, namespace, spec, status: { move = {}, conditions = [] } } = await readResource(place);
  const condition = conditions.find(({ type }) => type === 'MoveHealthy');
  const gateway = move.current === undefined || !spec.gateway ? undefined : await readGatewayMove(place).catch(tell(output));
  const lines = moveLines({ move, condition, gateway }, new Date(), output.paint);
  if (output.json) output.printJson({ name, namespace, ...move, condition, gateway: gateway?.move });
  else output.print(lines.length === 0 ? `there is no move; ${spec.move ? 'glitchkeeper migrate plan looks at the old server, glitchkeeper migrate start begins' : NO_MOVE}` : lines.join('\n'));
  if (condition === undefined) return 0;
  return { True: 0, False: 1, Unknown: 2 }[condition.status];
}

/** The status is shown without it. */
function tell(output: Output): (error: unknown) => GatewayMove | undefined {
  return (error) => {
    if (!(error instanceof Failure)) throw error;
    output.say(error.message);
    return undefined;
  };
}

export interface CompareOptions {
  readonly from?: string;
  readonly to?: string;
}

export async function migrateCompare({ place, output }: Context, { from, to }: CompareOptions): Promise<ExitCode> {
  const found = await readComparison(place, { from: instantOf('--from', from), to: instantOf('--to', to) }).catch((error: unknown) => {
    if (error instanceof Failure && error.kind === 'not found') throw new Failure('refused', 'the gateway has no move to compare: glitchkeeper migrate status');
    throw error;
  });
  const verdict = judgeComparison(found);
  if (output.json) output.printJson({ verdict, ...found });
  else output.print(`${renderComparison(found, output.paint)}\n\n${describeVerdict(verdict, output.paint)}`);
  return { equal: 0, lacking: 1, 'on their way': 2, unknown: 2 }[verdict];
}

function instantOf(option: string, text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{4}-\d{2}-\d{2}T.*(Z|[+-]\d{2}:\d{2})$/.test(text) || Number.isNaN(Date.parse(text))) throw new Failure('usage', `${option}: expected a time with its zone, such as 2026-11-29T02:30:00Z, found ${text}`);
  return new Date(text).toISOString();
}

/** The table of old and new; of the Secret, or, where that is gone, of the gateway. */
export async function migrateExport({ place, output }: Context): Promise<ExitCode> {
  const table = await readTable(place);
  const [source, rows]: readonly [string, readonly OldDsn[]] = table && table.rows.length > 0 ? ['Secret glitchtip-move', table.rows] : ['the gateway', pairsOf((await readGatewayMove(place))?.pairs ?? [])];
  if (rows.length === 0) throw new Failure('not found', 'neither Secret glitchtip-move nor the gateway has old DSNs: there is no move');
  const dsns = await withNew(place, rows, output);
  if (output.json) output.printJson({ source, dsns });
  else {
    output.print(encodeDsnTable(dsns).trimEnd());
    output.say(`${rows.length} old DSNs, from ${source}`);
  }
  return 0;
}

/** Whoever has lost more than the Secret needs the rest all the same. */
async function withNew(place: Place, rows: readonly OldDsn[], output: Output): Promise<readonly BothDsns[]> {
  try {
    return withNewDsns(rows, await readDomain(place));
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    output.say(`without the new DSNs, for the address of this GlitchTip cannot be read: ${error.message}`);
    return rows;
  }
}
