// A small typed client of GlitchTip's REST API: events as they are stored, issues, projects and their keys.
import { z } from 'zod';
import { ApiError } from './glitchtip-session.js';
import { send, type HttpAnswer } from './http-client.js';

const project = z.object({
  id: z.string(),
  slug: z.string(),
  name: z.string(),
  organization: z.object({ slug: z.string() }),
});
const key = z.object({ public: z.string(), dsn: z.object({ public: z.string() }) });
const slugged = z.object({ slug: z.string() });
const created = z.object({ id: z.string(), slug: z.string() });
const issue = z.object({ id: z.string(), title: z.string(), count: z.string(), level: z.string() });
const storedEvent = z.object({
  eventID: z.string(),
  groupID: z.string(),
  title: z.string(),
  message: z.string(),
  type: z.string(),
  dateReceived: z.string(),
  culprit: z.string().nullish(),
  tags: z.array(z.object({ key: z.string(), value: z.string().nullable() })),
  entries: z.array(z.object({ type: z.string(), data: z.unknown() })),
  contexts: z.record(z.string(), z.unknown()).nullish(),
  context: z.record(z.string(), z.unknown()).nullish(),
  user: z.record(z.string(), z.unknown()).nullish(),
});
const transactionGroup = z.object({ transaction: z.string(), op: z.string(), transactionCount: z.number() });

/** A project as a token sees it. */
export type Project = z.infer<typeof project>;
export type ProjectKey = z.infer<typeof key>;
/** An issue: `count` is the number of its events, written as text by GlitchTip. */
export type Issue = z.infer<typeof issue>;
/** An event read back from the database; unknown members are left out here, `raw` of findEvent() has all. */
export type StoredEvent = z.infer<typeof storedEvent>;
export type TransactionGroup = z.infer<typeof transactionGroup>;

/** Slugs that name a project in paths. */
export interface ProjectPath {
  readonly org: string;
  readonly project: string;
}

/** The scopes that this client needs; GlitchTip's names. */
export const SCOPES = [
  'project:read', 'project:write', 'project:admin', 'team:read', 'team:write', 'team:admin',
  'event:read', 'event:write', 'event:admin', 'org:read', 'org:write', 'org:admin', 'member:read',
] as const;

// GlitchTip gives at most 100 rows a page whatever is asked for.
const PAGE = 100;

/** Talks to one instance with one API token. Every method throws ApiError on an unexpected status, NoAnswer on none. */
export class GlitchTipApi {
  constructor(
    readonly baseUrl: string,
    private readonly token: string,
  ) {}

  async projects(): Promise<Project[]> {
    return this.all('/projects/', project);
  }

  async organizations(): Promise<{ slug: string }[]> {
    return this.all('/organizations/', slugged);
  }

  async keys(at: ProjectPath): Promise<ProjectKey[]> {
    return this.all(`/projects/${at.org}/${at.project}/keys/`, key);
  }

  /** Newest first. `query` as in GlitchTip's search box. */
  async issues(org: string, query?: string): Promise<Issue[]> {
    return this.all(`/organizations/${org}/issues/${query === undefined ? '' : `?query=${encodeURIComponent(query)}`}`, issue);
  }

  /** The stored event with the id that the client gave it, or undefined while it is not stored. */
  async findEvent(at: ProjectPath, eventId: string): Promise<{ event: StoredEvent; raw: unknown } | undefined> {
    const answer = await this.get(`/projects/${at.org}/${at.project}/events/${eventId}/`);
    if (answer.status === 404) return undefined;
    const raw = this.json(answer, 'event');
    return { event: storedEvent.parse(raw), raw };
  }

  /** What is stored of an event in the form that is closest to what was sent; undefined where an instance has no such view. */
  async eventJson(org: string, event: StoredEvent): Promise<unknown> {
    const answer = await this.get(`/organizations/${org}/issues/${event.groupID}/events/${event.eventID}/json/`);
    return answer.status === 404 ? undefined : this.json(answer, 'event');
  }

  /** Events of a project from the newest back, page by page, until `enough` says so of a page or there are no more. */
  async *events(at: ProjectPath, pageSize = PAGE): AsyncGenerator<StoredEvent[]> {
    yield* this.pages(`/projects/${at.org}/${at.project}/events/?limit=${pageSize}`, storedEvent);
  }

  /** How many events of a project that were received at or after `since` are stored and satisfy `wanted`. */
  async countStored(at: ProjectPath, since: Date, wanted: (event: StoredEvent) => boolean = () => true): Promise<number> {
    let count = 0;
    for await (const event of this.eventsSince(at, since)) if (wanted(event)) count += 1;
    return count;
  }

  /** Events received at or after `since`, newest first. */
  async *eventsSince(at: ProjectPath, since: Date): AsyncGenerator<StoredEvent> {
    for await (const page of this.events(at)) {
      for (const event of page) {
        if (new Date(event.dateReceived) < since) return;
        yield event;
      }
    }
  }

  /** The newest 100 groups: transactions of one name and operation, with their number. */
  async transactionGroups(org: string): Promise<TransactionGroup[]> {
    return this.all(`/organizations/${org}/transaction-groups/?sort=-created&limit=${PAGE}`, transactionGroup, 1);
  }

  async createOrganization(name: string): Promise<{ slug: string }> {
    return slugged.parse(await this.create('/organizations/', { name }));
  }

  async createTeam(org: string, slug: string): Promise<{ slug: string }> {
    return slugged.parse(await this.create(`/organizations/${org}/teams/`, { slug }));
  }

  async createProject(org: string, team: string, name: string): Promise<{ id: string; slug: string }> {
    return created.parse(await this.create(`/teams/${org}/${team}/projects/`, { name, platform: 'node' }));
  }

  async teams(org: string): Promise<{ slug: string }[]> {
    return this.all(`/organizations/${org}/teams/`, slugged);
  }

  private async create(path: string, body: unknown): Promise<unknown> {
    const answer = await this.request('POST', path, JSON.stringify(body));
    if (answer.status !== 201) throw this.unexpected(answer, `POST ${path}`);
    return JSON.parse(answer.body);
  }

  private async all<T>(path: string, row: z.ZodType<T>, maxPages = Infinity): Promise<T[]> {
    const rows: T[] = [];
    let pages = 0;
    for await (const page of this.pages(path, row)) {
      rows.push(...page);
      pages += 1;
      if (pages >= maxPages) break;
    }
    return rows;
  }

  private async *pages<T>(path: string, row: z.ZodType<T>): AsyncGenerator<T[]> {
    let cursor: string | undefined;
    do {
      const answer = await this.get(cursor === undefined ? path : withCursor(path, cursor));
      yield z.array(row).parse(this.json(answer, path));
      cursor = nextCursor(answer.headers.link);
    } while (cursor !== undefined);
  }

  private get(path: string): Promise<HttpAnswer> {
    return this.request('GET', path);
  }

  private request(method: 'GET' | 'POST', path: string, body?: string): Promise<HttpAnswer> {
    const headers = { authorization: `Bearer ${this.token}`, ...(body !== undefined && { 'content-type': 'application/json' }) };
    return send({ url: `${this.baseUrl}/api/0${path}`, method, headers, body });
  }

  private json(answer: HttpAnswer, what: string): unknown {
    if (answer.status !== 200) throw this.unexpected(answer, what);
    return JSON.parse(answer.body);
  }

  private unexpected(answer: HttpAnswer, what: string): ApiError {
    return new ApiError(`${what} at ${this.baseUrl}: ${answer.status} ${reason(answer)}`, answer.status);
  }
}

function reason(answer: HttpAnswer): string {
  if (answer.status === 401) return '(the API token is not known to this instance)';
  if (answer.status === 403) return '(the API token lacks a scope that this needs)';
  return answer.body.trimStart().startsWith('<') ? '(an HTML page)' : answer.body.slice(0, 200);
}

function withCursor(path: string, cursor: string): string {
  return `${path}${path.includes('?') ? '&' : '?'}cursor=${encodeURIComponent(cursor)}`;
}

/** The cursor of rel="next" in a Link header; undefined on the last page (results="false"). */
export function nextCursor(link: string | string[] | undefined): string | undefined {
  const text = Array.isArray(link) ? link.join(', ') : (link ?? '');
  return /rel="next"; results="true"; cursor="([^"]+)"/.exec(text)?.[1];
}
