// Jobs as the API server lists them, reduced to what decisions need.
import { COMPONENT_LABEL, VERSION_LABEL } from '../../api/object-names.js';
import type { JobFacts } from '../../core/health/health-facts.js';
import type { ObjectMeta } from './api-client.js';

export interface Job {
  readonly metadata: ObjectMeta;
  readonly spec: { readonly suspend?: boolean; readonly activeDeadlineSeconds?: number };
  readonly status?: { readonly startTime?: string; readonly failed?: number; readonly conditions?: readonly { readonly type: string; readonly status: string; readonly reason?: string }[] };
}

export function readJob({ metadata, spec: { suspend = false, activeDeadlineSeconds: limit }, status = {} }: Job): JobFacts {
  const { name, labels, creationTimestamp = '' } = metadata;
  // A deadline counts from the start, which a Job that was suspended from the beginning has not had.
  const { startTime = creationTimestamp, failed = 0 } = status;
  return {
    name, ...readLabels(labels), createdAt: new Date(creationTimestamp || 0), version: readVersion(metadata),
    outcome: readOutcome(status), suspended: suspend, failedPods: failed,
    ...(limit === undefined ? {} : { endsAt: new Date(Date.parse(startTime) + limit * 1_000) }),
  };
}

function readLabels(labels: Readonly<Record<string, string>> = {}): Pick<JobFacts, 'part' | 'release'> {
  const { [COMPONENT_LABEL]: part = 'unknown', [VERSION_LABEL]: release } = labels;
  return { part, ...(release === undefined ? {} : { release }) };
}

function readVersion({ uid = '', resourceVersion = '' }: ObjectMeta): JobFacts['version'] {
  return { uid, resourceVersion };
}

function readOutcome({ conditions = [] }: NonNullable<Job['status']>): JobFacts['outcome'] {
  const has = (type: string) => conditions.some((each) => each.type === type && each.status === 'True');
  if (has('Complete')) return 'succeeded';
  return has('Failed') ? 'failed' : 'running';
}
