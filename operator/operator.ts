// Runs the operator: elects a leader, and while it leads feeds the controllers from the watch and the settings file.
import type { Server } from 'node:http';

import type { GlitchTipResource, GlitchTipStatus } from './api/glitchtip.js';
import { GlitchTipController, type ClusterPort, type PostgresPort } from './controllers/glitchtip.js';
import { SettingsController, type SettingsFile } from './controllers/settings.js';
import type { Crypto } from './core/secrets.js';
import type { Config } from './config.js';
import { serve } from './io/http.js';
import { Metrics } from './io/metrics.js';
import type { Clock } from './runtime/clock.js';
import { standForElection, type LeasePort } from './runtime/leader.js';
import { KeyedQueue, type Outcome } from './runtime/queue.js';
import { keepWatching, type ListWatch } from './runtime/watch.js';

/** One line of log; never a value. */
type LogLine = (message: string, fields: Readonly<Record<string, unknown>>) => void;

export interface OperatorDependencies {
  readonly config: Config;
  readonly cluster: ClusterPort & {
    resources(): ListWatch<GlitchTipResource>;
    lease(): LeasePort;
    applySettings(name: string, file: SettingsFile, signal: AbortSignal): Promise<void>;
  };
  readonly postgres: PostgresPort;
  readonly crypto: Crypto;
  readonly clock: Clock;
  /** From 0 up to but not including 1, for the jitter of retries. */
  readonly random: () => number;
  readonly readSettings: () => Promise<SettingsFile | undefined>;
  readonly log: { readonly info: LogLine; readonly warn: LogLine };
}

/** A failed reconcile is tried again after 1 s at first and 60 s at most. Milliseconds. */
const BACKOFF = { base: 1_000, max: 60_000 };
/** The watch tells of every change; a new list is for what it missed. Milliseconds. */
const RESYNC_EVERY = 600_000;
/** The kubelet itself takes up to a minute to bring a changed ConfigMap into the pod. Milliseconds. */
const SETTINGS_EVERY = 15_000;
/** Six renewals a minute; a successor waits half a minute after a crash, and not at all after an orderly end. Milliseconds. */
const ELECTION = { duration: 30_000, renewDeadline: 20_000, retryEvery: 10_000 };
/** Three contacts with the Lease that did not happen. Milliseconds. */
const SILENCE_UNTIL_NOT_READY = 3 * ELECTION.retryEvery + 5_000;
/** Every call in a reconcile has a timeout of 15 s or less; this long it takes only when one of them hangs for ever. Milliseconds. */
const STUCK_AFTER = 300_000;

/** What one term as leader works with. */
interface Term {
  readonly resources: KeyedQueue;
  readonly settings: KeyedQueue;
  readonly settingsController: SettingsController;
}

export class Operator {
  readonly metrics = new Metrics(() => this.#queues().reduce((sum, queue) => sum + queue.depth, 0));
  #term: Term | undefined;
  /** When the API server last answered; 0 before the first time. */
  #contactAt = 0;

  constructor(private readonly deps: OperatorDependencies) {}

  /** Resolves when `signal` is aborted and everything under way has ended; rejects when it cannot listen. */
  async run(signal: AbortSignal): Promise<void> {
    const { config, clock, cluster, log } = this.deps;
    const server = await this.#listen();
    try {
      await standForElection({
        ...ELECTION,
        lease: cluster.lease(),
        clock,
        identity: config.instance,
        lead: (term) => this.#lead(term),
        onContact: (error) => {
          if (error === undefined) this.#contactAt = clock.now();
          else log.warn('the Lease cannot be reached', { error: messageOf(error) });
        },
      }, signal);
    } finally {
      server.close();
      server.closeAllConnections();
    }
  }

  #listen(): Promise<Server> {
    const { clock, config } = this.deps;
    const stuck = () => this.#queues().some(({ busySince }) => busySince !== undefined && clock.now() - busySince > STUCK_AFTER);
    return serve({
      healthz: () => (stuck() ? 'a reconcile does not end' : undefined),
      readyz: () => (clock.now() - this.#contactAt <= SILENCE_UNTIL_NOT_READY ? undefined : 'the API server has not answered lately'),
      metrics: () => this.metrics.render(),
    }, config.listen);
  }

  #queues(): readonly KeyedQueue[] {
    return this.#term ? [this.#term.resources, this.#term.settings] : [];
  }

  /** One term as leader: from election to loss or end. */
  async #lead(signal: AbortSignal): Promise<void> {
    const { config, clock, cluster, log, random } = this.deps;
    const term = this.#newTerm();
    this.#term = term;
    this.metrics.setLeader(true);
    log.info('leading', {});
    term.settings.add(config.resource);
    await keepWatching({
      source: cluster.resources(),
      clock,
      backoff: { ...BACKOFF, random },
      resyncEvery: RESYNC_EVERY,
      onObject: ({ metadata }, change) => this.#onResource(metadata.name, change, term),
      onError: (error, retryIn) => log.warn('watch failed', { error: messageOf(error), retryIn }),
    }, signal);
    await Promise.all([term.resources.stop(), term.settings.stop()]);
    this.#term = undefined;
    this.metrics.setLeader(false);
    log.info('not leading any more', {});
  }

  #onResource(name: string, change: 'PRESENT' | 'DELETED', { resources, settings, settingsController }: Term): void {
    if (change === 'PRESENT') {
      resources.add(name);
      return;
    }
    resources.forget(name);
    this.metrics.setStatus(name, undefined);
    // What the settings file describes is meant to exist.
    if (name !== this.deps.config.resource) return;
    settingsController.unsettle();
    settings.add(name);
  }

  #newTerm(): Term {
    const { cluster, postgres, crypto, clock, log, readSettings } = this.deps;
    const onStatus = (name: string, status: GlitchTipStatus) => this.metrics.setStatus(name, status);
    const resourceController = new GlitchTipController({ cluster, postgres, crypto, clock, log: log.info, onStatus });
    const settingsController = new SettingsController({
      read: readSettings,
      readResource: (name, signal) => cluster.readResource(name, signal),
      apply: (name, file, signal) => cluster.applySettings(name, file, signal),
      log: log.info,
      every: SETTINGS_EVERY,
    });
    return {
      resources: this.#queue('glitchtip', (name, signal) => resourceController.reconcile(name, signal)),
      settings: this.#queue('settings', (name, signal) => settingsController.reconcile(name, signal)),
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
    const started = clock.now();
    const observe = (result: 'ok' | 'error') => this.metrics.observeReconcile(controller, result, (clock.now() - started) / 1_000);
    try {
      const outcome = await work();
      observe('ok');
      return outcome;
    } catch (error) {
      observe('error');
      throw error;
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
