// The gateway's door in this process: its own key table out of GlitchTip's Postgres, a spool on disk, and GlitchTip behind it. It delivers nothing.
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { Server } from 'node:http';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { IngestLimiter } from '../../../gateway/core/ingest-limits.js';
import { itemPolicy } from '../../../gateway/core/item-policy.js';
import { ProjectShares } from '../../../gateway/core/project-shares.js';
import { decodeHeader } from '../../../gateway/core/record.js';
import type { BatchRecord } from '../../../gateway/delivery/batch.js';
import { readKeys } from '../../../gateway/delivery/rows.js';
import { TrustedProxies } from '../../../gateway/front/forwarded.js';
import { Ingest } from '../../../gateway/front/ingest.js';
import { KeyLookup } from '../../../gateway/front/key-lookup.js';
import { MemoryBudget } from '../../../gateway/front/memory-budget.js';
import { Proxy } from '../../../gateway/front/proxy.js';
import { createFront } from '../../../gateway/front/server.js';
import { realFiles } from '../../../gateway/spool/files.js';
import { Spool } from '../../../gateway/spool/spool.js';
import type { GlitchTipWeb } from './glitchtip-web.js';

const RELEASE = '5.2';
/** More than the test sends: limits are not what it is about. */
const PLENTY = { events: { rate: 1e6, burst: 1e6 }, bytes: { rate: 1e9, burst: 1e9 } };

export class GatewayFront {
  readonly #folder = mkdtempSync(join(tmpdir(), 'glitchkeeper-spool-'));
  readonly #spool = Spool.open({ files: realFiles, folder: this.#folder, maxBytes: 2 ** 30, destinations: [0], defer: setImmediate, onDamage: ({ offset }) => this.problems.push(`damage at ${offset}`) });
  readonly #pool: pg.Pool;
  readonly #server: Server;
  /** What it logged: nothing should be worth it. */
  readonly problems: string[] = [];

  private constructor(web: GlitchTipWeb) {
    this.#pool = new pg.Pool({ ...web.login, max: 2 });
    const now = () => Date.now();
    const policy = itemPolicy(RELEASE);
    const ingest = new Ingest({
      plainUntil: undefined,
      policy, limiter: new IngestLimiter({ perProject: PLENTY, total: PLENTY }, now()), memory: new MemoryBudget(2 ** 28), spool: this.#spool, shares: new ProjectShares(2 ** 30), now,
      keys: new KeyLookup({ now, read: () => readKeys(this.#pool), keeps: () => false, load: () => undefined, keep: () => undefined }),
      move: { route: () => undefined, current: undefined, isOwnCopy: () => false }, countMove: () => undefined, newId: () => randomUUID().replaceAll('-', ''), count: () => undefined, failed: (error) => this.problems.push(String(error)), log: (message) => this.problems.push(message),
    });
    this.#server = createFront({ ingest, proxy: new Proxy(web, (why) => this.problems.push(`GlitchTip is away: ${why}`)), trusted: new TrustedProxies([]), endpoints: policy.endpoints, onDisbelieved: () => undefined });
  }

  static async open(web: GlitchTipWeb): Promise<GatewayFront> {
    const front = new GatewayFront(web);
    front.#server.listen(0, '127.0.0.1');
    await once(front.#server, 'listening');
    return front;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** What is on the disk, in the order in which it came. */
  records(): BatchRecord[] {
    const found: BatchRecord[] = [];
    let cursor = this.#spool.start;
    for (let read = this.#spool.read(cursor); read.kind !== 'end'; read = this.#spool.read(cursor)) {
      cursor = read.next;
      const header = read.kind === 'record' ? decodeHeader(read.header) : undefined;
      const body = read.kind === 'record' ? this.#spool.body(read.place) : undefined;
      if (!header || !body) throw new Error('a record of the spool cannot be read');
      found.push({ header, body });
    }
    return found;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    await this.#pool.end();
    this.#spool.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
