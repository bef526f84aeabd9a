// GlitchTip and the gateway beside each other, and lanes of requests to both: what a lane's keys do to GlitchTip's caches touches no other lane.
import { randomUUID } from 'node:crypto';
import { Agent } from 'node:http';
import { Redis } from 'iovalkey';
import type { UpstreamRequest } from '../../../gateway/delivery/batch.js';
import type { Exchange } from './comparison.js';
import { GatewayFront } from './gateway-front.js';
import { startGlitchTip, type GlitchTipWeb, type Project } from './glitchtip-web.js';
import { exchange, type Reply, type Server } from './http-exchange.js';
import { queuedTasks, type QueuedTask } from './queued-tasks.js';
import { renderRequest, type Lane, type RenderedRequest } from './rendered-request.js';
import type { RequestPlan } from './request-plan.js';

/** Lanes at a time: both cores have something to do, and the disk is synced for several at once. */
export const LANES = 24;
/** Of a request that is given on. */
const NOTHING_MORE = { plain: Buffer.alloc(0), isChunked: false, number: 0 };

export class FuzzStage {
  /** By number. */
  readonly exchanges = new Map<number, Exchange>();
  readonly #glitchtip: Server;
  readonly #front: Server;
  readonly #valkey: Redis;
  #numbers = 0;

  private constructor(readonly web: GlitchTipWeb, readonly gateway: GatewayFront) {
    // uWSGI ends each connection after its answer; the gateway keeps them, so that a body that is not read to its end would be seen.
    this.#glitchtip = { ...web, agent: new Agent({ keepAlive: false }) };
    this.#front = { host: '127.0.0.1', port: gateway.port, agent: new Agent({ keepAlive: true }) };
    this.#valkey = new Redis({ host: web.host, port: web.valkey.port, password: web.valkey.password });
  }

  static async open(): Promise<FuzzStage> {
    const web = await startGlitchTip(LANES + 1);
    return new FuzzStage(web, await GatewayFront.open(web));
  }

  /** The same request to both. Lanes count from 0. */
  async compare(plan: RequestPlan, lane: number): Promise<Exchange> {
    const keys = this.#lane(lane);
    await this.forgetBlocks(lane);
    const request = renderRequest(plan, { lane: keys, number: (this.#numbers += 1), newId: () => randomUUID().replaceAll('-', ''), now: Math.floor(Date.now() / 1_000) });
    const [glitchtip, gateway] = await Promise.all([exchange(this.#glitchtip, request), exchange(this.#front, request)]);
    const compared = { plan, request, glitchtip, gateway };
    this.exchanges.set(request.number, compared);
    return compared;
  }

  /** A wrong key blocks its project for 30 s. The store endpoint names it as it came. */
  async forgetBlocks(lane: number): Promise<void> {
    const { open, throttled } = this.#lane(lane);
    await this.#valkey.unlink([open.id, `00${open.id}`, throttled.id].map((id) => `:1:event_block${id}`));
  }

  toGlitchTip(request: RenderedRequest): Promise<Reply> {
    return exchange(this.#glitchtip, request);
  }

  toGateway(request: RenderedRequest): Promise<Reply> {
    return exchange(this.#front, request);
  }

  queued(): Promise<QueuedTask[]> {
    return queuedTasks(this.#valkey);
  }

  /** Gives requests to a GlitchTip that has seen no event, and blocks no project. @returns the statuses, in their order */
  async give(requests: readonly UpstreamRequest[]): Promise<number[]> {
    await this.#forgetAll();
    const statuses: number[] = [];
    let next = 0;
    const giveOn = async () => {
      for (let at = next++; at < requests.length; at = next++) {
        const { path, headers, body } = requests[at] as UpstreamRequest;
        statuses[at] = (await this.toGlitchTip({ ...NOTHING_MORE, method: 'POST', target: path, body, headers: { ...headers, host: 'localhost', 'content-length': String(body.length) } })).status;
      }
    };
    await Promise.all(Array.from({ length: LANES }, giveOn));
    return statuses;
  }

  project(lane: number): Project {
    return this.#lane(lane).open;
  }

  async close(): Promise<void> {
    for (const { agent } of [this.#glitchtip, this.#front]) agent.destroy();
    this.#valkey.disconnect();
    await this.gateway.close();
    await this.web.stop();
  }

  #lane(number: number): Lane {
    const { open, throttled } = this.web.projects;
    const [own, idle, other] = [open[number], throttled[number], open[LANES]];
    if (!own || !idle || !other) throw new RangeError(`expected a lane from 0 to ${LANES - 1}, found ${number}`);
    return { open: own, throttled: idle, other };
  }

  async #forgetAll(): Promise<void> {
    const [events, blocks] = [await this.#valkey.keys(':1:uuid*'), await this.#valkey.keys(':1:event_block*')];
    await this.#valkey.unlink('celery', ...events, ...blocks);
  }
}
