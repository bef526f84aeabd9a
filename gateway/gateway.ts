/**
 * Runs the gateway: takes its folder of the volume, opens the doors, and gives to GlitchTip what it took, as long as no other gateway does.
 * On the way out it stops giving first, so that the next may begin, then taking.
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { join } from 'node:path';
import { Redis } from 'iovalkey';
import type pg from 'pg';
import { createControl } from './control/control-server.js';
import { GatewayMetrics } from './control/gateway-metrics.js';
import { IngestLimiter, type IngestLimits } from './core/ingest-limits.js';
import { itemPolicy } from './core/item-policy.js';
import { openDatabase } from './delivery/database.js';
import { Delivery } from './delivery/delivery.js';
import { isQueueEmpty } from './delivery/queue.js';
import { findRows, oldestTransaction, readKeys } from './delivery/rows.js';
import { Sender } from './delivery/sender.js';
import { SetAside } from './delivery/set-aside.js';
import type { GatewayConfig } from './environment.js';
import { TrustedProxies } from './front/forwarded.js';
import { Ingest } from './front/ingest.js';
import { KeyLookup } from './front/key-lookup.js';
import { MemoryBudget } from './front/memory-budget.js';
import { Proxy } from './front/proxy.js';
import { createFront } from './front/server.js';
import { repeat, type Repeated } from './repeat.js';
import { readWhole, realFiles, writeWhole } from './spool/files.js';
import { tryLock, type Lock } from './spool/locks.js';
import { SharedVolume } from './spool/ownership.js';
import { Spool } from './spool/spool.js';

export type Log = (message: string, fields: Readonly<Record<string, unknown>>) => void;

/** The only destination so far. */
const GLITCHTIP = 0;
/** Under way to Postgres at once: what GlitchTip's worker holds at its default limit (gateway/core/window.ts). */
const WINDOW = { bytes: 5_000_000, events: 800 };
/** So many bodies are held in memory at once. Bytes. */
const BODIES = 24 * 2 ** 20;
const LIMITS: IngestLimits = {
  perProject: { events: { rate: 1_000, burst: 20_000 }, bytes: { rate: 4 * 2 ** 20, burst: 256 * 2 ** 20 } },
  total: { events: { rate: 2_000, burst: 40_000 }, bytes: { rate: 8 * 2 ** 20, burst: 512 * 2 ** 20 } },
};
/** Milliseconds. */
const EVERY = { give: 50, confirm: 500, judge: 5_000, keys: 3_000, adopt: 2_000, deliver: 500 };

export class Gateway {
  readonly #volume: SharedVolume;
  readonly #spool: Spool;
  readonly #setAside: SetAside;
  readonly #database: pg.Pool;
  readonly #valkey: Redis | undefined;
  readonly #keys: KeyLookup;
  readonly #delivery: Delivery;
  readonly #metrics: GatewayMetrics;
  readonly #servers: readonly [front: Server, control: Server];
  #delivering: Lock | undefined;
  #problem: string | undefined = 'it has just started';

  /** @throws what is wrong with the volume */
  constructor(private readonly config: GatewayConfig, private readonly log: Log) {
    const now = () => Date.now();
    this.#volume = new SharedVolume(realFiles, tryLock, config.spool);
    this.#spool = Spool.open({
      files: realFiles, folder: this.#volume.claim(config.name), maxBytes: config.spoolBytes, destinations: [GLITCHTIP], defer: setImmediate,
      onDamage: (damage) => {
        this.#metrics.countDamage();
        log('a part of the spool cannot be read', { ...damage });
      },
    });
    this.#setAside = new SetAside(realFiles, join(config.spool, 'set-aside'), now);
    this.#database = openDatabase(config);
    this.#valkey = config.valkey && this.#openValkey(config.valkey);
    this.#keys = this.#openKeys(join(config.spool, 'keys.json'), now);
    const policy = itemPolicy(config.release);
    const sender = new Sender(config.upstream);
    this.#delivery = new Delivery({
      spool: this.#spool, destination: GLITCHTIP, policy, limits: WINDOW, now, log,
      send: (request) => sender.send(request), probe: () => sender.probe(),
      find: (wanted) => findRows(this.#database, config.release, wanted),
      observePipeline: async () => ({
        isQueueEmpty: this.#valkey === undefined || await isQueueEmpty(this.#valkey, config.release),
        workerStartedAt: undefined,
        oldestTransactionAt: await oldestTransaction(this.#database),
      }),
      setAside: (record, reason) => this.#setAside.add(record, reason),
    });
    this.#metrics = new GatewayMetrics({ spool: this.#spool, delivery: this.#delivery, maxBytes: config.spoolBytes, setAside: () => this.#setAside.ids().length, delivers: () => this.#delivering !== undefined });
    const ingest = new Ingest({
      policy, limiter: new IngestLimiter(LIMITS, now()), memory: new MemoryBudget(BODIES), keys: this.#keys, spool: this.#spool, now, log,
      newId: () => randomUUID().replaceAll('-', ''), count: (what) => this.#metrics.count(what),
    });
    const proxy = new Proxy(config.upstream, (why) => log('GlitchTip is away', { why }));
    this.#servers = [
      createFront({ ingest, proxy, trusted: new TrustedProxies(config.trustedProxies) }),
      createControl({ problem: () => this.#problem, metrics: () => this.#metrics.render() }),
    ];
  }

  /** Resolves when the signal ended it, and everything that it answered for is on the disk. */
  async run(signal: AbortSignal): Promise<void> {
    const failed = (what: string) => (error: unknown) => this.log(what, { error: error instanceof Error ? error.message : String(error) });
    const [front, control] = this.#servers;
    control.listen(this.config.controlPort);
    front.listen(this.config.port);
    await Promise.all([once(front, 'listening'), once(control, 'listening')]);
    this.#problem = undefined;
    const taking = [
      repeat(EVERY.keys, () => this.#keys.refresh(), failed('the keys cannot be read')),
      repeat(EVERY.adopt, () => this.#adopt(), failed('what another gateway left cannot be taken over')),
    ];
    const giving = [
      repeat(EVERY.deliver, () => void (this.#delivering ??= this.#volume.tryToDeliver()), failed('the lock of the delivery cannot be had')),
      repeat(EVERY.give, () => this.#whileDelivering(() => this.#delivery.give()), failed('nothing can be given to GlitchTip')),
      repeat(EVERY.confirm, () => this.#whileDelivering(() => this.#delivery.confirm()), failed('rows cannot be looked for')),
      repeat(EVERY.judge, () => this.#whileDelivering(() => this.#delivery.judge()), failed('what is missing cannot be judged')),
    ];
    if (!signal.aborted) await once(signal, 'abort');
    await this.#stop(giving, taking);
  }

  async #stop(giving: readonly Repeated[], taking: readonly Repeated[]): Promise<void> {
    await Promise.all(giving.map((each) => each.stop()));
    this.#delivering?.release();
    await Promise.all([...taking.map((each) => each.stop()), ...this.#servers.map(closeServer)]);
    this.#spool.close();
    this.#volume.release();
    this.#valkey?.disconnect();
    await this.#database.end();
  }

  async #whileDelivering(work: () => Promise<void>): Promise<void> {
    if (this.#delivering) await work();
  }

  #adopt(): void {
    const adopted = this.#volume.adoptOrphans(this.#spool);
    if (adopted.length > 0) this.log('took over what another gateway left', { from: adopted });
  }

  #openKeys(file: string, now: () => number): KeyLookup {
    return new KeyLookup({
      now, read: () => readKeys(this.#database),
      load: () => readWhole(realFiles, file)?.toString('utf8'),
      keep: (text) => writeWhole(realFiles, file, [Buffer.from(text)]),
    });
  }

  #openValkey({ host, port }: NonNullable<GatewayConfig['valkey']>): Redis {
    const password = readFileSync(join(this.config.credentials, 'valkey-password'), 'utf8').trim();
    const client = new Redis({ host, port, username: 'gateway', password, lazyConnect: true, connectTimeout: 5_000, commandTimeout: 5_000, maxRetriesPerRequest: 0, enableReadyCheck: false });
    client.on('error', () => undefined);
    return client;
  }
}

/** Ends idle connections at once, and waits for the answers that are still owed. */
function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
}
