import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { readBackupConfig } from '../../../backup/environment.js';
import { readRestoreConfig } from '../../../backup/restore/environment.js';
import { EXPECTED } from './copy-scenarios.js';

/** As the Secret of the store is mounted. */
const KEYS = mkdtempSync(join(tmpdir(), 'glitchkeeper-keys-'));
writeFileSync(join(KEYS, 'access-key-id'), 'AK\n');
writeFileSync(join(KEYS, 'secret-access-key'), 'secret\n');
afterAll(() => rmSync(KEYS, { recursive: true }));

const RECIPIENT = 'age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p';
const BUCKET = { COPY: '20261129T023000Z', RELEASE: '5.2', EXPECTED: JSON.stringify(EXPECTED), S3_ENDPOINT: 'https://s3.example:9000', S3_BUCKET: 'copies', S3_CREDENTIALS_DIR: KEYS, RECIPIENTS: RECIPIENT };

describe('the configuration of the program that stores copies', () => {
  it('has defaults', () => {
    expect(readBackupConfig(BUCKET)).toMatchObject({
      work: '/work', retention: { days: 30, newest: 3, months: 12 }, recheck: false, recipients: [RECIPIENT],
      store: { kind: 's3', place: { bucket: 'copies', prefix: '', region: 'us-east-1', style: 'path', uploadHeaders: {} } },
    });
  });
  it('may name a folder instead', () => expect(readBackupConfig({ ...BUCKET, FOLDER: '/backups', RECIPIENTS: '' })).toMatchObject({ store: { kind: 'volume', folder: '/backups' }, recipients: [] }));
  it('says which key of the Secret of the store is missing', () => {
    const { store } = readBackupConfig({ ...BUCKET, S3_CREDENTIALS_DIR: '/nowhere' });
    expect(() => store.kind === 's3' && store.place.credentials()).toThrow('key access-key-id of the Secret of the store: expected a value, found nothing');
  });
  it('reads keys without the newline at their end', () => {
    const { store } = readBackupConfig(BUCKET);
    expect(store.kind === 's3' && store.place.credentials()).toEqual({ accessKeyId: 'AK', secretAccessKey: 'secret' });
  });
  it.each<[string, NodeJS.ProcessEnv, string]>([
    ['nothing goes off the host unencrypted', { RECIPIENTS: '' }, 'RECIPIENTS: expected at least one, for unencrypted nothing leaves the host, found none'],
    ['an SSH key is no recipient', { RECIPIENTS: 'ssh-ed25519 AAAA' }, 'RECIPIENTS: expected recipients of age (age1..., made by age-keygen), found an SSH key'],
    ['the endpoint is a URL', { S3_ENDPOINT: 's3.example' }, 'S3_ENDPOINT: expected a URL'],
    ['the prefix is a folder', { S3_PREFIX: '/a' }, 'S3_PREFIX: expected folders'],
    ['the bucket is there', { S3_BUCKET: '' }, 'S3_BUCKET: expected a value, found nothing'],
    ['the style is one of two', { S3_STYLE: 'dns' }, 'S3_STYLE: expected path or host, found dns'],
    ['headers are those of S3', { S3_HEADERS: '{"authorization":"x"}' }, 'S3_HEADERS.authorization'],
    ['the name of the copy is a time', { COPY: 'latest' }, 'COPY: '],
    ['a copy is kept for days', { KEEP_DAYS: '0' }, 'KEEP_DAYS: expected a whole number of at least 1, found 0'],
    ['what is expected is JSON', { EXPECTED: 'x' }, 'EXPECTED: expected JSON'],
  ])('says that %s', (_, change, message) => expect(() => readBackupConfig({ ...BUCKET, ...change })).toThrow(message));
});

describe('the configuration of the programs that bring a copy back', () => {
  const set = { COPY: 'latest', RELEASE: '5.2', FOLDER: '/backups' };
  it.each<[string, NodeJS.ProcessEnv, object]>([
    ['the latest copy', {}, { kind: 'newest' }],
    ['the newest not after a time, in whatever zone', { NOT_AFTER: '2026-11-29T03:30:00+01:00' }, { kind: 'newest', notAfter: new Date('2026-11-29T02:30:00Z') }],
    ['one by its name', { COPY: '20261129T023000Z' }, { kind: 'name', name: '20261129T023000Z' }],
  ])('may ask for %s', (_, change, wanted) => expect(readRestoreConfig({ ...set, ...change })).toEqual({ work: '/work', store: { kind: 'volume', folder: '/backups' }, wanted, releases: ['5.2'], identity: undefined, uploads: undefined, settingsTo: undefined }));
  it.each([['true', '/uploads'], ['false', undefined], [undefined, '/uploads']])('with uploads: %s', (asked, uploads) => expect(readRestoreConfig({ ...set, UPLOADS: '/uploads', WITH_UPLOADS: asked }).uploads).toBe(uploads));
  it.each<[string, NodeJS.ProcessEnv, string]>([
    ['the copy is a name or the latest', { COPY: 'yesterday' }, 'COPY: expected a time such as 20261129T023000Z'],
    ['a time is one', { NOT_AFTER: 'noon' }, 'NOT_AFTER: '],
    ['a name and a time are one too many', { COPY: '20261129T023000Z', NOT_AFTER: '2026-11-29T02:30:00Z' }, 'NOT_AFTER: expected nothing beside the name of a copy'],
    ['the release is there', { RELEASE: '' }, 'RELEASE: expected a value, found nothing'],
  ])('says that %s', (_, change, message) => expect(() => readRestoreConfig({ ...set, ...change })).toThrow(message));
});
