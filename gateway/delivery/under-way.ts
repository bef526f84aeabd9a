// The records that left the spool's order: given to GlitchTip and not seen in Postgres, or waiting for their turn.
import type { RecordHeader } from '../core/record.js';
import type { StoredType } from '../core/item-policy.js';
import type { UnderWay as Counted } from '../core/window.js';
import type { Place } from '../spool/place.js';

/**
 * `waiting`: it is nowhere but here, and may be given from `notBefore` on. `sending`: its request is open. `taken`: answered, or it may have
 * arrived; it counts for the window. `limbo`: not seen in time; it counts for the window no more, and may still appear.
 */
export type EntryState = 'waiting' | 'sending' | 'taken' | 'limbo';

export interface Entry {
  readonly place: Place;
  readonly header: RecordHeader;
  state: EntryState;
  /** How often it was given to GlitchTip, and may have arrived. */
  attempts: number;
  /** How often GlitchTip did not know its key. */
  denials: number;
  /** When it was given last. Milliseconds of Unix time. */
  sentAt: number;
  /** When GlitchTip answered, at the latest, when it was given last. Milliseconds of Unix time; undefined: not, or not yet. */
  answeredAt: number | undefined;
  /** When every queue was first seen empty after it was given. Milliseconds of Unix time. */
  queueEmptyAt: number | undefined;
  /** When one that was given after that was first seen in Postgres. Milliseconds of Unix time. */
  overtakenAt: number | undefined;
  /** Milliseconds of Unix time. */
  notBefore: number;
  /** Ids whose rows were not seen yet. */
  readonly missing: Set<string>;
}

export class UnderWay {
  readonly #entries = new Map<string, Entry>();
  readonly #waiting = new Set<Entry>();
  #inWindow: Counted = { bytes: 0, events: 0 };

  /** @param proven types whose rows can be seen; what holds none of them leaves no row */
  constructor(private readonly proven: ReadonlySet<StoredType>) {}

  get size(): number {
    return this.#entries.size;
  }

  get all(): IterableIterator<Entry> {
    return this.#entries.values();
  }

  /** What counts for the window. */
  get inWindow(): Counted {
    return this.#inWindow;
  }

  get(place: Pick<Place, 'segment' | 'record'>): Entry | undefined {
    return this.#entries.get(keyOf(place));
  }

  add(place: Place, header: RecordHeader, more: Partial<Pick<Entry, 'attempts' | 'sentAt' | 'answeredAt' | 'state'>> = {}): Entry {
    const entry: Entry = { place, header, attempts: 0, denials: 0, sentAt: 0, answeredAt: undefined, queueEmptyAt: undefined, overtakenAt: undefined, notBefore: 0, missing: new Set(this.rowsOf(header)), ...more, state: 'waiting' };
    this.#entries.set(keyOf(place), entry);
    this.#waiting.add(entry);
    this.move(entry, more.state ?? 'waiting');
    return entry;
  }

  /** Ids of the rows that it leaves. */
  rowsOf({ events }: Pick<RecordHeader, 'events'>): readonly string[] {
    return events.filter(({ type }) => this.proven.has(type)).map(({ id }) => id);
  }

  move(entry: Entry, state: EntryState): void {
    this.#count(entry, -1);
    entry.state = state;
    this.#count(entry, 1);
    if (state === 'waiting') this.#waiting.add(entry);
    else this.#waiting.delete(entry);
  }

  remove(entry: Entry): void {
    this.#count(entry, -1);
    this.#waiting.delete(entry);
    this.#entries.delete(keyOf(entry.place));
  }

  /** The oldest that may be given now, of those that are wanted. */
  due(now: number, isWanted: (entry: Entry) => boolean): Entry | undefined {
    let oldest: Entry | undefined;
    for (const entry of this.#waiting) {
      if (entry.notBefore > now || (oldest && oldest.header.receivedAt <= entry.header.receivedAt) || !isWanted(entry)) continue;
      oldest = entry;
    }
    return oldest;
  }

  in(state: EntryState): Entry[] {
    return [...this.all].filter((entry) => entry.state === state);
  }

  #count({ state, header }: Entry, sign: 1 | -1): void {
    if (state !== 'sending' && state !== 'taken') return;
    // A record that leaves no row counts as one, too.
    this.#inWindow = { bytes: this.#inWindow.bytes + sign * header.size, events: this.#inWindow.events + sign * Math.max(1, header.events.length) };
  }
}

function keyOf({ segment, record }: Pick<Place, 'segment' | 'record'>): string {
  return `${segment}:${record}`;
}
