// Which cluster `npm start` uses: the current kube context when it answers and the person agrees, else the embedded one.
import { createInterface } from 'node:readline/promises';
import { execa } from 'execa';
import { down, up } from '../embedded/index.js';
import type { Target } from '../cli/kubectl.js';

export interface TargetOptions {
  /** Take the current context without asking. */
  readonly yes: boolean;
  /** Never look at a kube context. */
  readonly embedded: boolean;
  /** A context by name instead of the current one. */
  readonly context?: string;
  /** Name of the embedded cluster. @default 'glitchkeeper' */
  readonly name?: string;
}

/** A cluster to work on, and how to leave it. */
export interface ChosenCluster extends Target {
  readonly embedded: boolean;
  /** Names of images in it that only behave like the programs of their names: no registry answered. */
  readonly doubles: readonly string[];
  /** Removes the embedded cluster; a person's own cluster is never removed. */
  readonly remove: () => Promise<void>;
}

const ANSWER_SECONDS = 5;

/** The person's own; undefined: it is to be the embedded one. */
export async function ownCluster({ yes, embedded, context }: TargetOptions, say: (line: string) => void): Promise<ChosenCluster | undefined> {
  if (embedded) return undefined;
  const name = context ?? await output('kubectl', ['config', 'current-context']);
  if (name === undefined || name === '') return undefined;
  const cluster = ['--context', name];
  const version = await output('kubectl', [...cluster, 'get', '--raw', '/version', `--request-timeout=${ANSWER_SECONDS}s`]);
  if (version === undefined) {
    if (context !== undefined) throw new Error(`the cluster of context ${context} does not answer within ${ANSWER_SECONDS} s`);
    say(`context ${name} does not answer: using the embedded cluster`);
    return undefined;
  }
  if (!yes && !(await agree(`Install GlitchTip into the cluster of context "${name}"?`, say))) return undefined;
  return { kubectl: 'kubectl', cluster, description: `context ${name}`, embedded: false, doubles: [], remove: () => Promise.resolve() };
}

/** Brings it up, unless it runs. */
export async function embeddedCluster({ name }: TargetOptions, say: (line: string) => void): Promise<ChosenCluster> {
  const handle = await up({ name, log: say });
  return {
    kubectl: handle.binaries.kubectl,
    cluster: ['--kubeconfig', handle.kubeconfigPath],
    description: 'the embedded cluster',
    embedded: true,
    doubles: handle.doubles,
    remove: () => down({ name, delete: true }),
  };
}

/** Without a terminal nobody can agree, so nothing is installed into a cluster that --yes did not name. */
async function agree(question: string, say: (line: string) => void): Promise<boolean> {
  if (!process.stdin.isTTY) {
    say(`${question} Nobody to ask (no terminal): pass --yes to do it. Using the embedded cluster.`);
    return false;
  }
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await terminal.question(`${question} [y/N] (N: the embedded cluster) `);
  terminal.close();
  return /^y(es)?$/i.test(answer.trim());
}

/** What a program prints, or undefined when it fails or is not there. */
async function output(program: string, args: readonly string[]): Promise<string | undefined> {
  const result = await execa(program, [...args], { reject: false });
  return result.failed ? undefined : result.stdout.trim();
}
