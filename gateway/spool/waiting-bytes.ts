// How many bytes of a segment wait for whom, kept up to date with each thing that happens to a record.
import { MOST_DESTINATIONS, has, setOf, type DestinationSet } from './destination-set.js';

/** Who waits for a record. The empty set: nobody, and it is kept. */
export type WaitedFor = DestinationSet | 'gone';

export class WaitingBytes {
  readonly #bytes = new Float64Array(1 << MOST_DESTINATIONS);

  /** Of records that are not gone. */
  get live(): number {
    return this.#bytes.reduce((sum, bytes) => sum + bytes, 0);
  }

  /** Of records that nobody waits for, and that are kept. */
  get kept(): number {
    return this.#bytes[0] ?? 0;
  }

  /** Of records that a destination waits for, alone or with others. */
  of(destination: number): number {
    return this.#bytes.reduce((sum, bytes, set) => (has(set, destination) ? sum + bytes : sum), 0);
  }

  /** Of records that a destination waits for, and no other. */
  onlyOf(destination: number): number {
    return this.#bytes[setOf([destination])] ?? 0;
  }

  /** @param from 'gone': it has just come */
  move(bytes: number, from: WaitedFor, to: WaitedFor): void {
    if (from === to) return;
    if (from !== 'gone') this.#bytes[from] = (this.#bytes[from] ?? 0) - bytes;
    if (to !== 'gone') this.#bytes[to] = (this.#bytes[to] ?? 0) + bytes;
  }
}
