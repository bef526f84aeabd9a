// The ports of the controllers, connected to the real world.
import type { HealthPort, NotifiersPort, PostgresPort, ValkeyPort, WebPort } from '../controllers/ports.js';
import { healthRelease } from '../core/health/release-facts.js';
import type { Clock } from '../runtime/clock.js';
import type { KubernetesApi } from './kubernetes/api-client.js';
import { ClusterObserver } from './kubernetes/cluster-observer.js';
import { observeGateway, tellWorkerStart } from './gateway/gateway-observer.js';
import { beat } from './notifiers/heartbeat.js';
import { Telegram } from './notifiers/telegram.js';
import { postWebhook } from './notifiers/webhook.js';
import { Canaries } from './postgres/canary.js';
import { observeDatabase } from './postgres/database-observer.js';
import { ensureCanary, endSessions, isEventStored, judgeAdministrator, setAdministratorPassword } from './postgres/glitchtip-tables.js';
import { addressOf } from './postgres/postgres-client.js';
import { changeDatabase, observePostgres, tryApplicationLogin } from './postgres/roles.js';
import { closeLogin, countSessions, endForeignSessions, openLogin, replaceOperatorPassword } from './postgres/rotate-logins.js';
import { endForeignConnections, endValkeySessions, observeValkey, setValkeyPasswords, tryValkeyPassword } from './valkey/valkey-client.js';
import { observeQueue } from './valkey/queue-observer.js';
import { sendEvent } from './web/send-event.js';
import { observeWeb } from './web/web-observer.js';

export const postgresPort: PostgresPort = {
  observe: (spec, operator, tried) => observePostgres(addressOf(spec), operator, tried),
  change: (spec, operator, wanted, passwords) => changeDatabase(addressOf(spec), operator, wanted, passwords),
  tryLogin: (spec, login, state) => tryApplicationLogin(addressOf(spec), login, state),
  countSessions: (spec, operator, of) => countSessions(addressOf(spec), operator, of),
  openLogin: (spec, place, role, password) => openLogin({ address: addressOf(spec), ...place }, role, password),
  closeLogin: (spec, place, role) => closeLogin({ address: addressOf(spec), ...place }, role),
  replaceOperatorPassword: (spec, place, password) => replaceOperatorPassword({ address: addressOf(spec), ...place }, password),
  isEventStored: (spec, operator, events) => isEventStored(addressOf(spec), operator, events),
  ensureCanary: (spec, operator) => ensureCanary(addressOf(spec), operator),
  judgeAdministrator: (spec, operator, account) => judgeAdministrator(addressOf(spec), operator, account),
  setAdministratorPassword: (spec, place, account) => setAdministratorPassword(addressOf(spec), place, account),
  endForeignSessions: (spec, operator, of) => endForeignSessions(addressOf(spec), operator, of),
  endSessions: (spec, operator) => endSessions(addressOf(spec), operator),
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
    observeWeb: ({ web }, pods) => observeWeb(web, pods),
    observeDatabase: (resource, question) => observeDatabase({ ...question, canaries: canariesOf(resource) }),
    observeQueue: ({ valkey, version }, operator) => observeQueue(valkey, operator, healthRelease(version, valkey !== undefined).queue, clock.now()),
    observeGateway,
    tellWorkerStart,
    deleteJob: (job, signal) => cluster.deleteJob(job, signal),
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
