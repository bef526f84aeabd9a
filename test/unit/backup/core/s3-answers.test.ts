import { describe, expect, it } from '@jest/globals';
import { judgeAnswer, parseListing, type S3Answer, type S3Verdict } from '../../../../backup/core/s3-answers.js';

const NOW = new Date('2026-11-29T02:33:00Z');
const error = (code: string) => `<?xml version="1.0"?><Error><Code>${code}</Code><Message>The key AKIA1234 of somebody</Message></Error>`;
const at = (minutes: number) => new Date(NOW.getTime() - minutes * 60_000);

describe('an answer of S3', () => {
  it.each<[string, S3Answer, S3Verdict]>([
    ['200 is done', { status: 200, body: '' }, { kind: 'done' }],
    ['204 of a DELETE is done', { status: 204, body: '' }, { kind: 'done' }],
    ['412 says that the object is there', { status: 412, body: error('PreconditionFailed') }, { kind: 'exists' }],
    ['404 says that it is not', { status: 404, body: error('NoSuchKey') }, { kind: 'absent' }],
    ['404 without a body, as of HEAD, too', { status: 404, body: '' }, { kind: 'absent' }],
    ['404 of the bucket is a refusal', { status: 404, body: error('NoSuchBucket') }, { kind: 'refused', reason: 'StoreRefused', detail: '404 NoSuchBucket' }],
    ['503 is tried again', { status: 503, body: error('SlowDown') }, { kind: 'later', detail: '503 SlowDown' }],
    ['500 without a word is tried again', { status: 500, body: 'oops' }, { kind: 'later', detail: '500' }],
    ['429 is tried again', { status: 429, body: '' }, { kind: 'later', detail: '429' }],
    ['409 is tried again: another request is under way', { status: 409, body: error('ConditionalRequestConflict') }, { kind: 'later', detail: '409 ConditionalRequestConflict' }],
    ['507 is a full store', { status: 507, body: '' }, { kind: 'refused', reason: 'NoSpace', detail: '507' }],
    ["a quota is a full store, whatever its status", { status: 403, body: error('QuotaExceeded') }, { kind: 'refused', reason: 'NoSpace', detail: '403 QuotaExceeded' }],
    ['400 of another hash is a refusal', { status: 400, body: error('XAmzContentSHA256Mismatch') }, { kind: 'refused', reason: 'StoreRefused', detail: '400 XAmzContentSHA256Mismatch' }],
    ['403 is a refusal', { status: 403, body: error('SignatureDoesNotMatch'), date: at(1) }, { kind: 'refused', reason: 'StoreRefused', detail: '403 SignatureDoesNotMatch' }],
    ['403 for the clock says by how much', { status: 403, body: error('RequestTimeTooSkewed'), date: at(16) },
      { kind: 'refused', reason: 'ClockSkewed', detail: "403 RequestTimeTooSkewed: the clock of this node is 960 s ahead of the store's" }],
    ['403 of a server that blames the signature is the clock, if the clock is wrong', { status: 403, body: error('SignatureDoesNotMatch'), date: at(-20) },
      { kind: 'refused', reason: 'ClockSkewed', detail: "403 SignatureDoesNotMatch: the clock of this node is 1200 s behind the store's" }],
    ['403 for the clock without a date', { status: 403, body: error('RequestTimeTooSkewed') },
      { kind: 'refused', reason: 'ClockSkewed', detail: '403 RequestTimeTooSkewed: the clocks of this node and of the store differ' }],
    ['301 names what to look at', { status: 301, body: error('PermanentRedirect') },
      { kind: 'refused', reason: 'StoreRefused', detail: '301 PermanentRedirect: the bucket is at another endpoint or in another region' }],
    ['a code that is no word of S3 is not repeated', { status: 400, body: '<Error><Code>secret & more</Code></Error>' }, { kind: 'refused', reason: 'StoreRefused', detail: '400' }],
  ])('%s', (_, answer, verdict) => expect(judgeAnswer(answer, NOW)).toEqual(verdict));
});

describe('a listing', () => {
  it('has its objects, with names as they are', () => {
    const xml = '<ListBucketResult><Contents><Key>a/copies%2Fx+y</Key><Size>12</Size></Contents>\n<Contents><Size>0</Size><Key>b</Key></Contents></ListBucketResult>';
    expect(parseListing(xml)).toEqual({ objects: [{ key: 'a/copies/x y', bytes: 12 }, { key: 'b', bytes: 0 }] });
  });
  it('has the token of its next page', () => {
    expect(parseListing('<ListBucketResult><NextContinuationToken>1&amp;2==</NextContinuationToken></ListBucketResult>')).toEqual({ objects: [], token: '1&2==' });
  });
  it('is not a page of HTML', () => expect(() => parseListing('<html>')).toThrow('expected a ListBucketResult'));
});
