// kubectl as the commands here use it: one cluster, one namespace, JSON in and out.
import { execa } from 'execa';

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

/** The same with something on its standard input: what is an argument is in the list of processes. The error has nothing of it. */
export async function kubectlReading(target: Target, input: string, ...args: string[]): Promise<string> {
  const { stdout } = await execa(target.kubectl, [...target.cluster, ...args], { input });
  return stdout;
}

/** How a person runs kubectl against the same cluster. */
export function kubectlCommand(target: Target): string {
  return [target.kubectl, ...target.cluster].join(' ');
}
