// Which copy is restored, and which manifests are followed.
import { describe, expect, it } from '@jest/globals';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { parseIdentities } from '../../../../backup/core/age-identity.js';
import type { Manifest } from '../../../../backup/core/manifest.js';
import { chooseCopy, readManifest, type WantedCopy } from '../../../../backup/core/restorable.js';
import { RestoreFailure, formatRestoreReport, parseRestoreReport, type ListedReport } from '../../../../backup/core/restore-report.js';
import { compareWithCopy, describeProblems } from '../../../../backup/core/verification.js';
import { FACTS, fingerprint, manifestOf } from '../copy-scenarios.js';

const [OLDEST, DAMAGED, NEWEST] = ['20261127T023000Z', '20261128T023000Z', '20261129T023000Z'];
const COPIES = [{ name: NEWEST, damaged: false }, { name: DAMAGED, damaged: true }, { name: OLDEST, damaged: false }];
const at = (time: string): WantedCopy => ({ kind: 'newest', notAfter: new Date(time) });

describe('of the copies of a store', () => {
  it.each<[string, WantedCopy, string]>([
    ['the newest is the latest', { kind: 'newest' }, NEWEST],
    ['the one of the very second is not after it', at('2026-11-29T02:30:00Z'), NEWEST],
    ['a damaged one is passed over', at('2026-11-29T02:29:59Z'), OLDEST],
    ['one is chosen by its name', { kind: 'name', name: OLDEST }, OLDEST],
  ])('%s', (_, wanted, name) => expect(chooseCopy(wanted, COPIES)).toBe(name));

  it.each<[string, WantedCopy, typeof COPIES, string]>([
    ['none is as old as that', at('2026-11-01T00:00:00Z'), COPIES, `NoCopy: expected a good copy not after 2026-11-01T00:00:00.000Z, found 2 from ${OLDEST} to ${NEWEST}`],
    ['there is none', { kind: 'newest' }, [], 'NoCopy: expected a good copy, found no copy at all'],
    ['all are damaged', { kind: 'newest' }, COPIES.slice(1, 2), 'NoCopy: expected a good copy, found damaged ones alone (1)'],
    ['none has that name', { kind: 'name', name: '20250101T000000Z' }, COPIES.slice(0, 1), `NoCopy: expected copy 20250101T000000Z, found ${NEWEST}`],
    ['the one of that name is damaged', { kind: 'name', name: DAMAGED }, COPIES, `CopyDamaged: copy ${DAMAGED} was found to be other`],
  ])('none is chosen if %s', (_, wanted, copies, message) => expect(() => chooseCopy(wanted, copies)).toThrow(message));
});

describe('a manifest', () => {
  const read = (change: Partial<Manifest>) => () => readManifest(JSON.stringify(manifestOf(NEWEST, change)), NEWEST, ['5.2']);
  const upload = (change: { key?: string; path?: string }) => ({ uploads: [{ key: `uploads/${fingerprint('x').sha256}`, path: 'file_blobs/one', stored: fingerprint('x'), ...change }] });
  const encrypted = { stored: fingerprint('e'), content: fingerprint('c') };

  it.each<[string, Partial<Manifest>]>([
    ['is followed', {}],
    ['of an encrypted copy is followed', { dump: { key: `copies/${NEWEST}/database.dump.age`, ...encrypted }, settings: { key: `copies/${NEWEST}/settings.json.age`, ...encrypted } }],
    ['with an upload is followed', upload({})],
    ['with an upload of a strange name is followed', upload({ path: 'file_blobs/..two' })],
  ])('%s', (_, change) => expect(read(change)()).toMatchObject({ name: NEWEST }));

  it.each<[string, Partial<Manifest>, string]>([
    ['of another copy', { name: OLDEST }, 'ManifestUnreadable: copy 20261129T023000Z: manifest.json: name: expected 20261129T023000Z, found 20261127T023000Z'],
    ['of another release', { release: '6.2.6' }, 'OtherRelease: copy 20261129T023000Z: manifest.json: release: expected 5.2, found 6.2.6: it is restored together with version 6.2.6'],
    ['with the dump of another copy', { dump: { key: `copies/${OLDEST}/database.dump`, stored: fingerprint('d') } }, `dump.key: expected copies/${NEWEST}/database.dump, found copies/${OLDEST}/database.dump`],
    ['whose encrypted dump has the name of a plain one', { dump: { key: `copies/${NEWEST}/database.dump`, ...encrypted } }, `dump.key: expected copies/${NEWEST}/database.dump.age`],
    ['whose SECRET_KEY is not encrypted', { settings: { key: `copies/${NEWEST}/settings.json`, stored: fingerprint('s') } }, 'settings: expected them encrypted'],
    ['whose upload is elsewhere in the bucket', upload({ key: '../others/secret' }), 'uploads.key: expected uploads/SHA256, found ../others/secret'],
    ...['/etc/passwd', '../one', 'a/../../one', 'a//one', './one', 'a/..', 'a\0b'].map((path): [string, Partial<Manifest>, string] => [
      `whose upload goes to ${JSON.stringify(path)}`, upload({ path }), 'uploads.path: expected a path below the folder of the uploads',
    ]),
  ])('%s is not', (_, change, message) => expect(read(change)).toThrow(message));

  it('that is none is not', () => {
    expect(() => readManifest(undefined, NEWEST, ['5.2'])).toThrow('NoCopy: copy 20261129T023000Z: expected manifest.json, found none');
    expect(() => readManifest('{', NEWEST, ['5.2'])).toThrow('ManifestUnreadable: copy 20261129T023000Z: manifest.json: expected JSON, found something else');
  });
});

describe('a database that was restored', () => {
  const manifest = manifestOf(NEWEST);
  const problems = (change: Partial<typeof FACTS>) => compareWithCopy(manifest, { ...FACTS, ...change }).map(({ problem }) => problem);
  it('may be on another server, of another name, years later, and without the partition of today', () => {
    expect(problems({ server: { ...FACTS.server, systemIdentifier: '99', database: 'restored', at: '2030-01-01T00:00:00Z' }, content: { ...FACTS.content, partitionsNow: 0 } })).toEqual([]);
  });
  it('has the tables and rows of the copy', () => expect(problems({ tables: [...FACTS.tables.slice(2), { table: 'public.more', rows: 1 }] })).toEqual(['TableMissing', 'TableMissing', 'TableTooMuch']));
  it('is migrated as the copy was', () => expect(problems({ content: { ...FACTS.content, migration: 'users.0043' } })).toEqual(['OtherMigration']));
  it('is compared row by row where the copy was', () => {
    const tables = FACTS.tables.map((table) => ({ ...table, hash: '1' }));
    expect(compareWithCopy(manifestOf(NEWEST, { database: { ...manifest.database, tables } }), { ...FACTS, tables: tables.map((table) => ({ ...table, hash: '2' })) })).toHaveLength(5);
  });
  it('has its first ten problems told', () => {
    const all = Array.from({ length: 12 }, (_, index) => ({ problem: 'TableMissing' as const, of: `t${index}`, expected: 'it', found: 'none' }));
    expect(describeProblems(all)).toMatch(/t9: expected it, found none; and 2 more$/);
  });
});

describe('a file of identities', () => {
  it('may have comments, and several', async () => {
    const [one, two] = [await generateX25519Identity(), await generateX25519Identity()];
    expect(parseIdentities(`# created: today\n# public key: age1\n${one}\n\n  ${two}\r\n`)).toEqual([one, two]);
  });
  it.each<[string, string, string]>([
    ['nothing', '# only a comment\n', 'found nothing'],
    ['a key of SSH', '-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl', 'found a key of SSH or TLS'],
    ['an identity that was cut', 'AGE-SECRET-KEY-1QQQQ', 'found an identity that is not whole'],
    ['an identity of another kind', 'AGE-SECRET-KEY-PQ-1QQQQ', 'found an identity for post-quantum recipients'],
    ['something else', 'hunter2', 'found something else'],
  ])('is not %s', (_, text, message) => {
    expect(() => parseIdentities(text)).toThrow(message);
    expect(() => parseIdentities(text)).not.toThrow(/hunter2|QQQQ|b3Bl/);
  });
  it('is not a recipient', async () => {
    const recipient = await identityToRecipient(await generateX25519Identity());
    expect(() => parseIdentities(recipient)).toThrow('found a recipient (age1...), which is the half that encrypts');
  });
});

describe('what the programs of a restore report', () => {
  it('is read as it was written', () => {
    const report = new RestoreFailure('choose', 'NoCopy', 'none').report;
    expect(parseRestoreReport(formatRestoreReport(report))).toEqual({ result: 'failed', step: 'choose', reason: 'NoCopy', detail: 'none' });
    expect(parseRestoreReport('killed')).toBeUndefined();
    expect(parseRestoreReport('{"result":"failed","step":"load","exitCode":1,"reason":"NotEmpty"}')).toMatchObject({ reason: 'NotEmpty' });
  });
  it('fits a termination message: of too many copies the oldest are left out, and counted', () => {
    const copies = Array.from({ length: 400 }, (_, index): ListedReport['copies'][number] => [`2026112${index % 10}T0230${String(10 + (index % 50))}Z`, 1_000_000, 'good', '6.2.6']);
    const text = formatRestoreReport({ result: 'listed', where: 's3', total: 400, copies });
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(4_096);
    const parsed = parseRestoreReport(text);
    expect(parsed).toMatchObject({ total: 400 });
    expect(parsed?.result === 'listed' && parsed.copies.length).toBeGreaterThan(60);
  });
  it('is cut where it is too long', () => expect(formatRestoreReport(new RestoreFailure('verify', 'NotVerified', 'x'.repeat(9_000)).report).length).toBeLessThan(1_100));
});
