// Whose bytes fill the spool, and who makes room for what comes: what is kept first, then what only followers wait for, the oldest first.
import { dropOldest, followersBytes, type DroppedRecord, type Lead } from './followers.js';
import type { Segment } from './segment.js';

/** Of what followers may take, what is left when their oldest go: so that segments are not looked through for each record that comes. */
const LEFT = 0.9;

export interface RoomPorts {
  /** Bytes that the spool holds at most. */
  readonly maxBytes: number;
  /** Numbers of the destinations. The first one leads, until another is said to. */
  readonly destinations: readonly number[];
  /** From the oldest to the newest. */
  readonly segments: () => Iterable<Segment>;
  readonly deleteIfDone: (segment: Segment) => void;
  /** What only a destination that follows waited for, and that went. */
  readonly onDrop?: ((record: DroppedRecord) => void) | undefined;
}

export class Room {
  #lead: Lead;
  #isToldWhoLeads = false;
  /** Bytes that the one that follows now waited for alone when it was said who leads: a change costs nobody what is there. It only shrinks. */
  #waitedBefore = 0;
  #keptDropped = 0;

  constructor(private readonly ports: RoomPorts) {
    this.#lead = { destination: ports.destinations[0] ?? 0, share: 1 };
  }

  get lead(): Lead {
    return this.#lead;
  }

  set lead(lead: Lead) {
    const isAnother = !this.#isToldWhoLeads || lead.destination !== this.#lead.destination;
    [this.#lead, this.#isToldWhoLeads] = [lead, true];
    if (isAnother) this.#waitedBefore = this.followersBytes;
  }

  /** Bytes that the destination that leads waits for. */
  get leadersBytes(): number {
    return this.#sum(({ bytes }) => bytes.of(this.#lead.destination));
  }

  /** Bytes that only destinations that follow wait for. */
  get followersBytes(): number {
    return this.#sum((segment) => followersBytes(segment, this.#lead));
  }

  get keptBytes(): number {
    return this.#sum(({ bytes }) => bytes.kept);
  }

  /** Nothing is kept any more: what went is of interest to nobody. */
  forgetDropped(): void {
    this.#keptDropped = 0;
  }

  /** Records that were kept and went for what came. */
  get keptDropped(): number {
    return this.#keptDropped;
  }

  /** @param room bytes that the destination that leads does not need. @throws the system's error */
  keepWithin(room: number): void {
    this.#letGoOfKept(Math.max(0, room - this.followersBytes));
    this.#waitedBefore = Math.min(this.#waitedBefore, this.followersBytes);
    this.#dropFollowers(Math.max(0, Math.min(room, Math.max(this.#waitedBefore, this.#lead.share * this.ports.maxBytes))));
  }

  /** A segment at a time: the oldest have the most that is old. */
  #letGoOfKept(most: number): void {
    for (const segment of this.ports.segments()) {
      if (this.keptBytes <= most) return;
      for (const destination of this.ports.destinations) this.#keptDropped += segment.letGoOfKept(destination, () => true);
      this.ports.deleteIfDone(segment);
    }
  }

  #dropFollowers(most: number): void {
    if (this.followersBytes <= most) return;
    let excess = this.followersBytes - most * LEFT;
    for (const segment of this.ports.segments()) {
      if (excess <= 0) return;
      if (followersBytes(segment, this.#lead) === 0) continue;
      const dropped = dropOldest(segment, this.#lead, excess);
      for (const record of dropped) this.ports.onDrop?.(record);
      excess -= dropped.reduce((sum, { bytes }) => sum + bytes, 0);
      this.ports.deleteIfDone(segment);
    }
  }

  #sum(bytesOf: (segment: Segment) => number): number {
    let sum = 0;
    for (const segment of this.ports.segments()) sum += bytesOf(segment);
    return sum;
  }
}
