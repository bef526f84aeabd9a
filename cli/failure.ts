// Why a command could not do its work, in words that say what to do: pure, from what kubectl wrote to its standard error.

export type FailureKind =
  | 'usage' | 'refused' | 'no kubectl' | 'no context' | 'unreachable' | 'unauthorized' | 'forbidden'
  | 'no kind' | 'no namespace' | 'not found' | 'conflict' | 'other';

/** An expected failure: its message is for a person, and there is nothing to learn from its stack. */
export class Failure extends Error {
  constructor(readonly kind: FailureKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'Failure';
  }
}

/** What is known of a program that failed; execa's error has all of it. */
export interface ProgramError {
  /** Set when it could not be started at all. */
  readonly code?: string;
  readonly stderr?: string;
  readonly shortMessage?: string;
  /** It had not ended in its time, and was ended. */
  readonly timedOut?: boolean;
}

interface Cause {
  readonly kind: FailureKind;
  readonly signs: RegExp;
  readonly say: (said: string) => string;
}

/** The first that fits, the more exact one first: without a kubeconfig kubectl also says that localhost:8080 refused it. */
const CAUSES: readonly Cause[] = [
  {
    kind: 'no context',
    signs: /context was not found|context .* does not exist|no context exists|current-context is not set|no configuration has been provided|localhost:8080 was refused|localhost:8080.*connection refused|stat .*: no such file/,
    say: (said) => `kubectl knows no cluster (${said}): pass --context or --kubeconfig; "kubectl config get-contexts" lists the contexts`,
  },
  { kind: 'unauthorized', signs: /Unauthorized|must be logged in to the server/, say: (said) => `the cluster does not know you: ${said}` },
  { kind: 'forbidden', signs: /\(Forbidden\)|is forbidden/, say: (said) => `you may not do this: ${said}` },
  {
    kind: 'no kind',
    signs: /doesn't have a resource type|no matches for kind|could not find the requested resource/,
    say: () => 'the cluster has no resource of kind GlitchTip: install glitchkeeper first (npm run synth, kubectl apply -f dist/)',
  },
  { kind: 'not found', signs: /\(NotFound\)| not found/, say: (said) => said },
  { kind: 'conflict', signs: /already has a value|\(Conflict\)|object has been modified/, say: (said) => `somebody else was first: ${said}` },
  {
    kind: 'unreachable',
    signs: /Unable to connect|was refused|connection refused|timed? ?out|i\/o timeout|no route to host|no such host|handshake|deadline exceeded|EOF|ServiceUnavailable/i,
    say: (said) => `the cluster does not answer: ${said}`,
  },
];

/** Failures that may be over at the next try. */
export function isPassing({ kind }: Failure): boolean {
  return kind === 'unreachable' || kind === 'other';
}

export function explainFailure(error: ProgramError): Failure {
  if (error.code === 'ENOENT') {
    return new Failure('no kubectl', 'there is no kubectl on PATH: install it, as https://kubernetes.io/docs/tasks/tools says', { cause: error });
  }
  if (error.timedOut === true) return new Failure('unreachable', 'the cluster does not answer: kubectl had not ended in its time', { cause: error });
  const text = error.stderr ?? '';
  const said = lastLine(text) ?? error.shortMessage ?? 'no reason given';
  const cause = CAUSES.find(({ signs }) => signs.test(text));
  return new Failure(cause?.kind ?? 'other', cause?.say(said) ?? `kubectl failed: ${said}`, { cause: error });
}

/** kubectl logs its tries before it says, last, what it made of them. */
function lastLine(text: string): string | undefined {
  return text.trim().split('\n').at(-1)?.replace(/^error: /i, '') || undefined;
}
