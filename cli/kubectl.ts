// kubectl as the commands here use it: one cluster, one namespace, JSON in and out.
import { execa, type ResultPromise } from 'execa';

export interface Target {
  /** Program to run: "kubectl" from PATH, or the embedded cluster's own. */
  readonly kubectl: string;
  /** Arguments that choose the cluster, such as --kubeconfig or --context. */
  readonly cluster: readonly string[];
  /** What a person calls the cluster. */
  readonly description: string;
}

/** Output of a kubectl call. @throws execa's error, with kubectl's own message, when it fails */
export async function kubectl(target: Target, ...args: string[]): Promise<string> {
  const { stdout } = await execa(target.kubectl, [...target.cluster, ...args]);
  return stdout;
}

/** kubectl that goes on until it is stopped, such as a port-forward. */
export function startKubectl(target: Target, ...args: string[]): ResultPromise<{ reject: false }> {
  return execa(target.kubectl, [...target.cluster, ...args], { reject: false });
}

/** How a person runs kubectl against the same cluster. */
export function kubectlCommand(target: Target): string {
  return [target.kubectl, ...target.cluster].join(' ');
}
