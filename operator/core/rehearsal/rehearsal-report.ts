// What a change of a rehearsal's status tells a person, as Kubernetes Events. Pure.
import type { RehearsalEnd, RehearsalStatus } from '../../api/rehearsal-fields.js';
import { bytes, duration } from '../health/rule-finding.js';

/** For `kubectl describe`. */
export interface RehearsalNote {
  readonly type: 'Normal' | 'Warning';
  readonly reason: 'RehearsalStarted' | 'RehearsalPassed' | 'RehearsalFailed' | 'RehearsalRejected';
  readonly note: string;
}

/** What happened between two statuses, in its order. */
export function notesOf(before: RehearsalStatus, after: RehearsalStatus): readonly RehearsalNote[] {
  return [...endNotes(before.last, after.last), ...endNotes(before.check, after.check), ...startNotes(before, after), ...refusalNotes(before, after)];
}

function endNotes(before: RehearsalEnd | undefined, after: RehearsalEnd | undefined): readonly RehearsalNote[] {
  if (!after || (before?.startedAt === after.startedAt && before.endedAt === after.endedAt)) return [];
  const isPassed = after.result === 'Passed';
  return [{ type: isPassed ? 'Normal' : 'Warning', reason: isPassed ? 'RehearsalPassed' : 'RehearsalFailed', note: describeRehearsal(after) }];
}

/** In a sentence: `Migrations of 6.2 ran on copy 20261129T023000Z: 12 in 90 s, ...`. */
export function describeRehearsal(end: RehearsalEnd): string {
  const { version, migrations = 0, seconds = 0, peakMemory = 0, bytesBefore = 0, bytesAfter = 0 } = end;
  if (end.result !== 'Passed') return `Rehearsal of ${version} on ${describeBasis(end)} failed ${describeFailure(end)}.`;
  return `Migrations of ${version} ran on ${describeBasis(end)}: ${migrations} in ${duration(seconds)}, with ${bytes(peakMemory)} of memory; the database is ${bytes(bytesAfter)} then, it was ${bytes(bytesBefore)}.`;
}

/** What it ran on. */
export function describeBasis({ copy }: Pick<RehearsalEnd, 'copy'>): string {
  return copy === undefined ? 'a fresh dump' : `copy ${copy}`;
}

/** `in step migrate: MigrationFailed, exit code 1 (users.0002_unique: IntegrityError)`. */
export function describeFailure({ step = 'begin', reason = '', exitCode, detail }: Pick<RehearsalEnd, 'step' | 'reason' | 'exitCode' | 'detail'>): string {
  return `in step ${step}: ${reason}${exitCode === undefined ? '' : `, exit code ${exitCode}`}${detail === undefined ? '' : ` (${detail})`}`;
}

function startNotes(before: RehearsalStatus, { current }: RehearsalStatus): readonly RehearsalNote[] {
  if (!current || before.current?.startedAt === current.startedAt) return [];
  return [{ type: 'Normal', reason: 'RehearsalStarted', note: `Rehearsal of ${current.version} begins (${current.trigger}).` }];
}

function refusalNotes({ refused: before }: RehearsalStatus, { refused }: RehearsalStatus): readonly RehearsalNote[] {
  if (!refused || (before?.at === refused.at && before.request === refused.request && before.why === refused.why)) return [];
  return [{ type: 'Warning', reason: 'RehearsalRejected', note: refused.why }];
}
