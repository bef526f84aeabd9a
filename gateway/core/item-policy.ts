// What a release of GlitchTip takes: by which endpoints, and which items of an envelope; others it would read, answer 200 to, and forget.

import { knownRelease, type Release } from '../../operator/api/glitchtip-releases.js';

/** What has an id of its SDK, which a release may keep a row under. */
export const STORED_TYPES = ['event', 'transaction'] as const;
export type StoredType = (typeof STORED_TYPES)[number];

/** Paths that take events of a project: `/api/N/KIND/`. */
export const PROJECT_KINDS = ['envelope', 'store', 'security', 'minidump'] as const;
/** And OpenTelemetry's logs, at `/v1/logs`: whose they are, their key alone says. */
export const INGEST_KINDS = [...PROJECT_KINDS, 'logs'] as const;
export type IngestKind = (typeof INGEST_KINDS)[number];

export interface ItemPolicy {
  /** Endpoints that it has; what comes to another is passed on, for it to say so. */
  readonly endpoints: readonly IngestKind[];
  /** Types that are given to GlitchTip. */
  readonly kept: ReadonlySet<string>;
  /** An attachment that is the memory of a process that crashed becomes an event. */
  readonly minidumps: boolean;
  /** Those whose row is found by the SDK's id. Of any other its 200 is all that is ever known. */
  readonly proven: ReadonlySet<StoredType>;
  /** Longest payload that its worker can hold at the default limits, unpacked. Bytes. */
  readonly largestItem: number;
  /** Of an envelope, what is kept of it together. Bytes. */
  readonly largestEnvelope: number;
  /** Transactions are made of streamed spans, with at most so many spans below those of an envelope. Undefined: spans are left out. */
  readonly spansBelow?: number;
}

/**
 * By minor release. 5.2: its source (SupportedItemType) and memory, 8 bytes for one of an event (110 x 80 KB passed at 237 of
 * 250Mi); it keeps nothing of the spans of a transaction (process_transaction_events). 6.2: its source and its own limit,
 * GLITCHTIP_MAX_UNZIPPED_PAYLOAD_SIZE of a whole envelope; of a transaction it keeps figures of its group and no row, and of its spans
 * nothing, for there is no cold storage (charts/releases.ts).
 */
const POLICIES: Readonly<Record<Release, ItemPolicy>> = {
  '5.2': { endpoints: ['envelope', 'store', 'security'], kept: new Set(STORED_TYPES), minidumps: false, proven: new Set(STORED_TYPES), largestItem: 2_500_000, largestEnvelope: 5_000_000, spansBelow: 0 },
  '6.2': { endpoints: PROJECT_KINDS, kept: new Set([...STORED_TYPES, 'user_report', 'feedback']), minidumps: true, proven: new Set(['event']), largestItem: 5_000_000, largestEnvelope: 5_000_000, spansBelow: 0 },
};

/** Items of an envelope that are logs: 6.2's SUPPORTED_ITEMS. 5.2 has no place for them. */
const LOG_TYPES: Readonly<Record<Release, readonly string[]>> = { '5.2': [], '6.2': ['log', 'otel_log'] };

export interface PolicyOptions {
  /** False: streamed spans are left out, as GlitchTip does it. Default: true. */
  readonly spansToTransactions?: boolean;
  /** GlitchTip is told to keep logs, if its release can (GLITCHTIP_ENABLE_LOGS). Default: false. */
  readonly logs?: boolean;
}

/** @throws RangeError for a release that the manifests would not offer */
export function itemPolicy(release: string, { spansToTransactions = true, logs = false }: PolicyOptions = {}): ItemPolicy {
  const { spansBelow, ...others } = POLICIES[knownRelease(release)];
  const policy = spansToTransactions ? { ...others, spansBelow } : others;
  const types = logs ? LOG_TYPES[knownRelease(release)] : [];
  return types.length === 0 ? policy : { ...policy, endpoints: [...policy.endpoints, 'logs'], kept: new Set([...policy.kept, ...types]) };
}

/** Which an envelope may have as an attachment of this type. */
export const MINIDUMP = { item: 'attachment', attachmentType: 'event.minidump' } as const;

export function isStoredType(type: string): type is StoredType {
  return (STORED_TYPES as readonly string[]).includes(type);
}
