// A spool over a file system in memory, and what is in it by names: for the tests of the spool.
import { Spool, type Damage, type PlaceMark, type SpoolCursor } from '../../../../gateway/spool/spool.js';
import type { Place } from '../../../../gateway/spool/place.js';
import type { FailingFiles } from './failing-files.js';

export const FOLDER = '/spool/gateway-1';
export const GLITCHTIP = 0;
export const MEBIBYTE = 2 ** 20;

export interface Opened {
  readonly spool: Spool;
  readonly damage: Damage[];
}

/** @param more segments of 100 bytes: every other record begins a new one */
export function open(files: FailingFiles, more: { readonly maxBytes?: number; readonly destinations?: readonly number[]; readonly segmentBytes?: number; readonly leavesBytes?: number } = {}): Opened {
  const damage: Damage[] = [];
  const spool = Spool.open({
    files, folder: FOLDER, maxBytes: MEBIBYTE, destinations: [GLITCHTIP], segmentBytes: 100, defer: (write) => queueMicrotask(write), onDamage: (each) => damage.push(each), ...more,
  });
  return { spool, damage };
}

export const add = (spool: Spool, name: string, bytes = 20) => spool.append(Buffer.from(JSON.stringify({ name })), Buffer.alloc(bytes, name));
export const nameOf = (header: Buffer) => (JSON.parse(header.toString()) as { name: string }).name;

/** Names of what is not done, in order; a body that is not what was written would be a name with "!". */
export function pending(spool: Spool, destination = GLITCHTIP): string[] {
  return readOn(spool, spool.start, destination).names;
}

/** As pending, of what lies behind the cursor; and where to read on. */
export function readOn(spool: Spool, from: SpoolCursor, destination = GLITCHTIP): { readonly names: string[]; readonly cursor: SpoolCursor } {
  const names: string[] = [];
  let cursor = from;
  for (let found = spool.read(cursor); found.kind !== 'end'; found = spool.read(cursor)) {
    cursor = found.next;
    if (found.kind !== 'record' || spool.isDone(found.place, destination)) continue;
    const [name, body] = [nameOf(found.header), spool.body(found.place)];
    if (body) names.push(body.equals(Buffer.alloc(body.length, name)) ? name : `${name}!`);
  }
  return { names, cursor };
}

export function placeOf(spool: Spool, name: string): Place {
  let cursor = spool.start;
  for (let found = spool.read(cursor); found.kind !== 'end'; found = spool.read(cursor)) {
    cursor = found.next;
    if (found.kind === 'record' && nameOf(found.header) === name) return found.place;
  }
  throw new Error(`there is no ${name}`);
}

export const mark = (place: Place, kind: PlaceMark['kind'], destination = GLITCHTIP): PlaceMark => ({ place, kind, destination, at: 1_000, attempts: 1 });
