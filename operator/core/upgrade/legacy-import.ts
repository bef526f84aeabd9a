// The import of events of the old release, which the migration put into an archive: offered once the next release runs, in a Job of its own. Pure.
import * as z from 'zod/mini';
import type { LegacyImport, LegacyImportEnd, UpgradeStatus } from '../../api/upgrade-fields.js';
import type { BackupJob } from '../backup/run-end.js';
import { readJson } from '../json-text.js';
import { AT_ONCE, WHILE_HELD_BACK, WHILE_UNDER_WAY, doing, type RecordedPlan } from '../operations/recorded-plan.js';
import { cut } from '../text-limits.js';
import { toSeconds } from '../timestamps.js';
import { without } from '../without.js';
import { describeUpgradeAction, type ImportJob, type UpgradeAction, type UpgradeFacts } from './upgrade-facts.js';
import { importJobName } from './upgrade-names.js';

type Plan = RecordedPlan<UpgradeStatus, UpgradeAction>;

const LONGEST_WHY = 300;

/** As charts/runtime/import_legacy.py writes it. */
const report = z.discriminatedUnion('result', [
  z.object({ result: z.literal('imported'), imported: z.int().check(z.gte(0)), left: z.int().check(z.gte(0)) }),
  z.object({ result: z.literal('failed'), why: z.string() }),
]);

export function beginImport(request: string, now: Date): LegacyImport {
  return { id: toSeconds(now).replaceAll(/[-:]/g, ''), request };
}

/** Undefined: none is under way. */
export function planImport({ status, facts, now }: { readonly status: UpgradeStatus; readonly facts: UpgradeFacts; readonly now: Date }): Plan | undefined {
  const { legacyImport } = status;
  if (legacyImport === undefined || legacyImport.end !== undefined) return undefined;
  const { importJob: job, lock } = facts;
  if (job.kind === 'unseen') return waits(status, legacyImport, job.why);
  switch (job.value.kind) {
    case 'running': return { status: { ...status, legacyImport: { ...without(legacyImport, 'waitsFor'), jobMadeAt: legacyImport.jobMadeAt ?? toSeconds(now) } }, message: 'Events of the old release are imported.', requeueAfter: WHILE_UNDER_WAY };
    case 'ended': return ends(status, legacyImport, job.value.end, now);
    case 'absent':
      if (legacyImport.jobMadeAt !== undefined) return ends(status, legacyImport, { result: 'Failed', why: 'its Job was deleted before anybody saw how it ended' }, now);
      if (lock.kind === 'taken') return waits(status, legacyImport, lock.why, WHILE_HELD_BACK);
      return making(status, { kind: 'import', name: importJobName(legacyImport) });
  }
}

function making(status: UpgradeStatus, action: UpgradeAction): Plan {
  return doing(status, action, describeUpgradeAction(action));
}

function waits(status: UpgradeStatus, legacyImport: LegacyImport, waitsFor: string, requeueAfter = WHILE_UNDER_WAY): Plan {
  return { status: legacyImport.waitsFor === waitsFor ? status : { ...status, legacyImport: { ...legacyImport, waitsFor } }, message: `The import waits: ${waitsFor}.`, requeueAfter };
}

function ends(status: UpgradeStatus, legacyImport: LegacyImport, end: Omit<LegacyImportEnd, 'at'>, now: Date): Plan {
  return { status: { ...status, legacyImport: { ...without(legacyImport, 'waitsFor'), end: { at: toSeconds(now), ...end } } }, message: `The import has ended: ${end.result}.`, requeueAfter: AT_ONCE };
}

/** `stuck`: why its container will not run. */
export function judgeImport(job: BackupJob | undefined, stuck?: string): ImportJob {
  if (job === undefined) return { kind: 'absent' };
  if (job.condition === undefined) return stuck === undefined ? { kind: 'running' } : failed(stuck);
  const { message = '', reason } = job.pod?.containers[0]?.terminated ?? {};
  const parsed = report.safeParse(readJson(message));
  if (!parsed.success) return failed(whySilent(job, reason));
  return parsed.data.result === 'failed' ? failed(parsed.data.why) : { kind: 'ended', end: { result: 'Imported', imported: parsed.data.imported, left: parsed.data.left } };
}

function whySilent({ reason = 'its pod is gone' }: BackupJob, ended: string | undefined): string {
  return ended === 'OOMKilled' ? 'it had too little memory: raise resources.migrate.limits.memory' : `it says nothing (${reason})`;
}

function failed(why: string): ImportJob {
  return { kind: 'ended', end: { result: 'Failed', why: cut(why, LONGEST_WHY) } };
}
