/**
 * What became of the events of a move on each side, by project and the hour in which they came: a file an hour, of each gateway of the volume,
 * written behind. A gateway that is killed loses its last seconds of it, and the hour says so. Hours of the last week are kept.
 */
import { join } from 'node:path';
import { readJson } from '../../operator/core/json-text.js';
import type { RecordHeader } from '../core/record.js';
import { readWhole, writeWhole, type SpoolFiles } from '../spool/files.js';
import { hourCounts, NOTHING, sideAdded, together, withCounts, withLacked, type HourCounts, type Side } from './comparison.js';

/** A record that came while a move was on. */
export type MovedRecord = Pick<RecordHeader, 'project' | 'receivedAt' | 'events'> & { readonly move: NonNullable<RecordHeader['move']> };

export type MoveCount =
  | { readonly kind: 'came'; readonly record: MovedRecord; /** GlitchTip is given nothing of it. */ readonly isOnlyOld: boolean; /** The old one is not given all of it. */ readonly isCut: boolean }
  | { readonly kind: 'has'; readonly record: MovedRecord; readonly side: Side }
  | { readonly kind: 'lacks'; readonly record: MovedRecord; readonly side: Side; readonly why: string };

const HOUR = 3_600_000;
/** Hours that are kept. */
const MOST_HOURS = 7 * 24;
/** Of an hour: "MOVE HOUR GATEWAY", the first two in milliseconds of Unix time. */
const NAME = /^(\d{1,16}) (\d{1,16}) (.+)\.json$/;
/** Of a gateway that runs: what it has not written yet is lost if it is killed. */
const OPEN = '.open';

/** An hour of a move, of all gateways. */
export interface ComparedHour {
  /** When it begins. Milliseconds of Unix time. */
  readonly at: number;
  readonly counts: HourCounts;
}

interface Hour {
  counts: HourCounts;
  isWritten: boolean;
}

export class MoveCounts {
  /** By the name of the file. */
  readonly #hours = new Map<string, Hour>();

  /** @param gateway its name */
  constructor(private readonly files: SpoolFiles, private readonly folder: string, private readonly gateway: string, private readonly now: () => number) {
    files.createFolder(folder);
  }

  /** @param move the move that is on; undefined: none. @throws the system's error */
  begin(move: number | undefined): void {
    this.endedAbruptly(this.gateway, move);
    writeWhole(this.files, this.#markerOf(this.gateway), []);
  }

  note(count: MoveCount): void {
    const { record: { move: { since }, project, receivedAt, events: { length: events } } } = count;
    this.#change(since, receivedAt, (hour) => {
      switch (count.kind) {
        case 'came': return withCounts(hour, project, (counts) => ({
          ...counts, taken: counts.taken + events, onlyOld: counts.onlyOld + Number(count.isOnlyOld), cut: counts.cut + Number(count.isCut),
        }));
        case 'has': return withCounts(hour, project, (counts) => sideAdded(counts, 'has', { side: count.side, events }));
        case 'lacks': return withLacked(
          withCounts(hour, project, (counts) => sideAdded(counts, 'lacks', { side: count.side, events })),
          count.record.events.map(({ id }) => ({ project, id, side: count.side, why: count.why })),
        );
      }
    });
  }

  /** Of the gateways of the volume, another is gone: whether it wrote down its last seconds is seen by what it left. @throws the system's error */
  endedAbruptly(gateway: string, move: number | undefined): void {
    const marker = this.#markerOf(gateway);
    if (!this.files.list(this.folder).includes(`${gateway}${OPEN}`)) return;
    if (move !== undefined) this.#change(move, this.now(), (hour) => ({ ...hour, isInterrupted: true }));
    this.write();
    this.files.remove(marker);
  }

  /** What is not written yet, and hours that are too old. @throws the system's error */
  write(): void {
    const current = this.#hourOf(this.now());
    for (const [name, hour] of this.#hours) {
      if (!hour.isWritten) writeWhole(this.files, join(this.folder, name), [Buffer.from(JSON.stringify(hour.counts))]);
      hour.isWritten = true;
      // What comes later for it is read from its file again.
      if (Number(NAME.exec(name)?.[2]) < current - HOUR) this.#hours.delete(name);
    }
    for (const name of this.files.list(this.folder)) {
      const at = NAME.exec(name)?.[2];
      if (at !== undefined && Number(at) < current - MOST_HOURS * HOUR) this.files.remove(join(this.folder, name));
    }
  }

  /** @throws the system's error */
  end(): void {
    this.write();
    this.files.remove(this.#markerOf(this.gateway));
  }

  /** Of a move, the hours that begin from `from` on and before `to`, in their order. @throws the system's error */
  read(move: number, from: number, to: number): readonly ComparedHour[] {
    const hours = new Map<number, HourCounts>();
    for (const name of new Set([...this.files.list(this.folder), ...this.#hours.keys()])) {
      const [, of, at] = NAME.exec(name) ?? [];
      if (Number(of) !== move || Number(at) < this.#hourOf(from) || Number(at) >= to) continue;
      hours.set(Number(at), together(hours.get(Number(at)) ?? NOTHING, this.#hours.get(name)?.counts ?? this.#stored(name)));
    }
    return [...hours].map(([at, counts]) => ({ at, counts })).sort((one, other) => one.at - other.at);
  }

  #change(move: number, at: number, change: (hour: HourCounts) => HourCounts): void {
    const name = `${move} ${this.#hourOf(at)} ${this.gateway}.json`;
    const hour = this.#hours.get(name) ?? { counts: this.#stored(name), isWritten: true };
    hour.counts = change(hour.counts);
    hour.isWritten = false;
    this.#hours.set(name, hour);
  }

  /** A file that is damaged lacks more than seconds. */
  #stored(name: string): HourCounts {
    const bytes = readWhole(this.files, join(this.folder, name));
    const parsed = bytes && hourCounts.safeParse(readJson(bytes.toString('utf8')));
    if (!parsed) return NOTHING;
    return parsed.success ? parsed.data : { ...NOTHING, isInterrupted: true };
  }

  #markerOf(gateway: string): string {
    return join(this.folder, `${gateway}${OPEN}`);
  }

  #hourOf(at: number): number {
    return Math.floor(at / HOUR) * HOUR;
  }
}
