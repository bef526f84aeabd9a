// What a release of GlitchTip takes: by which endpoints, and which items of an envelope; others it would read, answer 200 to, and forget.

/** What becomes a row, and so can be confirmed by its id. */
export const STORED_TYPES = ['event', 'transaction'] as const;
export type StoredType = (typeof STORED_TYPES)[number];

/** Paths that take events: `/api/N/KIND/`. */
export const INGEST_KINDS = ['envelope', 'store', 'security', 'minidump'] as const;
export type IngestKind = (typeof INGEST_KINDS)[number];

export interface ItemPolicy {
  /** Endpoints that it has; what comes to another is passed on, for it to say so. */
  readonly endpoints: readonly IngestKind[];
  /** Types that are given to GlitchTip. */
  readonly kept: ReadonlySet<string>;
  /** Longest payload that its worker can hold at the default limits, unpacked. Bytes. */
  readonly largestItem: number;
  /** Transactions are made of streamed spans, with at most so many spans below those of an envelope. Undefined: spans are left out. */
  readonly spansBelow?: number;
}

/**
 * By minor release. 5.2: its source (SupportedItemType) and memory, 8 bytes for one of an event (110 x 80 KB passed at 237 of
 * 250Mi); it keeps nothing of the spans of a transaction (process_transaction_events). 6.2: its own limits,
 * GLITCHTIP_MAX_UNZIPPED_PAYLOAD_SIZE and MAX_SPANS_PER_TRANSACTION.
 */
const POLICIES: Readonly<Record<string, ItemPolicy>> = {
  '5.2': { endpoints: ['envelope', 'store', 'security'], kept: new Set(STORED_TYPES), largestItem: 2_500_000, spansBelow: 0 },
  '6.2': { endpoints: INGEST_KINDS, kept: new Set([...STORED_TYPES, 'user_report', 'feedback', 'log', 'otel_log']), largestItem: 5_000_000, spansBelow: 1_000 },
};

/**
 * @param spansToTransactions false: streamed spans are left out, as GlitchTip does it
 * @throws RangeError for a release that the manifests would not offer
 */
export function itemPolicy(release: string, spansToTransactions = true): ItemPolicy {
  const policy = POLICIES[release];
  if (!policy) throw new RangeError(`expected a release among ${Object.keys(POLICIES).join(', ')}, found ${release}`);
  const { spansBelow, ...others } = policy;
  return spansToTransactions ? { ...others, spansBelow } : others;
}

export function isStoredType(type: string): type is StoredType {
  return (STORED_TYPES as readonly string[]).includes(type);
}
