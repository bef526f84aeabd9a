// What rules about pods share: for how long an end is told, one finding for all pods of a part, how bad it is, and the first sentence of what Kubernetes says.
import { BACKUP_COMPONENT, LEGACY_IMPORT_COMPONENT, MOVE_COMPONENT, REHEARSAL_COMPONENT, RESTORE_COMPONENT } from '../../api/object-names.js';
import type { Severity } from '../../api/health-fields.js';
import type { PodFacts } from './health-facts.js';
import { partOf } from './part-state.js';
import type { CheckInput, Finding, Rule } from './rule-finding.js';

/** For how long the end of a container, or of a pod that was put out, is reported. Seconds. */
export const END_REPORTED_FOR = 600;

/** How these ended is told by the controller that made them, with the step (backup-rules.ts, restore-rules.ts, move-rules.ts). */
export const OF_RUNS: readonly string[] = [BACKUP_COMPONENT, REHEARSAL_COMPONENT, RESTORE_COMPONENT, LEGACY_IMPORT_COMPONENT, MOVE_COMPONENT];

/** Of a terminating pod nothing is said, nor of one of a run. */
export function eachPod(rule: (pod: PodFacts, input: CheckInput) => readonly Finding[]): Rule {
  return (input) => {
    const { pods } = input.facts.cluster;
    if (pods.kind === 'unseen') return [];
    const found = pods.value.filter(({ ending, part }) => !ending && !OF_RUNS.includes(part)).flatMap((pod) => rule(pod, input));
    // Two pods of a part with the same problem are one cause.
    return found.filter(({ reason, part }, index) => found.findIndex((other) => other.reason === reason && other.part === part) === index);
  };
}

/** Anything worse than a warning only while the part has no other pod that works. */
export function severityOf({ part }: Pick<PodFacts, 'part'>, input: CheckInput): Severity {
  return partOf(input.facts, part, input.now)?.isReady ? 'warning' : 'critical';
}

/** The kubelet and the scheduler go on at length. */
export function firstSentence(text: string): string {
  const [first = ''] = text.split(/\.\s|\n/);
  return first.trim().replace(/\.$/, '').slice(0, 200);
}
