// The operator's figures for Prometheus, in a registry of their own.
import { Counter, Gauge, Histogram, Registry } from 'prom-client';

import type { GlitchTipStatus } from '../../api/glitchtip-resource.js';
import type { MoveStatus } from '../../api/move-fields.js';
import type { RestoreStatus } from '../../api/restore-fields.js';
import type { UpgradeStatus } from '../../api/upgrade-fields.js';
import type { HealthStatus } from '../../api/health-fields.js';
import { BACKUP_GAUGES, type KnownBackups } from './backup-metrics.js';
import { HEALTH_GAUGES, RepairCounter } from './health-metrics.js';
import { MOVE_GAUGES } from './move-metrics.js';
import { RESTORE_GAUGES, UPGRADE_GAUGES } from './restore-metrics.js';
import { addResourceGauges } from './resource-gauges.js';
import { STATUS_GAUGES } from './status-metrics.js';

export class Metrics {
  readonly #registry = new Registry();
  readonly #statuses = new Map<string, GlitchTipStatus>();
  readonly #healths = new Map<string, HealthStatus>();
  readonly #backups = new Map<string, KnownBackups>();
  readonly #restores = new Map<string, RestoreStatus>();
  readonly #upgrades = new Map<string, UpgradeStatus>();
  readonly #moves = new Map<string, MoveStatus>();
  readonly #repairs: RepairCounter;
  readonly #reconciles: Histogram<'controller' | 'result'>;
  readonly #requests: Counter<'method' | 'status'>;
  readonly #leader: Gauge;

  /** `depth`: keys waiting in the queues at this moment. */
  constructor(depth: () => number) {
    const registers = [this.#registry];
    this.#reconciles = new Histogram({
      name: 'glitchkeeper_reconcile_duration_seconds', help: 'Time that one reconcile took, by its result',
      labelNames: ['controller', 'result'], buckets: [0.01, 0.05, 0.1, 0.5, 1, 5, 15, 60], registers,
    });
    this.#requests = new Counter({
      name: 'glitchkeeper_kubernetes_requests_total', help: 'Requests to the API server, by method and status (0: no answer)',
      labelNames: ['method', 'status'], registers,
    });
    this.#leader = new Gauge({ name: 'glitchkeeper_leader', help: '1 while this process holds the Lease', registers });
    addResourceGauges(registers, STATUS_GAUGES, this.#statuses);
    addResourceGauges(registers, HEALTH_GAUGES, this.#healths);
    addResourceGauges(registers, BACKUP_GAUGES, this.#backups);
    addResourceGauges(registers, RESTORE_GAUGES, this.#restores);
    addResourceGauges(registers, UPGRADE_GAUGES, this.#upgrades);
    addResourceGauges(registers, MOVE_GAUGES, this.#moves);
    this.#repairs = new RepairCounter(registers);
    addProcessMetrics(registers, depth);
  }

  observeReconcile(controller: string, result: 'ok' | 'error', seconds: number): void {
    this.#reconciles.observe({ controller, result }, seconds);
  }

  /** What a resource's conditions and credentials are. */
  setStatus(resource: string, status: GlitchTipStatus): void {
    this.#statuses.set(resource, status);
  }

  /** What the last check of a resource's health found; undefined where it is not checked any more. */
  setHealth(resource: string, health: HealthStatus | undefined): void {
    if (health === undefined) {
      this.#healths.delete(resource);
      return;
    }
    this.#healths.set(resource, health);
    this.#repairs.look(resource, health);
  }

  /** What is known of a resource's backups; undefined where none are made. */
  setBackups(resource: string, known: KnownBackups | undefined): void {
    if (known === undefined) this.#backups.delete(resource);
    else this.#backups.set(resource, known);
  }

  /** What is known of a resource's restores; undefined where the resource is gone. */
  setRestore(resource: string, known: RestoreStatus | undefined): void {
    if (known === undefined) this.#restores.delete(resource);
    else this.#restores.set(resource, known);
  }

  /** What is known of a resource's upgrades; undefined where the resource is gone. */
  setUpgrade(resource: string, known: UpgradeStatus | undefined): void {
    if (known === undefined) this.#upgrades.delete(resource);
    else this.#upgrades.set(resource, known);
  }

  /** What is known of a resource's move; undefined where the resource is gone. */
  setMove(resource: string, known: MoveStatus | undefined): void {
    if (known === undefined) this.#moves.delete(resource);
    else this.#moves.set(resource, known);
  }

  /** The resource is gone. */
  forget(resource: string): void {
    this.#statuses.delete(resource);
    this.#healths.delete(resource);
    this.#backups.delete(resource);
    this.#restores.delete(resource);
    this.#upgrades.delete(resource);
    this.#moves.delete(resource);
  }

  countRequest(method: string, status: number): void {
    this.#requests.inc({ method, status: String(status) });
  }

  /** A follower does not know the resources any more, and must not go on reporting what it knew. */
  setLeader(isLeader: boolean): void {
    this.#leader.set(isLeader ? 1 : 0);
    if (isLeader) return;
    this.#statuses.clear();
    this.#healths.clear();
    this.#backups.clear();
    this.#restores.clear();
    this.#upgrades.clear();
    this.#moves.clear();
    this.#repairs.forget();
  }

  /** The text format of Prometheus, and its content type. */
  async render(): Promise<{ readonly contentType: string; readonly body: string }> {
    return { contentType: this.#registry.contentType, body: await this.#registry.metrics() };
  }
}

/** The few of prom-client's default metrics that are used: all of them cost more memory than they are worth. */
function addProcessMetrics(registers: Registry[], depth: () => number): void {
  const gauges: readonly (readonly [name: string, help: string, read: () => number])[] = [
    ['glitchkeeper_queue_depth', 'Keys that wait to be reconciled', depth],
    ['process_resident_memory_bytes', 'Resident memory', () => process.memoryUsage.rss()],
    ['process_cpu_seconds', 'CPU time used since the start', () => (process.cpuUsage().user + process.cpuUsage().system) / 1e6],
    ['process_start_time_seconds', 'When the process started', () => Date.now() / 1_000 - process.uptime()],
  ];
  for (const [name, help, read] of gauges) {
    new Gauge({ name, help, registers, collect() { this.set(read()); } });
  }
}
