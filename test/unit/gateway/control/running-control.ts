// A gateway whose records are given, confirmed and judged when the test says so, with its control port over a real socket.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { GatewayStatus, RecordLine } from '../../../../gateway/control/control-answers.js';
import { IngestCounts } from '../../../../gateway/control/ingest-counts.js';
import { openControl } from '../../../../gateway/control/open-control.js';
import { itemPolicy } from '../../../../gateway/core/item-policy.js';
import { ProjectShares } from '../../../../gateway/core/project-shares.js';
import { DamagedPlaces } from '../../../../gateway/delivery/damaged-places.js';
import { Delivery } from '../../../../gateway/delivery/delivery.js';
import { Hold } from '../../../../gateway/delivery/hold.js';
import { Keep } from '../../../../gateway/delivery/keep.js';
import { Sender } from '../../../../gateway/delivery/sender.js';
import { SetAside } from '../../../../gateway/delivery/set-aside.js';
import { Turn } from '../../../../gateway/delivery/turn.js';
import { WorkerStart } from '../../../../gateway/delivery/worker-start.js';
import { SharedVolume } from '../../../../gateway/spool/ownership.js';
import { RunningGateway, listen, sendTo, type GatewayOptions, type Reply, type Sent } from '../front/running-gateway.js';
import { Locks } from '../spool/fake-locks.js';

export const TOKEN = 'a-token-of-forty-characters-or-so-0123456';
/** As in the front's harness. */
const NOW = 1_780_000_000_000;

export const idOf = (number: number) => number.toString(16).padStart(32, '0');

export class RunningControl {
  now = NOW;
  /** Ids whose rows Postgres has. */
  readonly rows = new Set<string>();
  readonly logged: string[] = [];
  readonly locks: Locks;
  readonly volume: SharedVolume;
  readonly hold: Hold;
  readonly keep: Keep;
  readonly turn: Turn;
  readonly workerStart: WorkerStart;
  readonly setAside: SetAside;
  readonly damaged: DamagedPlaces;
  readonly delivery: Delivery;
  readonly server: Server;
  readonly #credentials = mkdtempSync(join(tmpdir(), 'glitchkeeper-control-'));

  private constructor(readonly gateway: RunningGateway, plainUntil: number | undefined) {
    const { files, spool } = gateway;
    const now = () => this.now;
    const log = (message: string) => this.logged.push(message);
    this.locks = new Locks(files);
    this.volume = new SharedVolume(files, this.locks.tryLock, '/spool');
    this.volume.claim('a');
    this.hold = new Hold(files, '/spool/hold.json', now);
    this.keep = new Keep(files, '/spool/keep.json', now);
    this.turn = new Turn({ hold: this.hold, tryToDeliver: () => this.volume.tryToDeliver() });
    this.workerStart = new WorkerStart(files, '/spool/worker-started', now);
    this.setAside = new SetAside(files, '/spool/set-aside', now, { records: 1_000, bytes: 2 ** 20 });
    this.damaged = new DamagedPlaces({ setAside: this.setAside, count: () => undefined, log });
    const sender = new Sender(gateway.upstream);
    this.delivery = new Delivery({
      spool, shares: new ProjectShares(2 ** 30), keep: this.keep, destination: 0, policy: itemPolicy('5.2'), storing: 'one transaction', limits: { bytes: 5_000_000, events: 800 }, now, log,
      send: (request) => sender.send(request), probe: () => sender.probe(),
      hasKey: () => true,
      find: (wanted) => Promise.resolve(new Set(wanted.map(({ id }) => id).filter((id) => this.rows.has(id)))),
      queue: () => Promise.resolve({ waiting: 0, taken: 0 }),
      observePipeline: () => Promise.resolve({ workerStartedAt: this.workerStart.read(), openTransactionsAt: [] }),
      onStored: (header) => gateway.moving.stored(header),
      setAside: (record, reason) => {
        this.setAside.add(record, reason);
        gateway.moving.setAside(record.header, reason.why);
      },
    });
    this.token = TOKEN;
    this.server = openControl({
      name: 'gateway-1', startedAt: NOW, maxBytes: 2 ** 26, credentials: this.#credentials, destination: 0, now, log,
      volume: this.volume, spool, moving: gateway.moving, delivery: this.delivery, turn: this.turn, hold: this.hold, keep: this.keep, workerStart: this.workerStart, setAside: this.setAside, damaged: this.damaged, counts: countsOf(gateway), plainUntil,
      problem: () => undefined, metrics: () => Promise.resolve({ contentType: 'text/plain', body: 'figures\n' }),
    });
  }

  static async open(options: GatewayOptions = {}): Promise<RunningControl> {
    let count = 0;
    const control = new RunningControl(await RunningGateway.open({ newId: () => `ffff${idOf(++count).slice(4)}`, ...options }), options.plainUntil);
    await listen(control.server);
    return control;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
    await this.gateway.close();
    rmSync(this.#credentials, { recursive: true });
  }

  /** What the file of the token holds; undefined: there is none. */
  set token(text: string | undefined) {
    const file = join(this.#credentials, 'control-token');
    if (text === undefined) rmSync(file);
    else writeFileSync(file, text);
  }

  ask(method: string, path: string, { token = TOKEN, body, headers }: { readonly token?: string; readonly body?: object | string } & Pick<Sent, 'headers'> = {}): Promise<Reply> {
    const text = typeof body === 'object' ? JSON.stringify(body) : body ?? '';
    return sendTo(this.server, { method, path, body: text, headers: { authorization: `Bearer ${token}`, 'content-length': String(Buffer.byteLength(text)), ...headers } });
  }

  async status(): Promise<GatewayStatus> {
    return JSON.parse((await this.ask('GET', '/status')).body) as GatewayStatus;
  }

  async records(query = ''): Promise<RecordLine[]> {
    const { body } = await this.ask('GET', `/records${query}`);
    return body.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as RecordLine);
  }

  /** Events to project 1, one record each, answered 200. */
  async take(...numbers: readonly number[]): Promise<void> {
    for (const number of numbers) {
      const { status } = await this.gateway.envelope(`{}\n{"type":"event"}\n${JSON.stringify({ event_id: idOf(number), message: `event ${number}` })}`);
      if (status !== 200) throw new Error(`expected 200, found ${status}`);
    }
  }

  /** Once what the gateway does every 50 ms. */
  async give(): Promise<void> {
    this.turn.look();
    await this.turn.give(() => this.delivery.give());
  }

  /** Sets an event aside, as if GlitchTip had refused it. */
  putAside(number: number, why = 'GlitchTip answered 400'): string {
    const id = idOf(number);
    const body = Buffer.from(`{}\n{"type":"event"}\n${JSON.stringify({ event_id: id, message: `event ${number}` })}`);
    this.setAside.add({ header: { id, receivedAt: this.now - 1_000 * (100 - number), project: 1, key: 'abcdefabcdefabcdefabcdefabcdefab', kind: 'envelope', events: [{ type: 'event', id }], size: body.length, userAgent: 'sdk/1' }, body }, { why, attempts: 3 });
    return id;
  }
}

/** Of what the front counted up to now. */
function countsOf(gateway: RunningGateway): Pick<IngestCounts, 'refused' | 'ignored' | 'disbelieved' | 'plain'> {
  const now = (): IngestCounts => {
    const counts = new IngestCounts();
    for (const each of gateway.counts) counts.count(each);
    for (const each of gateway.disbelieved) counts.disbelieve(each);
    return counts;
  };
  return { get refused() { return now().refused; }, get ignored() { return now().ignored; }, get disbelieved() { return now().disbelieved; }, get plain() { return now().plain; } };
}
