// The gateway's figures for Prometheus.
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { itemTypeName } from '../core/item-types.js';
import type { IngestCount } from '../front/ingest.js';
import type { Delivery } from '../delivery/delivery.js';
import type { Hold } from '../delivery/hold.js';
import type { SetAside } from '../delivery/set-aside.js';
import type { Turn } from '../delivery/turn.js';
import type { Moving } from '../move/moving.js';
import type { Spool } from '../spool/spool.js';
import { watchMove } from './move-metrics.js';

/** From an event that is stored at once to one that waited for an outage of hours. Seconds. */
const LAG_BUCKETS = [0.5, 1, 2, 5, 10, 30, 60, 300, 1_800, 3_600, 14_400];

export interface Watched {
  readonly spool: Pick<Spool, 'liveBytes' | 'diskBytes' | 'keptBytes' | 'keptDropped' | 'followersBytes'>;
  readonly delivery: Pick<Delivery, 'entries' | 'window' | 'resent'>;
  readonly maxBytes: number;
  readonly setAside: Pick<SetAside, 'ids' | 'dropped'>;
  readonly turn: Pick<Turn, 'isOurs'>;
  readonly hold: Pick<Hold, 'current'>;
  readonly moving: Pick<Moving, 'status'>;
}

export class GatewayMetrics {
  readonly #registry = new Registry();
  readonly #taken: Counter;
  readonly #refused: Counter<'why'>;
  readonly #ignored: Counter<'type'>;
  readonly #plain: Counter;
  readonly #damaged: Counter;
  readonly #lag: Histogram;

  constructor() {
    const registers = [this.#registry];
    this.#taken = new Counter({ name: 'glitchkeeper_gateway_events_taken_total', help: 'Events that were answered 200, and so are on the disk', registers });
    this.#refused = new Counter({ name: 'glitchkeeper_gateway_requests_refused_total', help: 'Ingest requests that were refused, by reason', labelNames: ['why'], registers });
    this.#ignored = new Counter({ name: 'glitchkeeper_gateway_items_ignored_total', help: 'Items that GlitchTip does not keep, by type', labelNames: ['type'], registers });
    this.#plain = new Counter({ name: 'glitchkeeper_gateway_plain_requests_total', help: 'Ingest requests that came by plain http through a proxy', registers });
    this.#damaged = new Counter({ name: 'glitchkeeper_gateway_damaged_total', help: 'Places of the spool that could not be read', registers });
    this.#lag = new Histogram({ name: 'glitchkeeper_gateway_stored_seconds', help: 'From a request received to its rows seen in Postgres', buckets: LAG_BUCKETS, registers });
  }

  /** What is read whenever somebody asks: the spool may count what is damaged while it is opened, before there is anything to watch. */
  watch(watched: Watched): void {
    const gauge = (name: string, help: string, value: () => number) => new Gauge({ name: `glitchkeeper_gateway_${name}`, help, registers: [this.#registry], collect() { this.set(value()); } });
    gauge('spool_bytes', 'Bytes in the spool that GlitchTip has not stored yet', () => watched.spool.liveBytes);
    gauge('spool_disk_bytes', 'Bytes of the spool on the disk', () => watched.spool.diskBytes);
    gauge('spool_limit_bytes', 'Bytes that the spool may hold', () => watched.maxBytes);
    gauge('kept_bytes', 'Bytes in the spool that GlitchTip has stored, kept for a way back', () => watched.spool.keptBytes);
    gauge('kept_dropped_records', 'Records that were kept and went, for events that came needed their room; 0 when nothing is kept any more', () => watched.spool.keptDropped);
    gauge('window_bytes', 'Bytes that may be under way to Postgres at once; 0 while the way is broken', () => (watched.delivery.window.closed ? 0 : watched.delivery.window.allowed));
    gauge('limbo_records', 'Records that GlitchTip took and that are not seen in Postgres', () => watched.delivery.entries.filter(({ state }) => state === 'limbo').length);
    new Counter({ name: 'glitchkeeper_gateway_resent_records_total', help: 'Records that were given to GlitchTip once more, for Postgres did not have them', registers: [this.#registry], collect() {
      this.reset();
      this.inc(watched.delivery.resent);
    } });
    gauge('set_aside_records', 'Records that a person has to look at', () => watched.setAside.ids().length);
    gauge('set_aside_dropped_records', 'Of those, the oldest that went since it started, for there was no more room', () => watched.setAside.dropped);
    gauge('delivers', '1 while this gateway gives records to GlitchTip', () => Number(watched.turn.isOurs));
    watchMove(this.#registry, watched);
    gauge('held', '1 while nothing is given to GlitchTip, for somebody asked for it', () => Number(watched.hold.current !== undefined));
  }

  count(what: IngestCount): void {
    if (what.kind === 'taken') this.#taken.inc(what.events);
    else if (what.kind === 'refused') this.#refused.inc({ why: what.why });
    else if (what.kind === 'plain') this.#plain.inc();
    else this.#ignored.inc({ type: itemTypeName(what.type) }, what.items);
  }

  /** @param milliseconds since it was received */
  countStored(milliseconds: number): void {
    this.#lag.observe(Math.max(0, milliseconds) / 1_000);
  }

  countDamage(): void {
    this.#damaged.inc();
  }

  async render(): Promise<{ readonly contentType: string; readonly body: string }> {
    return { contentType: this.#registry.contentType, body: await this.#registry.metrics() };
  }
}
