// What an error of Postgres says: of the server, or of one statement of the operator's own event only.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import type { DatabaseObservation } from '../../../../../operator/controllers/ports.js';
import { systemClock } from '../../../../../operator/runtime/clock.js';
import { Sensitive } from '../../../../../operator/core/sensitive.js';
import { Canaries } from '../../../../../operator/io/postgres/canary.js';
import { observeDatabase } from '../../../../../operator/io/postgres/database-observer.js';
import { specOf } from '../../operator-scenarios.js';

const FIGURES = { bytes: '1000', connections: 3, connections_max: 25, longest: 0, missing: [], partition_key: 'RANGE (received)', partitioned: [], others: 0 };
const KEY = { key: '11111111-1111-1111-1111-111111111111' };

function sqlError(code: string, severity = 'ERROR'): Error {
  return Object.assign(new pg.DatabaseError('it failed', 9, 'error'), { code, severity });
}

/** Answers each statement by the first of these texts that it contains; an Error is thrown. */
type Answers = readonly (readonly [text: string, answer: object | Error])[];

const WELL: Answers = [
  ['pg_database_size', FIGURES], ['projects_projectkey', KEY], ['pg_inherits', { count: '5' }], ['DELETE', {}], ['FROM issue_events_issue ', { id: '1' }], ['= ANY ($1::uuid[])', {}],
];

let web: Server | undefined;
afterEach(() => {
  jest.restoreAllMocks();
  web?.close();
});

function stub(method: 'connect' | 'end' | 'query', answer: (text: string, values: unknown[][]) => Promise<unknown>): void {
  const prototype = pg.Client.prototype as unknown as Record<typeof method, typeof answer>;
  jest.spyOn(prototype, method).mockImplementation(answer);
}

async function observe(changes: Answers, connect?: Error): Promise<DatabaseObservation> {
  stub('connect', () => (connect ? Promise.reject(connect) : Promise.resolve()));
  stub('end', () => Promise.resolve());
  stub('query', (text, values) => {
    const [, answer = {}] = [...changes, ...WELL].find(([part]) => text.includes(part)) ?? [];
    if (answer instanceof Error) return Promise.reject(answer);
    // The event that is looked for is there.
    return Promise.resolve({ rows: [text.includes('uuid[]') ? { id: values[0]?.[0] } : answer] });
  });
  const { spec, operator } = await openPlace();
  return observeDatabase({ spec, operator: [operator], application: undefined, canaries: new Canaries(systemClock), takesEvents: true, withVolume: false, signal: new AbortController().signal });
}

/** Web takes every event, and a second is enough to store one. */
async function openPlace() {
  web = createServer((request, response) => void request.resume().on('end', () => response.writeHead(200).end()));
  await new Promise<void>((resolve) => web?.listen(0, '127.0.0.1', resolve));
  const spec = specOf({ health: { storedWithinSeconds: 1 }, web: { host: '127.0.0.1', port: (web.address() as AddressInfo).port } });
  return { spec, operator: { user: 'glitchkeeper', password: new Sensitive('pw') } };
}

const kinds = ({ database, canary }: DatabaseObservation) => [database.kind, canary.kind];

describe('an error of Postgres', () => {
  it.each<[string, Answers, string[]]>([
    ['none', [], ['seen', 'stored']],
    ['the table of events is locked: its figures are seen all the same', [['uuid[]', sqlError('57014')]], ['seen', 'not sent']],
    ['another release has no such column', [['projects_projectkey', sqlError('42703')]], ['seen', 'not sent']],
    ['a foreign key', [['projects_projectkey', sqlError('23503')]], ['seen', 'not sent']],
    ['a value of another type', [['projects_projectkey', sqlError('22P02')]], ['seen', 'not sent']],
    ['a deletion is slow: the event was stored', [['DELETE', sqlError('57014')]], ['seen', 'stored']],
    ['a deletion finds no space', [['DELETE', sqlError('53100')]], ['no space left', 'not sent']],
    ['no connection is left for the event', [['projects_projectkey', sqlError('53300', 'FATAL')]], ['no connection left', 'not sent']],
    ['the server stops meanwhile', [['uuid[]', sqlError('57P01', 'FATAL')]], ['unreachable', 'not sent']],
    ['the connection breaks meanwhile', [['uuid[]', Object.assign(new Error('read'), { code: 'ECONNRESET' })]], ['unreachable', 'not sent']],
    ['it ends the session', [['uuid[]', sqlError('25P03', 'FATAL')]], ['unreachable', 'not sent']],
    ['a protocol violation', [['uuid[]', sqlError('08P01')]], ['unreachable', 'not sent']],
    ['its disk cannot be read', [['uuid[]', sqlError('58030')]], ['unreachable', 'not sent']],
    ['the figures take too long: it answers', [['pg_database_size', sqlError('57014')]], ['not observed', 'not sent']],
  ])('%s', async (_, answers, wanted) => expect(kinds(await observe(answers))).toEqual(wanted));

  it('says why the event could not be followed, without its words', async () => {
    expect((await observe([['uuid[]', sqlError('57014')]])).canary).toEqual({ kind: 'not sent', why: 'it could not be followed (57014)' });
  });

  it.each<[string, Error, string]>([
    ['it starts', sqlError('57P03', 'FATAL'), 'unreachable'],
    ['a data file is missing', sqlError('58P01', 'FATAL'), 'unreachable'],
    ['nobody there', Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }), 'unreachable'],
    ['no such database', sqlError('3D000', 'FATAL'), 'no database'],
    ['a wrong password', sqlError('28P01', 'FATAL'), 'refused'],
  ])('on connecting: %s', async (_, error, wanted) => expect((await observe([], error)).database.kind).toBe(wanted));
});

it('a clock that is set back while an event is waited for makes the wait no longer', async () => {
  let behind = 0;
  stub('query', (text) => {
    if (!text.includes('uuid[]')) return Promise.resolve({ rows: [WELL.find(([part]) => text.includes(part))?.[1]] });
    behind = 3_600_000;
    return Promise.resolve({ rows: [] });
  });
  const canaries = new Canaries({ now: () => Date.now() - behind, monotonic: () => performance.now() });
  const began = performance.now();
  expect(await canaries.follow(new pg.Client(), { ...(await openPlace()), release: '5.2', signal: new AbortController().signal })).toMatchObject({ kind: 'not stored' });
  expect(performance.now() - began).toBeLessThan(4_000);
});
