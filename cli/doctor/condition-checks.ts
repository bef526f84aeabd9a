// doctor: what the operator itself says is wrong: conditions, incidents, channels.
import { conditionsThatMatter } from '../report/status-summary.js';
import type { Resource } from '../glitchtip-resource-access.js';
import { failure, ok, onSight, oneOrEach, warning, type Finding } from './check-result.js';
import type { Facts } from './gathered-facts.js';

const DOCS = 'docs/runbooks/not-ready.md';
/** Of backups doctor says more by itself. */
const SAID_ELSEWHERE: readonly string[] = ['BackupVerified'];

export function checkConditions({ resource }: Facts): readonly Finding[] {
  return onSight('conditions', resource, (found) => found === undefined ? [] : [
    ...oneOrEach(ok('conditions', 'all as they should be'), conditionProblems(found)),
    ...onHealth(found),
  ]);
}

function conditionProblems({ status: { conditions = [], observedGeneration = 0 }, generation }: Resource): readonly Finding[] {
  if (conditions.length === 0) return [failure('conditions', 'the operator has not reconciled the resource yet', 'see operator and leader above')];
  return [
    ...(observedGeneration < generation ? [warning('conditions', 'the operator has not seen the latest change yet', 'see operator and leader above')] : []),
    ...conditionsThatMatter({ conditions }).filter(({ type, status }) => status !== 'True' && !SAID_ELSEWHERE.includes(type)).map(({ type, status, reason, message }) =>
      (type === 'Ready' && status === 'False' ? failure : warning)('conditions', `${type} is ${status}, ${reason}: ${message}`, DOCS)),
  ];
}

function onHealth({ status: { health } }: Resource): readonly Finding[] {
  if (health === undefined) return [];
  const failing = (health.channels ?? []).flatMap(({ name, error }) => error === undefined ? [] : [warning('incidents', `alerts by ${name} fail: ${error}`, 'glitchkeeper alert test tries again, and says why')]);
  return oneOrEach(ok('incidents', 'none'), [
    ...(health.incidents ?? []).map(({ severity, reason, part, message, advice }) => (severity === 'critical' ? failure : warning)('incidents', `${reason} (${part}): ${message}`, advice)),
    ...failing,
  ]);
}
