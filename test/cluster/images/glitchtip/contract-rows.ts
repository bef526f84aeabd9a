/** The contract with GlitchTip 5.2 as a table: in order, what is sent and what must come back. */
import { randomUUID } from 'node:crypto';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import type { ContractRequest, ContractResponse } from './contract-client.js';
import { at } from './contract-client.js';

/** What earlier rows found and later rows need. */
export interface ContractState {
  readonly email: string;
  readonly password: string;
  organization: string;
  team: string;
  project: string;
  projectId: string;
  key: string;
  token: string;
  readOnlyToken: string;
  issueId: string;
  readonly events: Readonly<Record<EventName, string>>;
}

const eventNames = ['plain', 'gzip', 'deflate', 'br', 'chunked', 'store', 'message', 'transaction', 'malformed'] as const;
export type EventName = (typeof eventNames)[number];

export interface ContractRow {
  readonly name: string;
  readonly request: (state: ContractState) => ContractRequest;
  readonly status: number;
  /** Dotted paths of the body that must have these values. */
  readonly values?: Readonly<Record<string, unknown>>;
  /** Dotted paths that must be there. */
  readonly has?: readonly string[];
  readonly keep?: (state: ContractState, response: ContractResponse) => void;
  /** Repeats the request until it fits or this many seconds have passed: storing takes a while. */
  readonly withinSeconds?: number;
}

export function newState(): ContractState {
  const id = (): string => randomUUID().replaceAll('-', '');
  return {
    email: `contract-${id().slice(0, 8)}@example.com`,
    password: `Contract-${id()}`,
    organization: '', team: '', project: '', projectId: '', key: '', token: '', readOnlyToken: '', issueId: '',
    events: Object.fromEntries(eventNames.map((name) => [name, id()])) as Record<EventName, string>,
  };
}

const asText = (value: unknown): string => (typeof value === 'string' || typeof value === 'number' ? String(value) : '');
const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });

function event(id: string): object {
  return {
    event_id: id,
    timestamp: Date.now() / 1000,
    platform: 'node',
    level: 'error',
    environment: 'contract',
    release: 'contract@1',
    transaction: 'GET /contract',
    tags: { suite: 'contract' },
    user: { id: '7', email: 'person@example.com' },
    exception: { values: [{ type: 'ContractError', value: 'the contract broke' }] },
  };
}

function envelope(id: string, type: string, payload: object | string): string {
  const text = typeof payload === 'string' ? payload : JSON.stringify(payload);
  const header = { event_id: id, sent_at: new Date().toISOString() };
  return `${JSON.stringify(header)}\n${JSON.stringify({ type, length: Buffer.byteLength(text) })}\n${text}\n`;
}

interface Post {
  readonly body: string | Buffer;
  readonly key?: string;
  readonly project?: string;
  readonly headers?: Record<string, string>;
  readonly chunked?: boolean;
}

function post(state: ContractState, { body, key, project, headers, chunked }: Post): ContractRequest {
  const auth = `Sentry sentry_version=7, sentry_client=contract/1, sentry_key=${key ?? state.key}`;
  return {
    method: 'POST',
    path: `/api/${project ?? state.projectId}/envelope/`,
    headers: { 'x-sentry-auth': auth, ...headers },
    body,
    anonymous: true,
    ...(chunked === true ? { chunked } : {}),
  };
}

const strangerKey = '0123456789abcdef0123456789abcdef';
const packers = { gzip: gzipSync, deflate: deflateSync, br: brotliCompressSync } as const;

export const serverRows: readonly ContractRow[] = [
  { name: '/_health/ says ok', request: () => ({ path: '/_health/' }), status: 200 },
  { name: 'the internal health path is constant', request: () => ({ path: '/api/0/internal/health' }), status: 200, has: ['healthy', 'problems'] },
  { name: 'a Host that is not allowed is refused', request: () => ({ path: '/_health/', headers: { host: 'stranger.example' } }), status: 400 },
  { name: 'the root of the interface knows no user', request: () => ({ path: '/api/0/' }), status: 200, values: { version: '0', user: null, auth: null } },
  { name: 'with no user in the database sign-up is open whatever the flag', request: () => ({ path: '/api/settings/' }), status: 200, values: { enableUserRegistration: true, version: '5.2' } },
  { name: 'a list needs a login', request: () => ({ path: '/api/0/organizations/' }), status: 401 },
  { name: 'a change without a CSRF token is refused before the login is looked at', request: () => ({ method: 'POST', path: '/api/0/organizations/', body: { name: 'x' } }), status: 403 },
  { name: 'a token that does not exist is no login', request: () => ({ path: '/api/0/organizations/', headers: bearer('0'.repeat(64)) }), status: 401 },
  { name: 'the session of a stranger', request: () => ({ path: '/_allauth/browser/v1/auth/session' }), status: 401, values: { status: 401, 'meta.is_authenticated': false }, has: ['data.flows'] },
  { name: 'a login without a CSRF token is refused', request: (state) => ({ method: 'POST', path: '/_allauth/browser/v1/auth/login', body: { email: state.email, password: state.password } }), status: 403 },
  { name: 'the first user signs up', request: (state) => ({ method: 'POST', path: '/_allauth/browser/v1/auth/signup', body: { email: state.email, password: state.password }, csrf: true }), status: 200, values: { 'meta.is_authenticated': true }, has: ['data.user.id'] },
  { name: 'then registration is closed', request: () => ({ path: '/api/settings/' }), status: 200, values: { enableUserRegistration: false } },
  { name: 'and a second sign-up is refused', request: (state) => ({ method: 'POST', path: '/_allauth/browser/v1/auth/signup', body: { email: `second-${state.email}`, password: state.password }, anonymous: true }), status: 403 },
  { name: 'signing out ends the session', request: () => ({ method: 'DELETE', path: '/_allauth/browser/v1/auth/session', csrf: true }), status: 401 },
  { name: 'a wrong password is refused', request: (state) => ({ method: 'POST', path: '/_allauth/browser/v1/auth/login', body: { email: state.email, password: 'wrong' }, csrf: true }), status: 400, has: ['errors.0.code'] },
  { name: 'the right one is not', request: (state) => ({ method: 'POST', path: '/_allauth/browser/v1/auth/login', body: { email: state.email, password: state.password }, csrf: true }), status: 200, values: { 'meta.is_authenticated': true } },
  { name: 'the session is known', request: () => ({ path: '/_allauth/browser/v1/auth/session' }), status: 200, values: { status: 200 }, has: ['data.user.email', 'data.methods.0.method'] },
  { name: 'the root of the interface does not see the session, and ends it', request: () => ({ path: '/api/0/' }), status: 200, values: { user: null } },
  { name: 'so that it is gone', request: () => ({ path: '/_allauth/browser/v1/auth/session' }), status: 401 },
  { name: 'and the user signs in again', request: (state) => ({ method: 'POST', path: '/_allauth/browser/v1/auth/login', body: { email: state.email, password: state.password }, csrf: true }), status: 200 },
];

export const objectRows: readonly ContractRow[] = [
  { name: 'the user has no organisation yet', request: () => ({ path: '/api/0/organizations/' }), status: 200 },
  { name: 'the first organisation may be made by anybody', request: () => ({ method: 'POST', path: '/api/0/organizations/', body: { name: 'Contract Org' }, csrf: true }), status: 201, has: ['id', 'slug', 'teams', 'projects', 'dateCreated'], keep: (state, { json }) => (state.organization = asText(at(json, 'slug'))) },
  { name: 'a second one only by a superuser', request: () => ({ method: 'POST', path: '/api/0/organizations/', body: { name: 'Second' }, csrf: true }), status: 403 },
  { name: 'an organisation without a name is refused', request: () => ({ method: 'POST', path: '/api/0/organizations/', body: {}, csrf: true }), status: 422, has: ['detail.0.loc'] },
  { name: 'a token is made', request: () => ({ method: 'POST', path: '/api/0/api-tokens/', body: { label: 'contract', scopes: ['org:read', 'org:write', 'team:read', 'team:write', 'project:read', 'project:write', 'project:admin', 'event:read'] }, csrf: true }), status: 201, has: ['id', 'created', 'label', 'scopes.0'], keep: (state, { json }) => (state.token = asText(at(json, 'token'))) },
  { name: 'a narrow token is made', request: () => ({ method: 'POST', path: '/api/0/api-tokens/', body: { scopes: ['member:read'] }, csrf: true }), status: 201, values: { label: '', 'scopes.0': 'member:read' }, keep: (state, { json }) => (state.readOnlyToken = asText(at(json, 'token'))) },
  { name: 'an unknown scope is refused', request: () => ({ method: 'POST', path: '/api/0/api-tokens/', body: { scopes: ['nonsense'] }, csrf: true }), status: 422 },
  { name: 'tokens are listed in clear', request: () => ({ path: '/api/0/api-tokens/' }), status: 200, has: ['0.token'] },
  { name: 'tokens cannot be managed with a token', request: (state) => ({ path: '/api/0/api-tokens/', headers: bearer(state.token), anonymous: true }), status: 401 },
  { name: 'a token opens the list', request: (state) => ({ path: '/api/0/organizations/', headers: bearer(state.token), anonymous: true }), status: 200, has: ['0.slug'] },
  { name: 'a token without the scope does not', request: (state) => ({ path: '/api/0/organizations/', headers: bearer(state.readOnlyToken), anonymous: true }), status: 403 },
  { name: 'the root of the interface knows the token', request: (state) => ({ path: '/api/0/', headers: bearer(state.token), anonymous: true }), status: 200, has: ['user.id', 'auth.scopes'] },
  { name: 'a team is made', request: (state) => ({ method: 'POST', path: `/api/0/organizations/${state.organization}/teams/`, body: { slug: 'crew' }, headers: bearer(state.token), anonymous: true }), status: 201, has: ['id', 'memberCount', 'projects'], keep: (state, { json }) => (state.team = asText(at(json, 'slug'))) },
  { name: 'a project is made', request: (state) => ({ method: 'POST', path: `/api/0/teams/${state.organization}/${state.team}/projects/`, body: { name: 'My Project', platform: 'node' }, headers: bearer(state.token), anonymous: true }), status: 201, values: { slug: 'my-project', firstEvent: null }, keep: (state, { json }) => { state.project = asText(at(json, 'slug')); state.projectId = asText(at(json, 'id')); } },
  { name: 'a second project of that name has another slug', request: (state) => ({ method: 'POST', path: `/api/0/teams/${state.organization}/${state.team}/projects/`, body: { name: 'My Project' }, headers: bearer(state.token), anonymous: true }), status: 201, values: { slug: 'my-project-2' } },
  { name: 'projects of a team', request: (state) => ({ path: `/api/0/teams/${state.organization}/${state.team}/projects/`, headers: bearer(state.token), anonymous: true }), status: 200, has: ['0.slug', '1.slug'] },
  { name: 'one project', request: (state) => ({ path: `/api/0/projects/${state.organization}/${state.project}/`, headers: bearer(state.token), anonymous: true }), status: 200, has: ['id', 'organization.slug'] },
  { name: 'a project that does not exist', request: (state) => ({ path: `/api/0/projects/${state.organization}/none/`, headers: bearer(state.token), anonymous: true }), status: 404 },
  { name: 'every project has a key from the start', request: (state) => ({ path: `/api/0/projects/${state.organization}/${state.project}/keys/`, headers: bearer(state.token), anonymous: true }), status: 200, has: ['0.dsn.public', '0.dsn.security', '0.public'], keep: (state, { json }) => (state.key = asText(at(json, '0.public')).replaceAll('-', '')) },
  { name: 'another key is made', request: (state) => ({ method: 'POST', path: `/api/0/projects/${state.organization}/${state.project}/keys/`, body: { name: 'spare' }, headers: bearer(state.token), anonymous: true }), status: 201, values: { label: 'spare' } },
  { name: 'a monitor is made', request: (state) => ({ method: 'POST', path: `/api/0/organizations/${state.organization}/monitors/`, body: { monitorType: 'GET', name: 'self', url: 'http://127.0.0.1:1/', expectedStatus: 200, expectedBody: '', interval: 60, timeout: 5, project: null }, headers: bearer(state.token), anonymous: true }), status: 201, has: ['id', 'monitorType', 'checks'] },
];

export const ingestRows: readonly ContractRow[] = [
  { name: 'an envelope to a project that does not exist is refused', request: (state) => post(state, { body: envelope(state.events.plain, 'event', event(state.events.plain)), project: '999999', key: strangerKey }), status: 403 },
  { name: 'a key that is no UUID is refused', request: (state) => post(state, { body: '{}\n', key: 'short' }), status: 403 },
  { name: 'no key is refused', request: (state) => ({ method: 'POST', path: `/api/${state.projectId}/envelope/`, body: '{}\n', anonymous: true }), status: 403 },
  { name: 'an envelope is not read by GET', request: (state) => ({ path: `/api/${state.projectId}/envelope/?sentry_key=${state.key}` }), status: 405 },
  { name: 'a Host that is not allowed is refused on ingest too', request: (state) => post(state, { body: '{}\n', headers: { host: 'stranger.example' } }), status: 400 },
  { name: 'an empty body is refused', request: (state) => post(state, { body: '' }), status: 400 },
  { name: 'a header that is no JSON is refused', request: (state) => post(state, { body: 'nonsense\n' }), status: 400 },
  { name: 'an event is accepted', request: (state) => post(state, { body: envelope(state.events.plain, 'event', event(state.events.plain)) }), status: 200, has: ['id'] },
  { name: 'the same event again is accepted, and dropped', request: (state) => post(state, { body: envelope(state.events.plain, 'event', event(state.events.plain)) }), status: 200, has: ['id'] },
  ...(['gzip', 'deflate', 'br'] as const).map((encoding): ContractRow => ({
    name: `an event packed with ${encoding} is accepted`,
    request: (state) => post(state, { body: packers[encoding](envelope(state.events[encoding], 'event', event(state.events[encoding]))), headers: { 'content-encoding': encoding } }),
    status: 200,
    has: ['id'],
  })),
  { name: 'a chunked and packed event is accepted', request: (state) => post(state, { body: gzipSync(envelope(state.events.chunked, 'event', event(state.events.chunked))), headers: { 'content-encoding': 'gzip' }, chunked: true }), status: 200, has: ['id'] },
  { name: 'a message is accepted', request: (state) => post(state, { body: envelope(state.events.message, 'event', { event_id: state.events.message, timestamp: Date.now() / 1000, platform: 'node', level: 'info', message: 'a contract message' }) }), status: 200 },
  { name: 'a transaction is accepted', request: (state) => post(state, { body: envelope(state.events.transaction, 'transaction', { event_id: state.events.transaction, type: 'transaction', transaction: 'GET /contract', platform: 'node', start_timestamp: Date.now() / 1000 - 1, timestamp: Date.now() / 1000, contexts: { trace: { trace_id: randomUUID().replaceAll('-', ''), span_id: '0123456789abcdef', op: 'http.server' } }, spans: [] }) }), status: 200 },
  { name: 'a session is accepted and ignored', request: (state) => post(state, { body: envelope(state.events.malformed, 'session', { sid: state.events.malformed, init: true }) }), status: 200 },
  { name: 'a payload that is no JSON is accepted and ignored', request: (state) => post(state, { body: envelope(state.events.malformed, 'event', '{nonsense') }), status: 200 },
  { name: 'the store endpoint takes an event', request: (state) => ({ ...post(state, { body: JSON.stringify(event(state.events.store)) }), path: `/api/${state.projectId}/store/` }), status: 200, has: ['event_id'] },
  { name: 'and takes it twice', request: (state) => ({ ...post(state, { body: JSON.stringify(event(state.events.store)) }), path: `/api/${state.projectId}/store/` }), status: 200 },
  { name: 'the store endpoint refuses a project that does not exist', request: (state) => ({ ...post(state, { body: JSON.stringify(event(randomUUID())), key: strangerKey }), path: '/api/999998/store/' }), status: 401 },
];

const read = (path: (state: ContractState) => string): ContractRow['request'] => (state) => ({ path: path(state), headers: bearer(state.token), anonymous: true });
const projectPath = (state: ContractState): string => `/api/0/projects/${state.organization}/${state.project}`;

export const storedRows: readonly ContractRow[] = [
  ...(['plain', 'gzip', 'deflate', 'br', 'chunked', 'store', 'message'] as const).map((name): ContractRow => ({
    name: `the ${name} event is found again`,
    request: read((state) => `${projectPath(state)}/events/${state.events[name]}/`),
    status: 200,
    has: ['eventID', 'groupID', 'projectID', 'dateReceived', 'entries', 'tags'],
    withinSeconds: 15,
  })),
  { name: 'seven events are one issue', request: read((state) => `${projectPath(state)}/issues/?query=${state.events.plain}`), status: 200, values: { '0.count': '7', '0.level': 'error', '0.status': 'unresolved', '0.title': 'ContractError: the contract broke', '1': undefined }, has: ['0.shortId', '0.metadata.type'], withinSeconds: 10, keep: (state, { json }) => (state.issueId = asText(at(json, '0.id'))) },
  { name: 'the ignored payload is nowhere', request: read((state) => `${projectPath(state)}/events/${state.events.malformed}/`), status: 404 },
  { name: 'open issues of the organisation', request: read((state) => `/api/0/organizations/${state.organization}/issues/?query=is:unresolved`), status: 200, has: ['0.id', '1.id', '0.project.slug'] },
  { name: 'one issue', request: read((state) => `/api/0/issues/${state.issueId}/`), status: 200, has: ['userReportCount', 'firstSeen', 'lastSeen'] },
  { name: 'its latest event', request: read((state) => `/api/0/issues/${state.issueId}/events/latest/`), status: 200, values: { nextEventID: null, type: 'error', 'entries.0.type': 'exception' }, has: ['previousEventID', 'user.email'] },
  { name: 'its events', request: read((state) => `/api/0/issues/${state.issueId}/events/`), status: 200, has: ['5.event_id'] },
  { name: 'events of the project, a page of two', request: read((state) => `${projectPath(state)}/events/?limit=2`), status: 200, values: { '2': undefined }, has: ['1.eventID'] },
  { name: 'the transaction is found again', request: read((state) => `/api/0/organizations/${state.organization}/transaction-groups/`), status: 200, values: { '0.transaction': 'GET /contract' }, withinSeconds: 10 },
  { name: 'the project knows its first event', request: read((state) => `${projectPath(state)}/`), status: 200, has: ['firstEvent'], withinSeconds: 5 },
  { name: 'a monitor that cannot connect is down', request: read((state) => `/api/0/organizations/${state.organization}/monitors/`), status: 200, values: { '0.isUp': false }, withinSeconds: 30 },
  { name: 'a wrong key to a real project is refused', request: (state) => post(state, { body: '{}\n', key: strangerKey }), status: 403 },
  { name: 'and blocks the right one', request: (state) => post(state, { body: '{}\n' }), status: 403 },
];

export const contractRows: readonly ContractRow[] = [...serverRows, ...objectRows, ...ingestRows, ...storedRows];
