// Whether the namespace's quota lets one more pod start, as a rollout with a surge needs.
import { parseQuantity } from '../quantity.js';

/** Resource names (limits.memory, requests.cpu) and quantities. */
type Amounts = Readonly<Record<string, string>>;

export interface Quota {
  readonly hard: Amounts;
  readonly used: Amounts;
}

/** The largest container of each kind that a pod needs room for, as the quota names it. */
export type Needs = Readonly<Record<string, number>>;

/** Containers of a pod as its template has them. */
export interface PodResources {
  readonly containers: readonly ContainerResources[];
  readonly initContainers: readonly ContainerResources[];
}

export interface ContainerResources {
  readonly requests?: Amounts;
  readonly limits?: Amounts;
}

/** What a pod counts for: its containers together, or its largest init container if that is more. */
export function podNeeds({ containers, initContainers }: PodResources): Needs {
  const names = ['requests.cpu', 'requests.memory', 'limits.cpu', 'limits.memory'] as const;
  const of = (container: ContainerResources, name: (typeof names)[number]) => {
    const [kind, resource] = name.split('.') as ['requests' | 'limits', string];
    // A pod, not yet its template, gets a limit for its request where it has none (kubernetes.io, "Resource Management for Pods").
    const amount = container[kind]?.[resource] ?? container.limits?.[resource];
    return parseQuantity(amount ?? '0') ?? 0;
  };
  return Object.fromEntries(names.map((name) => {
    const together = containers.reduce((sum, container) => sum + of(container, name), 0);
    return [name, Math.max(together, ...initContainers.map((container) => of(container, name)))];
  }));
}

/** Why the pod has no room; undefined when it has, or the quota does not limit it. `pod`: whose it is. */
export function explainNoRoom(needs: Needs, { hard, used }: Quota, pod = 'one more pod, as a rollout needs it'): string | undefined {
  const short = Object.entries(needs).find(([name, need]) => {
    const [limit, taken] = [parseQuantity(hard[name] ?? ''), parseQuantity(used[name] ?? '0')];
    return limit !== undefined && taken !== undefined && taken + need > limit;
  });
  if (!short) return undefined;
  const [name] = short;
  return `The quota leaves no room for ${pod}: ${name} ${used[name] ?? '?'} of ${hard[name] ?? '?'} is used.`;
}
