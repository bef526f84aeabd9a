// Which keys open which project: read from Postgres every few seconds and kept on the volume, so that events are taken while it is away.
import * as z from 'zod/mini';

/** Of one pair of project and key. */
export type KeyVerdict = 'known' | 'unknown' | /** It is not in the table, and the table may be older than the pair. */ 'unchecked';

const stored = z.object({
  /** The database's name, the server's system identifier and the database's OID: a read of another database proves nothing of this one, and a restore gives another one the same name. */
  database: z.string(),
  /** What was live last while the gateway kept. */
  next: z.optional(z.string()),
  keys: z.array(z.tuple([z.int(), z.string()])),
});

export interface KeyTable {
  /** Whose word it is that a pair is gone. */
  readonly database: string;
  /** As `database`, once nothing is kept any more: then a person has chosen it. */
  readonly next?: string | undefined;
  /** "PROJECT KEY". */
  readonly pairs: ReadonlySet<string>;
  /** Of these, what the database has that was read last; undefined: none was read. */
  readonly live?: ReadonlySet<string>;
  /** Of each key. */
  readonly projects: ReadonlyMap<string, number>;
  /** When the read that it is from was begun. Milliseconds of Unix time; undefined when it came from the volume. */
  readonly readAt?: number;
}

/** As a request names it. */
export interface NamedKey {
  /** Undefined: whichever it opens. GlitchTip gives no key to two projects. */
  readonly project: number | undefined;
  readonly key: string;
}

export interface KeyRead {
  readonly database: string;
  readonly keys: readonly (readonly [project: number, key: string])[];
}

/** @param askedAt when the request came: what was read before proves nothing, for the project may have been made since */
export function judgeKey(table: KeyTable | undefined, { project, key }: NamedKey, askedAt: number): KeyVerdict {
  if (project === undefined ? table?.projects.has(key) : table?.pairs.has(`${project} ${key}`)) return 'known';
  return table?.readAt !== undefined && table.readAt >= askedAt ? 'unknown' : 'unchecked';
}

/**
 * The table after a read that was begun at an instant. Pairs go away only on a read of the same database: one that is empty, new or another's would refuse every
 * event. Those that are known from before are kept beside what another database says. While the gateway keeps for a way back none goes away at all:
 * the copy that is live lacks what was made since, and what a newer project sends is not refused before somebody has confirmed the copy. What
 * is live when that is over is the database from then on.
 * @param keeps as it was when the read began
 */
export function afterRead(before: KeyTable | undefined, read: KeyRead, { at, keeps }: { readonly at: number; readonly keeps: boolean }): KeyTable {
  const pairs = read.keys.map(([project, key]) => `${project} ${key}`);
  const heard = { readAt: at, live: new Set(pairs) };
  const isSame = before === undefined || before.database === read.database;
  const isOwn = isSame || (!keeps && before.next === read.database);
  if (before === undefined || (isOwn && !keeps)) return { ...tableOf(read.database, pairs), ...heard };
  return { ...tableOf(before.database, [...before.pairs, ...pairs]), next: nextOf(before, read, keeps), ...heard };
}

function nextOf(before: KeyTable, read: KeyRead, keeps: boolean): string | undefined {
  if (!keeps) return before.next;
  return read.database === before.database ? undefined : read.database;
}

function tableOf(database: string, pairs: readonly string[]): KeyTable {
  return { database, pairs: new Set(pairs), projects: new Map(pairs.map((pair) => pair.split(' ')).map(([project, key = '']) => [key, Number(project)])) };
}

export function encodeKeys({ database, next, pairs }: KeyTable): string {
  return JSON.stringify({ database, next, keys: [...pairs].map((pair) => [Number(pair.split(' ')[0]), pair.split(' ')[1]]) });
}

/** Undefined for a file that is damaged: keys are read from Postgres then. */
export function decodeKeys(text: string): KeyTable | undefined {
  try {
    const { database, next, keys } = stored.parse(JSON.parse(text));
    return { ...tableOf(database, keys.map(([project, key]) => `${project} ${key}`)), next };
  } catch {
    return undefined;
  }
}
