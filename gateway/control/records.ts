// The records of the spool and of the folder of what was set aside, for a person: looked for, shown, sent again, dropped.
import { encodeHeader, type RecordHeader } from '../core/record.js';
import type { Delivery } from '../delivery/delivery.js';
import { isUnreadable, type SetAside, type SetAsideHead, type Unreadable } from '../delivery/set-aside.js';
import type { Spool } from '../spool/spool.js';
import type { RecordHead, RecordLine, RecordState } from './control-answers.js';
import { SpoolRecords, type SpoolRecord } from './spool-records.js';

export interface RecordsPorts {
  readonly spool: Pick<Spool, 'start' | 'read' | 'body' | 'isDone' | 'roundOf' | 'segments' | 'append'>;
  /** Number of the destination in the spool's marks. */
  readonly destination: number;
  readonly delivery: Pick<Delivery, 'entry'>;
  readonly setAside: Pick<SetAside, 'ids' | 'head' | 'read' | 'remove'>;
  /** Milliseconds of Unix time. */
  readonly now: () => number;
  /** Lets everybody else have the loop: setImmediate. */
  readonly pause: () => Promise<void>;
}

export interface Wanted {
  /** Absent: in every state. */
  readonly state?: RecordState;
  readonly project?: number;
  /** The oldest so many. */
  readonly limit: number;
}

/** As it lies there: packed. */
export interface FoundRecord {
  readonly head: RecordHead;
  readonly header: RecordHeader;
  readonly body: Buffer;
}

/** What became of one that was set aside. */
export type Resent = { readonly kind: 'resent'; readonly line: RecordLine } | { readonly kind: 'damaged'; readonly why: string } | { readonly kind: 'not there' | 'being resent' };
export type Dropped = { readonly kind: 'dropped'; readonly line: RecordLine } | { readonly kind: 'not there' | 'being resent' };

/** So many are looked at before everybody else has the loop. */
const AT_A_TIME = 100;

export class Records {
  readonly #inSpool: SpoolRecords;
  readonly #beingResent = new Set<string>();

  constructor(private readonly ports: RecordsPorts) {
    this.#inSpool = new SpoolRecords(ports, AT_A_TIME);
  }

  /** What was set aside first, then what is in the spool; in both the newest last. */
  async *list(wanted: Wanted): AsyncGenerator<RecordLine> {
    let count = 0;
    if (wanted.state === undefined || wanted.state === 'set-aside') {
      for (const line of await this.#oldestSetAside(wanted)) {
        yield line;
        count += 1;
      }
    }
    if (wanted.state === 'set-aside' || count >= wanted.limit) return;
    for await (const record of this.#inSpool.all()) {
      if (!isWanted(record, wanted)) continue;
      yield spoolLine(record);
      count += 1;
      if (count >= wanted.limit) return;
    }
  }

  /** Undefined: there is none, or none that is whole. */
  async find(id: string): Promise<FoundRecord | undefined> {
    const aside = this.ports.setAside.read(id);
    if (aside && !isUnreadable(aside)) return { head: { ...setAsideLine(id, aside), ...requestOf(aside.header) }, header: aside.header, body: aside.body };
    for await (const record of this.#inSpool.all()) {
      if (record.header.id !== id) continue;
      const body = this.ports.spool.body(record.place);
      return body && { head: { ...spoolLine(record), ...requestOf(record.header) }, header: record.header, body };
    }
    return undefined;
  }

  /**
   * Back into the spool as if it had just come, then away from what is set aside. A crash between the two leaves it in both: sending
   * it once more then gives GlitchTip a second copy.
   * @throws SpoolFullError when the spool has no room, the system's error; it is set aside as before then
   */
  async resend(id: string): Promise<Resent> {
    const record = this.ports.setAside.read(id);
    if (!record) return { kind: 'not there' };
    if (isUnreadable(record)) return { kind: 'damaged', why: record.why };
    if (this.#beingResent.has(id)) return { kind: 'being resent' };
    this.#beingResent.add(id);
    try {
      const header = { ...record.header, receivedAt: this.ports.now() };
      await this.ports.spool.append(encodeHeader(header), record.body, [this.ports.destination]);
      this.ports.setAside.remove(id);
      return { kind: 'resent', line: { ...lineOf(header), state: 'waiting', attempts: 0 } };
    } finally {
      this.#beingResent.delete(id);
    }
  }

  /** Nobody has it any more, once it returns. @throws the system's error */
  drop(id: string): Dropped {
    const head = this.ports.setAside.head(id);
    if (head === undefined) return { kind: 'not there' };
    if (this.#beingResent.has(id)) return { kind: 'being resent' };
    this.ports.setAside.remove(id);
    return { kind: 'dropped', line: setAsideLine(id, head) };
  }

  /** Never holds more than twice what is wanted, however many there are. */
  async #oldestSetAside(wanted: Wanted): Promise<readonly RecordLine[]> {
    let lines: RecordLine[] = [];
    for (const [index, id] of this.ports.setAside.ids().entries()) {
      if (index % AT_A_TIME === AT_A_TIME - 1) await this.ports.pause();
      const head = this.ports.setAside.head(id);
      if (head === undefined || (wanted.project !== undefined && (isUnreadable(head) || head.header.project !== wanted.project))) continue;
      lines.push(setAsideLine(id, head));
      if (lines.length >= 2 * wanted.limit) lines = oldest(lines, wanted.limit);
    }
    return oldest(lines, wanted.limit);
  }
}

function isWanted({ state, header }: SpoolRecord, wanted: Wanted): boolean {
  return (wanted.state === undefined || wanted.state === state) && (wanted.project === undefined || wanted.project === header.project);
}

/** Instants of RFC 3339 in UTC are in the order of their texts. */
function oldest(lines: readonly RecordLine[], count: number): RecordLine[] {
  return [...lines].sort((one, other) => (one.receivedAt ?? '').localeCompare(other.receivedAt ?? '')).slice(0, count);
}

function lineOf({ id, project, kind, receivedAt, size, events }: RecordHeader): Omit<RecordLine, 'state'> {
  return { id, project, kind, receivedAt: instant(receivedAt), size, events: events.map((event) => event.id) };
}

function spoolLine({ header, state, attempts }: SpoolRecord): RecordLine {
  return { ...lineOf(header), state, ...(attempts === undefined ? {} : { attempts }) };
}

function setAsideLine(id: string, head: SetAsideHead | Unreadable): RecordLine {
  const { why, at } = head;
  const known = { state: 'set-aside', why, ...(at === undefined ? {} : { setAsideAt: instant(at) }) } as const;
  return isUnreadable(head) ? { id, ...known } : { ...lineOf(head.header), attempts: head.attempts, ...known };
}

function requestOf({ key, client, contentType, userAgent }: RecordHeader): Pick<RecordHead, 'key' | 'client' | 'contentType' | 'userAgent'> {
  return { key, client, contentType, userAgent };
}

function instant(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
