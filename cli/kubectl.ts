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

/** For one answer: a cluster on a small host takes seconds when it is busy, and not minutes. By itself kubectl waits without an end. */
export const ANSWER_WITHIN = '--request-timeout=15s';
/** For all of a call, which may ask for many answers, and of which `kubectl exec` heeds no limit of kubectl's own. Milliseconds. */
const LONGEST_CALL = 180_000;

export interface KubectlOptions {
  /** On its standard input: what is an argument is in the list of processes. The error has nothing of it. */
  readonly input?: string;
  /** Then it is ended. Milliseconds. @default 3 minutes */
  readonly within?: number;
}

/** Output of a kubectl call. @throws execa's error, with kubectl's own message, when it fails or does not end in time */
export async function kubectl(target: Target, ...args: string[]): Promise<string> {
  return callKubectl(target, args);
}

/** The same with something on its standard input, or with another limit. */
export async function callKubectl(target: Target, args: readonly string[], { input, within = LONGEST_CALL }: KubectlOptions = {}): Promise<string> {
  const { stdout } = await execa(target.kubectl, [...target.cluster, ...args], { timeout: within, ...(input === undefined ? {} : { input }) });
  return stdout;
}

/** How a person runs kubectl against the same cluster. */
export function kubectlCommand(target: Target): string {
  return [target.kubectl, ...target.cluster].join(' ');
}
