// Runs the operator: leader election, and for the leader the controllers, fed by the watch and the settings file.
import type { Server } from 'node:http';

import type { GlitchTipStatus } from './api/glitchtip-resource.js';
import { ALERT_TEST_ANNOTATION, BACKUP_ANNOTATION, MOVE_ANNOTATION, REHEARSAL_ANNOTATION, RESTORE_ANNOTATION, UPGRADE_ANNOTATION } from './api/object-names.js';
import { BackupController } from './controllers/backup/backup-controller.js';
import { CredentialsController } from './controllers/credentials/credentials-controller.js';
import { MoveController } from './controllers/move/move-controller.js';
import type { GatewayMovePort, MoveDatabasePort, MoveJobsPort } from './controllers/move/move-ports.js';
import { RehearsalController } from './controllers/rehearsal/rehearsal-controller.js';
import { RestoreController } from './controllers/restore/restore-controller.js';
import { UpgradeController } from './controllers/upgrade/upgrade-controller.js';
import type { LegacyImportPort, SchemaPort, UpgradeStepPort } from './controllers/upgrade/upgrade-ports.js';
import { HealthController, type HealthDependencies, type Leadership } from './controllers/health/health-controller.js';
import { NotificationController } from './controllers/alerts/notification-controller.js';
import type { BackupPort, ClusterPort, HealthPort, NotifiersPort, Ports, RehearsalPort } from './controllers/ports.js';
import type { GatewayModePort, RestoreDatabasesPort, RestorePort } from './controllers/restore/restore-ports.js';
import { SettingsFileController, type SettingsFile } from './controllers/credentials/settings-file-controller.js';
import type { Crypto } from './core/credentials/generated-secrets.js';
import { Sensitive } from './core/sensitive.js';
import { messageOf } from './core/error-message.js';
import type { Config } from './environment.js';
import { serve } from './io/metrics/http-endpoints.js';
import type { WatchedMetadata } from './io/kubernetes/metadata-watch.js';
import { Metrics } from './io/metrics/metrics-registry.js';
import type { Clock } from './runtime/clock.js';
import { standForElection, type LeasePort } from './runtime/leader-election.js';
import { KeyedQueue, type Outcome } from './runtime/work-queue.js';
import { keepWatching, type ListWatch } from './runtime/resource-watch.js';

/** One line of log; never a value. */
type LogLine = (message: string, fields: Readonly<Record<string, unknown>>) => void;

export interface OperatorDependencies extends Omit<Ports, 'cluster'> {
  readonly config: Config;
  readonly cluster: ClusterPort & {
    resources(): ListWatch<WatchedMetadata>;
    lease(): LeasePort;
    applySettings(name: string, file: SettingsFile, signal: AbortSignal): Promise<void>;
  };
  readonly backups: BackupPort;
  readonly rehearsals: RehearsalPort;
  readonly restores: RestorePort;
  readonly databases: RestoreDatabasesPort;
  readonly gateways: GatewayModePort;
  readonly upgradeSteps: UpgradeStepPort;
  readonly legacyImports: LegacyImportPort;
  readonly schemas: SchemaPort;
  readonly moveJobs: MoveJobsPort;
  readonly moveDatabase: MoveDatabasePort;
  readonly gatewayMoves: GatewayMovePort;
  readonly health: HealthPort;
  readonly notifiers: NotifiersPort;
  readonly readCertificate: HealthDependencies['readCertificate'];
  readonly crypto: Crypto;
  readonly clock: Clock;
  /** From 0 up to but not including 1, for the jitter of retries. */
  readonly random: () => number;
  readonly readSettings: () => Promise<SettingsFile | undefined>;
  readonly log: { readonly info: LogLine; readonly warn: LogLine };
}

/** A failed reconcile is tried again after 1 s at first and 60 s at most. Milliseconds. */
const BACKOFF = { base: 1_000, max: 60_000 };
/** Resync: a new list, for changes that the watch missed. Milliseconds. */
const RESYNC_EVERY = 600_000;
/** The kubelet itself takes up to a minute to bring a changed ConfigMap into the pod. Milliseconds. */
const SETTINGS_EVERY = 15_000;
/** Six renewals a minute; the next leader waits half a minute after a crash, and not at all after a graceful stop. Milliseconds. */
const ELECTION = { duration: 30_000, renewDeadline: 20_000, retryEvery: 10_000, renewAgainEvery: 2_000 };
/** Three contacts with the Lease that did not happen. Milliseconds. */
const SILENCE_UNTIL_NOT_READY = 3 * ELECTION.retryEvery + 5_000;
/** After this long without contact, and without the Lease, the API server does not answer or takes no writes, rather than that there is another leader. Milliseconds. */
const SILENCE_UNTIL_CUT_OFF = ELECTION.retryEvery + 5_000;
/** Each connection, statement, command and request of a reconcile has a timeout of 15 s or less; this long it takes only when one of them hangs for ever. Milliseconds. */
const STUCK_AFTER = 300_000;

/** The controllers of one term as leader. */
interface Term {
  /** Aborted the moment the Lease is lost: whoever leads no longer is not to be told by when its last call has ended. */
  readonly signal: AbortSignal;
  readonly resources: KeyedQueue;
  readonly backups: KeyedQueue;
  readonly rehearsals: KeyedQueue;
  readonly restores: KeyedQueue;
  readonly upgrades: KeyedQueue;
  readonly moves: KeyedQueue;
  readonly settings: KeyedQueue;
  readonly settingsController: SettingsFileController;
}

export class Operator {
  readonly metrics = new Metrics(() => this.#queues().reduce((sum, queue) => sum + queue.depth, 0));
  #term: Term | undefined;
  /** Outlives a term: while the API server does not answer, or takes no writes, there is no leader, and the incident has to be notified. */
  readonly #health: KeyedQueue;
  readonly #healthController: HealthController;
  /** What of each resource last requeued its health check, its backups, its rehearsal, its restore, its upgrade and its move: the controllers' own writes must not. */
  readonly #watched = { health: new Map<string, string>(), backups: new Map<string, string>(), rehearsals: new Map<string, string>(), restores: new Map<string, string>(), upgrades: new Map<string, string>(), moves: new Map<string, string>() };
  /** When the Lease was last ours, or seen with another holder; by the monotonic clock. */
  #contactAt = -Infinity;

  constructor(private readonly deps: OperatorDependencies) {
    this.#healthController = this.#newHealthController();
    this.#health = this.#queue('health', (name, signal) => this.#healthController.reconcile(name, signal));
  }

  /** Resolves when `signal` is aborted and everything under way has ended; rejects when it cannot listen. */
  async run(signal: AbortSignal): Promise<void> {
    const { config, clock, cluster, log } = this.deps;
    const server = await this.#listen();
    signal.addEventListener('abort', () => void this.#health.stop(), { once: true });
    try {
      await standForElection({
        ...ELECTION,
        lease: cluster.lease(),
        clock,
        identity: config.instance,
        onElected: (term) => this.#onElected(term),
        onContact: (error) => {
          if (error === undefined) this.#contactAt = clock.monotonic();
          else log.warn('the Lease cannot be reached', { error: messageOf(error) });
        },
      }, signal);
    } finally {
      await this.#health.stop();
      server.close();
      server.closeAllConnections();
    }
  }

  #listen(): Promise<Server> {
    const { clock, config } = this.deps;
    const stuck = () => this.#queues().some(({ busySince }) => busySince !== undefined && clock.monotonic() - busySince > STUCK_AFTER);
    return serve({
      healthz: () => (stuck() ? 'a reconcile does not end' : undefined),
      readyz: () => (clock.monotonic() - this.#contactAt <= SILENCE_UNTIL_NOT_READY ? undefined : 'the API server has not answered lately'),
      metrics: () => this.metrics.render(),
    }, config.listen);
  }

  #queues(): readonly KeyedQueue[] {
    return [this.#health, ...(this.#term ? [this.#term.resources, this.#term.backups, this.#term.rehearsals, this.#term.restores, this.#term.upgrades, this.#term.moves, this.#term.settings] : [])];
  }

  #leadership(): Leadership {
    if (this.#term && !this.#term.signal.aborted) return 'leads';
    return this.deps.clock.monotonic() - this.#contactAt > SILENCE_UNTIL_CUT_OFF ? 'cut off' : 'follows';
  }

  /** One term as leader: from election to the loss of the Lease or shutdown. */
  async #onElected(signal: AbortSignal): Promise<void> {
    const { config, clock, cluster, log, random } = this.deps;
    const term = this.#newTerm(signal);
    this.#term = term;
    for (const watched of Object.values(this.#watched)) watched.clear();
    this.metrics.setLeader(true);
    log.info('leading', {});
    term.settings.add(config.resource);
    await keepWatching({
      source: cluster.resources(),
      clock,
      backoff: { ...BACKOFF, random },
      resyncEvery: RESYNC_EVERY,
      onPresent: (metadata) => {
        term.resources.add(metadata.name);
        this.#requeue('health', this.#health, metadata, ALERT_TEST_ANNOTATION);
        this.#requeue('backups', term.backups, metadata, BACKUP_ANNOTATION);
        this.#requeue('rehearsals', term.rehearsals, metadata, REHEARSAL_ANNOTATION);
        this.#requeue('restores', term.restores, metadata, RESTORE_ANNOTATION);
        this.#requeue('upgrades', term.upgrades, metadata, UPGRADE_ANNOTATION);
        this.#requeue('moves', term.moves, metadata, MOVE_ANNOTATION);
      },
      onDeleted: (name) => this.#onDeleted(name, term),
      onError: (error, retryIn) => log.warn('watch failed', { error: messageOf(error), retryIn }),
    }, signal);
    this.metrics.setLeader(false);
    await Promise.all([term.resources.stop(), term.backups.stop(), term.rehearsals.stop(), term.restores.stop(), term.upgrades.stop(), term.moves.stop(), term.settings.stop()]);
    this.#term = undefined;
    log.info('not leading any more', {});
  }

  #onDeleted(name: string, { resources, backups, rehearsals, restores, upgrades, moves, settings, settingsController }: Term): void {
    resources.forget(name);
    backups.forget(name);
    rehearsals.forget(name);
    restores.forget(name);
    upgrades.forget(name);
    moves.forget(name);
    this.#healthController.forget(name);
    // The check finds no resource, and ends tracked causes and waiting notifications.
    this.#health.add(name);
    for (const watched of Object.values(this.#watched)) watched.delete(name);
    this.metrics.forget(name);
    // What the settings file describes is meant to exist.
    if (name !== this.deps.config.resource) return;
    settingsController.unsettle();
    settings.add(name);
  }

  /** Checks, backups, rehearsals, restores, upgrades and moves have their own time; only another spec, or a request by annotation, starts one at once. */
  #requeue(what: 'health' | 'backups' | 'rehearsals' | 'restores' | 'upgrades' | 'moves', queue: KeyedQueue, { name, generation, annotations = {} }: WatchedMetadata, annotation: string): void {
    const seen = `${generation} ${annotations[annotation] ?? ''}`;
    if (this.#watched[what].get(name) === seen) return;
    this.#watched[what].set(name, seen);
    queue.add(name);
  }

  #newHealthController(): HealthController {
    const { cluster, health, notifiers, readCertificate, clock, config, crypto, log } = this.deps;
    const digest = (text: string) => crypto.sha256(new Sensitive(text));
    return new HealthController({
      cluster, health, readCertificate, clock, log: log.info, warn: log.warn,
      notifications: new NotificationController({ cluster, notifiers, clock, namespace: config.namespace, digest }),
      leadership: () => this.#leadership(),
      trustedHosts: config.trustedHosts,
      onHealth: (name, health) => this.metrics.setHealth(name, health),
    });
  }

  #newMoveController(): MoveController {
    const { cluster, moveJobs, moveDatabase, gatewayMoves, clock, config: { trustedHosts }, log } = this.deps;
    return new MoveController({
      cluster, moveJobs, moveDatabase, gatewayMoves, clock, trustedHosts, log: log.info,
      onMove: (name, known) => this.metrics.setMove(name, known), onPhase: (name) => this.#health.add(name),
    });
  }

  #newUpgradeController(): UpgradeController {
    const { cluster, workloads, postgres, web, health, restores, databases, gateways, upgradeSteps, legacyImports, schemas, crypto, clock, config: { trustedHosts }, log } = this.deps;
    return new UpgradeController({
      cluster, workloads, postgres, web, health, restores, databases, gateways, upgradeSteps, legacyImports, schemas, crypto, clock, trustedHosts, log: log.info,
      onUpgrade: (name, known) => this.metrics.setUpgrade(name, known), onPhase: (name) => this.#health.add(name),
    });
  }

  #newTerm(signal: AbortSignal): Term {
    const { cluster, workloads, postgres, valkey, web, backups, rehearsals, restores, databases, gateways, crypto, clock, config: { trustedHosts }, log, readSettings } = this.deps;
    const onStatus = (name: string, status: GlitchTipStatus) => this.metrics.setStatus(name, status);
    const resourceController = new CredentialsController({ cluster, workloads, postgres, valkey, web, crypto, clock, trustedHosts, log: log.info, warn: log.warn, onStatus });
    const backupController = new BackupController({
      cluster, workloads, postgres, backups, clock, trustedHosts, log: log.info,
      onBackups: (name, known) => this.metrics.setBackups(name, known), onEnd: (name) => this.#health.add(name),
    });
    const rehearsalController = new RehearsalController({ cluster, workloads, postgres, rehearsals, clock, trustedHosts, log: log.info });
    const restoreController = new RestoreController({
      cluster, workloads, postgres, valkey, web, restores, databases, gateways, crypto, clock, trustedHosts, log: log.info,
      onRestore: (name, known) => this.metrics.setRestore(name, known), onPhase: (name) => this.#health.add(name),
    });
    const upgradeController = this.#newUpgradeController();
    const moveController = this.#newMoveController();
    const settingsController = new SettingsFileController({
      read: readSettings,
      readResource: (name, signal) => cluster.readResource(name, signal),
      apply: (name, file, signal) => cluster.applySettings(name, file, signal),
      log: log.info,
      every: SETTINGS_EVERY,
    });
    return {
      signal,
      resources: this.#queue('glitchtip', (name, until) => resourceController.reconcile(name, until)),
      backups: this.#queue('backup', (name, until) => backupController.reconcile(name, until)),
      rehearsals: this.#queue('rehearsal', (name, until) => rehearsalController.reconcile(name, until)),
      restores: this.#queue('restore', (name, until) => restoreController.reconcile(name, until)),
      upgrades: this.#queue('upgrade', (name, until) => upgradeController.reconcile(name, until)),
      moves: this.#queue('move', (name, until) => moveController.reconcile(name, until)),
      settings: this.#queue('settings', (name, until) => settingsController.reconcile(name, until)),
      settingsController,
    };
  }

  #queue(controller: string, work: (key: string, signal: AbortSignal) => Promise<Outcome>): KeyedQueue {
    const { clock, log, random } = this.deps;
    return new KeyedQueue({
      clock,
      backoff: { ...BACKOFF, random },
      work: (key, signal) => this.#measured(controller, () => work(key, signal)),
      onError: (key, error, retryIn) => log.warn('reconcile failed', { controller, key, error: messageOf(error), retryIn }),
    });
  }

  async #measured(controller: string, work: () => Promise<Outcome>): Promise<Outcome> {
    const { clock } = this.deps;
    const started = clock.monotonic();
    const observe = (result: 'ok' | 'error') => this.metrics.observeReconcile(controller, result, (clock.monotonic() - started) / 1_000);
    try {
      const outcome = await work();
      observe(outcome.failed ? 'error' : 'ok');
      return outcome;
    } catch (error) {
      observe('error');
      throw error;
    }
  }
}
