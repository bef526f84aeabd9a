// Where a record lies, and where reading goes on.
import { PREFIX_BYTES } from './segment-format.js';

export interface Place {
  readonly segment: number;
  /** Its number in the segment, from 0. */
  readonly record: number;
  readonly offset: number;
  readonly headerBytes: number;
  readonly bodyBytes: number;
}

export interface Cursor {
  readonly record: number;
  readonly offset: number;
}

/** Bytes of the whole record. */
export function sizeOf({ headerBytes, bodyBytes }: Pick<Place, 'headerBytes' | 'bodyBytes'>): number {
  return PREFIX_BYTES + headerBytes + bodyBytes;
}
