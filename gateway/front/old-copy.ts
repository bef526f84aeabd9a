/**
 * What the old Sentry of a move is given of a request: the body as it came, so that it keeps what GlitchTip does not (sessions, attachments,
 * replays) and judges by itself what GlitchTip would refuse. An envelope that names a DSN names the old one's.
 */
import { gzipSync } from 'node:zlib';
import { composeEnvelope } from '../core/accepted-envelope.js';
import type { EnvelopeItem } from '../core/envelope-reader.js';
import type { Json } from '../core/json.js';
import type { Encoding } from '../core/record.js';
import { unpackWhole } from '../encoding/unpack.js';

/** A body that is written anew is packed from this size on. Bytes. */
const PACK_FROM = 4_096;
/** Of a body, as it came, that is kept beside what GlitchTip is given: what the memory of the gateway (96Mi) can hold of several at once. Bytes. */
export const LARGEST_ORIGINAL = 2 * 2 ** 20;
/** Unpacked, where its header has to be written anew. Bytes. */
const LARGEST_REWRITTEN = 4 * 2 ** 20;

export interface Body {
  readonly bytes: Buffer;
  readonly encoding: Encoding | undefined;
  /** Unpacked. Bytes. */
  readonly size: number;
}

export function packed(bytes: Buffer): Body {
  const size = bytes.length;
  return size < PACK_FROM ? { bytes, encoding: undefined, size } : { bytes: gzipSync(bytes, { level: 1 }), encoding: 'gzip', size };
}

/** What came, as far as it was understood. */
export interface Came {
  /** Undefined: it is longer than may be held. */
  readonly raw: Buffer | undefined;
  readonly encoding: Encoding | undefined;
  /** Undefined: it is none, or could not be read. */
  readonly envelope: { readonly header: Json; readonly items: readonly EnvelopeItem[] } | undefined;
  /** What GlitchTip is given; undefined: nothing. */
  readonly given: Body | undefined;
  /** What GlitchTip is given says the same as what came. */
  readonly isSame: boolean;
}

export type OldCopy =
  /** One record is for both. `isCut`: what came could not be held, and it is given what GlitchTip is given. */
  | { readonly kind: 'same'; readonly isCut: boolean }
  | { readonly kind: 'own'; readonly body: Body; readonly isCut: boolean }
  | { readonly kind: 'none'; readonly isCut: boolean };

/** @param dsn the old one's. Pure. */
export function copyForOld(came: Came, dsn: string): OldCopy {
  const { envelope, given, isSame } = came;
  if (isSame && given && !isNamedAnew(came, dsn)) return { kind: 'same', isCut: false };
  const original = originalOf(came, dsn);
  if (original) return original.bytes.length > 0 ? { kind: 'own', body: original, isCut: false } : { kind: 'none', isCut: false };
  if (!given) return { kind: 'none', isCut: true };
  return envelope?.header['dsn'] !== undefined ? { kind: 'own', body: packed(composeEnvelope({ ...envelope.header, dsn }, envelope.items)), isCut: true } : { kind: 'same', isCut: true };
}

/** Undefined: it could not be held. */
function originalOf(came: Came, dsn: string): Body | undefined {
  const { raw, encoding, envelope } = came;
  if (!raw || !isNamedAnew(came, dsn)) return raw && { bytes: raw, encoding, size: raw.length };
  return withHeader(raw, encoding, { ...envelope?.header, dsn });
}

/** It names another DSN: Sentry would refuse it. */
function isNamedAnew({ envelope }: Came, dsn: string): boolean {
  const named = envelope?.header['dsn'];
  return typeof named === 'string' && named !== dsn;
}

/** Undefined: it unpacks to more than may be held, or cannot be. */
function withHeader(raw: Buffer, encoding: Encoding | undefined, header: Json): Body | undefined {
  const plain = unpackedWithin(raw, encoding);
  if (!plain) return undefined;
  const end = plain.indexOf(0x0a);
  return packed(Buffer.concat([Buffer.from(JSON.stringify(header)), end === -1 ? Buffer.alloc(0) : plain.subarray(end)]));
}

function unpackedWithin(raw: Buffer, encoding: Encoding | undefined): Buffer | undefined {
  try {
    return unpackWhole(raw, encoding, LARGEST_REWRITTEN);
  } catch {
    return undefined;
  }
}
