// What facts.sql says of a database: once of the one that was dumped, in the dump's own snapshot, once of what was restored from the dump.
import * as z from 'zod';
import { tableSchema, type TableCount } from './manifest.js';

const serverSchema = z.strictObject({
  systemIdentifier: z.string(), database: z.string(), serverVersion: z.string(), lsn: z.string(), bytes: z.int(), at: z.iso.datetime({ offset: true }),
});
/** Each is there if its table is. */
const contentSchema = z.strictObject({
  migration: z.string().optional(),
  /** Without the operator's own. */
  organizations: z.int().optional(),
  users: z.int().optional(),
  /** Partitions of the events that the time of the run belongs in. */
  partitionsNow: z.int().optional(),
});

export type ServerFacts = z.infer<typeof serverSchema>;
export type ContentFacts = z.infer<typeof contentSchema>;

export interface DatabaseFacts {
  readonly server: ServerFacts;
  readonly content: ContentFacts;
  readonly tables: readonly TableCount[];
}

/** One JSON object a line. @throws Error for what facts.sql does not write, as after a server that went away in the middle */
export function parseFacts(text: string): DatabaseFacts {
  const lines = text.split('\n').filter((line) => line !== '').map((line) => parseLine(line));
  const [first, ...rest] = lines;
  if (lines.at(-1)?.['end'] !== true) throw new Error('the facts of a database end in the middle');
  const isTable = (line: Line) => 'table' in line;
  return {
    server: serverSchema.parse(first),
    content: contentSchema.parse(Object.assign({}, ...rest.slice(0, -1).filter((line) => !isTable(line)))),
    tables: rest.filter(isTable).map((line) => tableSchema.parse(line)),
  };
}

type Line = Readonly<Record<string, unknown>>;
const lineSchema = z.record(z.string(), z.unknown());

function parseLine(line: string): Line {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw new Error('expected a line of JSON among the facts of a database, found something else', { cause });
  }
  return lineSchema.parse(value);
}
