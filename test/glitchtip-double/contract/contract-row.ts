/** What a row of the contract is made of, what rows hand on to later ones, and short ways to write their requests. */
import { randomUUID } from 'node:crypto';
import type { Release } from '../../../operator/api/glitchtip-releases.js';
import type { ContractRequest, ContractResponse } from './contract-client.js';

const eventNames = ['plain', 'gzip', 'deflate', 'br', 'chunked', 'store', 'message', 'transaction', 'malformed'] as const;
export type EventName = (typeof eventNames)[number];

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
  narrowToken: string;
  issueId: string;
  readonly events: Readonly<Record<EventName, string>>;
}

export type RequestOf = (state: ContractState) => ContractRequest;

/** What a release answers otherwise than the row says. */
export type Otherwise = Partial<Pick<ContractRow, 'name' | 'status' | 'values' | 'has'>>;

/** As 5.2 answers. */
export interface ContractRow {
  readonly name: string;
  readonly request: RequestOf;
  /** Absent: its double does not say. */
  readonly otherwise?: Partial<Record<Release, Otherwise | 'absent'>>;
  readonly status: number;
  /** Dotted paths of the body that must have these values. */
  readonly values?: Readonly<Record<string, unknown>>;
  /** Dotted paths that must be there. */
  readonly has?: readonly string[];
  readonly keep?: (state: ContractState, response: ContractResponse) => void;
  /** Repeats the request until it fits or this many seconds have passed: storing takes a while. */
  readonly withinSeconds?: number;
}

/** A random id without dashes, as SDKs make them for events and traces. */
export function newId(): string {
  return randomUUID().replaceAll('-', '');
}

/** The state before the first row: a new user, and ids for the events to come. */
export function newState(): ContractState {
  const found = { organization: '', team: '', project: '', projectId: '', key: '', token: '', narrowToken: '', issueId: '' };
  return {
    ...found,
    email: `contract-${newId().slice(0, 8)}@example.com`,
    password: `Contract-${newId()}`,
    events: Object.fromEntries(eventNames.map((name) => [name, newId()])) as Record<EventName, string>,
  };
}

type Path = string | ((state: ContractState) => string);
type Body = object | ((state: ContractState) => object);

const pathOf = (path: Path, state: ContractState): string => (typeof path === 'string' ? path : path(state));
const bodyOf = (body: Body, state: ContractState): object => (typeof body === 'function' ? (body as (state: ContractState) => object)(state) : body);

/** GET with the browser's cookies. */
export const get = (path: Path): RequestOf => (state) => ({ path: pathOf(path, state) });

/** POST from the browser, with its CSRF token. */
export const submit = (path: Path, body: Body): RequestOf => (state) => ({ method: 'POST', path: pathOf(path, state), body: bodyOf(body, state), csrf: true });

/** POST from the browser without its CSRF token. */
export const forge = (path: Path, body: Body): RequestOf => (state) => ({ ...submit(path, body)(state), csrf: false });

/** The header of an API token. */
export const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });

/** GET with the API token and no cookies. */
export const read = (path: Path): RequestOf => (state) => ({ path: pathOf(path, state), headers: bearer(state.token), anonymous: true });

/** POST with the API token and no cookies. */
export const create = (path: Path, body: Body): RequestOf => (state) => ({ ...read(path)(state), method: 'POST', body: bodyOf(body, state) });

/** The text of an id or slug in a body; empty when it is neither text nor number. */
export const asText = (value: unknown): string => (typeof value === 'string' || typeof value === 'number' ? String(value) : '');
