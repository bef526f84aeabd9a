// What differs between GlitchTip's releases, and the environment that measurement asks for: one row a release.
//
// 5.2 was run and measured with these very values (docs/measurements.md). 6.2 was read in its source and in that of its libraries, and not
// run by this project (docs/releases.md).
import { itemPolicy } from '../gateway/core/item-policy.js';
import { RELEASES, type Release } from '../operator/api/glitchtip-releases.js';

/** A variable of a GlitchTip container and why it has this value. */
export interface Variable {
  readonly name: string;
  readonly value: string;
  readonly why: string;
}

/** A process of GlitchTip: its command and its environment. */
export interface Process {
  /** Undefined: the image's own command, ./bin/start.sh. */
  readonly command?: readonly string[];
  readonly env: readonly Variable[];
  /** Connections to PostgreSQL that this process may open (DATABASE_POOL_MAX_SIZE). */
  readonly connections: number;
  /** Its server replaces a process that has grown (GRANIAN_WORKERS_MAX_RSS), before the kernel kills it. */
  readonly replacesGrown?: true;
}

/** How a probe can see that a worker lives without asking Valkey or PostgreSQL. */
export interface WorkerHeartbeat {
  /** File that a living worker rewrites. */
  readonly file: string;
  /** Seconds after which an old file means a frozen worker. */
  readonly staleAfter: number;
}

export interface ReleaseFacts {
  /** Tag of docker.io/glitchtip/glitchtip. */
  readonly tag: string;
  /** Older patches are another program than the facts here are of. Undefined: no patch is known to be. */
  readonly least?: { readonly patch: number; readonly why: string };
  /** Web, and the worker with its scheduler, as processes of their own. */
  readonly split: { readonly web: Process; readonly worker: Process; readonly heartbeat: WorkerHeartbeat };
  /** Logs, uptime monitors, MCP and calls to private addresses can be turned on and off, and proxies be named (charts/parts/feature-variables.ts). */
  readonly hasSwitches: boolean;
  /** Of the migrate Job. */
  readonly migrate: readonly Variable[];
  /** The release whose events its migration puts into an archive, from where they are imported; undefined: none. */
  readonly importsFrom?: Release;
  /** One process that does everything; undefined where the release cannot. */
  readonly single?: Process;
}

/** The port that GlitchTip's HTTP server listens on: one constant for its variable, its probes and its Service. */
export const HTTP_PORT = 8080;

const heartbeatFile = '/tmp/glitchkeeper-heartbeat';

const celeryWorker: Process = {
  env: [
    { name: 'SERVER_ROLE', value: 'worker_with_beat', why: 'one worker with the scheduler inside: exactly one scheduler may run on 5.x' },
    { name: 'CELERY_WORKER_POOL', value: 'threads', why: "Celery's default pool of processes is OOM-killed at 250Mi" },
    { name: 'CELERY_WORKER_CONCURRENCY', value: '10', why: 'start.sh sets 10 without exporting it' },
    {
      name: 'CELERY_WORKER_PREFETCH_MULTIPLIER', value: '11',
      why: 'batches of 100 fill only with 110 tasks fetched ahead: 250 events/s stored instead of 20; start.sh sets it without exporting it',
    },
    { name: 'CELERY_WORKER_MAX_TASKS_PER_CHILD', value: '10000', why: 'start.sh sets it without exporting it' },
    {
      name: 'CELERY_WORKER_WITHOUT_MINGLE', value: 'true',
      why: 'with it a worker that lost Valkey reconnects and never consumes again (celery/celery#8091); there is no other worker to ask',
    },
    { name: 'CELERY_WORKER_WITHOUT_GOSSIP', value: 'true', why: 'likewise: it listens to other workers, and there is none' },
    { name: 'MALLOC_ARENA_MAX', value: '2', why: 'a worker that had stored 30 MB of large events kept 20 MiB more: its threads have an arena each' },
    { name: 'MALLOC_MMAP_THRESHOLD_', value: '131072', why: 'large events are given back to the kernel when they are stored' },
    { name: 'MALLOC_TRIM_THRESHOLD_', value: '131072', why: 'likewise' },
    { name: 'GLITCHKEEPER_HEARTBEAT_FILE', value: heartbeatFile, why: 'sitecustomize.py rewrites it every 5 s while Python runs' },
  ],
  connections: 10,
};

/** What the gateway writes around the items of an envelope. Bytes. */
const ENVELOPE_HEADERS = 65_536;

/** 5.2's own limit of 2.6 MB would refuse an envelope that holds an event and its transaction; 6.2's is pinned. */
export const bodyLimit = (release: Release): Variable => ({
  name: 'GLITCHTIP_MAX_UNZIPPED_PAYLOAD_SIZE', value: String(itemPolicy(release).largestEnvelope + ENVELOPE_HEADERS),
  why: 'web takes whatever the gateway took (gateway/core/item-policy.ts): what it refused would wait for a person',
});

const uwsgiWeb: Process = {
  env: [
    bodyLimit('5.2'),
    { name: 'SERVER_ROLE', value: 'web', why: 'bin/start.sh starts uWSGI' },
    { name: 'PORT', value: String(HTTP_PORT), why: 'pinned together with the probes' },
    { name: 'UWSGI_LISTEN', value: '1024', why: 'past 128 waiting connections clients get ECONNRESET and lose the event' },
    { name: 'UWSGI_THREADS', value: '4', why: 'one slow request does not hold up the others' },
    {
      name: 'UWSGI_HOOK_MASTER_START', value: 'unix_signal:15 gracefully_kill_them_all',
      why: 'start.sh has uWSGI cut off what it is answering when it is told to end (die-on-term); so it is answered first',
    },
    { name: 'UWSGI_DISABLE_LOGGING', value: '1', why: 'a line for every event fills the 30 MB of log in 20 minutes, and costs CPU' },
    { name: 'UWSGI_LOG_4XX', value: '1', why: 'what is refused is worth a line' },
    { name: 'UWSGI_LOG_5XX', value: '1', why: 'likewise' },
    {
      name: 'UWSGI_ADD_HEADER', value: 'Connection: close',
      why: 'uWSGI closes each connection without saying so; SDKs that reuse connections (@sentry/node 11) get ECONNRESET and lose the event',
    },
  ],
  connections: 5,
};

const granian = (role: string): readonly Variable[] => [
  { name: 'SERVER_ROLE', value: role, why: 'bin/start.sh starts granian (ASGI)' },
  { name: 'GRANIAN_PORT', value: String(HTTP_PORT), why: 'wins over PORT; pinned together with the probes' },
  { name: 'PORT', value: String(HTTP_PORT), why: 'read where GRANIAN_PORT is not' },
];

/** Of whoever puts tasks into the queue, too: both are read where a task is made. */
const vtasksQueue: readonly Variable[] = [
  { name: 'VTASKS_VALKEY_PREFIX', value: 'vtasks', why: 'pinned: the operator and the gateway look there (operator/core/health/release-facts.ts)' },
  { name: 'VTASKS_MAX_RESCUES', value: '1', why: 'what a worker that was killed had in hand is queued once more by the next one, instead of given up; batches, which events are, are not' },
];

const vtasks: readonly Variable[] = [
  ...vtasksQueue,
  { name: 'VTASKS_CONCURRENCY', value: '10', why: 'the default of 20 does not fit 250Mi; fewer, and ten slow monitors would hold up events. A kill loses a batch of 100 events for each, which the gateway gives again' },
];

/** bin/tune-malloc.sh does the same, and not every role runs it; with these it leaves them alone. */
const malloc: readonly Variable[] = [
  { name: 'MALLOC_ARENA_MAX', value: '2', why: 'its threads have an arena each otherwise; upstream: 223 instead of 483 MB at rest with the two below' },
  { name: 'MALLOC_MMAP_THRESHOLD_', value: '65536', why: 'large events are given back to the kernel when they are stored' },
  { name: 'MALLOC_TRIM_THRESHOLD_', value: '65536', why: 'likewise' },
];

/** Share of its limit at which a process of granian's is replaced. Its own default is 1 GiB at least, and never acts here. */
const GROWN = 0.6;
/** All of it at rest (docs/releases.md). MiB. */
const AT_REST = 200;

/**
 * Value of GRANIAN_WORKERS_MAX_RSS. Undefined: granian starts the next process seconds before it ends the grown one, and both do not fit, so the
 * kernel would kill either sooner than it does without.
 * @param limit of the container's memory. Both in MiB
 */
export function grownAt(limit: number): number | undefined {
  const grown = Math.floor(limit * GROWN);
  return grown + AT_REST <= limit ? grown : undefined;
}

/** Old events stay in PostgreSQL, where a backup finds them. */
const noColdStorage: readonly Variable[] = [
  { name: 'GLITCHTIP_ENABLE_DUCKDB', value: 'False', why: 'on, events older than 30 days are written to files and dropped from PostgreSQL' },
  { name: 'GLITCHTIP_ENABLE_COLD_STORAGE', value: 'False', why: 'its name in later states, where a bucket alone turns it on' },
];

const single: Process = {
  env: [
    ...granian('all_in_one'),
    bodyLimit('6.2'),
    ...vtasks,
    ...noColdStorage,
    ...malloc,
    { name: 'SKIP_INIT', value: 'true', why: 'the migrate Job migrates; at every boot it would race with a surge pod' },
    { name: 'VTASKS_SHUTDOWN_CANCEL_GRACE', value: '15', why: 'after its tasks are done, a request that never ends would keep the process until it is killed; below the 55 s that are left of the pod of 60 s behind the gateway' },
  ],
  connections: 10,
  replacesGrown: true,
};

const graniansWeb: Process = { env: [...granian('web'), bodyLimit('6.2'), ...vtasksQueue, ...noColdStorage, ...malloc], connections: 5, replacesGrown: true };

const vtasksWorker: Process = {
  env: [
    { name: 'SERVER_ROLE', value: 'worker', why: 'runs the scheduler too; it holds a lock, so a second worker is safe' },
    ...vtasks,
    ...noColdStorage,
    ...malloc,
    { name: 'VTASKS_WORKER_ID', value: 'worker', why: 'the name of the one worker that there is: a new pod, whose host name is another, finds what the last one had in hand' },
    { name: 'VTASKS_HEALTH_CHECK_FILE', value: heartbeatFile, why: 'rewritten every 5 s by a living worker' },
  ],
  connections: 10,
};

const heartbeat: WorkerHeartbeat = { file: heartbeatFile, staleAfter: 60 };

const FACTS: Readonly<Record<Release, ReleaseFacts>> = {
  '5.2': { tag: '5.2', hasSwitches: false, migrate: [], split: { web: uwsgiWeb, worker: celeryWorker, heartbeat } },
  // To the patch: 6.2 moves, and a patch may migrate. A node that pulls later would run another one than the migrate Job did.
  '6.2': {
    tag: '6.2.6', least: { patch: 2, why: 'before it, as read in 6.2.0, each process opens two pools of connections, of which max_connections counts one' }, hasSwitches: true, importsFrom: '5.2', split: { web: graniansWeb, worker: vtasksWorker, heartbeat }, single,
    migrate: [{ name: 'GLITCHTIP_RETAIN_LEGACY_DATA', value: 'True', why: 'from 5.2 all but the newest events would be dropped; so their table stays, for import_legacy_events' }],
  },
};

export function releaseFacts(release: Release): ReleaseFacts {
  return FACTS[release];
}

/** Those that can keep their queue, cache and sessions in PostgreSQL and run as one process. */
export const TINY_RELEASES: readonly Release[] = RELEASES.filter((release) => releaseFacts(release).single !== undefined);
