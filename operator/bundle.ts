// How the operator is started from its bundle: names of its two files, and the flags that Node.js gets.

/** The compressed program, a key of a ConfigMap's binaryData. */
export const BUNDLE_FILE = 'operator.js.br';
/** Unpacks and runs it; plain text beside it. */
export const LOADER_FILE = 'run.mjs';

/**
 * Flags for `node`, measured on Node 24 under a limit of 96Mi (docs/decisions/0001-kubernetes-client.md):
 * - no code made at run time: 3 MB less, and no page that is both writable and executable; the work here is waiting;
 * - a young generation of 1 MB: the default grows to 16 MB before it is collected;
 * - a heap of 32 MB: a leak ends in a message of Node's, not in a silent kill by the kernel.
 */
export const NODE_FLAGS: readonly string[] = ['--jitless', '--max-semi-space-size=1', '--max-old-space-size=32'];
