// What is read from texts of others: names, manifests, facts, recipients, reports.
import { describe, expect, it } from '@jest/globals';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { faultOfRecipient } from '../../../../backup/core/age-recipient.js';
import { copyNameOf, copyNameSchema, parseCopyTime, timeOfCopy } from '../../../../backup/core/copy-name.js';
import { parseFacts } from '../../../../backup/core/database-facts.js';
import { parseManifest } from '../../../../backup/core/manifest.js';
import { BackupFailure, formatReport, parseReport, type VerifiedReport } from '../../../../backup/core/report.js';
import { FACTS, manifestOf } from '../copy-scenarios.js';

const NAME = '20261129T023000Z';

describe('the name of a copy', () => {
  it('is its time', () => {
    expect(copyNameOf(new Date('2026-11-29T02:30:00.900Z'))).toBe(NAME);
    expect(timeOfCopy(NAME)).toEqual(new Date('2026-11-29T02:30:00Z'));
  });
  it.each(['', '20261129', '20261329T023000Z', '20260230T000000Z', '20261129T023000Z/..', '20261129T243000Z'])('is not %p', (name) => {
    expect(copyNameSchema.safeParse(name).success).toBe(false);
    expect(parseCopyTime(name)).toBeUndefined();
    expect(() => timeOfCopy(name)).toThrow('expected the name of a copy');
  });
});

describe('a manifest', () => {
  it('of before versions were written down is read, and so is one with them', () => {
    expect(parseManifest(JSON.stringify(manifestOf(NAME))).madeBy).toBeUndefined();
    expect(parseManifest(JSON.stringify(manifestOf(NAME, { madeBy: { glitchkeeper: '0.1.0', pgDump: '17.6' } }))).madeBy).toEqual({ glitchkeeper: '0.1.0', pgDump: '17.6' });
  });
  it('is read as it was written', () => expect(parseManifest(JSON.stringify(manifestOf(NAME)))).toEqual(manifestOf(NAME)));
  it.each<[string, string, string]>([
    ['is JSON', '{', 'manifest.json: expected JSON, found something else'],
    ['is of a format that is known', JSON.stringify({ ...manifestOf(NAME), format: 2 }), 'manifest.json: format: Invalid input: expected 1'],
    ['has tables', JSON.stringify(manifestOf(NAME, { database: { ...manifestOf(NAME).database, tables: [] } })), 'manifest.json: database.tables: Too small'],
  ])('%s', (_, text, message) => expect(() => parseManifest(text)).toThrow(message));
});

describe('the facts of a database', () => {
  const lines = [FACTS.server, { migration: 'users.0042_last' }, { organizations: 2 }, { users: 3 }, { partitionsNow: 1 }, ...FACTS.tables, { end: true }].map((line) => JSON.stringify(line));
  it('are a line each', () => expect(parseFacts(`${lines.join('\n')}\n`)).toEqual(FACTS));
  it('are none when they end in the middle', () => expect(() => parseFacts(lines.slice(0, -1).join('\n'))).toThrow('end in the middle'));
  it('are none when a line is cut', () => expect(() => parseFacts(lines.join('\n').replace('"users":3}', '"us'))).toThrow('expected a line of JSON'));
});

describe('a recipient of age', () => {
  it('is what age makes', async () => expect(faultOfRecipient(await identityToRecipient(await generateX25519Identity()))).toBeUndefined());
  const real = 'age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p';
  it('is the one of its documentation', () => expect(faultOfRecipient(real)).toBeUndefined());
  it.each<[string, string, string]>([
    ['an SSH key', 'ssh-ed25519 AAAA', 'found an SSH key'],
    ['an identity', 'AGE-SECRET-KEY-1QQ', 'it must never be in the cluster'],
    ['one with a wrong character', real.replace('z7h', 'z8h'), 'its check digits do not match'],
    ['one that is too short', real.slice(0, -1), 'found "age1ql3z7hjy54pw'],
    ['nothing', '', 'found nothing'],
  ])('is not %s', (_, text, fault) => expect(faultOfRecipient(text)).toContain(fault));
  it('is never quoted where it is an identity', () => expect(faultOfRecipient('AGE-SECRET-KEY-1ABCDEF')).not.toContain('ABCDEF'));
});

describe('the report of a run', () => {
  const verified: VerifiedReport = {
    result: 'verified', copy: NAME, bytes: 178_000_000, where: 's3', how: 'counts', seconds: 236, copies: [[NAME, 178_000_000, 'good']], deleted: 0, retention: 'done',
  };
  it('is read as it was written', () => expect(parseReport(formatReport(verified))).toEqual(verified));
  it('fits a termination message, without the oldest copies', () => {
    const copies = Array.from({ length: 300 }, () => [NAME, 178_000_000, 'good'] as VerifiedReport['copies'][number]);
    const text = formatReport({ ...verified, copies });
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(4_096);
    expect(parseReport(text)).toMatchObject({ result: 'verified', copy: NAME });
  });
  it('of a failure has the step, the reason and what is known', () => {
    expect(parseReport(formatReport(new BackupFailure('store', 'ClockSkewed', '403').report))).toEqual({ result: 'failed', step: 'store', reason: 'ClockSkewed', detail: '403' });
  });
  it('is cut where a failure has much to say', () => expect(formatReport(new BackupFailure('verify', 'NotVerified', 'x'.repeat(9_000)).report).length).toBeLessThan(1_200));
  it.each(['', 'oops', '{}', '{"result":"failed","step":"X Y","reason":"StepFailed"}'])('is not %p', (text) => expect(parseReport(text)).toBeUndefined());
});
