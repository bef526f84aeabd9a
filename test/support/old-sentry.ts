// A stand-in for the API of an old Sentry, as far as an import reads it: by token, page by page, with what an importer stumbles over.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const DSNS = 'https://sentry.example.com';
export const OLD_TOKEN = 'b6b5a2f5c1d84c5c9f3d1c1f0a7e4d21';
const keyOf = (digit: string) => digit.repeat(32);
/** As the old one writes it, with its DSN. */
const key = (digit: string, project: number, isActive = true) => ({ id: keyOf(digit), public: keyOf(digit), projectId: project, label: isActive ? 'Default' : 'leaked', isActive, dsn: { public: `https://${keyOf(digit)}@sentry.example.com/${project}` } });
const user = (id: number, email: string) => ({ id: String(id), email, name: email.split('@')[0] });
const member = (id: number, email: string, role: string) => ({ id: String(id), email, role, user: user(id, email) });
const project = (id: number, slug: string) => ({ id: String(id), slug, name: slug, platform: slug === 'web' ? null : 'python' });

/** Numbers as those of a Sentry that began before this GlitchTip: 1 is somebody else there. The last project is one of sentry.io. */
export const OLD = {
  organization: { id: '1', slug: 'acme', name: 'Acme' },
  members: [member(1, 'old-first@example.com', 'owner'), member(2, 'Admin@Example.com', 'manager'), { id: '3', email: 'invited@example.com', role: 'member', user: null }, member(4, 'billing@example.com', 'billing')],
  projects: [project(1, 'backend'), project(42, 'web'), project(4_504_044_639_748_096, 'mobile')],
  keys: {
    backend: [key('a', 1), key('b', 1, false)],
    web: [key('c', 42)],
    mobile: [key('d', 4_504_044_639_748_096)],
  } as Readonly<Record<string, readonly object[]>>,
  /** Of seven days, in two hours. */
  usage: { groups: [
    { by: { category: 'error', outcome: 'accepted' }, series: { 'sum(quantity)': [3_600, 7_200] } }, { by: { category: 'error', outcome: 'rate_limited' }, series: { 'sum(quantity)': [9, 9] } },
    { by: { category: 'transaction', outcome: 'accepted' }, series: { 'sum(quantity)': [10_800, 0] } }, { by: { category: 'transaction_indexed', outcome: 'accepted' }, series: { 'sum(quantity)': [10_800, 0] } },
    { by: { category: 'session', outcome: 'accepted' }, series: { 'sum(quantity)': [50, 50] } }, { by: { category: 'replay', outcome: 'accepted' }, series: { 'sum(quantity)': [0, 0] } },
  ] },
  sdks: { data: [{ 'sdk.name': 'sentry.python', 'sdk.version': '2.20.0', 'count()': 5 }, { 'sdk.name': 'sentry.javascript.node', 'sdk.version': '10.1.0', 'count()': 90 }] },
  teams: [{ id: '1', slug: 'core', projects: [project(1, 'backend'), project(42, 'web')] }],
} as const;

export interface OldSentry {
  readonly url: string;
  /** Paths with their queries, in the order in which they were asked for. */
  readonly asked: readonly string[];
  /** What it answers instead; 0: it ends the connection. */
  answers: number | undefined;
  stop(): Promise<void>;
}

interface Options {
  readonly host?: string;
  /** @default a free one */
  readonly port?: number;
  /** Rows a page. */
  readonly pageSize?: number;
  /** Its DSNs are of its own address, and not of sentry.example.com. */
  readonly ownDsns?: boolean;
  /** True: it was answered. */
  readonly answerFirst?: (request: IncomingMessage, response: ServerResponse) => boolean;
}

export async function startOldSentry({ host = '127.0.0.1', port = 0, pageSize = 2, ownDsns = false, answerFirst = () => false }: Options = {}): Promise<OldSentry> {
  const asked: string[] = [];
  const old: { url: string; asked: string[]; answers: number | undefined; stop: () => Promise<void> } = { url: '', asked, answers: undefined, stop: () => Promise.resolve() };
  const server = createServer((request, response) => {
    if (answerFirst(request, response)) return;
    asked.push(request.url ?? '');
    if (old.answers === 0) request.socket.destroy();
    else if (old.answers !== undefined) response.writeHead(old.answers, { location: 'http://elsewhere.example.com/' }).end('{}');
    else if (request.headers.authorization !== `Bearer ${OLD_TOKEN}`) response.writeHead(401).end('{}');
    else answer(request, response, { pageSize, url: old.url, dsns: ownDsns ? old.url : DSNS });
  });
  await new Promise<void>((resolve) => { server.listen(port, host, resolve); });
  old.url = `http://${host}:${(server.address() as AddressInfo).port}`;
  old.stop = () => new Promise((resolve) => { server.close(() => resolve()); server.closeAllConnections(); });
  return old;
}

function answer(request: IncomingMessage, response: ServerResponse, { pageSize, url, dsns }: { readonly pageSize: number; readonly url: string; readonly dsns: string }): void {
  const { pathname, searchParams } = new URL(request.url ?? '', url);
  const found = withDsnsOf(contentOf(pathname), dsns);
  if (found === undefined) {
    response.writeHead(404).end('{"detail": "The requested resource does not exist"}');
    return;
  }
  response.setHeader('content-type', 'application/json');
  if (!Array.isArray(found)) {
    response.end(JSON.stringify(found));
    return;
  }
  const offset = Number(searchParams.get('cursor')?.split(':')[1] ?? 0);
  const link = (rel: string, at: number, results: boolean) => `<${url}${pathname}?&cursor=0:${at}:0>; rel="${rel}"; results="${String(results)}"; cursor="0:${at}:0"`;
  response.setHeader('link', [link('previous', 0, offset > 0), link('next', offset + pageSize, offset + pageSize < found.length)].join(', '));
  response.end(JSON.stringify(found.slice(offset, offset + pageSize)));
}

function withDsnsOf(found: unknown, origin: string): unknown {
  return found === undefined ? undefined : JSON.parse(JSON.stringify(found).replaceAll(/https:\/\/([0-9a-f]{32})@sentry\.example\.com/g, (_, of: string) => origin.replace('://', `://${of}@`)));
}

/** By path. */
const CONTENT: Readonly<Record<string, unknown>> = {
  '/api/0/': { version: '0', user: user(2, 'Admin@Example.com') },
  '/api/0/organizations/': [OLD.organization, { id: '2', slug: 'lab', name: 'Lab' }],
  '/api/0/organizations/acme/': OLD.organization,
  '/api/0/organizations/acme/members/': OLD.members,
  '/api/0/organizations/acme/projects/': OLD.projects,
  '/api/0/organizations/acme/teams/': OLD.teams,
  '/api/0/organizations/acme/stats_v2/': OLD.usage,
  '/api/0/organizations/acme/events/': OLD.sdks,
  '/api/0/teams/acme/core/members/': OLD.members.slice(0, 2),
};

function contentOf(path: string): unknown {
  const keys = /^\/api\/0\/projects\/acme\/([a-z]+)\/keys\/$/.exec(path)?.[1];
  if (keys !== undefined) return OLD.keys[keys];
  return CONTENT[path];
}
