// Composition root of the operator: reads its configuration, connects the ports, runs until a signal ends it.
import { readFile } from 'node:fs/promises';
import { pino } from 'pino';

import { readConfig } from './environment.js';
import { nodeCrypto, sha256Hex } from './io/crypto.js';
import { backupJobs, legacyImports, moveJobs, rehearsalJobs } from './io/kubernetes/template-jobs.js';
import { KubernetesObjects } from './io/kubernetes/objects.js';
import { readCertificate } from './io/kubernetes/certificate-expiry.js';
import { KubernetesApi } from './io/kubernetes/api-client.js';
import { connectInCluster } from './io/kubernetes/connection.js';
import { gatewayModes, gatewayMoves, moveDatabase, openHealthPort, openNotifiers, postgresPort, restoreDatabases, schemas, valkeyPort, webPort } from './io/connect-ports.js';
import { RestoreObjects } from './io/kubernetes/restore-objects.js';
import { upgradeSteps } from './io/kubernetes/upgrade-step.js';
import { Workloads } from './io/kubernetes/workloads.js';
import { Operator } from './run-operator.js';
import { systemClock } from './runtime/clock.js';

const config = readConfig(process.env);
const log = pino({ level: config.logLevel, base: { instance: config.instance }, timestamp: pino.stdTimeFunctions.isoTime });

async function readSettings(): Promise<{ text: string; hash: string } | undefined> {
  try {
    const text = await readFile(config.settingsFile, 'utf8');
    return { text, hash: sha256Hex(text) };
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

async function main(): Promise<void> {
  const api = new KubernetesApi(connectInCluster(process.env, config.serviceAccount), {
    onWarning: (warning) => log.warn({ warning }, 'the API server warns'),
    onAnswer: (method, status) => operator.metrics.countRequest(method, status),
  });
  const operator: Operator = new Operator({
    config,
    cluster: new KubernetesObjects(api, config.namespace, config.instance, { warn: (message, fields) => log.warn(fields, message), clock: systemClock }),
    workloads: new Workloads(api, config.namespace),
    backups: backupJobs(api, config.namespace),
    rehearsals: rehearsalJobs(api, config.namespace),
    restores: new RestoreObjects(api, config.namespace),
    databases: restoreDatabases,
    gateways: gatewayModes,
    upgradeSteps: upgradeSteps(api, config.namespace),
    legacyImports: legacyImports(api, config.namespace),
    schemas,
    moveJobs: moveJobs(api, config.namespace),
    moveDatabase,
    gatewayMoves,
    postgres: postgresPort,
    valkey: valkeyPort,
    web: webPort,
    health: openHealthPort(api, config.namespace, systemClock),
    notifiers: openNotifiers(),
    readCertificate,
    crypto: nodeCrypto,
    clock: systemClock,
    random: Math.random,
    readSettings,
    log: { info: (message, fields) => log.info(fields, message), warn: (message, fields) => log.warn(fields, message) },
  });
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort());
  log.info({ namespace: config.namespace, node: process.version }, 'operator starts');
  await operator.run(stop.signal);
  api.close();
  log.info('operator stopped');
}

// No top-level await: the bundle is CommonJS, which starts with less memory than an ES module from a string.
void main().catch((error: unknown) => {
  log.fatal({ err: error }, 'operator failed');
  process.exitCode = 1;
});
