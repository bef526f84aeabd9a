// The table of old DSNs, key dsns.json of Secret glitchtip-move: each, and the project and key that it means here. Pure.
import * as z from 'zod/mini';
import { readJson } from '../json-text.js';
import { cut } from '../text-limits.js';

const HEX_KEY = /^[0-9a-f]{32}$/;
/** Scheme, key (and a secret of long ago), host, path, number. */
const DSN = /^(https?):\/\/([0-9A-Za-z-]{1,64})(?::[^@/]*)?@([^/@?#\s]+)((?:\/[^/?#\s]+)*)\/([0-9]{1,16})$/;
/** As many as the gateway takes. */
const MOST_ROWS = 5_000;

const row = z.object({
  old: z.string().check(z.regex(DSN), z.refine((text) => Number.isSafeInteger(Number(DSN.exec(text)?.[5])))),
  /** Of GlitchTip; without it, and without the key, it is looked for by the key of the old DSN. */
  project: z.optional(z.int().check(z.gte(1))),
  key: z.optional(z.string().check(z.regex(/^[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}$/))),
  /** Of the project there, for people: `acme/backend`. */
  name: z.optional(z.string().check(z.maxLength(200))),
});
const table = z.array(row);

export type OldDsn = z.output<typeof row>;

/** A row that events can be given by, as the gateway takes it. */
export interface Pair {
  readonly project: number;
  /** 32 hexadecimal digits, lower case. */
  readonly key: string;
  readonly old: string;
}

export type ParsedTable = { readonly kind: 'valid'; readonly rows: readonly OldDsn[] } | { readonly kind: 'invalid'; readonly why: string };

/** Path, expected, found; never a key. */
export function parseDsnTable(text: string): ParsedTable {
  const value = readJson(text);
  if (value === undefined) return invalid('expected JSON, found something else');
  const parsed = table.safeParse(value);
  if (!parsed.success) return invalid(describeIssue(parsed.error.issues[0]));
  if (parsed.data.length === 0 || parsed.data.length > MOST_ROWS) return invalid(`expected 1 to ${MOST_ROWS} DSNs, found ${parsed.data.length}`);
  const rows = parsed.data.map((each) => (each.key === undefined ? each : { ...each, key: plain(each.key) }));
  const fault = faultOf(rows);
  return fault === undefined ? { kind: 'valid', rows } : invalid(fault);
}

/** What rows say against each other, as the gateway would refuse it. */
function faultOf(rows: readonly OldDsn[]): string | undefined {
  const half = rows.findIndex(({ project, key }) => (project === undefined) !== (key === undefined));
  if (half >= 0) return `${half}: expected project and key, or neither, found one of them`;
  const parts = rows.map(({ old }) => partsOfDsn(old));
  const names = rows.map(({ old }) => meaningOf(old));
  const twice = names.findIndex((name, index) => names.indexOf(name) < index);
  if (twice >= 0) return `${twice}.old: expected each project and key once, found those of ${names.indexOf(names[twice] ?? '')} again`;
  // One server is away or not, and has one limit for all.
  const other = parts.findIndex((each) => each?.origin !== parts[0]?.origin);
  return other < 0 ? undefined : `${other}.old: expected a DSN of ${parts[0]?.origin ?? ''}, as in 0, found one of ${parts[other]?.origin ?? ''}`;
}

function describeIssue(issue: z.core.$ZodIssue | undefined): string {
  const path = cut(issue?.path.join('.') ?? '', 40);
  if (path === '') return 'expected a list, found something else';
  if (path.endsWith('.old')) return `${path}: expected a DSN such as https://KEY@sentry.example.com/42, found something else`;
  if (path.endsWith('.key')) return `${path}: expected 32 hexadecimal digits, found something else`;
  if (path.endsWith('.project')) return `${path}: expected the number of a project, found something else`;
  return `${path}: expected old, project, key and name, found something else`;
}

function invalid(what: string): ParsedTable {
  return { kind: 'invalid', why: `dsns.json: ${what}` };
}

function plain(key: string): string {
  return key.replaceAll('-', '').toLowerCase();
}

export interface DsnParts {
  readonly key: string;
  /** Scheme, host, and the port where it has one. */
  readonly origin: string;
  readonly project: string;
}

/** Project and key, by which the gateway knows a DSN: the same of each writing of it, and of each name of the server. */
export function meaningOf(dsn: string): string {
  const { project = '', key = '' } = partsOfDsn(dsn) ?? {};
  return `${project} ${plain(key)}`;
}

/** Undefined where it is none. */
export function partsOfDsn(dsn: string): DsnParts | undefined {
  const [, scheme, key, host, , project] = DSN.exec(dsn) ?? [];
  return scheme === undefined || key === undefined || host === undefined || project === undefined ? undefined : { key, origin: `${scheme}://${host}`, project };
}

/** Keys of old DSNs by which a project here is to be looked for. */
export function keysToFind(rows: readonly OldDsn[]): readonly string[] {
  return rows.filter(({ project }) => project === undefined).map(({ old }) => plain(partsOfDsn(old)?.key ?? '')).filter((key) => HEX_KEY.test(key));
}

/** @param found projects here, by key */
export function fillIn(rows: readonly OldDsn[], found: ReadonlyMap<string, number>): readonly OldDsn[] {
  return rows.map((each) => {
    const key = plain(partsOfDsn(each.old)?.key ?? '');
    const project = each.project === undefined ? found.get(key) : undefined;
    return project === undefined ? each : { ...each, project, key };
  });
}

/** Of the rows that have a project and a key here, in an order that does not depend on theirs. */
export function pairsOf(rows: readonly OldDsn[]): readonly Pair[] {
  const pairs = rows.flatMap(({ project, key, old }) => (project === undefined || key === undefined ? [] : [{ project, key: plain(key), old }]));
  return pairs.sort((one, other) => (one.old < other.old ? -1 : 1));
}

/** How the old server is reached. */
export interface Reach {
  /** Its URL. */
  readonly from: string;
  /** Names that lead here, such as the one that its DSNs have, since that was pointed to this host. */
  readonly ownNames: readonly string[];
}

/** A DSN whose name leads here is given the old server's other address; with any other name it is as it was written: sentry.io takes events elsewhere than it has its API. */
export function reachedBy(pairs: readonly Pair[], { from, ownNames }: Reach): readonly Pair[] {
  const { origin } = new URL(from);
  return pairs.map((pair) => {
    const own = partsOfDsn(pair.old)?.origin;
    return own !== undefined && ownNames.includes(new URL(own).hostname) ? { ...pair, old: withOrigin(pair.old, origin) } : pair;
  });
}

/** The same project and key at another server. */
export function withOrigin(dsn: string, origin: string): string {
  const [, , key, , path, project] = DSN.exec(dsn) ?? [];
  return key === undefined ? dsn : `${origin.replace('://', `://${key}@`)}${path ?? ''}/${project ?? ''}`;
}

/** Whether an application that keeps its old number and key is only understood by whoever has this table. */
export function isRenamed({ old, project, key }: OldDsn): boolean {
  const parts = partsOfDsn(old);
  return project !== undefined && key !== undefined && (parts?.project !== String(project) || plain(parts.key) !== plain(key));
}

/** A line a row, for a person who reads it with kubectl. */
export function encodeDsnTable(rows: readonly OldDsn[]): string {
  return `[\n${rows.map((each) => `  ${JSON.stringify(each)}`).join(',\n')}\n]\n`;
}
