// A move as text: what is planned, how it is, what each server has, what is next. Pure.
import type { MoveProgress, MoveSpec, MoveStatus } from '../../operator/api/move-fields.js';
import type { Condition } from '../../operator/api/glitchtip-resource.js';
import { formatBoth, formatDistance } from '../moments.js';
import type { Paint } from '../output.js';
import { size } from '../report/bars.js';
import { aligned } from '../report/columns.js';
import { visible } from '../safe-text.js';
import type { Finding, Verdict } from './judge-old.js';
import type { Comparison, GatewayMove } from './gateway-move.js';
import { describeEnd, describeInForce, describePhase, type End } from './move-progress.js';
import type { Turn } from './request-move.js';

const COLOURS: Readonly<Record<Verdict, Parameters<Paint>[0]>> = { works: 'green', differs: 'yellow', lost: 'yellow', stops: 'red' };
const NEXT: Readonly<Record<MoveProgress['phase'], string>> = {
  Importing: 'glitchkeeper migrate rollback takes it back',
  Parallel: 'glitchkeeper migrate compare; then glitchkeeper migrate cutover',
  Cutover: 'glitchkeeper migrate rollback goes back in seconds; glitchkeeper migrate finish lets go of the old one',
  Finished: 'the Secret keeps the old DSNs: glitchkeeper migrate export prints them',
};

export function renderFindings(findings: readonly Finding[], paint: Paint): string {
  return aligned(findings.map(({ verdict, about, text }) => [paint(COLOURS[verdict], verdict), about, text])).join('\n');
}

/** What will happen, before it is asked whether it shall. */
export function describeStart({ from, organization }: MoveSpec, { dsns, imports }: { readonly dsns: number; readonly imports: boolean }): string {
  return [
    `This GlitchTip takes the place of ${from}, step by step:`,
    ...aligned([
      ['first', `${dsns} old ${dsns === 1 ? 'DSN is' : 'DSNs are'} saved in Secret glitchtip-move`],
      ['then', imports ? `projects, keys, teams and people of ${organization} are imported by GlitchTip's own importer` : 'nothing is imported: projects are looked for by the keys of the old DSNs'],
      ['then', 'the gateway takes what comes by the old DSNs, too, and gives every event to both; the old one leads'],
      ['stays', 'everything that is in this GlitchTip, and everything that is on the old one'],
      ['the way back', 'glitchkeeper migrate rollback, at any time'],
    ]),
  ].join('\n');
}

/** @param others old DSNs whose number or key is another one here: the gateway takes them while the move is on */
export function describeTurn(turn: Turn, others = 0): string {
  switch (turn) {
    case 'cutover': return 'GlitchTip leads from now on: no event is dropped for it. The old one goes on getting a copy of each, and glitchkeeper migrate rollback goes back in seconds.';
    case 'rollback': return 'The old one leads again: no event is dropped for it. GlitchTip goes on getting each, too.';
    case 'finish': return 'The old one is let go: what waits for it alone is dropped, and it gets nothing any more. The way back is then another start. The Secret with the old DSNs stays.' + (others === 0 ? '' : ` ${others} old ${others === 1 ? 'DSN means' : 'DSNs mean'} another number or key here, and ${others === 1 ? 'is' : 'are'} refused from then on: glitchkeeper migrate export has the new ones for the applications that use ${others === 1 ? 'it' : 'them'}.`);
  }
}

interface Shown {
  readonly move: MoveStatus;
  readonly condition: Pick<Condition, 'status' | 'message'> | undefined;
  /** Undefined: it has none, or cannot be asked. */
  readonly gateway: GatewayMove | undefined;
}

export function moveLines({ move, condition, gateway }: Shown, now: Date, paint: Paint): string[] {
  const { current } = move;
  const isBad = condition !== undefined && condition.status !== 'True';
  const rows = [
    ...(current ? currentRows(current, now, paint) : []),
    ...(isBad ? [['condition', paint(condition.status === 'False' ? 'red' : 'yellow', condition.message)]] : []),
    ...(gateway ? deliveryRows(gateway, now, paint) : []),
    ...(current ? [['next', NEXT[current.phase]]] : []),
    ...endRows(move, now, paint),
  ];
  return aligned(rows.map((row, index) => [index === 0 ? 'move' : '', ...row]));
}

function endRows({ current, last, refused }: MoveStatus, now: Date, paint: Paint): string[][] {
  return [
    ...(!current && last ? [['last', `${paint(last.result === 'Failed' ? 'red' : 'green', describeEnd(last))} (${formatDistance(last.at, now)})`]] : []),
    ...(refused ? [['refused', `${paint('yellow', `"${refused.request}"`)} (${formatDistance(refused.at, now)}): ${refused.why}`]] : []),
  ];
}

function currentRows(current: MoveProgress, now: Date, paint: Paint): string[][] {
  const { phase, inForceSince, dsns } = current;
  const isInForce = inForceSince !== undefined;
  return [
    [paint(isInForce ? 'green' : 'yellow', phase), isInForce ? `${describeInForce(current)}, since ${formatBoth(inForceSince, now)}` : describePhase(current)],
    ...(dsns ? [['DSNs', `${dsns.served} of ${dsns.known} have a project here`]] : []),
  ];
}

function deliveryRows({ move: { waiting, sent, refused, dropped, closed, ledAt } }: GatewayMove, now: Date, paint: Paint): string[][] {
  const answers = Object.entries(refused).map(([status, count]) => `${count} by ${status}`).join(', ');
  return [
    ...(ledAt === undefined ? [] : [['led', `the first event under it came ${formatBoth(ledAt, now)}`]]),
    ['to the old', `${sent} requests taken${answers === '' ? '' : `; refused: ${paint('yellow', answers)}`}`],
    ...(waiting && waiting.records > 0 ? [['waiting', `${waiting.records} requests, ${size(waiting.bytes)}${waiting.oldest === undefined ? '' : `, the oldest of ${formatDistance(waiting.oldest, now)}`}`]] : []),
    ...(closed ? [['closed', paint('yellow', `${visible(closed.why)}${closed.until === undefined ? '' : `, until ${formatBoth(closed.until, now)}`}`)]] : []),
    ...(dropped > 0 ? [['dropped', paint('red', `${dropped} requests, for the share of the one that does not lead was full: glitchkeeper migrate compare`)]] : []),
  ];
}

/** How the step ended that was asked for, with what comes next. */
export function describeStep(end: End, paint: Paint): string {
  switch (end.kind) {
    case 'in force': return `${paint('green', end.message)}\nnext: ${NEXT[end.phase]}`;
    case 'ended': return paint(end.result === 'Failed' ? 'red' : 'green', end.message);
    case 'refused': return paint('red', `the operator refuses it: ${end.message}`);
    case 'lost': return paint('red', end.message);
    case 'timed out': return `gave up waiting; it goes on without this program. Last seen: ${end.message}\nglitchkeeper migrate status shows how far it is`;
  }
}

/** `unknown`: a gateway was killed meanwhile, and its last seconds are in no figure. */
export type ComparedVerdict = 'equal' | 'lacking' | 'on their way' | 'unknown';

export function judgeComparison({ hours }: Comparison): ComparedVerdict {
  const some = (judge: (hour: Comparison['hours'][number]) => boolean) => hours.some(judge);
  if (some(({ lacks }) => lacks.glitchtip + lacks.old > 0)) return 'lacking';
  if (some(({ waiting }) => waiting.glitchtip + waiting.old > 0)) return 'on their way';
  return some(({ mayLack }) => mayLack) ? 'unknown' : 'equal';
}

const VERDICTS: Readonly<Record<ComparedVerdict, readonly [Parameters<Paint>[0], string]>> = {
  equal: ['green', 'both have every event'], lacking: ['red', 'one of them lacks events'], 'on their way': ['yellow', 'some events are still on their way'],
  unknown: ['yellow', 'both have every event that was counted'],
};

export function describeVerdict(verdict: ComparedVerdict, paint: Paint): string {
  return paint(...VERDICTS[verdict]);
}

export function renderComparison({ hours, lacked, notNamed }: Comparison, paint: Paint): string {
  if (hours.length === 0) return 'nothing came for both';
  const rows = hours.map(({ hour, project, taken, stored, sent, lacks, waiting, onlyOld, cut, mayLack }) => [
    hour.slice(0, 16).replace('T', ' '), String(project), String(taken), String(stored), String(sent), mark(lacks.glitchtip, paint), mark(lacks.old, paint), `${waiting.glitchtip}, ${waiting.old}`, String(onlyOld),
    [...(cut > 0 ? [`${cut} given as GlitchTip has them`] : []), ...(mayLack ? ['a gateway was killed: seconds are missing'] : [])].join('; '),
  ]);
  const events = lacked.map(({ event, project, side, why }) => [visible(event), String(project), side === 'old' ? 'the old one' : 'GlitchTip', visible(why)]);
  return [
    ...aligned([['hour (UTC)', 'project', 'came', 'in GlitchTip', 'in the old', 'GlitchTip lacks', 'the old lacks', 'waiting', 'for the old alone', ''], ...rows]),
    ...(events.length === 0 ? [] : ['', ...aligned([['event', 'project', 'lacks it', 'why'], ...events])]),
    ...(notNamed === 0 ? [] : [`and ${notNamed} more that are not named`]),
  ].join('\n');
}

function mark(count: number, paint: Paint): string {
  return count === 0 ? '0' : paint('red', String(count));
}
