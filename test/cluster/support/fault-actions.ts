// How faults are made to happen on real pods, and undone as a person would.
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { topologyOf } from '../../../charts/topology.js';
import type { Release } from '../../../operator/api/glitchtip-releases.js';
import type { LoadReport } from '../../sdk/load.js';
import { expiringIn } from '../../support/certificate.js';
import { freeze } from './frozen.js';
import { startLoad } from './inside.js';
import { processesOf } from './out-of-memory.js';
import type { Part } from './parts.js';
import { info, queueDepth, valkey } from './queue-access.js';
import type { Stack } from './stack.js';
import { sql } from './stored-events.js';
import { waitFor, when } from './wait.js';

export interface Made {
  /** Makes it happen; resolves when it has. */
  readonly inject: (stack: Stack, dsn: string) => Promise<unknown>;
  /** Absent: it is repaired without a person. */
  readonly repair?: (stack: Stack) => Promise<unknown>;
}

/** Of the settings that this suite applies. */
export const TLS_SECRET = 'glitchtip-tls';
/** Seconds that a batch of at most 100 events takes more. */
const SLOW_BATCH = 4;
/** Web's startupProbe asks every 5 s: so often in the fault that only a start's end shows. */
export const SHORT_START = { failureThreshold: 6, seconds: 30 };

export const scaled = (workload: string, part: Part): Made => ({
  inject: (stack) => stack.scale(workload, part, 0),
  repair: (stack) => stack.scale(workload, part, 1),
});
/** A change by hand of web's Deployment; applying the manifests again undoes it. */
export const changed = (...change: readonly string[]): Made => ({
  inject: (stack) => stack.kubectl(...change),
  repair: applyAgain,
});

export async function applyAgain(stack: Stack): Promise<void> {
  await stack.apply();
  await stack.rolledOut();
}

/** Each time that it runs again, until it is repaired. */
export function killedAgainAndAgain(part: 'web' | 'worker'): Made {
  const stopped = new AbortController();
  let killing: Promise<void> | undefined;
  const kill = async (stack: Stack): Promise<void> => {
    while (!stopped.signal.aborted) {
      const [main] = await processesOf(stack, part).catch(() => []);
      // It may have died by itself since.
      if (main !== undefined) await execa('kill', ['-KILL', String(main)], { reject: false });
      await sleep(2_000);
    }
  };
  return {
    inject: (stack) => {
      killing = kill(stack);
      return sleep(4_000);
    },
    repair: async (stack) => {
      stopped.abort();
      await killing;
      // A new pod: the kubelet lets a container wait the longer, the more often it died.
      await stack.kubectl('delete', 'pod', '-l', `app.kubernetes.io/component=${part}`);
    },
  };
}

export async function freezeWorker(stack: Stack): Promise<void> {
  await freeze(stack, (await stack.pod('worker')).container);
}

/** Its liveness probe goes by the age of one file: it becomes as old as if the worker had stood still for long. */
export async function ageHeartbeat(stack: Stack): Promise<void> {
  const { worker } = topologyOf(stack.manifests.settings);
  if (worker === undefined) throw new Error('there is no worker');
  await stack.exec('worker', ['touch', '--date', '1 hour ago', worker.heartbeat.file]);
}

/** The process goes on, and so does its heartbeat: for every probe it is alive. */
export async function cutWorkerOff(stack: Stack): Promise<void> {
  const [main] = await processesOf(stack, 'worker');
  await execa('nsenter', ['--net', '--target', String(main), 'iptables', '-A', 'OUTPUT', '-p', 'tcp', '--dport', '6379', '-j', 'DROP']);
}

export function wrongPort(): string {
  return JSON.stringify({ spec: { template: { spec: { containers: [{ name: 'web', env: [{ name: 'PORT', value: '9999' }], startupProbe: { failureThreshold: SHORT_START.failureThreshold } }] } } } });
}

/** An empty folder where the pages of the front end are. */
export function hiddenPages(): string {
  return JSON.stringify({ spec: { template: { spec: {
    volumes: [{ name: 'hidden', emptyDir: {} }],
    containers: [{ name: 'web', volumeMounts: [{ name: 'hidden', mountPath: '/code/dist' }] }],
  } } } });
}

/** The default of Kubernetes, with which the review's probe would have failed under load. */
export function impatientProbe(): string {
  return JSON.stringify({ spec: { template: { spec: { containers: [{ name: 'web', readinessProbe: { timeoutSeconds: 1 } }] } } } });
}

/** The first two packets that ask web for a connection are lost, and TCP sends one again after 1 s, and again after 1 or 2 s more: every answer takes that much longer. */
export async function delayAnswers(stack: Stack): Promise<void> {
  const [main] = await processesOf(stack, 'web');
  const inside = ['--net', '--target', String(main), 'iptables', '-A', 'INPUT', '-p', 'tcp', '--syn', '--dport', '8080'];
  const beyondTwo = ['-m', 'hashlimit', '--hashlimit-name', 'asked', '--hashlimit-mode', 'srcip,srcport', '--hashlimit-above', '1/hour', '--hashlimit-burst', '2'];
  await execa('nsenter', [...inside, ...beyondTwo, '-j', 'ACCEPT']);
  await execa('nsenter', [...inside, '-j', 'DROP']);
}

/** Each batch is stored, one after the other and with a pause, and more comes in than that. */
export function backlog(): Made {
  let load: { readonly report: Promise<LoadReport>; readonly stop: () => void } | undefined;
  return {
    inject: async (stack, dsn) => {
      await sql(stack, `CREATE FUNCTION take_long() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_advisory_xact_lock(1), pg_sleep(${SLOW_BATCH}); RETURN NULL; END $$;
        CREATE TRIGGER take_long AFTER INSERT ON issue_events_issueevent FOR EACH STATEMENT EXECUTE FUNCTION take_long();`);
      load = startLoad(stack.cluster, { dsn, baseUrl: await stack.baseUrl(), rate: 60, seconds: 600 });
    },
    repair: async (stack) => {
      load?.stop();
      await load?.report;
      await sql(stack, 'DROP FUNCTION IF EXISTS take_long() CASCADE;');
    },
  };
}

/** Every batch of GlitchTip 6.2 fails after its events are stored: its statistics come last. */
export function failingBatches(): Made {
  const load = steadyLoad();
  return {
    inject: async (stack, dsn) => {
      await sql(stack, `CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no statistics'; END $$;
        CREATE TRIGGER fail BEFORE INSERT ON projects_issueeventprojecthourlystatistic FOR EACH STATEMENT EXECUTE FUNCTION fail();`);
      await load.start(stack, dsn);
    },
    repair: async (stack) => {
      await load.stop();
      await sql(stack, 'DROP FUNCTION IF EXISTS fail() CASCADE;');
      // A batch that is under way may fail still.
      await waitFor<true>({ what: 'the queue to be empty', seconds: 60 }, async () => when((await queueDepth(stack)) === 0, 'events wait'));
      await sleep(5_000);
      await valkey(stack, 'DEL vtasks:q:failed');
    },
  };
}

/** By less memory than it has in use, so that every write that needs some is refused; nothing is evicted. */
export function fullValkey(): Made {
  const load = steadyLoad();
  let before = '0';
  return {
    inject: async (stack, dsn) => {
      [, before = '0'] = await valkey(stack, 'CONFIG GET maxmemory');
      await valkey(stack, `CONFIG SET maxmemory ${Math.floor((await info(stack, 'used_memory')) * 0.9)}`);
      await load.start(stack, dsn);
    },
    repair: async (stack) => {
      await valkey(stack, `CONFIG SET maxmemory ${before}`);
      // What comes now is stored; what was lost the gateway gives again minutes later.
      await sleep(30_000);
      await load.stop();
    },
  };
}

/** A few events a second, until it is stopped. */
function steadyLoad(): { readonly start: (stack: Stack, dsn: string) => Promise<void>; readonly stop: () => Promise<void> } {
  let load: ReturnType<typeof startLoad> | undefined;
  return {
    start: async (stack, dsn) => {
      load = startLoad(stack.cluster, { dsn, baseUrl: await stack.baseUrl(), rate: 5, seconds: 600 });
    },
    stop: async () => {
      load?.stop();
      await load?.report;
    },
  };
}

/** As after an update whose migrate Job failed: tables are missing, and a pod that starts now waits for them. */
export async function undoMigration(stack: Stack): Promise<void> {
  const tables = await sql(stack, "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename LIKE 'uptime\\_%' AND tablename !~ '_[0-9]{4}_'");
  await sql(stack, `BEGIN; DROP TABLE ${tables.join(', ')} CASCADE; DELETE FROM django_migrations WHERE app = 'uptime'; COMMIT;`);
  await stack.kubectl('delete', 'pod', '-l', 'app.kubernetes.io/component=worker');
}

/** When a partition begins, by release: 5.2's bounds are times; 6.2's may be UUIDs, and the name says the day. */
const BEGIN: Readonly<Record<Release, string>> = {
  '5.2': String.raw`substring(pg_get_expr(c.relpartbound, c.oid) FROM $$FROM \('([^']+)'\)$$)::timestamptz`,
  '6.2': "to_date(right(c.relname, 8), 'YYYYMMDD')::timestamptz",
};

/** Drops the partitions that begin so many days from now or later, as if nobody had made them. @param table that of events, by default */
export async function dropPartitions(stack: Stack, days: number, table = 'issue_events_issueevent'): Promise<void> {
  const beyond = await sql(stack, `SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = '${table}'::regclass AND ${BEGIN[stack.release]} > now() + interval '${days - 1} days'`);
  if (beyond.length === 0) throw new Error('there is no partition to drop');
  await sql(stack, `DROP TABLE ${beyond.join(', ')};`);
}

/** The certificate that settings.yaml names, `days` before its end. */
export async function putCertificate(stack: Stack, days: number): Promise<void> {
  const { certificate, key } = await expiringIn(days);
  const secret = {
    apiVersion: 'v1', kind: 'Secret', type: 'kubernetes.io/tls', metadata: { name: TLS_SECRET, namespace: stack.namespace },
    stringData: { 'tls.crt': certificate, 'tls.key': key },
  };
  await stack.cluster.kubectl(['apply', '-f', '-'], JSON.stringify(secret));
}
