// What can go wrong with the stack, made to happen on real pods, each with the way back that a person would take.
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { X509CertificateGenerator } from '@peculiar/x509';
import { execa } from 'execa';
import type { HealthReason } from '../../../operator/api/health-reasons.js';
import type { LoadReport } from '../../sdk/load.js';
import { sql } from './stored-events.js';
import { startLoad } from './inside.js';
import { clearEvicted, pressNode } from './memory-hog.js';
import { killByMemory, processesOf } from './out-of-memory.js';
import type { Part } from './parts.js';
import type { Stack } from './stack.js';
import { fillVolumes, freeVolumes } from './volume-store.js';

export interface Fault {
  /** As a row of the table says it. */
  readonly what: string;
  readonly tells: { readonly reason: HealthReason; readonly part: string };
  /** Makes it happen; resolves when it has. */
  readonly inject: (stack: Stack, dsn: string) => Promise<unknown>;
  /** Absent: it is repaired without a person. */
  readonly repair?: (stack: Stack) => Promise<unknown>;
  /** @default 'person' where there is a repair, else 'operator' */
  readonly repairedBy?: 'liveness probe';
  /** Seconds that Kubernetes itself allows before it is a fault: the start of a new pod, by its probe. @default 0 */
  readonly allowance?: number;
}

/** A new pod has so long to start (startupProbe), and to wait in its init containers. Seconds. */
const START = 75;
/** What is found only while web should have started, and until its probe ends it, may take another start to be found three times. Seconds. */
const SECOND_START = 30;
/** Of the settings that this suite applies. */
export const TLS_SECRET = 'glitchtip-tls';
/** Seconds that a batch of at most 100 events takes more. */
const SLOW_BATCH = 4;
const NOBODY = 'docker.io/glitchtip/glitchtip:0.0.0-none';

const scaled = (workload: string, part: Part): Pick<Fault, 'inject' | 'repair'> => ({
  inject: (stack) => stack.scale(workload, part, 0),
  repair: (stack) => stack.scale(workload, part, 1),
});
/** A change by hand of web's Deployment; applying the manifests again undoes it. */
const changed = (...change: readonly string[]): Pick<Fault, 'inject' | 'repair'> => ({
  inject: (stack) => stack.kubectl(...change),
  repair: applyAgain,
});

async function applyAgain(stack: Stack): Promise<void> {
  await stack.apply();
  await stack.rolledOut();
}

const POSTGRES_STOPPED: Fault = { what: 'Postgres stopped', tells: { reason: 'DatabaseDown', part: 'postgres' }, ...scaled('statefulset/postgres', 'postgres') };
export const VALKEY_STOPPED: Fault = { what: 'Valkey stopped', tells: { reason: 'QueueDown', part: 'valkey' }, ...scaled('statefulset/valkey', 'valkey') };
const WORKER_GONE: Fault = { what: 'worker scaled to 0', tells: { reason: 'WorkerDown', part: 'worker' }, ...scaled('deployment/worker', 'worker') };
const WORKER_CRASHES: Fault = { what: 'worker killed again and again', tells: { reason: 'CrashLoop', part: 'worker' }, ...killedAgainAndAgain(), allowance: 30 };
const WORKER_FROZEN: Fault = { what: 'worker frozen (SIGSTOP)', tells: { reason: 'WorkerStuck', part: 'worker' }, inject: freezeWorker, repairedBy: 'liveness probe' };
const WORKER_WEDGED: Fault = { what: 'worker wedged: its packets to Valkey vanish', tells: { reason: 'WorkerStuck', part: 'worker' }, inject: cutWorkerOff };
const WEB_STARVED: Fault = {
  what: 'web needs more memory than its limit', tells: { reason: 'OutOfMemory', part: 'web' },
  inject: (stack) => killByMemory(stack, 'web'),
  repair: (stack) => stack.kubectl('delete', 'pod', '-l', 'app.kubernetes.io/component=web'),
};
const WRONG_PORT: Fault = { what: 'web listens on another port', tells: { reason: 'PortMismatch', part: 'web' }, ...changed('set', 'env', 'deployment/web', 'PORT=9999'), allowance: START + SECOND_START };
const WRONG_HOST: Fault = { what: 'web does not allow its host', tells: { reason: 'HostNotAllowed', part: 'web' }, ...changed('set', 'env', 'deployment/web', 'ALLOWED_HOSTS=nobody.example'), allowance: START };
const NO_PAGES: Fault = {
  what: 'static files hidden', tells: { reason: 'StaticFilesMissing', part: 'web' },
  inject: (stack) => stack.kubectl('patch', 'deployment/web', '--patch', hiddenPages()),
  // An apply leaves a volume alone that it never made.
  repair: (stack) => stack.kubectl('rollout', 'undo', 'deployment/web'),
  allowance: START,
};
const NO_IMAGE: Fault = { what: 'image of web not found', tells: { reason: 'ImageNotFound', part: 'web' }, ...changed('set', 'image', 'deployment/web', `web=${NOBODY}`) };
const UNMIGRATED: Fault = { what: 'migrations undone, a new worker waits for them', tells: { reason: 'MigrationsPending', part: 'postgres' }, inject: undoMigration, allowance: START };
const PARTITIONS_END: Fault = { what: 'scheduler dead: partitions run out', tells: { reason: 'PartitionsRunningOut', part: 'postgres' }, inject: (stack) => dropPartitions(stack, 3) };
const PARTITIONS_GONE: Fault = { what: 'partitions from tomorrow on are gone', tells: { reason: 'PartitionsMissing', part: 'postgres' }, inject: (stack) => dropPartitions(stack, 1) };
const IMPATIENT: Fault = {
  what: 'web answers later than its probe waits', tells: { reason: 'TimeoutTooShort', part: 'web' },
  inject: async (stack) => {
    await stack.kubectl('patch', 'deployment/web', '--patch', impatientProbe());
    await stack.rolledOut();
    await delayAnswers(stack);
  },
  repair: applyAgain,
  allowance: START,
};
const CERTIFICATE_ENDED: Fault = {
  what: 'certificate expired', tells: { reason: 'CertificateExpired', part: 'certificate' },
  inject: async (stack) => {
    await putCertificate(stack, -1);
    // One that had long to go is read hourly; a new operator reads it now.
    await stack.kubectl('delete', 'pod', '-l', 'app.kubernetes.io/component=operator');
  },
  repair: (stack) => putCertificate(stack, 90),
  allowance: 30,
};
const VOLUME_FULL: Fault = {
  what: 'volume full to its last byte', tells: { reason: 'VolumeFull', part: 'postgres-data' },
  inject: ({ cluster }) => fillVolumes(cluster),
  repair: ({ cluster }) => freeVolumes(cluster),
};
const TOO_MUCH: Fault = {
  what: 'more events than a slow database takes', tells: { reason: 'Backlog', part: 'worker' },
  ...backlog(),
  // Until so many wait that it is one.
  allowance: 30,
};
const NODE_SHORT: Fault = {
  what: 'a neighbour takes the memory of the host', tells: { reason: 'NodeUnderPressure', part: 'node' },
  inject: pressNode,
  repair: clearEvicted,
  // Until it is short, and the kubelet looks every 10 s.
  allowance: 30,
};

/** Faults of GlitchTip itself. What goes wrong together has nothing to do with each other, and is told apart. */
export const NIGHTS_INSIDE: readonly (readonly Fault[])[] = [
  [WORKER_WEDGED, WRONG_PORT],
  [WORKER_FROZEN, PARTITIONS_END],
  [WORKER_CRASHES, WRONG_HOST],
  [WORKER_GONE, NO_PAGES],
  [IMPATIENT, UNMIGRATED],
  [NO_IMAGE, TOO_MUCH],
];

/** Faults of what it stands on: servers, volumes, limits, the host. */
export const NIGHTS_AROUND: readonly (readonly Fault[])[] = [
  [POSTGRES_STOPPED],
  [WEB_STARVED, CERTIFICATE_ENDED, PARTITIONS_GONE],
  [VOLUME_FULL],
  // Last, for the kubelet remembers it for minutes.
  [NODE_SHORT],
];

/** Each time that it runs again, until it is repaired. */
function killedAgainAndAgain(): Pick<Fault, 'inject' | 'repair'> {
  const stopped = new AbortController();
  let killing: Promise<void> | undefined;
  const kill = async (stack: Stack): Promise<void> => {
    while (!stopped.signal.aborted) {
      const [main] = await processesOf(stack, 'worker').catch(() => []);
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
      await stack.kubectl('delete', 'pod', '-l', 'app.kubernetes.io/component=worker');
    },
  };
}

async function freezeWorker(stack: Stack): Promise<void> {
  for (const id of await processesOf(stack, 'worker')) process.kill(id, 'SIGSTOP');
}

/** The process goes on, and so does its heartbeat: for every probe it is alive. */
async function cutWorkerOff(stack: Stack): Promise<void> {
  const [main] = await processesOf(stack, 'worker');
  await execa('nsenter', ['--net', '--target', String(main), 'iptables', '-A', 'OUTPUT', '-p', 'tcp', '--dport', '6379', '-j', 'DROP']);
}

/** An empty folder where the pages of the front end are. */
function hiddenPages(): string {
  return JSON.stringify({ spec: { template: { spec: {
    volumes: [{ name: 'hidden', emptyDir: {} }],
    containers: [{ name: 'web', volumeMounts: [{ name: 'hidden', mountPath: '/code/dist' }] }],
  } } } });
}

/** The default of Kubernetes, with which the review's probe would have failed under load. */
function impatientProbe(): string {
  return JSON.stringify({ spec: { template: { spec: { containers: [{ name: 'web', readinessProbe: { timeoutSeconds: 1 } }] } } } });
}

/** The first two packets that ask web for a connection are lost, and TCP sends one again after 1 s, and again after 1 or 2 s more: every answer takes that much longer. */
async function delayAnswers(stack: Stack): Promise<void> {
  const [main] = await processesOf(stack, 'web');
  const inside = ['--net', '--target', String(main), 'iptables', '-A', 'INPUT', '-p', 'tcp', '--syn', '--dport', '8080'];
  const beyondTwo = ['-m', 'hashlimit', '--hashlimit-name', 'asked', '--hashlimit-mode', 'srcip,srcport', '--hashlimit-above', '1/hour', '--hashlimit-burst', '2'];
  await execa('nsenter', [...inside, ...beyondTwo, '-j', 'ACCEPT']);
  await execa('nsenter', [...inside, '-j', 'DROP']);
}

/** Each batch is stored, one after the other and with a pause, and more comes in than that. */
function backlog(): Pick<Fault, 'inject' | 'repair'> {
  let load: { readonly report: Promise<LoadReport>; readonly stop: () => void } | undefined;
  return {
    inject: async (stack, dsn) => {
      await sql(stack, `CREATE FUNCTION take_long() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_advisory_xact_lock(1), pg_sleep(${SLOW_BATCH}); RETURN NULL; END $$;
        CREATE TRIGGER take_long AFTER INSERT ON issue_events_issueevent FOR EACH STATEMENT EXECUTE FUNCTION take_long();`);
      load = startLoad(stack.cluster, { dsn, baseUrl: `http://${await stack.serviceAddress('web')}:8080`, rate: 60, seconds: 600 });
    },
    repair: async (stack) => {
      load?.stop();
      await load?.report;
      await sql(stack, 'DROP FUNCTION IF EXISTS take_long() CASCADE;');
    },
  };
}

/** As after an update whose migrate Job failed: tables are missing, and a pod that starts now waits for them. */
async function undoMigration(stack: Stack): Promise<void> {
  const tables = await sql(stack, "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename LIKE 'uptime\\_%' AND tablename !~ '_[0-9]{4}_'");
  await sql(stack, `BEGIN; DROP TABLE ${tables.join(', ')} CASCADE; DELETE FROM django_migrations WHERE app = 'uptime'; COMMIT;`);
  await stack.kubectl('delete', 'pod', '-l', 'app.kubernetes.io/component=worker');
}

/** Drops the partitions of events that begin so many days from now or later, as if nobody had made them. */
async function dropPartitions(stack: Stack, days: number): Promise<void> {
  const beyond = await sql(stack, `SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'issue_events_issueevent'::regclass
      AND substring(pg_get_expr(c.relpartbound, c.oid) FROM $$FROM \\('([^']+)'\\)$$)::timestamptz > now() + interval '${days - 1} days'`);
  if (beyond.length === 0) throw new Error('there is no partition to drop');
  await sql(stack, `DROP TABLE ${beyond.join(', ')};`);
}

/** The certificate that settings.yaml names, `days` before its end. */
export async function putCertificate(stack: Stack, days: number): Promise<void> {
  const keys = await webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }, true, ['sign', 'verify']);
  const [notBefore, notAfter] = [-30, days].map((from) => new Date(Date.now() + from * 86_400_000));
  const certificate = await X509CertificateGenerator.createSelfSigned({ name: 'CN=glitchtip.example', notBefore, notAfter, keys });
  const key = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  const secret = {
    apiVersion: 'v1', kind: 'Secret', type: 'kubernetes.io/tls', metadata: { name: TLS_SECRET, namespace: stack.namespace },
    stringData: { 'tls.crt': certificate.toString('pem'), 'tls.key': `-----BEGIN PRIVATE KEY-----\n${key}\n-----END PRIVATE KEY-----\n` },
  };
  await stack.cluster.kubectl(['apply', '-f', '-'], JSON.stringify(secret));
}
