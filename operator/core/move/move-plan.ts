// The decision on a move: its status, what a person asks for and what is seen become the next step and the status. Pure.
//
// The status is written before the step is done, and each step is seen in the world when it was: so whoever comes after a kill goes on.
// Cutover and rollback are one request to the gateway, which has everything that it needs: they wait for no lock, no database, no Secret.
import { isKnownMovePhase, type MovePhase, type MoveProgress } from '../../api/move-fields.js';
import { cut } from '../text-limits.js';
import { toSeconds } from '../timestamps.js';
import { without } from '../without.js';
import { pairsOf } from './dsn-table.js';
import { unmetByGateway } from './gateway-step.js';
import { parseMoveRequest, type MoveRequest } from './move-request.js';
import { doing, end, enter, record, rest, type MoveInput, type MovePlan, type UnderWay } from './next-step.js';
import { planImporting } from './plan-importing.js';

/** Whoever rolls back waits for this: the gateway answers, or it starts. */
const UNTIL_IN_FORCE = 1_000;
/** Both are served; what waits for the old one is looked at. */
const WHILE_SERVED = 15_000;
const RESTING = 300_000;
/** A request is refused once, however often it is looked at until it is gone. Milliseconds. */
const REFUSED_ONCE = 60_000;
const REQUEST_KEPT = 100;

/** One step at a time: after each, everything is observed again. */
export function planMove(input: MoveInput): MovePlan {
  const { status, suspend, request } = input;
  const { current } = status;
  if (current && !isKnownMovePhase(current)) return rest(status, `A later version of the operator has brought it to ${current.phase}: this one does not know how it goes on.`, RESTING);
  if (suspend) return rest(status, 'Nothing is moved while spec.suspend is true.', RESTING);
  if (current?.request !== undefined) return planTakenUp({ ...input, current });
  if (request !== undefined) return planRequest(input, request);
  if (current) return planPhase({ ...input, current });
  return input.facts.lock.kind === 'ours' ? doing(status, { kind: 'release lock' }) : rest(status, 'No move is under way.', RESTING);
}

/** What was taken up is in the status: the annotation goes, so that it does not ask a second time. The gateway comes first: the annotation may wait. */
function planTakenUp(input: UnderWay): MovePlan {
  const { status, current, request } = input;
  const unmet = current.phase === 'Importing' ? undefined : unmetByGateway(input);
  if (unmet?.kind === 'act') return doing(status, unmet.action);
  if (request === current.request) return doing(status, { kind: 'drop request' });
  return record(status, without(current, 'request'), 'The request is recorded.');
}

function planRequest(input: MoveInput, annotation: string): MovePlan {
  const parsed = parseMoveRequest(annotation);
  if (parsed.kind === 'invalid') return refuse(input, parsed.message);
  const { current, last } = input.status;
  if (parsed.request === 'start' || parsed.request === 'start-without-import') return planStart(input, parsed.request === 'start');
  // The one that took the move back: the status has it already.
  if (!current && parsed.request === 'rollback' && last?.result === 'Canceled' && isRecent(last.at, input.now)) return doing(input.status, { kind: 'drop request' });
  if (!current) return refuse(input, `There is no move to ${WORDS[parsed.request]}: start one first.`);
  return planTurn({ ...input, current }, parsed.request);
}

const WORDS: Readonly<Record<Exclude<MoveRequest, 'start' | 'start-without-import'>, string>> = { cutover: 'cut over', rollback: 'roll back', finish: 'finish' };

function planStart(input: MoveInput, imports: boolean): MovePlan {
  const { status, impediment, facts: { table }, request, now } = input;
  const { current } = status;
  if (current && current.phase !== 'Finished') return refuse(input, `A move is under way (${current.id}, ${current.phase}).`);
  if (impediment !== undefined) return refuse(input, impediment);
  // The old DSNs are saved before anything else changes.
  if (table.kind === 'unseen') return refuse(input, `The table of old DSNs is not there: ${table.why}. glitchkeeper migrate start makes it.`);
  const at = toSeconds(now);
  const importedAt = current?.importedAt;
  const begun: MoveProgress = {
    id: at.replaceAll(/[-:]/g, ''), phase: 'Importing', since: at, attempt: 1, imports,
    ...(request === undefined ? {} : { request }), ...(importedAt === undefined ? {} : { importedAt }),
  };
  return record({ ...status, refused: undefined, last: undefined }, begun, 'The move is recorded.');
}

/** From which phase each leads where. */
const TURNS: Readonly<Record<Exclude<MoveRequest, 'start' | 'start-without-import'>, { readonly from: MovePhase; readonly to: MovePhase }>> = {
  cutover: { from: 'Parallel', to: 'Cutover' },
  rollback: { from: 'Cutover', to: 'Parallel' },
  finish: { from: 'Cutover', to: 'Finished' },
};
const INSTEAD: Readonly<Record<MovePhase, string>> = {
  Importing: 'projects are being imported, and events go to GlitchTip alone',
  Parallel: 'both get every event, and the old one leads',
  Cutover: 'both get every event, and GlitchTip leads',
  Finished: 'the old one was let go; glitchkeeper migrate start begins again, and imports nothing twice',
};

function planTurn(input: UnderWay, request: Exclude<MoveRequest, 'start' | 'start-without-import'>): MovePlan {
  const { status, current, now, request: annotation } = input;
  if (request === 'rollback' && current.phase === 'Importing') return { ...end(status, { current, result: 'Canceled', now }), action: { kind: 'drop request' } };
  const { from, to } = TURNS[request];
  if (current.phase !== from) return refuse(input, `There is nothing to ${WORDS[request]}: ${INSTEAD[current.phase]}.`);
  return record({ ...status, refused: undefined }, { ...enter(current, to, now), ...(annotation === undefined ? {} : { request: annotation }) }, `The move is ${to}.`);
}

/** Told in the status, which is written before the annotation goes. */
function refuse({ status, request = '', now }: MoveInput, rejected: string): MovePlan {
  const { refused: last } = status;
  const refused = { request: cut(request, REQUEST_KEPT), at: toSeconds(now), why: rejected };
  const isTold = last?.request === refused.request && last.why === rejected && isRecent(last.at, now);
  return doing({ ...status, refused: isTold ? last : refused }, { kind: 'drop request', rejected });
}

function isRecent(at: string, now: Date): boolean {
  return now.getTime() - Date.parse(at) < REFUSED_ONCE;
}

function planPhase(input: UnderWay): MovePlan {
  const { status, current, now } = input;
  if (current.phase === 'Importing') return planImporting(input);
  const unmet = unmetByGateway(input);
  if (unmet?.kind === 'act') return doing(status, unmet.action);
  if (unmet) return rest(status, unmet.why, UNTIL_IN_FORCE);
  const counted = withCounts(input);
  if (current.inForceSince === undefined) return record(status, { ...without(counted, 'waitsFor'), inForceSince: toSeconds(now) }, `${current.phase} is in force.`);
  return { status: { ...status, current: without(counted, 'waitsFor') }, message: INSTEAD[current.phase], requeueAfter: current.phase === 'Finished' ? RESTING : WHILE_SERVED };
}

/** Of the table, while it can be seen. */
function withCounts({ current, facts: { table } }: UnderWay): MoveProgress {
  if (current.phase === 'Finished') return without(current, 'tableUnread');
  if (table.kind === 'unseen') return { ...current, tableUnread: table.why };
  return { ...without(current, 'tableUnread'), dsns: { known: table.value.length, served: pairsOf(table.value).length } };
}
