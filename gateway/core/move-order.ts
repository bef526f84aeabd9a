// What is asked for of a move (PUT /move): who leads, and which project here is which one at the old Sentry.
import { parseDsn, type Dsn } from './dsn.js';
import { isObject } from './json.js';
import { looseUuid } from './uuid.js';

/** What people look at: the old Sentry, or GlitchTip. */
export const LEADERS = ['old', 'glitchtip'] as const;
export type Leader = (typeof LEADERS)[number];

export interface MovePair {
  /** GlitchTip's. */
  readonly project: number;
  /** Public key of GlitchTip's DSN, 32 hexadecimal digits. */
  readonly key: string;
  readonly old: Dsn;
}

export interface MoveOrder {
  readonly leads: Leader;
  /** Of the spool, what only the one that follows waits for may take. Percent. */
  readonly share: number;
  /** Undefined: those that are known stay. */
  readonly pairs: readonly MovePair[] | undefined;
}

/** Pairs of one move. */
const MOST_PAIRS = 5_000;

/** @returns the order, or what is wrong with it: path, expected, found. Pure. */
export function readMoveOrder(json: unknown): MoveOrder | { readonly refusal: string } {
  const { leads, share, pairs } = isObject(json) ? json : {};
  if (!isLeader(leads)) return refusal('leads', LEADERS.join(' or '), leads);
  if (typeof share !== 'number' || !Number.isInteger(share) || share < 0 || share > 100) return refusal('share', 'a whole number from 0 to 100', share);
  if (pairs === undefined) return { leads, share, pairs };
  const read = readPairs(pairs);
  return 'refusal' in read ? read : { leads, share, pairs: read.pairs };
}

function readPairs(json: unknown): { readonly pairs: readonly MovePair[] } | { readonly refusal: string } {
  if (!Array.isArray(json) || json.length === 0 || json.length > MOST_PAIRS) return refusal('pairs', `a list of 1 to ${MOST_PAIRS} pairs`, Array.isArray(json) ? `a list of ${json.length}` : json);
  const pairs: MovePair[] = [];
  const places = new Map<string, number>();
  for (const [index, each] of json.entries()) {
    const pair = readPair(each, `pairs[${index}]`);
    if ('refusal' in pair) return pair;
    const [first] = pairs;
    // One server is away or not, and has one limit for all.
    if (first && first.old.origin !== pair.old.origin) return refusal(`pairs[${index}].old`, `a DSN of ${first.old.origin}, as in pairs[0]`, pair.old.origin);
    const same = places.get(pairName(pair.old));
    if (same !== undefined) return refusal(`pairs[${index}].old`, 'each project and key once', `those of pairs[${same}]`);
    places.set(pairName(pair.old), index);
    pairs.push(pair);
  }
  return { pairs };
}

function readPair(json: unknown, path: string): MovePair | { readonly refusal: string } {
  const { project, key, old } = isObject(json) ? json : {};
  if (typeof project !== 'number' || !Number.isSafeInteger(project) || project < 1) return refusal(`${path}.project`, 'a whole number from 1 on', project);
  const ownKey = looseUuid(key);
  if (ownKey === undefined) return refusal(`${path}.key`, '32 hexadecimal digits', key);
  const dsn = typeof old === 'string' ? parseDsn(old) : undefined;
  return dsn ? { project, key: ownKey, old: dsn } : refusal(`${path}.old`, 'a DSN such as https://KEY@sentry.example.com/42', old);
}

/** Of a pair of project and key, however its key is written. */
export function pairName({ project, key }: { readonly project: number; readonly key: string }): string {
  return `${project} ${looseUuid(key) ?? key}`;
}

function isLeader(value: unknown): value is Leader {
  return (LEADERS as readonly unknown[]).includes(value);
}

function refusal(path: string, expected: string, found: unknown): { readonly refusal: string } {
  const text = found === undefined ? 'nothing' : JSON.stringify(found);
  return { refusal: `${path}: expected ${expected}, found ${text.length <= 100 ? text : `${text.slice(0, 100)}... (${text.length} characters)`}` };
}
