/**
 * Runs the gateway: takes its folder of the volume, opens the doors, and gives to GlitchTip what it took, while it is its turn.
 * On the way out it stops giving first, so that the next may begin, then taking.
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { Server } from 'node:http';
import { join } from 'node:path';
import type { Redis } from 'iovalkey';
import type pg from 'pg';
import { GatewayMetrics } from './control/gateway-metrics.js';
import { IngestCounts } from './control/ingest-counts.js';
import { openControl } from './control/open-control.js';
import { IngestLimiter } from './core/ingest-limits.js';
import { itemPolicy, type ItemPolicy } from './core/item-policy.js';
import { ProjectShares } from './core/project-shares.js';
import { storingOf } from './core/resend.js';
import { DamagedPlaces } from './delivery/damaged-places.js';
import { openDatabase } from './delivery/database.js';
import { Delivery } from './delivery/delivery.js';
import { Hold } from './delivery/hold.js';
import { Keep } from './delivery/keep.js';
import { queuedRows, queueLengths, type QueueLengths } from './delivery/queue.js';
import { findRows, openTransactions, readKeys } from './delivery/rows.js';
import { Sender } from './delivery/sender.js';
import { SetAside } from './delivery/set-aside.js';
import { Turn } from './delivery/turn.js';
import { openValkey } from './delivery/valkey.js';
import { WorkerStart } from './delivery/worker-start.js';
import type { GatewayConfig } from './environment.js';
import { drain, OF_A_ROLLOUT } from './front/drain.js';
import { TrustedProxies } from './front/forwarded.js';
import { FailureLog } from './failure-log.js';
import { Ingest } from './front/ingest.js';
import { KeyLookup } from './front/key-lookup.js';
import { MemoryBudget } from './front/memory-budget.js';
import { Proxy } from './front/proxy.js';
import { createFront } from './front/server.js';
import { MOST_REQUESTS } from './move/old-delivery.js';
import { OldSender } from './move/old-sender.js';
import { Moving } from './move/moving.js';
import { repeat, type Repeated } from './repeat.js';
import { GLITCHTIP, OLD_SENTRY } from './spool/destination-numbers.js';
import { readWhole, realFiles, writeWhole } from './spool/files.js';
import { tryLock } from './spool/locks.js';
import { SharedVolume } from './spool/ownership.js';
import { VolumeCheck } from './spool/volume-check.js';
import { Spool } from './spool/spool.js';

export type Log = (message: string, fields: Readonly<Record<string, unknown>>) => void;

const now = () => Date.now();

/**
 * Under way to Postgres at once: what GlitchTip's worker holds at its default limit of 250Mi. Real 5.2: of 5 MB at once a fresh worker
 * peaks at 218Mi, and one that has worked for a while was killed by two events of 2.4 MB; with 4 MB it peaked at 239Mi, and Postgres, at
 * its own 150Mi, was killed: a batch with an event of 2.4 MB takes a backend 62Mi. So no other is beside one that large. Events: an event
 * is under way for 3 s, most of it in the worker's own batches, and 800 of them kept the worker waiting (`npm run bench -- gateway`). On 6.2
 * it is also what a worker that is killed loses, to be given again; nobody has measured what its own can hold. A lower limit is refused
 * (charts/settings/window-problems.ts).
 */
const WINDOW = { bytes: 2_500_000, events: 1_000 };
/** So many bodies are held in memory at once. Bytes. */
const BODIES = 24 * 2 ** 20;
/** What is set aside: few enough to be listed, and a share of the spool that its volume has room for (VOLUME_SHARE in charts/parts/gateway.ts). */
const SET_ASIDE = { records: 10_000, share: 1 / 8 };
/** Of the spool's disk, which on most hosts is Postgres' and Valkey's, too: two files of Postgres' write-ahead log, by which what waits is stored and there is room again. Bytes. */
const LEFT_ON_DISK = 32 * 2 ** 20;
/** Milliseconds. */
const EVERY = { give: 50, confirm: 500, judge: 5_000, keys: 3_000, adopt: 2_000, turn: 500, move: 500, counts: 5_000, volume: 2_000 };

export class Gateway {
  readonly #volume: SharedVolume;
  readonly #check: VolumeCheck;
  readonly #spool: Spool;
  readonly #shares: ProjectShares;
  readonly #moving: Moving;
  readonly #oldSender = new OldSender(MOST_REQUESTS);
  readonly #setAside: SetAside;
  readonly #workerStart: WorkerStart;
  readonly #turn: Turn;
  readonly #database: pg.Pool;
  readonly #valkey: Redis | undefined;
  readonly #keys: KeyLookup;
  readonly #delivery: Delivery;
  readonly #metrics = new GatewayMetrics();
  readonly #failures: FailureLog;
  readonly #servers: readonly [front: Server, control: Server];
  #problem: string | undefined = 'it has just started';

  /** @throws what is wrong with the volume */
  constructor(private readonly config: GatewayConfig, private readonly log: Log) {
    this.#failures = new FailureLog(log, now);
    this.#volume = new SharedVolume(realFiles, tryLock, config.spool);
    const folder = this.#volume.claim(config.name);
    this.#check = new VolumeCheck(realFiles, join(config.spool, 'written'));
    this.#shares = new ProjectShares(config.spoolBytes);
    this.#moving = new Moving({ files: realFiles, root: config.spool, name: config.name, shares: this.#shares, send: (request) => this.#oldSender.send(request), now, failed: (what, why) => this.#failures.failed(what, why) });
    this.#setAside = new SetAside(...this.#onVolume('set-aside'), { records: SET_ASIDE.records, bytes: config.spoolBytes * SET_ASIDE.share });
    const damaged = new DamagedPlaces({ setAside: this.#setAside, count: () => this.#metrics.countDamage(), log });
    this.#spool = this.#openSpool(folder, damaged);
    this.#workerStart = new WorkerStart(...this.#onVolume('worker-started'));
    const [hold, keep] = [new Hold(...this.#onVolume('hold.json')), new Keep(...this.#onVolume('keep.json'))];
    this.#turn = new Turn({ hold, tryToDeliver: () => this.#volume.tryToDeliver() });
    this.#database = openDatabase(config);
    this.#valkey = config.valkey && openValkey(config.valkey, config.credentials);
    this.#keys = this.#openKeys(join(config.spool, 'keys.json'), keep);
    const [policy, counts] = [itemPolicy(config.release, config), new IngestCounts()];
    this.#delivery = this.#openDelivery(policy, keep);
    const watched = { maxBytes: config.spoolBytes, spool: this.#spool, setAside: this.#setAside, delivery: this.#delivery, turn: this.#turn, hold, keep, damaged, moving: this.#moving };
    this.#metrics.watch(watched);
    this.#servers = [
      this.#openFront(policy, counts),
      openControl({
        ...watched, name: config.name, startedAt: now(), credentials: config.credentials, destination: GLITCHTIP, volume: this.#volume, workerStart: this.#workerStart, counts, plainUntil: config.plainUntil, now, log,
        problem: () => this.#problem ?? this.#check.problem, metrics: () => this.#metrics.render(),
      }),
    ];
  }

  #onVolume(name: string): readonly [files: typeof realFiles, path: string, now: () => number] {
    return [realFiles, join(this.config.spool, name), now];
  }

  /** Resolves when the signal ended it, and everything that it answered for is on the disk. */
  async run(signal: AbortSignal): Promise<void> {
    const failed = (what: string) => (error: unknown) => this.#failures.failed(what, error);
    const [front, control] = this.#servers;
    control.listen(this.config.controlPort);
    front.listen(this.config.port);
    await Promise.all([once(front, 'listening'), once(control, 'listening')]);
    this.#problem = undefined;
    const taking = [
      repeat(EVERY.keys, () => this.#keys.refresh(), failed('the keys cannot be read')),
      repeat(EVERY.adopt, () => this.#adopt(), failed('what another gateway left cannot be taken over')),
      repeat(EVERY.volume, () => this.#check.look(), failed('it cannot be found out whether the volume can be written')),
      repeat(EVERY.move, () => this.#moving.look(), failed('it cannot be found out whether a move is on')),
      repeat(EVERY.counts, () => this.#moving.counts.write(), failed('what the old Sentry took cannot be counted on the volume')),
    ];
    const giving = [
      repeat(EVERY.turn, () => this.#turn.look(), failed('it cannot be found out whose turn it is to give')),
      repeat(EVERY.give, () => this.#turn.give(() => this.#delivery.give()), failed('nothing can be given to GlitchTip')),
      repeat(EVERY.give, () => this.#moving.give(), failed('nothing can be given to the old Sentry')),
      repeat(EVERY.confirm, () => this.#delivery.confirm(), failed('rows cannot be looked for')),
      repeat(EVERY.judge, () => this.#delivery.judge(), failed('what is missing cannot be judged')),
    ];
    if (!signal.aborted) await once(signal, 'abort');
    await this.#stop(giving, taking);
  }

  async #stop(giving: readonly Repeated[], taking: readonly Repeated[]): Promise<void> {
    await Promise.all(giving.map((each) => each.stop()));
    this.#turn.leave();
    const [front, control] = this.#servers;
    // What is asked for there may take longer than this process has: a hold waits for another gateway.
    control.closeAllConnections();
    await drain(front, OF_A_ROLLOUT);
    await Promise.all([...taking.map((each) => each.stop()), closeServer(front), closeServer(control), this.#moving.stop()]);
    this.#oldSender.close();
    this.#spool.close();
    this.#volume.release();
    this.#valkey?.disconnect();
    await this.#database.end();
  }

  #openSpool(folder: string, damaged: DamagedPlaces): Spool {
    const spool = Spool.open({
      files: realFiles, folder, maxBytes: this.config.spoolBytes, leavesBytes: LEFT_ON_DISK, destinations: [GLITCHTIP, OLD_SENTRY], defer: setImmediate,
      onDrop: (record) => this.#moving.dropped(record),
      onDamage: (damage) => damaged.add(damage),
    });
    this.#moving.begin(spool);
    return spool;
  }

  #adopt(): void {
    const adopted = this.#volume.adoptOrphans(this.#spool);
    this.#moving.adopted(adopted);
    if (adopted.length > 0) this.log('took over what another gateway left', { from: adopted });
  }

  #openDelivery(policy: ItemPolicy, keep: Keep): Delivery {
    const { release, upstream } = this.config;
    const sender = new Sender(upstream);
    return new Delivery({
      spool: this.#spool, shares: this.#shares, keep, destination: GLITCHTIP, policy, storing: storingOf(release), limits: WINDOW, now, log: this.log,
      send: (request) => sender.send(request), probe: () => sender.probe(),
      hasKey: ({ project, key }) => this.#keys.isLive(project, key),
      find: (wanted) => findRows(this.#database, release, wanted, now()),
      queue: () => this.#queueLengths(),
      observePipeline: async () => ({
        workerStartedAt: this.#workerStart.read(),
        openTransactionsAt: await openTransactions(this.#database),
      }),
      onStored: (header) => {
        this.#metrics.countStored(now() - header.receivedAt);
        this.#moving.stored(header);
      },
      setAside: (record, reason) => {
        this.#setAside.add(record, reason);
        this.#moving.setAside(record.header, reason.why);
      },
    });
  }

  #queueLengths(): Promise<QueueLengths> {
    const { release } = this.config;
    return this.#valkey === undefined ? queuedRows(this.#database, release) : queueLengths(this.#valkey, release);
  }

  #openFront(policy: ItemPolicy, counts: IngestCounts): Server {
    const { upstream, trustedProxies, limits, plainUntil } = this.config;
    const ingest = new Ingest({
      policy, limiter: new IngestLimiter(limits, now()), memory: new MemoryBudget(BODIES), keys: this.#keys, spool: this.#spool, shares: this.#shares, move: this.#moving.move, plainUntil, now, log: this.log,
      newId: () => randomUUID().replaceAll('-', ''),
      count: (what) => {
        this.#metrics.count(what);
        counts.count(what);
      },
      countMove: (what) => this.#moving.count(what),
      failed: (error) => this.#check.failed(error),
    });
    const proxy = new Proxy(upstream, (why) => this.#failures.failed('people cannot be passed on to GlitchTip', why));
    return createFront({ ingest, proxy, trusted: new TrustedProxies(trustedProxies), endpoints: policy.endpoints, onDisbelieved: (address) => counts.disbelieve(address) });
  }

  #openKeys(file: string, keep: Keep): KeyLookup {
    return new KeyLookup({
      now, read: () => readKeys(this.#database), keeps: () => keep.look().on !== undefined,
      load: () => readWhole(realFiles, file)?.toString('utf8'),
      keep: (text) => writeWhole(realFiles, file, [Buffer.from(text)]),
    });
  }
}

/** Ends idle connections at once, and waits for the answers that are still owed. */
function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
}
