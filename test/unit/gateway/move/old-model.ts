// The old Sentry of a move in a clock of its own, and the gateway's side of the move over a file system in memory.
import { setImmediate } from 'node:timers/promises';
import { readMoveOrder, type Leader, type MoveOrder } from '../../../../gateway/core/move-order.js';
import type { RateLimit } from '../../../../gateway/core/rate-limits.js';
import { encodeHeader } from '../../../../gateway/core/record.js';
import type { OldAnswer, OldRequest } from '../../../../gateway/move/old-sender.js';
import { Moving } from '../../../../gateway/move/moving.js';
import { GLITCHTIP, OLD_SENTRY } from '../../../../gateway/spool/destination-numbers.js';
import type { Place } from '../../../../gateway/spool/place.js';
import { Spool } from '../../../../gateway/spool/spool.js';
import { FailingFiles, type Aftermath } from '../spool/failing-files.js';

export const PROJECTS = [1, 2] as const;
/** Milliseconds. */
const STEP = 50;
export const [SECOND, MINUTE] = [1_000, 60_000];
const KEY = 'abcdefabcdefabcdefabcdefabcdefab';
/** Of the old one, by the number of the new one. */
const oldProject = (project: number) => 40 + project;

/** Of an event. */
const USUAL = { project: 1, types: ['event'], bytes: 1_000, destinations: [GLITCHTIP, OLD_SENTRY] as readonly number[] };

export const idOf = (number: number) => number.toString(16).padStart(32, '0');

export class OldModel {
  now = 1_780_000_000_000;
  /** What it answers to each event. */
  answer: (id: string, project: number) => OldAnswer = () => answered(200);
  /** Milliseconds until it answers. */
  delay = 0;
  /** How often it was given each event. */
  readonly received = new Map<string, number>();
  readonly requests: OldRequest[] = [];
  mostOpen = 0;
  readonly failures = new Set<string>();
  #open: { readonly at: number; readonly answer: () => void }[] = [];
  #files = new FailingFiles();
  #spool!: Spool;
  #moving!: Moving;
  #appended = 0;

  /** @param maxBytes of the spool */
  constructor(private readonly maxBytes = 2 ** 30) {
    this.#start();
  }

  get moving(): Moving {
    return this.#moving;
  }

  get files(): FailingFiles {
    return this.#files;
  }

  get spool(): Spool {
    return this.#spool;
  }

  /** Records that it waits for. */
  get waiting(): number {
    return this.#spool.segments.reduce((sum, segment) => sum + segment.left(OLD_SENTRY), 0);
  }

  lead(leads: Leader, share = 25): void {
    const pairs = PROJECTS.map((project) => ({ project, key: KEY, old: `https://${String(project).repeat(32)}@sentry.example.com/${oldProject(project)}` }));
    this.#moving.put(readMoveOrder({ leads, share, pairs }) as MoveOrder);
  }

  /** As the front takes an event in. */
  async append(id: string, more: Partial<typeof USUAL> = {}): Promise<Place> {
    const { project, types, bytes, destinations } = { ...USUAL, ...more };
    const routed = this.#moving.move.route(project, KEY);
    const move = routed && { since: routed.move, project: routed.pair.old.project, key: routed.pair.old.key, types };
    const record = { id: `r${++this.#appended}`, receivedAt: this.now, project, key: KEY, kind: 'envelope' as const, events: [{ type: 'event' as const, id }], size: bytes, ...(move ? { move } : {}) };
    const body = Buffer.from(id.padEnd(bytes, ' '));
    const [place] = await this.#spool.appendAll([{ header: encodeHeader(record), body, destinations }]);
    if (move) this.#moving.count({ kind: 'came', record: { ...record, move }, isOnlyOld: !destinations.includes(GLITCHTIP), isCut: false });
    return place as Place;
  }

  /** GlitchTip has stored them. */
  stored(places: readonly Place[]): void {
    this.#spool.mark(places.map((place) => ({ place, kind: 'done', destination: GLITCHTIP, at: Math.floor(this.now / 1_000), attempts: 1 })), false);
  }

  /** So many events a second. @returns their ids */
  async load({ events, seconds, project = 1 }: { readonly events: number; readonly seconds: number; readonly project?: number }, from = 1): Promise<string[]> {
    const ids: string[] = [];
    for (let second = 0; second < seconds; second += 1) {
      for (let count = 0; count < events; count += 1) {
        const id = idOf(from + ids.length);
        ids.push(id);
        await this.append(id, { project });
      }
      await this.run(SECOND);
    }
    return ids;
  }

  async run(milliseconds: number): Promise<void> {
    for (let end = this.now + milliseconds; this.now < end;) {
      this.now += STEP;
      const due = this.#open.filter(({ at }) => at <= this.now);
      this.#open = this.#open.filter(({ at }) => at > this.now);
      for (const { answer } of due) answer();
      if (this.now % 500 === 0) this.#moving.look();
      this.#moving.give();
      await setImmediate();
    }
  }

  /** The gateway is killed, or the machine loses its power, and the next one begins on what is on the disk. */
  restart(aftermath: Aftermath = 'kill'): void {
    this.#files = this.#files.after(aftermath);
    this.#open = [];
    this.#start();
  }

  #start(): void {
    const { files } = this;
    this.#moving = new Moving({ files, root: '/spool', name: 'a', shares: { letGo: () => undefined }, now: () => this.now, failed: (what, why) => this.failures.add(`${what}: ${String(why)}`), send: (request) => this.#send(request) });
    this.#spool = Spool.open({
      files, folder: '/spool/a', maxBytes: this.maxBytes, destinations: [GLITCHTIP, OLD_SENTRY], segmentBytes: 65_536, defer: (write) => queueMicrotask(write), onDamage: () => undefined,
      onDrop: (record) => this.#moving.dropped(record),
    });
    this.#moving.begin(this.#spool);
  }

  #send(request: OldRequest): Promise<OldAnswer> {
    const id = request.body.toString().trim();
    this.requests.push(request);
    this.received.set(id, (this.received.get(id) ?? 0) + 1);
    this.mostOpen = Math.max(this.mostOpen, this.#open.length + 1);
    return new Promise((resolve) => {
      const answer = () => resolve(this.answer(id, Number(request.url.pathname.split('/')[2]) - oldProject(0)));
      if (this.delay === 0) answer();
      else this.#open.push({ at: this.now + this.delay, answer });
    });
  }
}

export function answered(status: number, limits: readonly RateLimit[] = []): OldAnswer {
  return { kind: 'answered', status, limits };
}

export const away: OldAnswer = { kind: 'away', why: 'ECONNREFUSED', isStale: false };
