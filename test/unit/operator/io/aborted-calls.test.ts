// Every call of a port to a server that takes the connection and says nothing: it ends with its signal, and is not begun after it.
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { GatewayMovePort, MoveDatabasePort } from '../../../../operator/controllers/move/move-ports.js';
import type { HealthPort, PostgresPort, ValkeyPort, WebPort } from '../../../../operator/controllers/ports.js';
import type { GatewayModePort, RestoreDatabasesPort } from '../../../../operator/controllers/restore/restore-ports.js';
import { Sensitive } from '../../../../operator/core/sensitive.js';
import { gatewayModes, gatewayMoves, moveDatabase, openHealthPort, postgresPort, restoreDatabases, valkeyPort, webPort } from '../../../../operator/io/connect-ports.js';
import { KubernetesApi } from '../../../../operator/io/kubernetes/api-client.js';
import { connectInCluster } from '../../../../operator/io/kubernetes/connection.js';
import { systemClock } from '../../../../operator/runtime/clock.js';
import { specOf, stateOf } from '../operator-scenarios.js';

type Call = (signal: AbortSignal) => Promise<unknown>;

let server: Server;
const sockets: Socket[] = [];

// A server for each test: a call that opens several connections may be ended before the last of them is taken, and that one would be counted in the next test.
beforeEach(async () => {
  server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined).resume();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});

const place = () => ({ host: '127.0.0.1', port: (server.address() as AddressInfo).port });
const spec = () => specOf({ database: place(), valkey: place(), web: place(), gateway: { controlHost: '127.0.0.1', controlPort: place().port }, https: { name: 'errors.example.com', ...place() }, tunnel: place() });
const password = new Sensitive('password');
const operator = { user: 'glitchkeeper', password, via: 'published' as const };
const at = new Date(0);
const canary = { project: 1, key: '0'.repeat(32) };
const roles = (signal: AbortSignal) => ({ operator, fence: () => Promise.resolve(), signal });

const POSTGRES: Readonly<Record<keyof PostgresPort, Call>> = {
  observe: (signal) => postgresPort.observe(spec(), [operator], { application: undefined, gateway: undefined, backup: undefined }, signal),
  change: (signal) => postgresPort.change(spec(), operator, { wanted: { database: 'glitchtip', active: 'glitchtip_a', idle: 'glitchtip_b', rotating: false, applicationWorks: true }, passwords: new Map() }, signal),
  tryLogin: (signal) => postgresPort.tryLogin(spec(), { user: 'glitchtip_a', password }, stateOf(), signal),
  countSessions: (signal) => postgresPort.countSessions(spec(), operator, { logins: [], pods: [], jobs: [] }, signal),
  openLogin: (signal) => postgresPort.openLogin(spec(), roles(signal), 'glitchtip_a', password),
  closeLogin: (signal) => postgresPort.closeLogin(spec(), roles(signal), 'glitchtip_a'),
  replaceOperatorPassword: (signal) => postgresPort.replaceOperatorPassword(spec(), roles(signal), password),
  observeFacts: (signal) => postgresPort.observeFacts(spec(), [operator], signal),
  isEventStored: (signal) => postgresPort.isEventStored(spec(), operator, { ids: [], since: at, until: at }, signal),
  ensureCanary: (signal) => postgresPort.ensureCanary(spec(), operator, signal),
  tryAdministrator: (signal) => postgresPort.tryAdministrator(spec(), operator, { email: 'a@example.com', password }, signal),
  judgeAdministrator: (signal) => postgresPort.judgeAdministrator(spec(), operator, { email: 'a@example.com', previous: password, next: password }, signal),
  setAdministratorPassword: (signal) => postgresPort.setAdministratorPassword(spec(), roles(signal), { email: 'a@example.com', password }),
  endForeignSessions: (signal) => postgresPort.endForeignSessions(spec(), operator, { role: 'glitchtip_a', pods: [] }, signal),
  endSessions: (signal) => postgresPort.endSessions(spec(), operator, signal),
};

const VALKEY: Readonly<Record<keyof ValkeyPort, Call>> = {
  observe: (signal) => valkeyPort.observe(place(), [password], signal),
  tryPassword: (signal) => valkeyPort.tryPassword(place(), password, signal),
  setPasswords: (signal) => valkeyPort.setPasswords(place(), [password], { application: [], operator: [] }, signal),
  endSessions: (signal) => valkeyPort.endSessions(place(), [password], signal),
  endForeignConnections: (signal) => valkeyPort.endForeignConnections(place(), [password], [], signal),
};

const WEB: Readonly<Record<keyof WebPort, Call>> = {
  sendEvent: (signal) => webPort.sendEvent(place(), { canary, id: '0'.repeat(32) }, signal),
};

const RESTORED: Readonly<Record<keyof RestoreDatabasesPort, Call>> = {
  findLogin: (signal) => restoreDatabases.findLogin(spec(), [operator], signal),
  observe: (signal) => restoreDatabases.observe(spec(), operator, signal),
  observeContent: (signal) => restoreDatabases.observeContent(spec(), operator, signal),
  observeLogin: (signal) => restoreDatabases.observeLogin(spec(), operator, signal),
  observeFree: (signal) => restoreDatabases.observeFree(spec(), operator, signal),
  openLogin: (signal) => restoreDatabases.openLogin(spec(), roles(signal), password),
  change: (signal) => restoreDatabases.change(spec(), roles(signal), { kind: 'create database', name: 'glitchtip_restore_1' }),
};

const GATEWAY_MODES: Readonly<Record<keyof GatewayModePort, Call>> = {
  observe: (signal) => gatewayModes.observe(spec(), password, signal),
  setMode: (signal) => gatewayModes.setMode(spec(), password, { mode: 'holds', why: 'a restore' }, signal),
};

const GATEWAY_MOVES: Readonly<Record<keyof GatewayMovePort, Call>> = {
  observe: (signal) => gatewayMoves.observe(spec(), password, signal),
  tell: (signal) => gatewayMoves.tell(spec(), password, { leads: 'old', share: 25, pairs: [] }, signal),
  letGo: (signal) => gatewayMoves.letGo(spec(), password, signal),
};

const MOVED: Readonly<Record<keyof MoveDatabasePort, Call>> = {
  findLogin: (signal) => moveDatabase.findLogin(spec(), [operator], signal),
  findProjects: (signal) => moveDatabase.findProjects(spec(), operator, [], signal),
};

/** What of it asks no API server. */
const noApi = new KubernetesApi(connectInCluster({ KUBERNETES_SERVICE_HOST: '127.0.0.1', KUBERNETES_SERVICE_PORT: '1' }, ''), { onWarning: () => undefined, onAnswer: () => undefined });
const health = openHealthPort(noApi, 'glitchtip', systemClock);
const HEALTH: Readonly<Record<Exclude<keyof HealthPort, 'observeCluster' | 'observeIssuance' | 'deleteJob' | 'deletePod' | 'rerunMigrations' | 'restart' | 'forget'>, Call>> = {
  observeWeb: (signal) => health.observeWeb(spec(), [], signal),
  observeDatabase: (signal) => health.observeDatabase('g', { spec: spec(), operator: [operator], application: undefined, takesEvents: true, withVolume: false }, signal),
  observeServed: (signal) => health.observeServed(spec(), signal),
  observeTunnel: (signal) => health.observeTunnel(spec(), signal),
  observeQueue: (signal) => health.observeQueue(spec(), [password], signal),
  observeGateway: (signal) => health.observeGateway(spec(), password, signal),
  tellWorkerStart: (signal) => health.tellWorkerStart(spec(), password, at, signal),
};

describe.each([
  ['Postgres', POSTGRES], ['Valkey', VALKEY], ['web', WEB], ['health', HEALTH],
  ['databases of a restore', RESTORED], ['what the gateway gives', GATEWAY_MODES], ['a move in the gateway', GATEWAY_MOVES], ['what a move imported', MOVED],
] as const)('a call of the port to %s', (_, calls) => {
  it.each(Object.entries<Call>(calls))('%s ends with its signal', async (__, call) => {
    const term = new AbortController();
    const connected = once(server, 'connection');
    const outcome = call(term.signal).then(() => 'it went on', (error: unknown) => error);
    await connected;
    term.abort(new Error('the Lease is lost'));
    const late = new Promise((resolve) => setTimeout(resolve, 2_000, 'it did not end').unref());
    expect(await Promise.race([outcome, late])).toEqual(new Error('the Lease is lost'));
  }, 30_000);

  it.each(Object.entries<Call>(calls))('%s is not begun after it', async (__, call) => {
    await expect(call(AbortSignal.abort(new Error('the Lease is lost')))).rejects.toThrow('the Lease is lost');
    // Connections are taken in their order: whatever the call began comes before this one.
    const probe = connect(place());
    sockets.push(probe);
    await Promise.all([once(probe, 'connect'), once(server, 'connection')]);
    expect(sockets[1]?.remotePort).toBe(probe.localPort);
  }, 30_000);
});
