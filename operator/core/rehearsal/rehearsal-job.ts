// The Job of a rehearsal: the pods of its release's PodTemplate to the letter. Pure.
import { REHEARSAL_COMPONENT, rehearsalTemplate } from '../../api/object-names.js';
import type { RehearsalProgress } from '../../api/rehearsal-fields.js';
import { buildTemplateJob, type PodTemplate } from '../backup/backup-job.js';

/** The same for the same run, whoever makes it: `rehearsal-6-2-20261129t103000z`. */
export function rehearsalJobName({ version, startedAt }: Pick<RehearsalProgress, 'version' | 'startedAt'>): string {
  return `${rehearsalTemplate(version)}-${startedAt.replaceAll(/[-:]/g, '').toLowerCase()}`;
}

export function buildRehearsalJob(template: PodTemplate, run: Pick<RehearsalProgress, 'version' | 'startedAt'>): object {
  return buildTemplateJob(template, { name: rehearsalJobName(run), component: REHEARSAL_COMPONENT });
}
