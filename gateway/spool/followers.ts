/**
 * One destination leads: what it waits for is never dropped, and fills the spool. What only others wait for, which follow, has a share of
 * it, and goes for what comes: the oldest first.
 */
import { destinationsOf, has } from './destination-set.js';
import { sizeOf } from './place.js';
import type { Segment } from './segment.js';

export interface Lead {
  /** Number of the one that leads. */
  readonly destination: number;
  /** Of the spool, what only others wait for may take. From 0 to 1. */
  readonly share: number;
}

/** A record that a destination that follows will not be given. */
export interface DroppedRecord {
  readonly destination: number;
  readonly header: Buffer;
  /** Of the whole record. */
  readonly bytes: number;
}

export function followersBytes({ bytes }: Pick<Segment, 'bytes'>, { destination }: Lead): number {
  return bytes.live - bytes.kept - bytes.of(destination);
}

/**
 * Lets go of the oldest in a segment that only followers wait for, until enough was let go. What was given already and may have arrived
 * stays: what becomes of it is known soon.
 * @param enough bytes
 * @throws the system's error
 */
export function dropOldest(segment: Segment, { destination: leader }: Lead, enough: number): readonly DroppedRecord[] {
  const dropped: (DroppedRecord & { readonly record: number })[] = [];
  let bytes = 0;
  for (let found = segment.read({ record: 0, offset: 0 }); found.kind !== 'end' && bytes < enough; found = segment.read(found.next)) {
    if (found.kind !== 'record') continue;
    const { place, header } = found;
    const waiting = segment.waitedFor(place.record);
    if (waiting === 'gone' || waiting === 0 || has(waiting, leader)) continue;
    const free = destinationsOf(waiting).filter((each) => !segment.sent(each).has(place.record));
    dropped.push(...free.map((each) => ({ destination: each, header, bytes: sizeOf(place), record: place.record })));
    if (free.length > 0) bytes += sizeOf(place);
  }
  for (const each of new Set(dropped.map(({ destination }) => destination))) segment.letGo(each, dropped.filter(({ destination }) => destination === each).map(({ record }) => record));
  return dropped;
}
