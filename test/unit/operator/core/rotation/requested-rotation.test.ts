// What a person may write into the annotation glitchkeeper.io/rotate, and what is answered to anything else.
import { describe, expect, it } from '@jest/globals';

import type { RotationRecord, RotationResult, Trigger } from '../../../../../operator/api/rotation-fields.js';
import { hearRequest, parseRequest, rotatableCredentials } from '../../../../../operator/core/rotation/requested-rotation.js';

const EVERYTHING = rotatableCredentials({ valkey: {} });
const WITHOUT_VALKEY = rotatableCredentials({});

describe('what can be rotated', () => {
  it('is everything', () => expect(EVERYTHING).toEqual(['secret-key', 'postgres', 'valkey', 'administrator', 'operator']));
  it('is that, the gateway and the login that dumps where there are such', () => {
    expect(rotatableCredentials({ valkey: {}, gateway: {}, backup: {} })).toEqual([...EVERYTHING, 'gateway', 'backup']);
  });
  it('is everything but Valkey where there is none', () => expect(WITHOUT_VALKEY).toEqual(['secret-key', 'postgres', 'administrator', 'operator']));
});

describe('a request', () => {
  it('is none without the annotation', () => expect(parseRequest(undefined, EVERYTHING)).toEqual({ kind: 'none' }));

  it.each([
    ['all', 'request', EVERYTHING],
    ['compromised', 'compromised', EVERYTHING],
    [' all ', 'request', EVERYTHING],
    ['postgres', 'request', ['postgres']],
    ['valkey,postgres', 'request', ['postgres', 'valkey']],
    [' secret-key , operator,', 'request', ['secret-key', 'operator']],
    ['postgres,postgres', 'request', ['postgres']],
  ])('as %j is understood', (annotation, trigger, credentials) => {
    expect(parseRequest(annotation, EVERYTHING)).toEqual({ kind: 'valid', trigger, credentials });
  });

  it.each(['all', 'compromised'])('for %s leaves Valkey out where there is none', (annotation) => {
    expect(parseRequest(annotation, WITHOUT_VALKEY)).toMatchObject({ kind: 'valid', credentials: WITHOUT_VALKEY });
  });

  it.each([
    ['nothing', ''], ['spaces', '  '], ['commas', ',,'],
    ['a credential that does not exist', 'redis'], ['one that does and one that does not', 'postgres,redis'],
    ['capitals', 'ALL'], ['a list without commas', 'postgres valkey'],
    ['all and a credential', 'all,postgres'], ['compromised and a credential', 'postgres,compromised'], ['all and compromised', 'all,compromised'],
  ])('with %s (%j) is refused, with what was expected and what was found', (_, annotation) => {
    expect(parseRequest(annotation, EVERYTHING)).toEqual({
      kind: 'invalid',
      message: `Annotation glitchkeeper.io/rotate: expected all, compromised, or some of secret-key, postgres, valkey, administrator, operator separated by commas; found "${annotation}".`,
    });
  });

  it('for Valkey where there is none is refused, and Valkey is not offered', () => {
    const request = parseRequest('valkey', WITHOUT_VALKEY);
    expect(request).toMatchObject({ kind: 'invalid', message: expect.stringMatching(/some of secret-key, postgres, administrator, operator separated.*found "valkey"/) });
  });

  it('of any length gives a short message', () => {
    const request = parseRequest('x'.repeat(10_000), EVERYTHING);
    expect(request.kind === 'invalid' && request.message.length).toBeLessThan(300);
  });
});

describe('a request for a compromise', () => {
  const ENDED = '2026-01-02T03:00:00Z';
  const record = (trigger: Trigger, result: RotationResult): RotationRecord => ({ id: '20260102T025800Z-aaaaaa', trigger, credentials: ['postgres'], startedAt: ENDED, finishedAt: ENDED, result, message: '' });
  const heard = (annotation: string, last: RotationRecord, at: string) => hearRequest(annotation, EVERYTHING, { history: [last], now: new Date(at) });

  it('waits until five minutes after one completed, and says until when, and what may have set it', () => {
    const request = heard('compromised', record('compromised', 'Completed'), '2026-01-02T03:04:59Z');
    expect(request).toMatchObject({ kind: 'repeated', message: expect.stringMatching(/may begin at 2026-01-02T03:05:00Z.*manifests in git/) });
  });

  it.each([
    ['five minutes after that', 'compromised', record('compromised', 'Completed'), '2026-01-02T03:05:00Z'],
    ['at once after one that was undone', 'compromised', record('compromised', 'Undone'), ENDED],
    ['at once after a rotation of another kind', 'compromised', record('request', 'Completed'), ENDED],
    ['at once when it asks for less', 'all', record('compromised', 'Completed'), ENDED],
  ])('is heard %s', (_, annotation, last, at) => expect(heard(annotation, last, at).kind).toBe('valid'));
});
