import { describe, expect, it } from '@jest/globals';
import { explainFailure, isPassing } from '../../../cli/failure.js';

describe('what kubectl says means', () => {
  it.each([
    ['no context', 'error: context "nope" does not exist'],
    ['no context', 'error: current-context is not set'],
    ['no context', 'error: stat missing.yaml: no such file or directory'],
    ['no context', 'E1 memcache.go dial tcp: connection refused\nThe connection to the server localhost:8080 was refused - did you specify the right host or port?'],
    ['unreachable', 'The connection to the server 10.0.0.1:6443 was refused - did you specify the right host or port?'],
    ['unreachable', 'Unable to connect to the server: net/http: TLS handshake timeout'],
    ['unreachable', 'Error from server (Timeout): the server was unable to return a response in the time allotted, timed out'],
    ['unauthorized', 'error: You must be logged in to the server (Unauthorized)'],
    ['forbidden', 'Error from server (Forbidden): glitchtips.glitchkeeper.io "glitchtip" is forbidden: User "bob" cannot get resource "glitchtips"'],
    ['no kind', 'error: the server doesn\'t have a resource type "glitchtips"'],
    ['not found', 'Error from server (NotFound): glitchtips.glitchkeeper.io "glitchtip" not found'],
    ['conflict', 'error: failed to patch: --overwrite is false but found the following declared annotation(s): already has a value (all)'],
    ['other', 'error: something new'],
  ])('%s: %s', (kind, stderr) => expect(explainFailure({ stderr }).kind).toBe(kind));

  it('no kubectl: it could not be started', () => {
    expect(explainFailure({ code: 'ENOENT', stderr: '' })).toMatchObject({ kind: 'no kubectl', message: expect.stringContaining('no kubectl on PATH') });
  });

  it('what it said last, without its own log and prefix', () => {
    expect(explainFailure({ stderr: 'E1124 memcache.go:265] noise\nerror: something new\n' }).message).toBe('kubectl failed: something new');
  });
});

it.each([
  ['an API server that does not answer', 'Unable to connect to the server: EOF', true],
  ['a right that is missing', 'Error from server (Forbidden): no', false],
])('%s may be over at the next try: %s %s', (_, stderr, passing) => expect(isPassing(explainFailure({ stderr }))).toBe(passing));
