// Postgres: a StatefulSet tuned to its own memory limit.
import type * as k8s from 'cdk8s-plus-27/lib/imports/k8s.js';
import { Construct } from 'constructs';
import { DataServer } from './data-server.js';
import { CLAIMS, DATABASE, SECRETS } from '../part-names.js';
import { CONTAINER_SECURITY, DESPITE_PRESSURE, containerResources, podDefaults, scratch, secretFiles } from './pod-template.js';
import { MEBIBYTE, bytesOf } from '../quantity.js';
import type { Settings } from '../settings/schema.js';
import { claimed } from './volume-claim.js';
import { topologyOf } from '../topology.js';

/** User of the alpine image of postgres. */
export const POSTGRES_USER = { user: 70, group: 70 };
const DATA_PATH = '/var/lib/postgresql/data';

/** Connections beside GlitchTip's pools: the operator (2 for credentials, 2 for health), the migrate Job (2), a backup (2: one holds the snapshot), a person (1). */
const OTHER_CONNECTIONS = 9;
/** PostgreSQL's own default of superuser_reserved_connections. */
const RESERVED_CONNECTIONS = 3;

export class Postgres extends Construct {
  constructor(scope: Construct, id: string, settings: Settings) {
    super(scope, id);
    new DataServer(this, 'server', settings, {
      name: 'postgres',
      user: '70 is the user of the alpine image, which owns its files',
      port: DATABASE.port,
      pod: podSpec(settings),
    });
  }
}

function podSpec(settings: Settings): k8s.PodSpec {
  return {
    ...podDefaults(settings, { ...POSTGRES_USER, tolerations: DESPITE_PRESSURE }),
    terminationGracePeriodSeconds: 60,
    containers: [{
      name: 'postgres',
      image: settings.images.postgres,
      imagePullPolicy: 'IfNotPresent',
      // The operator may not read logs: it looks for "No space left on device" in the termination message. No other part's log may be
      // in its status: those hold tracebacks.
      terminationMessagePolicy: 'FallbackToLogsOnError',
      args: ['postgres', ...Object.entries(serverParameters(settings)).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
      env: [
        { name: 'POSTGRES_USER', value: DATABASE.superuser },
        { name: 'POSTGRES_PASSWORD_FILE', value: '/run/secrets/postgres/password' },
        { name: 'POSTGRES_DB', value: DATABASE.name },
        // UTF8: GlitchTip's first migration fails on SQL_ASCII. Checksums: a damaged page is an error, not a wrong answer.
        { name: 'POSTGRES_INITDB_ARGS', value: '--encoding=UTF8 --locale=C.UTF-8 --data-checksums --auth-host=scram-sha-256' },
        // Below the mount point: a volume's own root may hold lost+found, which initdb refuses.
        { name: 'PGDATA', value: `${DATA_PATH}/pgdata` },
      ],
      ports: [{ name: 'postgres', containerPort: DATABASE.port, protocol: 'TCP' }],
      resources: containerResources(settings.resources.postgres),
      securityContext: CONTAINER_SECURITY,
      // Over TCP: while the image initialises, its temporary server listens on the socket only.
      startupProbe: ready({ periodSeconds: 2, failureThreshold: 300 }),
      readinessProbe: ready({ periodSeconds: 5, failureThreshold: 3 }),
      livenessProbe: answers({ periodSeconds: 10, failureThreshold: 6 }),
      volumeMounts: [
        { name: 'data', mountPath: DATA_PATH },
        { name: 'password', mountPath: '/run/secrets/postgres', readOnly: true },
        { name: 'run', mountPath: '/var/run/postgresql' },
        { name: 'tmp', mountPath: '/tmp' },
      ],
    }],
    volumes: [claimed('data', CLAIMS.postgres), secretFiles('password', SECRETS.postgres, ['password']), scratch('run', '16Mi'), scratch('tmp')],
  };
}

/**
 * The server's parameters, from its memory limit by this rule: shared_buffers a quarter of it,
 * effective_cache_size three quarters, work_mem 1/128 and maintenance_work_mem 1/8 (4MB and 64MB at 512Mi).
 * Variables such as POSTGRES_SHARED_BUFFERS do nothing: the image reads none such.
 */
export function serverParameters(settings: Settings): Record<string, string> {
  const limit = bytesOf(settings.resources.postgres.limits.memory);
  const share = (part: number) => `${Math.floor((limit * part) / MEBIBYTE)}MB`;
  return {
    // PostgreSQL's own default is the loopback only.
    listen_addresses: '*',
    shared_buffers: share(1 / 4),
    effective_cache_size: share(3 / 4),
    work_mem: `${Math.floor(limit / 128 / 1024)}kB`,
    maintenance_work_mem: share(1 / 8),
    max_connections: String(connections(settings)),
    // Daily partitions times their indexes: one query over all of them exhausts the default of 64.
    max_locks_per_transaction: '256',
    // Each worker and each parallel helper may use maintenance_work_mem or work_mem again.
    autovacuum_max_workers: '1',
    max_parallel_workers_per_gather: '0',
    // ANALYZE holds 300 times as many rows in memory, whatever maintenance_work_mem says: at up to 2 kB each 15 MB. With PostgreSQL's own 100 it took 57 MB for 60,000 rows of 1.35 kB, and autovacuum had the server killed for memory.
    default_statistics_target: '25',
    // Compiling queries costs tens of megabytes a connection and saves nothing on short ones.
    jit: 'off',
    // An error's detail and its statement may hold rows; the log is read by more people than the database, and its end is in the pod's status.
    log_error_verbosity: 'terse',
    log_min_error_statement: 'panic',
    max_wal_size: '256MB',
    min_wal_size: '64MB',
  };
}

/** Connections of one gateway (gateway/delivery/database.ts). */
const GATEWAY_CONNECTIONS = 2;

/** What is rolled with a surge counts twice: the gateway, or web where there is none. As many for both, for another number restarts the server, and web refuses events meanwhile. */
function connections(settings: Settings): number {
  const { web, worker } = topologyOf(settings);
  const pools = web.connections + Math.max(web.connections, 2 * GATEWAY_CONNECTIONS) + (worker?.process.connections ?? 0);
  return pools + OTHER_CONNECTIONS + RESERVED_CONNECTIONS;
}

const PG_ISREADY = ['pg_isready', '-q', '-h', '127.0.0.1', '-p', String(DATABASE.port), '-U', DATABASE.superuser, '-d', DATABASE.name];

function ready(pace: { periodSeconds: number; failureThreshold: number }): k8s.Probe {
  return { exec: { command: PG_ISREADY }, timeoutSeconds: 5, ...pace };
}

/** "Rejecting connections" (1) is a server that starts or recovers: killing it would make it begin anew. Only no answer (2) is a failure. */
function answers(pace: { periodSeconds: number; failureThreshold: number }): k8s.Probe {
  return { exec: { command: ['sh', '-c', `${PG_ISREADY.join(' ')}; test $? -le 1`] }, timeoutSeconds: 10, ...pace };
}
