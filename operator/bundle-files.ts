// How the operator is started from its bundle, in a ConfigMap or in an image: its two files, their folder, the flags that Node.js gets.

/** The compressed program, a key of a ConfigMap's binaryData. */
export const BUNDLE_FILE = 'operator.js.br';
/** Unpacks and runs it; plain text beside it. */
export const LOADER_FILE = 'run.mjs';
/** Where both are inside the container. */
export const BUNDLE_PATH = '/opt/glitchkeeper';

/**
 * Flags for `node`, measured on Node 24 under a limit of 96Mi (docs/decisions/0001-kubernetes-client.md):
 * - no code made at run time: 3 MB less, and no page that is both writable and executable; the work here is waiting;
 * - a young generation of 1 MB: the default grows to 16 MB before it is collected;
 * - a heap of 32 MB: a leak ends in a message of Node's, not in a silent kill by the kernel.
 */
export const NODE_FLAGS: readonly string[] = ['--jitless', '--max-semi-space-size=1', '--max-old-space-size=32'];

/** What the container runs; operator/Dockerfile says the same. */
export const COMMAND: readonly string[] = ['node', ...NODE_FLAGS, `${BUNDLE_PATH}/${LOADER_FILE}`];
