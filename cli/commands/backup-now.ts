// `glitchkeeper backup now`: asks the operator for a backup, and follows it until it was restored and found good, or failed.
import { BACKUP_ANNOTATION } from '../../operator/api/object-names.js';
import { describeEnd, type End } from '../backup/backup-progress.js';
import { buildBackupReport } from '../backup/backup-report.js';
import { renderBackups } from '../backup/backup-text.js';
import { followBackup } from '../backup/follow-backup.js';
import { planRequest, type RequestPlan } from '../backup/request-backup.js';
import { printSteps, showSteps } from '../backup/show-backup.js';
import { Failure } from '../failure.js';
import { KIND_NAME, ask, readResource } from '../glitchtip-resource-access.js';
import type { Context, ExitCode } from './command-context.js';

export interface BackupOptions {
  /** Seconds. */
  readonly timeout: number;
}

/** What could not be found out is neither good nor bad. */
const CODES: Readonly<Record<End['kind'], ExitCode>> = { verified: 0, failed: 1, lost: 2, 'timed out': 2 };

export async function backupNow(context: Context, { timeout }: BackupOptions): Promise<ExitCode> {
  const { place, output } = context;
  const plan = planRequest(await readResource(place), new Date());
  if (plan.kind === 'refused') throw new Failure('refused', plan.message);
  // Without --overwrite kubectl refuses when somebody else asked since the resource was read.
  if (plan.kind === 'ask') await ask(place, 'annotate', `${KIND_NAME}/${place.name}`, `${BACKUP_ANNOTATION}=${plan.value}`);
  sayAsked(context, plan);
  const started = Date.now();
  const polls = followBackup(place, plan.request, timeout);
  const end = output.json ? await printSteps(polls, output) : await showSteps(polls);
  await show(context, end, Math.round((Date.now() - started) / 1000));
  return CODES[end.kind];
}

function sayAsked({ output }: Context, plan: Exclude<RequestPlan, { kind: 'refused' }>): void {
  const note = plan.kind === 'ask' ? 'asked the operator for a backup' : plan.note;
  if (output.json) output.printJson({ state: plan.kind === 'ask' ? 'requested' : 'followed', note });
  else output.say(note);
}

async function show({ place, output }: Context, end: End, waited: number): Promise<void> {
  if (output.json) {
    const { kind, ...rest } = end;
    output.printJson({ state: kind, ...rest, waitedSeconds: waited });
    return;
  }
  const report = end.kind === 'verified' ? buildBackupReport(await readResource(place)) : undefined;
  output.print(`${output.paint(end.kind === 'verified' ? 'green' : 'red', describeEnd(end))} (after ${waited} s)`);
  if (report) output.print(renderBackups(report, new Date(), output.paint));
}
