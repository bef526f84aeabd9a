// GlitchTip below the gateway, in a clock of its own: web with its duplicate guard, the queue, a worker that holds batches in memory, Postgres.
//
// 5.2 (the default): what the worker cannot store waits. 6.2: it pops batches for good, several at a time, and drops one that fails; web answers
// 200 although the queue refuses.
import type { Release } from '../../../../operator/api/glitchtip-releases.js';
import { acceptEnvelope, composeEnvelope } from '../../../../gateway/core/accepted-envelope.js';
import { EnvelopeReader } from '../../../../gateway/core/envelope-reader.js';
import { itemPolicy, type ItemPolicy } from '../../../../gateway/core/item-policy.js';
import { storingOf } from '../../../../gateway/core/resend.js';
import { encodeHeader } from '../../../../gateway/core/record.js';
import type { UpstreamAnswer } from '../../../../gateway/core/upstream-answer.js';
import type { BatchRecord, UpstreamRequest } from '../../../../gateway/delivery/batch.js';
import { Delivery } from '../../../../gateway/delivery/delivery.js';
import { Keep } from '../../../../gateway/delivery/keep.js';
import { unpackWhole } from '../../../../gateway/encoding/unpack.js';
import { sizeOf } from '../../../../gateway/spool/place.js';
import { Spool } from '../../../../gateway/spool/spool.js';
import { isDiskFull } from '../../../../gateway/spool/files.js';
import { FailingFiles } from '../spool/failing-files.js';

export const LIMITS = { bytes: 5_000_000, events: 800 };
/** Milliseconds. */
const STEP = 250;
const GUARD = 300_000;
/** From the queue to the row. Milliseconds. */
const WRITE = 1_000;
/** A message that was taken and not acknowledged comes back after so long, whatever became of who took it. Milliseconds. */
const VISIBILITY = 3_600_000;
/** Tasks that 5.2's worker takes ahead, whatever their size. */
const PREFETCH = 110;
/** 6.2's batches: tasks of one, and how many it has in hand. */
const BATCH = { tasks: 100, most: 11 };

interface Task {
  readonly id: string;
  readonly bytes: number;
}

export type WebState = 'up' | 'down' | /** Postgres or Valkey is away. */ 'failing' | /** It answers after it put the event into the queue, and with an error. */ 'lying' | /** 6.2: its queue refuses, and it answers 200. */ 'dropping';

export class Model {
  now = 1_000_000_000_000;
  web: WebState = 'up';
  worker: 'up' | 'frozen' | 'down' = 'up';
  postgres: 'up' | 'down' = 'up';
  /** Projects that are answered 429. */
  readonly throttled = new Set<number>();
  /** Of each database, the projects that it lacks: 403, and the read of the keys says so. */
  readonly lacking = { one: new Set<number>(), other: new Set<number>() };
  /** Ids that are refused with 400. */
  readonly poisoned = new Set<string>();
  /** Ids that are answered 500. */
  readonly broken = new Set<string>();
  /** Ids that GlitchTip takes and never stores. */
  readonly unstorable = new Set<string>();
  /** Ids for which the worker drops the whole batch that they are in. */
  readonly toxic = new Set<string>();
  /** Ids whose batch takes longer, by so much. Milliseconds. */
  readonly slow = new Map<string, number>();
  /** Of each database, the times that each id has a row. */
  readonly databases = { one: new Map<string, number>(), other: new Map<string, number>() };
  /** The database that is live. */
  live: keyof Model['databases'] = 'one';
  readonly setAside: { readonly id: string; readonly why: string }[] = [];
  /** Bytes that the delivery let go of, by project. */
  readonly letGo = new Map<number, number>();
  /** Bytes of the spool that append() took. */
  appendedBytes = 0;
  mostBelow = 0;

  #queue: Task[] = [];
  #memory: { readonly tasks: Task[]; until: number }[] = [];
  /** What a worker that was killed had taken. */
  #stranded: (Task & { readonly until: number })[] = [];
  #workerStartedAt = this.now;
  readonly #guard = new Map<string, number>();
  readonly #files = new FailingFiles();
  #spool: Spool;
  #delivery: Delivery;
  #appended = 0;
  #isHeld = false;

  readonly #policy: ItemPolicy;

  /** @param maxBytes of the spool */
  constructor(private readonly maxBytes = 2 ** 30, private readonly glitchTip: Release = '5.2') {
    this.#policy = itemPolicy(glitchTip);
    [this.#spool, this.#delivery] = this.#start();
  }

  get delivery(): Delivery {
    return this.#delivery;
  }

  /** Of the live database. */
  get rows(): Map<string, number> {
    return this.databases[this.live];
  }

  /** Of the gateway. */
  set disk(state: 'full' | 'free') {
    this.#files.room = state === 'full' ? this.#files.used : Number.POSITIVE_INFINITY;
  }

  get left(): number {
    return this.#spool.liveBytes;
  }

  get kept(): { readonly bytes: number; readonly dropped: number } {
    return { bytes: this.#spool.keptBytes, dropped: this.#spool.keptDropped };
  }

  get keep(): Keep {
    return new Keep(this.#files, '/spool/keep.json', () => this.now);
  }

  /** What the operator does before it exchanges the databases: nothing is given, and what was confirmed is kept. */
  hold(): void {
    this.keep.begin('restore');
    this.#isHeld = true;
  }

  /** Web and the worker begin anew, in the database that is live now. */
  release(live: keyof Model['databases']): void {
    this.killWorker('back');
    this.live = live;
    this.keep.beginRound();
    this.#isHeld = false;
  }

  async append(id: string, { project = 1, bytes = 4_000 }: { readonly project?: number; readonly bytes?: number } = {}): Promise<void> {
    const body = Buffer.from(`{}\n{"type":"event"}\n${JSON.stringify({ event_id: id, pad: 'x'.repeat(bytes) })}`);
    this.#appended += 1;
    const place = await this.#spool.append(encodeHeader({ id: `r${this.#appended}`, receivedAt: this.now, project, key: 'k', kind: 'envelope', events: [{ type: 'event', id }], size: body.length }), body);
    this.appendedBytes += sizeOf(place);
  }

  /** What the front keeps of an envelope. */
  async take(text: string): Promise<void> {
    const reader = new EnvelopeReader(this.#policy, 1);
    reader.push(Buffer.from(text));
    const result = reader.end();
    if (result.kind === 'refused') throw new RangeError(result.detail);
    const { header, items, events } = acceptEnvelope(result.envelope, () => '0'.repeat(32));
    if (items.length === 0) return;
    const body = composeEnvelope(header, items);
    this.#appended += 1;
    await this.#spool.append(encodeHeader({ id: `r${this.#appended}`, receivedAt: this.now, project: 1, key: 'k', kind: 'envelope', events: [...events], size: body.length }), body);
  }

  /** The gateway is killed and starts again on what is on the disk. */
  restartGateway(): void {
    this.#spool.close();
    [this.#spool, this.#delivery] = this.#start();
  }

  /** @param held what becomes of what it held: back in the queue at once, in an hour, or gone */
  killWorker(held: 'back' | 'stranded' | 'gone'): void {
    const tasks = this.#memory.flatMap((batch) => batch.tasks);
    if (held === 'back') this.#queue.push(...tasks);
    if (held === 'stranded') this.#stranded.push(...tasks.map((task) => ({ ...task, until: this.now + VISIBILITY })));
    this.#memory = [];
    this.#workerStartedAt = this.now;
    this.worker = 'up';
  }

  /** Valkey begins anew, without its file. */
  loseQueue(): void {
    this.#queue = [];
    this.#stranded = [];
    this.#guard.clear();
  }

  async run(milliseconds: number): Promise<void> {
    for (let end = this.now + milliseconds; this.now < end;) {
      this.now += STEP;
      this.#work();
      if (!this.#isHeld) await this.#delivery.give().catch(ignoreFullDisk);
      if (this.now % (2 * STEP) === 0) await this.#delivery.confirm().catch(ignoreOutage);
      if (this.now % 5_000 === 0) await this.#delivery.judge().catch(ignoreOutage);
      this.mostBelow = Math.max(this.mostBelow, sum([...this.#queue, ...this.#stranded, ...this.#memory.flatMap(({ tasks }) => tasks)].map(({ bytes }) => bytes)));
    }
  }

  #start(): [Spool, Delivery] {
    const spool = Spool.open({ files: this.#files, folder: '/spool/a', maxBytes: this.maxBytes, destinations: [0], segmentBytes: 65_536, defer: (write) => queueMicrotask(write), onDamage: () => undefined });
    return [spool, new Delivery({
      spool, shares: { letGo: (project, bytes) => this.letGo.set(project, (this.letGo.get(project) ?? 0) + bytes) }, keep: this.keep, destination: 0, policy: this.#policy, storing: storingOf(this.glitchTip), limits: LIMITS, now: () => this.now, log: () => undefined,
      send: (request) => Promise.resolve(this.#answer(request)),
      hasKey: ({ project }) => !this.lacking[this.live].has(project),
      probe: () => Promise.resolve(this.web === 'up' && this.postgres === 'up'),
      find: (wanted) => {
        if (this.postgres === 'down') return Promise.reject(new Error('ECONNREFUSED'));
        return Promise.resolve(new Set(wanted.filter(({ id }) => this.rows.has(id)).map(({ id }) => id)));
      },
      queue: () => Promise.resolve({ waiting: this.#queue.length, taken: this.#stranded.length }),
      observePipeline: () => (this.postgres === 'down' ? Promise.reject(new Error('ECONNREFUSED')) : Promise.resolve({ workerStartedAt: this.#workerStartedAt, openTransactionsAt: [] })),
      setAside: ({ header }: BatchRecord, { why }) => this.setAside.push({ id: header.events[0]?.id ?? '', why }),
    })];
  }

  #answer({ path, headers, body }: UpstreamRequest): UpstreamAnswer {
    if (this.web === 'down') return { kind: 'not sent', why: 'ECONNREFUSED' };
    if (this.web === 'failing' || this.postgres === 'down') return { kind: 'answered', status: 500 };
    const project = Number(path.split('/')[2]);
    if (this.lacking[this.live].has(project)) return { kind: 'answered', status: 403 };
    if (this.throttled.has(project)) return { kind: 'answered', status: 429, retryAfter: 30 };
    const reader = new EnvelopeReader(this.#policy);
    reader.push(unpackWhole(body, headers['content-encoding'] === 'gzip' ? 'gzip' : undefined));
    const result = reader.end();
    if (result.kind === 'refused') return { kind: 'answered', status: 400 };
    return this.#answerTo(result.envelope.items.map(({ payload }) => ({ id: (JSON.parse(payload.toString()) as { event_id: string }).event_id, bytes: payload.length })));
  }

  #answerTo(tasks: readonly Task[]): UpstreamAnswer {
    if (tasks.some(({ id }) => this.broken.has(id))) return { kind: 'answered', status: 500 };
    if (tasks.some(({ id }) => this.poisoned.has(id))) return { kind: 'answered', status: 400 };
    for (const task of tasks) this.#enqueue(task);
    return this.web === 'lying' ? { kind: 'unknown', why: 'ECONNRESET' } : { kind: 'answered', status: 200 };
  }

  #enqueue(task: Task): void {
    if (this.now - (this.#guard.get(task.id) ?? Number.NEGATIVE_INFINITY) < GUARD) return;
    this.#guard.set(task.id, this.now);
    if (!this.unstorable.has(task.id) && this.web !== 'dropping') this.#queue.push(task);
  }

  #work(): void {
    if (this.glitchTip === '6.2') this.#workInBatches();
    else this.#workAhead();
  }

  /** A worker that is frozen goes on where it was; of a batch that cannot be stored nothing is left. */
  #workInBatches(): void {
    if (this.worker === 'frozen') for (const batch of this.#memory) batch.until += STEP;
    if (this.worker !== 'up') return;
    const over = this.#memory.filter(({ until }) => until <= this.now);
    this.#memory = this.#memory.filter(({ until }) => until > this.now);
    if (this.postgres === 'up') for (const { tasks } of over) this.#store(tasks);
    while (this.#queue.length > 0 && this.#memory.length < BATCH.most) {
      const tasks = this.#queue.splice(0, BATCH.tasks);
      this.#memory.push({ tasks, until: this.now + WRITE + Math.max(0, ...tasks.map(({ id }) => this.slow.get(id) ?? 0)) });
    }
  }

  #store(tasks: readonly Task[]): void {
    if (tasks.some(({ id }) => this.toxic.has(id))) return;
    for (const { id } of tasks) this.rows.set(id, (this.rows.get(id) ?? 0) + 1);
  }

  #workAhead(): void {
    this.#queue.push(...this.#stranded.filter(({ until }) => until <= this.now));
    this.#stranded = this.#stranded.filter(({ until }) => until > this.now);
    if (this.worker === 'up' && this.postgres === 'up') {
      for (const { tasks } of this.#memory.filter(({ until }) => until <= this.now)) this.#store(tasks);
      this.#memory = this.#memory.filter(({ until }) => until > this.now);
      const held = this.#memory.reduce((count, { tasks }) => count + tasks.length, 0);
      const taken = this.#queue.splice(0, PREFETCH - held);
      if (taken.length > 0) this.#memory.push({ tasks: taken, until: this.now + WRITE });
    }
  }
}

function ignoreFullDisk(error: unknown): void {
  if (!isDiskFull(error)) throw error;
}

function ignoreOutage(error: unknown): void {
  if (!(error instanceof Error) || error.message !== 'ECONNREFUSED') throw error;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
