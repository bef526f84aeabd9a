// A set of destinations, a bit each: 1 is destination 0 alone, 2 destination 1 alone, 3 both.
export type DestinationSet = number;

/** So that a set is one decimal digit. */
export const MOST_DESTINATIONS = 3;

export function setOf(destinations: Iterable<number>): DestinationSet {
  return [...destinations].reduce((set, destination) => set | (1 << destination), 0);
}

export function has(set: DestinationSet, destination: number): boolean {
  return (set & (1 << destination)) !== 0;
}

export function destinationsOf(set: DestinationSet): readonly number[] {
  return Array.from({ length: MOST_DESTINATIONS }, (_, destination) => destination).filter((destination) => has(set, destination));
}
