// What the API of an old Sentry, or of another GlitchTip, says of one organization: page by page, by a token that goes to no other server.
import * as z from 'zod';
import { Failure } from '../failure.js';

export interface OldAccess {
  /** Without a slash at its end. */
  readonly url: string;
  /** Its slug. */
  readonly organization: string;
  readonly token: string;
}

/** Milliseconds. */
const TIMEOUT = 30_000;
/** A server that pages without an end is none of these. */
const MOST_PAGES = 200;
const PERIOD = '7d';

const id = z.union([z.string(), z.number()]).transform(String);
const project = z.looseObject({ id, slug: z.string(), platform: z.string().nullish() });
const key = z.looseObject({ public: z.string(), isActive: z.boolean().default(true), dsn: z.looseObject({ public: z.string() }) });
const organizations = z.array(z.looseObject({ slug: z.string() }));
const member = z.looseObject({ user: z.looseObject({}).nullish() });
const usage = z.looseObject({
  groups: z.array(z.looseObject({ by: z.looseObject({ category: z.string(), outcome: z.string() }), series: z.record(z.string(), z.array(z.number())) })),
});
const sdks = z.looseObject({ data: z.array(z.looseObject({ 'sdk.name': z.string().nullish(), 'sdk.version': z.string().nullish(), 'count()': z.number() })) });

export type OldKey = z.output<typeof key>;
export type OldProject = Pick<z.output<typeof project>, 'id' | 'slug' | 'platform'> & { readonly keys: readonly OldKey[] };

/** Of a category of what SDKs send, such as error: in the last seven days. */
export interface Usage {
  readonly category: string;
  readonly accepted: number;
  /** Of the busiest hour. */
  readonly busiest: number;
}

export interface OldSdk {
  readonly name: string;
  readonly version: string;
  readonly events: number;
}

export interface OldOrganization {
  readonly projects: readonly OldProject[];
  /** Slugs of the others that the token sees; undefined: it may see none. */
  readonly others: readonly string[] | undefined;
  readonly teams: number;
  readonly people: number;
  /** Of them, those that were invited and never came. */
  readonly invited: number;
  /** Undefined: it does not say, as a GlitchTip does not. */
  readonly usage: readonly Usage[] | undefined;
  readonly sdks: readonly OldSdk[] | undefined;
}

/** @throws Failure that never has the token */
export async function readProjects(access: OldAccess): Promise<readonly OldProject[]> {
  const { organization } = access;
  const me = z.looseObject({ user: z.looseObject({}).nullish() }).parse(await read(access, '/api/0/'));
  if (!me.user) throw new Failure('refused', 'the token is none of a person\'s, and the importer takes no other: make a user auth token on the old server');
  const found = z.array(project).parse(await read(access, `/api/0/organizations/${organization}/projects/`));
  const projects: OldProject[] = [];
  for (const each of found) projects.push({ ...each, keys: z.array(key).parse(await read(access, `/api/0/projects/${organization}/${each.slug}/keys/`)) });
  return projects;
}

/** @throws Failure that never has the token */
export async function readOrganization(access: OldAccess): Promise<OldOrganization> {
  const { organization } = access;
  const projects = await readProjects(access);
  const people = z.array(member).parse(await read(access, `/api/0/organizations/${organization}/members/`));
  const teams = z.array(z.looseObject({})).parse(await read(access, `/api/0/organizations/${organization}/teams/`));
  return {
    others: await ifTold(access, '/api/0/organizations/', (found) => organizations.parse(found).map(({ slug }) => slug).filter((slug) => slug !== organization)),
    projects, teams: teams.length, people: people.length, invited: people.filter(({ user }) => !user).length,
    usage: await ifTold(access, `/api/0/organizations/${organization}/stats_v2/?statsPeriod=${PERIOD}&interval=1h&field=sum(quantity)&groupBy=category&groupBy=outcome`, (found) => usagesOf(usage.parse(found))),
    sdks: await ifTold(access, `/api/0/organizations/${organization}/events/?statsPeriod=24h&project=-1&field=sdk.name&field=sdk.version&field=count()&per_page=100`, (found) => sdksOf(sdks.parse(found))),
  };
}

function usagesOf({ groups }: z.output<typeof usage>): readonly Usage[] {
  const accepted = groups.filter(({ by }) => by.outcome === 'accepted').map(({ by, series }) => ({ category: by.category, counts: Object.values(series)[0] ?? [] }));
  return accepted.map(({ category, counts }) => ({ category, accepted: counts.reduce((sum, count) => sum + count, 0), busiest: Math.max(0, ...counts) })).filter((each) => each.accepted > 0);
}

function sdksOf({ data }: z.output<typeof sdks>): readonly OldSdk[] {
  return data.map((row) => ({ name: row['sdk.name'] ?? '', version: row['sdk.version'] ?? '', events: row['count()'] })).filter(({ name }) => name !== '');
}

/** What not every server has, or tells every token. */
async function ifTold<T>(access: OldAccess, path: string, understand: (found: unknown) => T): Promise<T | undefined> {
  try {
    return understand(await read(access, path));
  } catch (error) {
    if (error instanceof z.ZodError || (error instanceof Failure && error.kind !== 'unreachable')) return undefined;
    throw error;
  }
}

/** An object, or a list whole. */
async function read(access: OldAccess, path: string): Promise<unknown> {
  let { body, next } = await readPage(access, path);
  for (let pages = 1; next !== undefined && Array.isArray(body); pages += 1) {
    if (pages >= MOST_PAGES) throw new Failure('other', `${pathOf(path)} of the old server: expected at most ${MOST_PAGES} pages, found more`);
    const page = await readPage(access, `${pathOf(path)}${next}`);
    body = [...body as unknown[], ...page.body as unknown[]];
    next = page.next;
  }
  return body;
}

async function readPage({ url, token }: OldAccess, path: string): Promise<{ readonly body: unknown; readonly next: string | undefined }> {
  const response = await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${token}`, accept: 'application/json' }, redirect: 'manual', signal: AbortSignal.timeout(TIMEOUT) })
    .catch((cause: unknown) => { throw new Failure('unreachable', `the old server does not answer at ${url}: ${reasonOf(cause)}`, { cause }); });
  if (!response.ok) throw failureOf(response.status, pathOf(path));
  const body: unknown = await response.json().catch(() => undefined);
  if (body === undefined) throw new Failure('other', `${pathOf(path)} of the old server: expected JSON, found something else: is move.from its address?`);
  return { body, next: nextQuery(response.headers.get('link') ?? '') };
}

function pathOf(path: string): string {
  return path.replace(/\?.*$/, '');
}

/** fetch tells the reason in its cause. */
function reasonOf(error: unknown): string {
  const { cause, name } = error as { readonly cause?: { readonly code?: string; readonly message?: string }; readonly name?: string };
  return cause?.code ?? cause?.message ?? name ?? 'no reason given';
}

function failureOf(status: number, path: string): Failure {
  if (status === 401) return new Failure('unauthorized', 'the old server refuses the token (401)');
  if (status === 403) return new Failure('forbidden', `the token may not read ${path} of the old server (403): it needs org:read, project:read, team:read and member:read`);
  if (status === 404) return new Failure('not found', `${path} is not on the old server (404): move.organization has to be its slug there`);
  if (status >= 300 && status < 400) return new Failure('other', `the old server redirects (${status}): put the address that it leads to into move.from`);
  return new Failure(status >= 500 || status === 429 ? 'unreachable' : 'other', `the old server answers ${status} to ${path}`);
}

/** Of the same path, whatever server the link names: `?cursor=0:100:0`. GlitchTip leaves out the link that Sentry marks results="false". */
function nextQuery(link: string): string | undefined {
  const [, url, results] = /<([^>]+)>;[^,]*rel="next"(?:;[^,]*results="(true|false)")?/.exec(link) ?? [];
  return url === undefined || results === 'false' || !URL.canParse(url) ? undefined : new URL(url).search;
}
