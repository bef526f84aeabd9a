// The operator's figures for Prometheus, in a registry of their own.
import { Counter, Gauge, Histogram, Registry } from 'prom-client';

import type { GlitchTipStatus } from '../api/glitchtip.js';

export class Metrics {
  readonly #registry = new Registry();
  readonly #reconciles: Histogram<'controller' | 'result'>;
  readonly #conditions: Gauge<'resource' | 'type' | 'status'>;
  readonly #credentials: Gauge<'resource' | 'secret'>;
  readonly #requests: Counter<'method' | 'status'>;
  readonly #leader: Gauge;

  /** `depth`: keys waiting in the queues at this moment. */
  constructor(depth: () => number) {
    const registers = [this.#registry];
    this.#reconciles = new Histogram({
      name: 'glitchkeeper_reconcile_duration_seconds', help: 'Time that one reconcile took, by its result',
      labelNames: ['controller', 'result'], buckets: [0.01, 0.05, 0.1, 0.5, 1, 5, 15, 60], registers,
    });
    this.#conditions = new Gauge({ name: 'glitchkeeper_condition', help: '1 for the status that a condition has', labelNames: ['resource', 'type', 'status'], registers });
    this.#credentials = new Gauge({
      name: 'glitchkeeper_credential_created_timestamp_seconds', help: 'When a credential was created',
      labelNames: ['resource', 'secret'], registers,
    });
    this.#requests = new Counter({
      name: 'glitchkeeper_kubernetes_requests_total', help: 'Requests to the API server, by method and status (0: no answer)',
      labelNames: ['method', 'status'], registers,
    });
    this.#leader = new Gauge({ name: 'glitchkeeper_leader', help: '1 while this process holds the Lease', registers });
    addProcessMetrics(registers, depth);
  }

  observeReconcile(controller: string, result: 'ok' | 'error', seconds: number): void {
    this.#reconciles.observe({ controller, result }, seconds);
  }

  setStatus(resource: string, status: GlitchTipStatus): void {
    for (const condition of status.conditions ?? []) {
      for (const value of ['True', 'False', 'Unknown']) {
        this.#conditions.set({ resource, type: condition.type, status: value }, condition.status === value ? 1 : 0);
      }
    }
    for (const { name, createdAt } of status.credentials ?? []) {
      if (createdAt) this.#credentials.set({ resource, secret: name }, Date.parse(createdAt) / 1_000);
    }
  }

  countRequest(method: string, status: number): void {
    this.#requests.inc({ method, status: String(status) });
  }

  setLeader(leads: boolean): void {
    this.#leader.set(leads ? 1 : 0);
  }

  /** The text format of Prometheus, and its content type. */
  async render(): Promise<{ readonly contentType: string; readonly body: string }> {
    return { contentType: this.#registry.contentType, body: await this.#registry.metrics() };
  }
}

/** The few of prom-client's default metrics that are looked at: all of them cost more memory than they tell. */
function addProcessMetrics(registers: Registry[], depth: () => number): void {
  const gauges: readonly (readonly [name: string, help: string, read: () => number])[] = [
    ['glitchkeeper_queue_depth', 'Keys that wait to be reconciled', depth],
    ['process_resident_memory_bytes', 'Resident memory', () => process.memoryUsage.rss()],
    ['process_cpu_seconds_total', 'CPU time used', () => (process.cpuUsage().user + process.cpuUsage().system) / 1e6],
    ['process_start_time_seconds', 'When the process started', () => Date.now() / 1_000 - process.uptime()],
  ];
  for (const [name, help, read] of gauges) {
    new Gauge({ name, help, registers, collect() { this.set(read()); } });
  }
}
