// Which items of an envelope a release of GlitchTip keeps; everything else it would read, answer 200 to, and forget.

/** What becomes a row, and so can be confirmed by its id. */
export const STORED_TYPES = ['event', 'transaction'] as const;
export type StoredType = (typeof STORED_TYPES)[number];

export interface ItemPolicy {
  /** Types that are given to GlitchTip. */
  readonly kept: ReadonlySet<string>;
  /** Longest payload that its worker can hold at the default limits, unpacked. Bytes. */
  readonly largestItem: number;
}

/**
 * By minor release. 5.2: its source (SupportedItemType) and memory, 8 bytes for one of an event (110 x 80 KB passed at 237 of
 * 250Mi). 6.2: its own limit, GLITCHTIP_MAX_UNZIPPED_PAYLOAD_SIZE.
 */
const POLICIES: Readonly<Record<string, ItemPolicy>> = {
  '5.2': { kept: new Set(STORED_TYPES), largestItem: 2_500_000 },
  '6.2': { kept: new Set([...STORED_TYPES, 'user_report', 'feedback', 'log', 'otel_log']), largestItem: 5_000_000 },
};

/** @throws RangeError for a release that the manifests would not offer */
export function itemPolicy(release: string): ItemPolicy {
  const policy = POLICIES[release];
  if (!policy) throw new RangeError(`expected a release among ${Object.keys(POLICIES).join(', ')}, found ${release}`);
  return policy;
}

export function isStoredType(type: string): type is StoredType {
  return (STORED_TYPES as readonly string[]).includes(type);
}
