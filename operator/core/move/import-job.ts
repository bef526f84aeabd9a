// The Job of an import: its name, what it reports at its end, and which Jobs nobody expects any more. Pure.
import * as z from 'zod/mini';
import type { MoveProgress } from '../../api/move-fields.js';
import { MOVE_COMPONENT } from '../../api/object-names.js';
import type { BackupJob, ContainerEnd } from '../backup/run-end.js';
import type { JobFacts } from '../health/health-facts.js';
import { readJson } from '../json-text.js';
import { cut } from '../text-limits.js';
import type { ImportEnd, ImportJob } from './move-facts.js';

const CONTAINER = 'import';
const LONGEST_WHY = 300;

/** As charts/runtime/import_old.py writes it. */
const report = z.discriminatedUnion('result', [
  z.object({ result: z.literal('imported'), organizations: z.number(), people: z.number(), projects: z.number(), keys: z.number(), teams: z.number(), renumbered: z.number(), leftOut: z.number() }),
  z.object({ result: z.literal('failed'), why: z.string(), again: z.boolean() }),
]);

/** Each attempt has one of its own. */
export function importJobName({ id, attempt }: Pick<MoveProgress, 'id' | 'attempt'>): string {
  return `move-import-${id.toLowerCase()}-${attempt}`;
}

/** It has not ended well yet. */
export function wantsImport(current: MoveProgress | undefined): boolean {
  return current?.phase === 'Importing' && current.imports && current.importedAt === undefined;
}

/** Of an attempt that was given up, or of a move that was taken back: one that starts after all would import what nobody asked for. */
export function unexpectedImports(jobs: readonly JobFacts[], current: MoveProgress | undefined): readonly JobFacts[] {
  const expected = current?.phase === 'Importing' ? importJobName(current) : undefined;
  return jobs.filter(({ name, part, outcome }) => outcome === 'running' && part === MOVE_COMPONENT && name !== expected);
}

/** `stuck`: why its container will not run. */
export function judgeImport(job: BackupJob | undefined, stuck?: string): ImportJob {
  if (job === undefined) return { kind: 'absent' };
  if (job.condition === undefined) return stuck === undefined ? { kind: 'running' } : { kind: 'ended', end: { kind: 'failed', why: stuck, again: false } };
  return { kind: 'ended', end: endOf(job) };
}

/** Exit code 0 alone is no import. */
function endOf({ reason, pod }: BackupJob): ImportEnd {
  const end = pod?.containers.find(({ name }) => name === CONTAINER)?.terminated;
  const parsed = report.safeParse(readJson(end?.message ?? ''));
  if (!parsed.success) return withoutReport(reason, end);
  if (parsed.data.result === 'failed') return { kind: 'failed', why: cut(parsed.data.why, LONGEST_WHY), again: parsed.data.again };
  return { kind: 'done', summary: summaryOf(parsed.data) };
}

function withoutReport(reason: string | undefined, end: ContainerEnd['terminated']): ImportEnd {
  if (reason === 'DeadlineExceeded') return { kind: 'failed', why: 'it took too long', again: false };
  if (end?.reason === 'OOMKilled') return { kind: 'failed', why: 'it had too little memory: raise resources.migrate.limits.memory', again: false };
  return { kind: 'failed', why: end === undefined ? 'its pod is gone' : `it ended with exit code ${end.exitCode} and says nothing`, again: true };
}

function summaryOf({ projects, keys, teams, people, renumbered, leftOut }: Extract<z.output<typeof report>, { result: 'imported' }>): string {
  const of = (count: number, one: string, many: string) => `${count} ${count === 1 ? one : many}`;
  return [
    `${of(projects, 'project', 'projects')}, ${of(keys, 'key', 'keys')}, ${of(teams, 'team', 'teams')} and ${of(people, 'person', 'people')} are here`,
    ...(renumbered === 0 ? [] : [`${renumbered} under another number, for theirs was taken`]),
    ...(leftOut === 0 ? [] : [`${leftOut} keys that were turned off and invitations were left out`]),
  ].join('; ');
}
