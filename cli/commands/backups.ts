// `glitchkeeper backups`: the copies that there are, and how the last run went.
import { buildBackupReport } from '../backup/backup-report.js';
import { renderBackups } from '../backup/backup-text.js';
import { NO_BACKUPS } from '../backup/request-backup.js';
import { Failure } from '../failure.js';
import { readResource } from '../glitchtip-resource-access.js';
import type { Context, ExitCode } from './command-context.js';

const CODES: Readonly<Record<'True' | 'False' | 'Unknown', ExitCode>> = { True: 0, False: 1, Unknown: 2 };

export async function backups({ place, output }: Context): Promise<ExitCode> {
  const resource = await readResource(place);
  const report = buildBackupReport(resource);
  if (report === undefined) throw new Failure('refused', NO_BACKUPS);
  if (output.json) output.printJson({ name: resource.name, namespace: resource.namespace, ...report });
  else output.print(renderBackups(report, new Date(), output.paint));
  return CODES[report.condition?.status ?? 'Unknown'];
}
