// The ports of the controllers, connected to the real world.
import { specRelease } from '../api/glitchtip-resource.js';
import type { GatewayMovePort, MoveDatabasePort } from '../controllers/move/move-ports.js';
import type { HealthPort, NotifiersPort, PostgresPort, ValkeyPort, WebPort } from '../controllers/ports.js';
import type { GatewayModePort, RestoreDatabasesPort } from '../controllers/restore/restore-ports.js';
import type { SchemaPort } from '../controllers/upgrade/upgrade-ports.js';
import { healthRelease } from '../core/health/release-facts.js';
import type { Clock } from '../runtime/clock.js';
import type { KubernetesApi } from './kubernetes/api-client.js';
import { ClusterObserver } from './kubernetes/cluster-observer.js';
import { endGatewayMove, observeGatewayMove, tellGatewayMove } from './gateway/gateway-move.js';
import { observeIssuance } from './kubernetes/issuance-observer.js';
import { observeGatewayMode, setGatewayMode } from './gateway/gateway-mode.js';
import { observeGateway, tellWorkerStart } from './gateway/gateway-observer.js';
import { beat } from './notifiers/heartbeat.js';
import { Telegram } from './notifiers/telegram.js';
import { postWebhook } from './notifiers/webhook.js';
import { observeFacts } from './postgres/database-facts.js';
import { Canaries } from './postgres/canary.js';
import { observeDatabase } from './postgres/database-observer.js';
import { readSchema } from './postgres/event-rows.js';
import { ensureCanary, endSessions, isEventStored, judgeAdministrator, setAdministratorPassword, tryAdministrator } from './postgres/glitchtip-tables.js';
import { addressOf, withClient } from './postgres/postgres-client.js';
import { findProjects } from './postgres/project-keys.js';
import { changeRestoreDatabase, findLogin, observeFree, observeLiveContent, observeRestoreDatabases } from './postgres/restore-databases.js';
import { observeRestoreLogin, openRestoreLogin } from './postgres/restore-login.js';
import { changeDatabase, observePostgres, tryApplicationLogin } from './postgres/roles.js';
import { closeLogin, countSessions, endForeignSessions, openLogin, replaceOperatorPassword } from './postgres/rotate-logins.js';
import { endForeignConnections, endValkeySessions, observeValkey, setValkeyPasswords, tryValkeyPassword } from './valkey/valkey-client.js';
import { observeQueue } from './valkey/queue-observer.js';
import { sendEvent } from './web/send-event.js';
import { observeServed } from './web/served-certificate.js';
import { observeTunnel } from './web/tunnel-observer.js';
import { observeWeb } from './web/web-observer.js';

export const postgresPort: PostgresPort = {
  observe: (spec, operator, tried, signal) => observePostgres(addressOf(spec, signal), operator, tried),
  change: (spec, operator, database, signal) => changeDatabase(addressOf(spec, signal), operator, database),
  tryLogin: (spec, login, state, signal) => tryApplicationLogin(addressOf(spec, signal), login, state),
  countSessions: (spec, operator, of, signal) => countSessions(addressOf(spec, signal), operator, of),
  openLogin: (spec, place, role, password) => openLogin({ address: addressOf(spec, place.signal), ...place }, role, password),
  closeLogin: (spec, place, role) => closeLogin({ address: addressOf(spec, place.signal), ...place }, role),
  replaceOperatorPassword: (spec, place, password) => replaceOperatorPassword({ address: addressOf(spec, place.signal), ...place }, password),
  observeFacts: (spec, operator, signal) => observeFacts(addressOf(spec, signal), operator),
  isEventStored: (spec, operator, events, signal) => isEventStored(addressOf(spec, signal), operator, events),
  ensureCanary: (spec, operator, signal) => ensureCanary(addressOf(spec, signal), operator),
  tryAdministrator: (spec, operator, account, signal) => tryAdministrator(addressOf(spec, signal), operator, account),
  judgeAdministrator: (spec, operator, account, signal) => judgeAdministrator(addressOf(spec, signal), operator, account),
  setAdministratorPassword: (spec, place, account) => setAdministratorPassword(addressOf(spec, place.signal), place, account),
  endForeignSessions: (spec, operator, of, signal) => endForeignSessions(addressOf(spec, signal), operator, of),
  endSessions: (spec, operator, signal) => endSessions(addressOf(spec, signal), operator),
};

export const restoreDatabases: RestoreDatabasesPort = {
  findLogin: (spec, operator, signal) => findLogin(addressOf(spec, signal), operator),
  observe: (spec, operator, signal) => observeRestoreDatabases(addressOf(spec, signal), operator),
  observeContent: (spec, operator, signal) => observeLiveContent(addressOf(spec, signal), operator),
  observeLogin: (spec, operator, signal) => observeRestoreLogin(addressOf(spec, signal), operator),
  observeFree: (spec, operator, signal) => observeFree(addressOf(spec, signal), operator),
  openLogin: (spec, place, password) => openRestoreLogin({ address: addressOf(spec, place.signal), ...place }, password),
  change: (spec, place, action) => changeRestoreDatabase({ address: addressOf(spec, place.signal), ...place }, action),
};

export const schemas: SchemaPort = {
  readSchema: (spec, operator, signal) => {
    const address = addressOf(spec, signal);
    return withClient(address, operator, address.database, readSchema);
  },
};

export const gatewayModes: GatewayModePort = { observe: observeGatewayMode, setMode: setGatewayMode };

export const gatewayMoves: GatewayMovePort = { observe: observeGatewayMove, tell: tellGatewayMove, letGo: endGatewayMove };

export const moveDatabase: MoveDatabasePort = {
  findLogin: (spec, operator, signal) => findLogin(addressOf(spec, signal), operator),
  findProjects: (spec, operator, keys, signal) => findProjects(addressOf(spec, signal), operator, keys),
};

export const valkeyPort: ValkeyPort = {
  observe: observeValkey,
  tryPassword: tryValkeyPassword,
  setPasswords: setValkeyPasswords,
  endSessions: endValkeySessions,
  endForeignConnections,
};

export const webPort: WebPort = { sendEvent };

/** Remembers of each resource which of its canary events are not stored yet. */
export function openHealthPort(api: KubernetesApi, namespace: string, clock: Clock): HealthPort {
  const cluster = new ClusterObserver(api, namespace);
  const followed = new Map<string, Canaries>();
  const canariesOf = (resource: string) => {
    const canaries = followed.get(resource) ?? new Canaries(clock);
    followed.set(resource, canaries);
    return canaries;
  };
  return {
    observeCluster: (spec, signal) => cluster.observe(spec, signal),
    observeWeb: ({ web }, pods, signal) => observeWeb(web, pods, signal),
    observeServed: ({ https }, signal) => observeServed(https, signal),
    observeTunnel: ({ tunnel }, signal) => observeTunnel(tunnel, signal),
    observeIssuance: (spec, signal) => observeIssuance(api, namespace, spec, signal),
    observeDatabase: (resource, question, signal) => observeDatabase({ ...question, canaries: canariesOf(resource), signal }),
    observeQueue: (spec, operator, signal) => observeQueue(spec.valkey, operator, { layout: healthRelease(specRelease(spec)).inValkey, now: clock.now() }, signal),
    observeGateway,
    tellWorkerStart,
    deleteJob: (job, signal) => cluster.deleteJob(job, signal),
    deletePod: (pod, signal) => cluster.deletePod(pod, signal),
    rerunMigrations: (name, signal) => cluster.rerunMigrations(name, signal),
    restart: (deployment, at, signal) => cluster.restart(deployment, at, signal),
    forget: (resource) => followed.delete(resource),
  };
}

export function openNotifiers(): NotifiersPort {
  const telegram = new Telegram();
  return {
    sendTelegram: (to, message, signal) => telegram.send(to, message, signal),
    editTelegram: (to, message, signal) => telegram.edit(to, message, signal),
    postWebhook,
    beat,
  };
}
