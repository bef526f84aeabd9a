// Which requests are for events, and with which key: as GlitchTip 5.2 was seen to read them.
import { describe, expect, it } from '@jest/globals';
import { dsnKey, ingestTarget } from '../../../../gateway/core/ingest-request.js';
import { itemPolicy } from '../../../../gateway/core/item-policy.js';

const { endpoints } = itemPolicy('5.2');

describe('a path', () => {
  it.each<string>(['/api/1/envelope/', '/api/001/envelope/', '/api/%31/envelope/', '/api/1/envelop%65/', '/%61pi/1/envelope/', '/api/1/envelope%2F', '/api/1/./envelope/', '/api/1/x/../envelope/', '/api/1/x%2F../envelope/'])('%s is for events', (path) => {
    expect(ingestTarget(path, endpoints)).toEqual({ kind: 'envelope', project: 1 });
  });

  it.each<string>(['/api/1/envelope', '/api/1/envelope//', '//api/1/envelope/', '/api//1/envelope/', '/API/1/envelope/', '/api/1/Envelope/', '/api/1/envelope/x', '/api/mine/envelope/', '/api/-1/envelope/', '/api/1.0/envelope/', '/api/9999999999999999/envelope/', '/api/%zz/envelope/', '/api/1/events/', '/', ''])('%s is passed on', (path) => {
    expect(ingestTarget(path, endpoints)).toBeUndefined();
  });

  it('is for events where the release has the endpoint: 5.2 knows no minidumps', () => {
    expect(['5.2', '6.2'].map((release) => ingestTarget('/api/1/minidump/', itemPolicy(release).endpoints))).toEqual([undefined, { kind: 'minidump', project: 1 }]);
  });

  it.each<[string, boolean]>([['/v1/logs', true], ['/v1/logs/', true], ['/v1/./logs', true], ['/v1/logs//', false], ['/v1/traces', false], ['/api/1/logs/', false], ['/api/v1/logs', false]])('%s is for logs of OpenTelemetry: %s', (path, expected) => {
    expect(ingestTarget(path, itemPolicy('6.2', { logs: true }).endpoints)).toEqual(expected ? { kind: 'logs', project: undefined } : undefined);
  });

  it.each(['5.2', '6.2'])('for logs is passed on, where GlitchTip %s keeps none', (release) => {
    expect([itemPolicy(release), itemPolicy('5.2', { logs: true })].map(({ endpoints: own }) => ingestTarget('/v1/logs', own))).toEqual([undefined, undefined]);
  });
});

const KEY = '4e06e9ec915b528baffaddad8d62cae1';
const OTHER = 'a009ea9ee4fb52e59190097e4114556b';
const keyOf = (query: string, headers = {}) => dsnKey(new URLSearchParams(query), headers, 'envelope');

describe('a key', () => {
  it.each<string>([`sentry_key=${KEY}`, `glitchtip_key=${KEY}`, `sentry_key=${OTHER}&sentry_key=${KEY}`, `glitchtip_key=${KEY}&sentry_key=${OTHER}`, `sentry%5Fkey=${KEY}`, `a=%zz&&sentry_key=${KEY}&`, `sentry_key=%7B${KEY}%7D`])('is read out of the query %s', (query) => {
    expect(keyOf(query)).toEqual({ kind: 'key', key: KEY });
  });

  it.each<string>([
    `Sentry sentry_version=7, sentry_key=${KEY}, sentry_client=a/1`, `Sentry sentry_key=${OTHER}, sentry_key=${KEY}`, `Sentry glitchtip_key=${OTHER}, sentry_key=${KEY}`, `Sentry sentry_key=${KEY}, glitchtip_key=${OTHER}`, `Sentry   glitchtip_key=${KEY}`,
    // GlitchTip answers 500 to these.
    `sentry_key=${KEY}`, `Sentry sentry_key=${KEY},`, `Sentry sentry_version, sentry_key=${KEY}`,
  ])('is read out of the header %s', (header) => {
    expect([keyOf('', { 'x-sentry-auth': header }), keyOf('', { authorization: header })]).toEqual([{ kind: 'key', key: KEY }, { kind: 'key', key: KEY }]);
  });

  it('of the query is asked first, then X-Sentry-Auth, even where it is empty', () => {
    expect(keyOf(`sentry_key=${KEY}`, { 'x-sentry-auth': `Sentry sentry_key=${OTHER}` })).toEqual({ kind: 'key', key: KEY });
    expect(keyOf('', { 'x-sentry-auth': '', 'authorization': `Sentry sentry_key=${KEY}` })).toEqual({ kind: 'none' });
  });

  it.each<[string, string]>([['', ''], [`SENTRY_KEY=${KEY}`, ''], [`a=1;sentry_key=${KEY}`, ''], ['', 'Sentry'], ['', `Bearer ${KEY}`], ['', `Sentry sentry_key = ${KEY}`], ['', `Sentry\tsentry_key=${KEY}`], ['', 'Sentry sentry_key']])('is in neither of ?%s and "%s"', (query, header) => {
    expect(keyOf(query, { authorization: header })).toEqual({ kind: 'none' });
  });

  it.each<[string, ReturnType<typeof dsnKey>]>([
    [`Bearer ${KEY}`, { kind: 'key', key: KEY }], [`bearer  ${KEY}`, { kind: 'key', key: KEY }], [`Sentry sentry_key=${KEY}`, { kind: 'key', key: KEY }],
    ['Bearer mine', { kind: 'malformed', text: 'mine' }], ['Bearer', { kind: 'none' }], [`Basic ${KEY}`, { kind: 'none' }],
  ])('of an exporter of OpenTelemetry is read out of "%s"', (authorization, expected) => {
    expect(dsnKey(new URLSearchParams(), { authorization }, 'logs')).toEqual(expected);
  });

  it.each<string>(['sentry_key', 'sentry_key=', 'sentry_key=mine', `sentry_key=${KEY}?`, `sentry_key=${KEY.slice(1)}g`, `sentry_key=%22${KEY}%22`])('that is none is in ?%s', (query) => expect(keyOf(query)).toMatchObject({ kind: 'malformed' }));
});
