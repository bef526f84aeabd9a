// Which keys open which project: read from Postgres every few seconds and kept on the volume, so that events are taken while it is away.
import * as z from 'zod/mini';

/** Of one pair of project and key. */
export type KeyVerdict = 'known' | 'unknown' | /** It is not in the table, and the table may be older than the pair. */ 'unchecked';

const stored = z.object({
  /** pg_control_system().system_identifier and the database's name: a read of another database proves nothing of this one. */
  database: z.string(),
  keys: z.array(z.tuple([z.int(), z.string()])),
});

export interface KeyTable {
  readonly database: string;
  /** "PROJECT KEY". */
  readonly pairs: ReadonlySet<string>;
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
 * event. Those that are known from before are kept beside what another database says.
 */
export function afterRead(before: KeyTable | undefined, read: KeyRead, readAt: number): KeyTable {
  const pairs = read.keys.map(([project, key]) => `${project} ${key}`);
  const isSame = before === undefined || before.database === read.database;
  return { ...tableOf(isSame ? read.database : before.database, isSame ? pairs : [...before.pairs, ...pairs]), readAt };
}

function tableOf(database: string, pairs: readonly string[]): KeyTable {
  return { database, pairs: new Set(pairs), projects: new Map(pairs.map((pair) => pair.split(' ')).map(([project, key = '']) => [key, Number(project)])) };
}

export function encodeKeys({ database, pairs }: KeyTable): string {
  return JSON.stringify({ database, keys: [...pairs].map((pair) => [Number(pair.split(' ')[0]), pair.split(' ')[1]]) });
}

/** Undefined for a file that is damaged: keys are read from Postgres then. */
export function decodeKeys(text: string): KeyTable | undefined {
  try {
    const { database, keys } = stored.parse(JSON.parse(text));
    return tableOf(database, keys.map(([project, key]) => `${project} ${key}`));
  } catch {
    return undefined;
  }
}
