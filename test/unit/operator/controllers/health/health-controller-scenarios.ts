// A world for the health controller: one resource, its alert state and its status in memory, facts as the test sets them.
import type { GlitchTipResource } from '../../../../../operator/api/glitchtip-resource.js';
import type { HealthStatus } from '../../../../../operator/api/health-fields.js';
import { HealthController, type HealthDependencies, type Leadership } from '../../../../../operator/controllers/health/health-controller.js';
import type { ClusterPort, HealthPort } from '../../../../../operator/controllers/ports.js';
import { emptyAlertState, type Notification, type AlertState } from '../../../../../operator/core/alerts/alert-state.js';
import type { ObservedLock } from '../../../../../operator/core/operations/operation-lock.js';
import type { Facts } from '../../../../../operator/core/health/health-facts.js';
import { NOW, secretsOf } from '../../operator-scenarios.js';
import { factsOf } from '../../core/health/health-scenarios.js';

const GONE = new Error('connect ECONNREFUSED');

export class HealthWorld {
  facts: Facts = factsOf();
  leadership: Leadership = 'leads';
  /** The API server answers nothing. */
  apiIsAway = false;
  /** What the API server answers to who asks for the resource. */
  refusal: Error | undefined;
  /** What it answers to who writes the status. */
  statusRefusal: Error | undefined;
  /** What becomes of a write of the alert state: it fails, or it is made and its answer is lost. */
  alertStateWrites: 'well' | 'fail' | 'lose their answer' = 'well';
  alertStateIsUnreadable = false;
  /** The API server is away after so many more writes of the alert state. */
  writesUntilAway = Infinity;
  /** How long the database has a check wait. */
  checkSeconds = 0;
  /** How often the Secret of the certificate was read. */
  certificateReads = 0;
  lock: ObservedLock = { kind: 'free' };
  /** Somebody else takes the lock at the same moment. */
  isLockLost = false;
  /** Another operator writes the alert state at every turn. */
  hasRival = false;
  resource: GlitchTipResource | undefined;
  alerts: AlertState | undefined;
  #version = 0;
  /** What was done, in its order. */
  readonly done: string[] = [];
  readonly reported: (HealthStatus | undefined)[] = [];
  #now = NOW.getTime();
  #stepped = 0;
  readonly controller: HealthController;

  constructor(spec: object = {}, annotations: Record<string, string> = {}) {
    this.resource = { metadata: { name: 'g', namespace: 'n', uid: 'u', generation: 1, resourceVersion: '1', annotations }, spec: { version: '5.2', valkey: {}, worker: {}, ...spec } };
    const log = (message: string) => void this.done.push(`log ${message}`);
    this.controller = new HealthController({
      cluster: this.#cluster(), health: this.#port(), notifications: this.#notifications(), clock: { now: () => this.#now + this.#stepped, monotonic: () => this.#now, after: () => () => undefined }, log, warn: log,
      readCertificate: () => {
        this.certificateReads += 1;
        return this.facts.certificate;
      },
      leadership: () => this.leadership, onHealth: (_, health) => this.reported.push(health),
    });
  }

  /** One check, and the seconds until the next. */
  async check(): Promise<number | undefined> {
    const { requeueAfter } = await this.controller.reconcile('g', new AbortController().signal);
    this.#now += 10_000;
    return requeueAfter === undefined ? undefined : requeueAfter / 1_000;
  }

  /** What was done since the last time it was asked. */
  take(): string[] {
    return this.done.splice(0).filter((each) => !each.startsWith('log'));
  }

  #cluster(): ClusterPort {
    const answer = <T>(value: () => T): Promise<T> => (this.apiIsAway ? Promise.reject(GONE) : Promise.resolve(value()));
    const port: Partial<ClusterPort> = {
      readResource: () => (this.refusal ? Promise.reject(this.refusal) : answer(() => this.resource)),
      observeSecret: () => answer(() => secretsOf().postgres),
      observeJournal: () => answer(() => ({ kind: 'absent' as const })),
      observeLock: () => answer(() => this.lock),
      writeLock: ({ holder }) => answer(() => {
        if (this.isLockLost) return false;
        this.done.push(`lock for ${holder?.operation ?? 'nobody'}`);
        return true;
      }),
      readAlertState: () => answer(() => (this.alertStateIsUnreadable ? { kind: 'unreadable' as const, why: '403' } : this.alerts ? { kind: 'present' as const, alerts: this.alerts, version: String(this.#version) } : { kind: 'absent' as const })),
      writeAlertState: (_, { alerts, over }) => answer(() => (this.alerts && 'version' in over && over.version !== String(this.#version) ? undefined : this.#write(alerts))),
      applyHealth: (_, report) => answer(() => {
        if (this.statusRefusal) throw this.statusRefusal;
        this.done.push(report ? 'write status' : 'clear status');
        if (this.resource) this.resource = { ...this.resource, status: { conditions: [...(report?.conditions ?? [])], ...(report ? { health: report.health } : {}) } };
      }),
      recordEvent: (_, { reason, type }) => answer(() => void this.done.push(`event ${type} ${reason}`)),
      dropAlertTest: () => answer(() => this.done.push('drop alert test') > 0),
    };
    return port as ClusterPort;
  }

  #write(alerts: AlertState): string | undefined {
    if (this.hasRival) return undefined;
    if (this.alertStateWrites === 'fail') throw new Error('403 Forbidden');
    this.alerts = alerts;
    this.#version += 1;
    this.writesUntilAway -= 1;
    this.apiIsAway = this.writesUntilAway <= 0;
    this.done.push('write alert state');
    if (this.alertStateWrites === 'lose their answer') throw new Error('504 Gateway Timeout');
    return String(this.#version);
  }

  #port(): HealthPort {
    return {
      observeCluster: () => Promise.resolve(this.facts.cluster),
      observeWeb: () => Promise.resolve(this.facts.web),
      observeDatabase: () => {
        this.wait(this.checkSeconds);
        return Promise.resolve({ database: this.facts.database, canary: this.facts.canary, volumes: this.facts.volumes });
      },
      observeServed: () => Promise.resolve(this.facts.served),
      observeTunnel: () => Promise.resolve(this.facts.tunnel),
      observeIssuance: () => Promise.resolve(this.facts.issuance),
      observeQueue: () => Promise.resolve(this.facts.queue),
      observeGateway: () => Promise.resolve(this.facts.gateway),
      tellWorkerStart: (_, __, at) => Promise.resolve(void this.done.push(`worker since ${at.toISOString()}`)),
      deleteJob: ({ name }) => Promise.resolve(this.done.push(`delete ${name}`) > 0),
      deletePod: ({ name }) => Promise.resolve(this.done.push(`delete ${name}`) > 0),
      rerunMigrations: () => Promise.resolve(this.done.push('run migrate') > 0),
      restart: (deployment) => Promise.resolve(void this.done.push(`restart ${deployment}`)),
      forget: () => undefined,
    };
  }

  /** Sends all that waits, and saves that. */
  #notifications(): HealthDependencies['notifications'] {
    return {
      deliver: async (alerts, { healthy, alertTest, save }) => {
        this.done.push(...(healthy ? [] : ['no heartbeat']), ...alerts.outbox.filter(({ channel }) => channel === 'webhook').map(({ event, incident }) => `notify ${event}${incident?.reason === 'KubernetesUnreachable' ? ` ${incident.part}` : ''}`));
        const test = alertTest === undefined ? {} : { alertTest: { id: alertTest, at: NOW.toISOString(), results: [] } };
        const notified = { ...alerts, ...test, outbox: [] };
        await save?.(notified);
        return notified;
      },
    };
  }

  /** Another operator writes the alert state. */
  writeAsAnother(): void {
    this.#write(this.alerts ?? emptyAlertState());
  }

  /** A notification that no channel took yet. */
  leaveWaiting(notification: Notification): void {
    this.alerts = { ...(this.alerts ?? emptyAlertState()), outbox: [notification] };
  }

  /** So much more time passes. */
  wait(seconds: number): void {
    this.#now += seconds * 1_000;
  }

  /** The wall clock is set forward, or back. */
  step(seconds: number): void {
    this.#stepped += seconds * 1_000;
  }

  edit(spec: object): void {
    if (this.resource) this.resource = { ...this.resource, spec: { version: '5.2', valkey: {}, worker: {}, ...spec } };
  }
}

/** An alert state of a channel that is set up: only then notifications are written. */
export function alertsWithChannel(): AlertState {
  return { ...emptyAlertState(), channels: [{ name: 'webhook', version: '1', dropped: 0 }] };
}

/** @returns the pause after each, seconds */
export async function checks(world: HealthWorld, count: number): Promise<(number | undefined)[]> {
  const pauses: (number | undefined)[] = [];
  for (let each = 0; each < count; each += 1) pauses.push(await world.check());
  return pauses;
}
