// Which programs the client measurement compares: each is the one before it with one thing more, or one thing less.
import { PROGRAMS } from '../../charts/programs.js';
import { DEAD_WEIGHT, type DeadWeight } from '../../bundle.config.js';

/** How a program is started. */
export type Start =
  /** As in a pod: by the loader, from a compressed bundle. */
  | 'loader'
  /** `node FILE`. */
  | 'file'
  /** `node FILE`, for the second time with NODE_COMPILE_CACHE. */
  | 'compile cache';

export interface Step {
  readonly name: string;
  /** A file of test/bench/client/. */
  readonly program: string;
  /** Of what the build leaves out. @default nothing */
  readonly kept?: readonly DeadWeight[];
  /** Of Node.js. @default those of the operator */
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** @default loader */
  readonly start?: Start;
  /** Asks for a collection of 1,000 objects. @default false: it has none */
  readonly many?: boolean;
}

const OPERATOR_FLAGS: readonly string[] = PROGRAMS.operator.flags;
const KEEP = { KEEP: '1' };

/** In this order: the whole package first, then without one thing more each. */
const LEFT_OUT_IN_TURN: readonly DeadWeight[] = ['WebSocket', 'OpenID Connect', 'exec plugins', 'child processes', 'Azure, Google (jsonpath)', 'YAML', 'proxies', 'whatwg-url', 'generated API'];

const whole: readonly Step[] = [
  { name: 'the whole package: KubeConfig, Watch, requests', program: 'requests', kept: Object.keys(DEAD_WEIGHT) as DeadWeight[] },
  ...LEFT_OUT_IN_TURN.map((name, index): Step => ({ name: `... without ${name}`, program: 'requests', kept: LEFT_OUT_IN_TURN.slice(index + 1) })),
];

const METADATA = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';

export const STEPS: readonly Step[] = [
  { name: 'bare node', program: 'bare', start: 'file', flags: [] },
  { name: 'bare node, the operator\'s flags and loader', program: 'bare' },
  { name: 'node:https by hand: requests, a watch', program: 'by-hand' },
  ...whole,
  { name: 'KubeConfig alone', program: 'kube-config' },
  { name: '+ Watch', program: 'watch' },
  { name: '+ requests, a connection each', program: 'requests' },
  { name: '+ requests, kept connections', program: 'requests', env: KEEP },
  { name: '... over node:https instead of node-fetch', program: 'own-transport' },
  { name: '+ one typed API', program: 'typed', kept: ['generated API'] },
  { name: '+ one typed API, of the modules that it needs', program: 'typed' },
  { name: 'lists of 1,000, whole', program: 'requests', env: KEEP, many: true },
  { name: 'lists of 1,000, metadata only', program: 'requests', env: { ...KEEP, ACCEPT: METADATA }, many: true },
  { name: 'lists of 1,000 by one typed API', program: 'typed', many: true },
  { name: 'from a file', program: 'requests', env: KEEP, start: 'file' },
  { name: 'from a file, with a compile cache', program: 'requests', env: KEEP, start: 'compile cache' },
  { name: 'without --jitless', program: 'requests', env: KEEP, flags: OPERATOR_FLAGS.filter((flag) => flag !== '--jitless') },
  { name: 'with --v8-pool-size=0', program: 'requests', env: KEEP, flags: [...OPERATOR_FLAGS, '--v8-pool-size=0'] },
  { name: 'with UV_THREADPOOL_SIZE=1', program: 'requests', env: { ...KEEP, UV_THREADPOOL_SIZE: '1' } },
  { name: 'with MALLOC_ARENA_MAX=1', program: 'requests', env: { ...KEEP, MALLOC_ARENA_MAX: '1' } },
];
