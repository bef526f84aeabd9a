// A record of the spool: what the delivery knows of an ingest request without reading its body.
import * as z from 'zod/mini';
import { INGEST_KINDS, STORED_TYPES } from './item-policy.js';

/** What GlitchTip unpacks; `identity` is not written down. */
export const ENCODINGS = ['gzip', 'deflate', 'br', 'zstd'] as const;
export type Encoding = (typeof ENCODINGS)[number];

const recordHeader = z.object({
  /** For people, and in the folder of what was set aside. */
  id: z.string(),
  /** When the request began. Milliseconds of Unix time. */
  receivedAt: z.int(),
  project: z.int(),
  /** Public key of the DSN, 32 hexadecimal digits. */
  key: z.string(),
  kind: z.enum(INGEST_KINDS),
  /** What leaves a row: 32 hexadecimal digits each. */
  events: z.array(z.object({ type: z.enum(STORED_TYPES), id: z.string() })),
  /** Of the body, unpacked. Bytes. */
  size: z.int(),
  encoding: z.optional(z.enum(ENCODINGS)),
  /** Address of the client, as the proxies that are trusted say. */
  client: z.optional(z.string()),
  contentType: z.optional(z.string()),
  userAgent: z.optional(z.string()),
  /** Absent: it came while no old Sentry was to be given anything. */
  move: z.optional(z.object({
    /** Which move: when it began. Milliseconds of Unix time. */
    since: z.int(),
    /** The old one's. */
    project: z.int(),
    key: z.string(),
    /** Types of the items that came; of what is no envelope, what it is. */
    types: z.array(z.string()),
  })),
});
export type RecordHeader = z.output<typeof recordHeader>;

export function encodeHeader(header: RecordHeader): Buffer {
  return Buffer.from(JSON.stringify(header));
}

/** Undefined for what another version wrote and this one cannot read. */
export function decodeHeader(bytes: Buffer): RecordHeader | undefined {
  try {
    const parsed = recordHeader.safeParse(JSON.parse(bytes.toString('utf8')));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}
