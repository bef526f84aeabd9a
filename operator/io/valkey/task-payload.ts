// A task as django-vtasks 3.2 writes it (serialization.py): JSON, from 1 KiB on zstd behind the text `zstd:`.
import { zstdDecompressSync } from '../../runtime/zstd.js';

const ZSTD = Buffer.from('zstd:');
const [QUEUE, QUEUED_AT, FAILED_AT] = ['"queue":', '"ts":', '"failed_at":'] as const;
/** GlitchTip takes 5 MB of an event; what is larger is not unpacked, and tells nothing. Bytes. */
const LARGEST = 8 * 2 ** 20;

export interface TaskMoments {
  /** When it was queued. Seconds since the epoch. */
  readonly queuedAt?: number;
  /** When it failed for good. */
  readonly failedAt?: number;
  readonly queue?: string;
}

/**
 * What is read stands after the arguments, so it is looked for from the end: an event of some megabytes is not made an object for it. Inside a
 * text of JSON no quote is without its backslash, so nothing that a client sent, and no error's words, can look like one of these keys there.
 * Never throws.
 */
export function readTask(payload: Buffer): TaskMoments {
  const text = unpack(payload) ?? Buffer.alloc(0);
  const at = text.lastIndexOf(QUEUED_AT);
  if (at < 0) return {};
  const queue = /^"([\w-]{1,64})"/.exec(behind(text, text.lastIndexOf(QUEUE, at), QUEUE))?.[1];
  const queuedAt = asNumber(behind(text, at, QUEUED_AT));
  const failed = text.lastIndexOf(FAILED_AT);
  const failedAt = failed > at ? asNumber(behind(text, failed, FAILED_AT)) : undefined;
  return { ...(queuedAt === undefined ? {} : { queuedAt }), ...(failedAt === undefined ? {} : { failedAt }), ...(queue === undefined ? {} : { queue }) };
}

function unpack(payload: Buffer): Buffer | undefined {
  if (!payload.subarray(0, ZSTD.length).equals(ZSTD)) return payload;
  try {
    return zstdDecompressSync(payload.subarray(ZSTD.length), { maxOutputLength: LARGEST });
  } catch {
    return undefined;
  }
}

/** The hundred bytes behind a key; empty where it was not found. */
function behind(text: Buffer, at: number, key: string): string {
  return at < 0 ? '' : text.toString('latin1', at + key.length, at + key.length + 100);
}

function asNumber(text: string): number | undefined {
  const digits = /^\d{1,12}(\.\d{1,9})?/.exec(text)?.[0];
  return digits === undefined ? undefined : Number(digits);
}
