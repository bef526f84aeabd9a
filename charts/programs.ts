// The Node.js programs of ours that run in the cluster: how each is started from its bundle, in a ConfigMap or in an image.

export interface Program {
  /** Its first source file. */
  readonly entry: string;
  /** The compressed program, a key of a ConfigMap's binaryData. */
  readonly bundle: string;
  /** Flags for `node`. */
  readonly flags: readonly string[];
}

/** Unpacks and runs a bundle that lies beside it; plain text. */
export const LOADER_FILE = 'run.mjs';
/** Where both are inside the container. */
export const PROGRAM_PATH = '/opt/glitchkeeper';

/**
 * - a young generation of 1 MB: the default grows to 16 MB before it is collected;
 * - a heap with an end below the container's limit: a leak ends in a message of Node's, not in a silent kill by the kernel.
 */
const heap = (mebibytes: number): readonly string[] => ['--max-semi-space-size=1', `--max-old-space-size=${mebibytes}`];

export const PROGRAMS = {
  /**
   * No code made at run time: 3 MB less, and no page that is both writable and executable; the work here is waiting. Measured on
   * Node 24 under a limit of 96Mi (docs/decisions/0001-kubernetes-client.md).
   */
  operator: { entry: 'operator/main.ts', bundle: 'operator.js.br', flags: ['--jitless', ...heap(32)] },
  /** Parses each event, so it gets code made at run time. */
  gateway: { entry: 'gateway/main.ts', bundle: 'gateway.js.br', flags: heap(48) },
  /** Encrypts each byte of a backup. */
  backup: { entry: 'backup/main.ts', bundle: 'backup.js.br', flags: heap(48) },
} as const satisfies Record<string, Program>;

/** What the container runs; operator/Dockerfile says the same of the operator. */
export function commandOf({ bundle, flags }: Program): readonly string[] {
  return ['node', ...flags, `${PROGRAM_PATH}/${LOADER_FILE}`, bundle];
}
