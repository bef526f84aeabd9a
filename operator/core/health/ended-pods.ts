// Pods that have ended, and that keep the next ones from being made.
import { RECREATED_COMPONENTS } from '../../api/object-names.js';
import { END_REPORTED_FOR } from './each-pod.js';
import type { ClusterFacts, PodFacts } from './health-facts.js';
import { secondsSince } from './rule-finding.js';

/** A pod that the node put out has a successor within seconds; where it has none for so long, a rollout stands still over it. Seconds. */
const SUCCEEDED_WITHIN = 60;

/**
 * Pods of Deployments of strategy Recreate that the node put out, and that are to be deleted. While one is left, the deployment controller
 * does not notice that the last old pod of a rollout is gone: for progressDeadlineSeconds, ten minutes, there is no pod at all
 * (kubernetes/kubernetes issue 128798, mended by its pull request 136639). So each goes when nobody is told of its end any more, and after
 * a minute when it has no successor.
 */
export function podsInTheWay({ pods }: Pick<ClusterFacts, 'pods'>, now: Date): readonly PodFacts[] {
  if (pods.kind === 'unseen') return [];
  const hasSuccessor = (part: string) => pods.value.some((pod) => pod.part === part && pod.alive);
  const stays = (part: string) => hasSuccessor(part) ? END_REPORTED_FOR : SUCCEEDED_WITHIN;
  return pods.value.filter(({ part, alive, ending, evicted }) => !alive && !ending && evicted !== undefined && RECREATED_COMPONENTS.includes(part) && secondsSince(evicted.at, now) > stays(part));
}
