// What differs between GlitchTip's release lines, and the environment that measurement asks for: one row a line.
//
// 5.2 was run and measured with these very values (docs/measurements.md); 6.x and 7.0 were read in their source and
// documentation and not run by this project.

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
  /** Web, worker and scheduler as processes of their own; undefined where the release has only one process. */
  readonly split?: { readonly web: Process; readonly worker: Process; readonly heartbeat: WorkerHeartbeat };
  /** The gateway knows its answers and its tables. */
  readonly gateway?: boolean;
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

const uwsgiWeb: Process = {
  env: [
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

const vtasks: readonly Variable[] = [
  { name: 'VTASKS_VALKEY_PREFIX', value: 'vtasks', why: 'the default changes with the version, and an upgrade would leave queued events behind' },
  { name: 'VTASKS_CONCURRENCY', value: '10', why: 'the default of 20 does not fit 250Mi' },
];

const single: Process = {
  env: [
    ...granian('all_in_one'),
    ...vtasks,
    { name: 'SKIP_INIT', value: 'true', why: 'the migrate Job migrates; at every boot it would race with a surge pod' },
  ],
  connections: 10,
};

const six = (tag: string): ReleaseFacts => ({
  tag,
  split: {
    web: { env: granian('web'), connections: 5 },
    worker: {
      env: [
        { name: 'SERVER_ROLE', value: 'worker', why: 'runs the scheduler too; it holds a lock, so a second worker is safe' },
        ...vtasks,
        { name: 'VTASKS_HEALTH_CHECK_FILE', value: heartbeatFile, why: 'rewritten every 5 s by a living worker' },
      ],
      connections: 10,
    },
    heartbeat: { file: heartbeatFile, staleAfter: 60 },
  },
  single,
});

const facts = {
  '5.2': { tag: '5.2', gateway: true, split: { web: uwsgiWeb, worker: celeryWorker, heartbeat: { file: heartbeatFile, staleAfter: 60 } } },
  '6.0': six('6.0'),
  '6.1': six('6.1'),
  '6.2': six('6.2'),
  '7.0': { tag: '7.0', single },
} as const satisfies Record<string, ReleaseFacts>;

export type Release = keyof typeof facts;
export const RELEASES = Object.keys(facts) as readonly Release[];

export function isRelease(text: string): text is Release {
  return Object.hasOwn(facts, text);
}

export function releaseFacts(release: Release): ReleaseFacts {
  return facts[release];
}

/** Whether a release can keep its queue, cache and sessions in PostgreSQL and run as one process. */
export function canRunTiny(release: string): boolean {
  return isRelease(release) && releaseFacts(release).single !== undefined;
}
