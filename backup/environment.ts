// The configuration of the program that stores copies, by environment variables; what is secret is in files.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { faultOfRecipient } from './core/age-recipient.js';
import { copyNameSchema } from './core/copy-name.js';
import type { RetentionPolicy } from './core/retention.js';
import type { Expected } from './core/verification.js';
import type { S3Place } from './storage/s3-exchange.js';

export type StoreConfig = { readonly kind: 's3'; readonly place: S3Place } | { readonly kind: 'volume'; readonly folder: string };

export interface BackupConfig {
  /** COPY: its name, the time of the run. */
  readonly copy: string;
  /** RELEASE: GlitchTip's. */
  readonly release: string;
  /** WORK (/work): what dump.sh and restore.sh left. */
  readonly work: string;
  /** REPORT (/dev/termination-log): how it ended, for the operator. */
  readonly report: string;
  /** EXPECTED: JSON of what the operator knows of the database. */
  readonly expected: Expected;
  /** S3_ENDPOINT, S3_BUCKET, S3_PREFIX (none), S3_REGION (us-east-1), S3_STYLE (path), S3_HEADERS (JSON); or FOLDER. */
  readonly store: StoreConfig;
  /** RECIPIENTS of age, separated by commas. Must not be empty with S3: unencrypted nothing goes off the host. */
  readonly recipients: readonly string[];
  /** UPLOADS: folder of the uploads; none where they are in a bucket. */
  readonly uploads: string | undefined;
  /** SETTINGS: folder whose files belong to each encrypted copy, such as SECRET_KEY. */
  readonly settings: string | undefined;
  /** KEEP_DAYS (30), KEEP_NEWEST (3), KEEP_MONTHS (12). */
  readonly retention: RetentionPolicy;
  /** RECHECK (false): an old copy is fetched and compared with its manifest. */
  readonly recheck: boolean;
}

/** Everything that has a default. */
const DEFAULTS = {
  WORK: '/work', REPORT: '/dev/termination-log', S3_PREFIX: '', S3_REGION: 'us-east-1', S3_STYLE: 'path', S3_HEADERS: '{}', S3_CREDENTIALS_DIR: '/run/secrets/backup-store',
  RECIPIENTS: '', KEEP_DAYS: '30', KEEP_NEWEST: '3', KEEP_MONTHS: '12', RECHECK: 'false',
};
type Variables = typeof DEFAULTS & Readonly<Record<string, string | undefined>>;

/** Names of files in S3_CREDENTIALS_DIR, keys of the Secret. */
export const S3_CREDENTIAL_KEYS = ['access-key-id', 'secret-access-key'] as const;

const expectedSchema = z.strictObject({ systemIdentifier: z.string(), database: z.string(), migration: z.string(), mayShrink: z.string().optional() });
const headersSchema = z.record(z.string().regex(/^x-amz-[a-z-]+$/), z.string());

/** @throws RangeError naming the variable, what was expected and what was found */
export function readBackupConfig(env: NodeJS.ProcessEnv): BackupConfig {
  const set: Variables = { ...DEFAULTS, ...env };
  const recipients = listOf(set.RECIPIENTS);
  for (const recipient of recipients) {
    const fault = faultOfRecipient(recipient);
    if (fault !== undefined) throw new RangeError(`RECIPIENTS: expected recipients of age (age1..., made by age-keygen), ${fault}`);
  }
  const store = readStore(env);
  if (store.kind === 's3' && recipients.length === 0) throw new RangeError('RECIPIENTS: expected at least one, for unencrypted nothing leaves the host, found none');
  return {
    copy: parsed('COPY', copyNameSchema, set['COPY']),
    release: required('RELEASE', set['RELEASE']),
    work: set.WORK,
    report: set.REPORT,
    expected: parsed('EXPECTED', expectedSchema, json('EXPECTED', set['EXPECTED'])),
    store, recipients,
    uploads: set['UPLOADS'],
    settings: set['SETTINGS'],
    retention: { days: number('KEEP_DAYS', set.KEEP_DAYS), newest: number('KEEP_NEWEST', set.KEEP_NEWEST), months: number('KEEP_MONTHS', set.KEEP_MONTHS) },
    recheck: set.RECHECK === 'true',
  };
}

export function readStore(env: NodeJS.ProcessEnv): StoreConfig {
  const set: Variables = { ...DEFAULTS, ...env };
  const folder = set['FOLDER'];
  if (folder !== undefined) return { kind: 'volume', folder };
  const endpoint = required('S3_ENDPOINT', set['S3_ENDPOINT']);
  if (!URL.canParse(endpoint) || !/^https?:\/\//.test(endpoint)) throw new RangeError('S3_ENDPOINT: expected a URL such as https://s3.eu-central-1.amazonaws.com, found something else');
  const prefix = set.S3_PREFIX;
  if (!/^([A-Za-z0-9._-]+\/)*$/.test(prefix)) throw new RangeError(`S3_PREFIX: expected folders with a slash at the end of each, such as glitchtip/, found ${prefix}`);
  const style = set.S3_STYLE;
  if (style !== 'path' && style !== 'host') throw new RangeError(`S3_STYLE: expected path or host, found ${style}`);
  const place: S3Place = {
    endpoint: new URL(endpoint), bucket: required('S3_BUCKET', set['S3_BUCKET']), prefix, region: set.S3_REGION, style,
    uploadHeaders: parsed('S3_HEADERS', headersSchema, json('S3_HEADERS', set.S3_HEADERS)),
    credentials: () => {
      const [accessKeyId, secretAccessKey] = S3_CREDENTIAL_KEYS.map((key) => readKey(set.S3_CREDENTIALS_DIR, key)) as [string, string];
      return { accessKeyId, secretAccessKey };
    },
  };
  return { kind: 's3', place };
}

/** The folder of a Secret that a person has not made is empty. */
function readKey(folder: string, key: string): string {
  try {
    return required(`key ${key} of the Secret of the store`, readFileSync(join(folder, key), 'utf8').trim());
  } catch (error) {
    if (error instanceof RangeError) throw error;
    throw new RangeError(`key ${key} of the Secret of the store: expected a value, found nothing`, { cause: error });
  }
}

function listOf(text: string): string[] {
  return text.split(',').map((part) => part.trim()).filter((part) => part !== '');
}

export function required(name: string, value: string | undefined): string {
  if (value === undefined || value === '') throw new RangeError(`${name}: expected a value, found nothing`);
  return value;
}

function number(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 10_000) throw new RangeError(`${name}: expected a whole number of at least 1, found ${text}`);
  return value;
}

export function json(name: string, text: string | undefined): unknown {
  try {
    return JSON.parse(required(name, text));
  } catch (cause) {
    throw new RangeError(`${name}: expected JSON, found something else`, { cause });
  }
}

export function parsed<T>(name: string, schema: z.core.$ZodType<T>, value: unknown): T {
  const result = z.safeParse(schema, value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new RangeError(`${[name, ...issue?.path ?? []].join('.')}: ${issue?.message ?? ''}`);
}
