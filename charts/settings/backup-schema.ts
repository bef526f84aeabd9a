// The section `backup` of settings.yaml: when copies are made, where they go, for whom they are encrypted, and for how long they are kept.
import * as z from 'zod';
import { faultOfRecipient } from '../../backup/core/age-recipient.js';
import { BACKUP_STORE_SECRET } from '../../operator/api/object-names.js';
import { isTimeZone } from '../../operator/api/rotation-fields.js';
import { faultOfEndpoint, faultOfReach } from './store-address.js';
import { network, objectName, show, timeOfDay, wholeBytes, wholeNumber, yesOrNo } from './value-kinds.js';

/** An empty throwaway server takes 40Mi and may write 128Mi of log before it is cut, and a first dump has room beside it. */
const LEAST_SCRATCH = '512Mi';

const recipient = z.string({ error: (issue) => `expected a recipient of age (age1..., made by age-keygen), found ${show(issue.input)}` }).superRefine((text, context) => {
  const fault = faultOfRecipient(text);
  if (fault !== undefined) context.addIssue({ code: 'custom', message: `expected a recipient of age (age1..., made by age-keygen), ${fault}` });
});

const text = (pattern: RegExp, expected: string) => z.string({ error: (issue) => `expected ${expected}, found ${show(issue.input)}` }).regex(pattern, { error: (issue) => `expected ${expected}, found ${show(issue.input)}` });

/** What each request has anyway, and what would be a key in a file of settings. */
const OF_THE_REQUEST = /^x-amz-(content-sha256|date|security-token|meta-sha256)$/;
const OF_A_KEY = /-customer-key/;

/** Undefined: nothing. */
function faultOfHeader(name: string): string | undefined {
  if (!/^x-amz-[a-z-]+$/.test(name)) return 'expected a header of S3 in lower case, such as x-amz-server-side-encryption, found another';
  if (OF_THE_REQUEST.test(name)) return 'expected a header that not every request has anyway, found one of those';
  return OF_A_KEY.test(name) ? 'expected a header without a key, found one with: copies are encrypted by age, and no key belongs into this file' : undefined;
}

const headers = z.record(z.string(), text(/^[\x21-\x7e]([\x20-\x7e]{0,254}[\x21-\x7e])?$/, 'the value of a header, in quotes')).superRefine((values, context) => {
  for (const name of Object.keys(values)) {
    const fault = faultOfHeader(name);
    if (fault !== undefined) context.addIssue({ code: 'custom', path: [name], message: fault });
  }
});

const s3 = z.strictObject({
  /** URL of the server, without the bucket. */
  endpoint: z.string().superRefine((url, context) => {
    const fault = faultOfEndpoint(url);
    if (fault !== undefined) context.addIssue({ code: 'custom', message: fault });
  }).optional(),
  bucket: text(/^[A-Za-z0-9][A-Za-z0-9._-]{1,61}[A-Za-z0-9]$/, 'the name of a bucket (3 to 63 letters, digits, "-" and ".")').optional(),
  /** Before the name of each object: folders, each with a slash at its end. Nothing outside of it is read or deleted. */
  prefix: text(/^(?=.{0,512}$)((?!\.{1,2}\/)[A-Za-z0-9._-]+\/)*$/, 'folders with a slash at the end of each, such as glitchtip/').default(''),
  region: text(/^[A-Za-z0-9-]{1,64}$/, 'the name of a region, such as eu-central-1').default('us-east-1'),
  /** Where the bucket's name is: in the path (every server knows that) or before the host. */
  style: z.enum(['path', 'host'], { error: (issue) => `expected path or host, found ${show(issue.input)}` }).default('path'),
  /** Of each upload. */
  headers: headers.default({}),
  /** Keys access-key-id and secret-access-key; a person makes it. No value of it belongs into this file. */
  secret: objectName('Secret').default(BACKUP_STORE_SECRET),
  /** Where the server is in no public network: its address, or its network. Then the Job reaches nothing else. */
  privateNetworks: z.array(network).default([]),
}).superRefine(({ endpoint, bucket, style, privateNetworks }, context) => {
  if (endpoint === undefined || faultOfEndpoint(endpoint) !== undefined) return;
  const fault = faultOfReach(new URL(endpoint), { bucket, style, privateNetworks });
  if (fault !== undefined) context.addIssue({ code: 'custom', path: [fault.path], message: fault.message });
}).prefault({});

export const backup = z.strictObject({
  /** Whether copies are made on schedule; on demand they are made all the same. */
  enabled: yesOrNo.default(true),
  everyDays: wholeNumber(1, 31, 'days').default(1),
  /** Time of day at which one begins, in `timeZone`. From 04:30 to 05:30 UTC none begins: GlitchTip drops old partitions then. */
  at: timeOfDay.default('02:30'),
  /** Name of a time zone in the IANA's list. */
  timeZone: z.string().refine(isTimeZone, { error: (issue) => `expected a time zone such as Europe/Berlin or UTC, found ${show(issue.input)}` }).default('UTC'),
  /** s3: a bucket off the host. volume: a volume of this host, which what destroys the host takes, too. none: no copies, and nothing that makes them. */
  store: z.enum(['s3', 'volume', 'none'], { error: (issue) => `expected s3, volume or none, found ${show(issue.input)}` }).default('volume'),
  /** Of the claim that copies are on with store volume. */
  volume: wholeBytes('disk').default('8Gi'),
  /** Disk of the node for as long as the Job runs: the dump, and 1.3 times the database for the server that it is restored into. */
  scratch: wholeBytes('disk for a dump, and a server that it is restored into', LEAST_SCRATCH).default('4Gi'),
  /** Public keys of age; whoever has an identity of one of them can read the copies, and nobody in the cluster. */
  recipients: z.array(recipient).max(16, 'expected at most 16 recipients').default([]),
  s3,
  /** A copy is kept if any of these says so. Nothing is deleted while the newest good copy, before the one of the run, is older than 3 days and than twice the time between the two before. */
  keep: z.strictObject({
    days: wholeNumber(1, 3650, 'days').default(30),
    /** The newest so many, however old. */
    newest: wholeNumber(1, 100, 'copies').default(3),
    /** The first one of each of so many months. */
    months: wholeNumber(1, 120, 'months').default(12),
  }).prefault({}),
  /** Why a table may have less than half of its rows of the copy before: it is in the manifests, and comes out again when a copy was made. */
  mayShrink: text(/^\S.{0,199}$/, 'a reason of at most 200 characters').optional(),
}).superRefine(({ store, recipients, s3: { endpoint, bucket } }, context) => {
  const issue = (path: string[], message: string) => context.addIssue({ code: 'custom', path, message });
  if (store === 's3' && recipients.length === 0) issue(['recipients'], 'expected at least one recipient of age (age1..., made by age-keygen) with store s3, because nothing leaves the host unencrypted; found none');
  if (store === 's3' && endpoint === undefined) issue(['s3', 'endpoint'], 'expected the URL of the server with store s3, such as https://s3.eu-central-1.amazonaws.com, found nothing');
  if (store === 's3' && bucket === undefined) issue(['s3', 'bucket'], 'expected the name of a bucket with store s3, found nothing');
  if (store === 'volume' && (endpoint ?? bucket) !== undefined) issue(['store'], 'expected s3, because backup.s3 names a server; found volume, with which no copy leaves this host');
}).prefault({});
