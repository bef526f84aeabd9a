// Backups in the GlitchTip resource: the schedule in the spec, the last runs and the copies in the status.
import * as z from 'zod/mini';
import { openWord } from './open-word.js';
import { isTimeZone } from './rotation-fields.js';

const describe = (description: string) => z.meta({ description });
const instant = () => z.string().check(z.meta({ format: 'date-time' }));
const copyName = () => z.string().check(z.regex(/^[0-9]{8}T[0-9]{6}Z$/));

export const backupSpec = z.object({
  enabled: z._default(z.boolean(), true).check(describe('Whether backups are made on schedule. On demand they are made all the same.')),
  everyDays: z._default(z.int().check(z.gte(1), z.lte(31)), 1).check(describe('Days from one backup to the next.')),
  at: z._default(z.string().check(z.regex(/^([01][0-9]|2[0-3]):[0-5][0-9]$/), z.maxLength(5)), '02:30').check(describe('Time of day, 24 hours, as 02:30.')),
  timeZone: z._default(z.string().check(z.regex(/^[A-Za-z][A-Za-z0-9_+-]*(\/[A-Za-z0-9_+-]+)*$/), z.maxLength(64), z.refine(isTimeZone, 'no such time zone')), 'UTC').check(
    describe('Time zone of `at`, as the IANA names it: Europe/Berlin.'),
  ),
  store: z.enum(['s3', 'volume']).check(describe('Where the template of the Job stores copies: in a bucket, or on a volume of this host, which is no backup of the host.')),
  mayShrink: z.optional(z.string().check(z.minLength(1), z.maxLength(200))).check(
    describe('Why a table may have less than half of its rows of the copy before. It is written into the manifests; remove it when the first copy was made.'),
  ),
}).check(describe('When backups are made.'));

const progress = z.object({
  copy: copyName(),
  trigger: openWord(['schedule', 'request', 'retry']),
  startedAt: instant(),
  jobMadeAt: z.optional(instant()).check(describe('When its Job was first seen: one that is gone after that is not made again.')),
}).check(describe('The run that is under way: written before its Job is made, so that no restart skips or doubles it.'));

const verified = z.object({
  copy: copyName(),
  at: instant().check(describe('When the operator learnt of it.')),
  bytes: z.int().check(z.gte(0)),
  seconds: z.number().check(z.gte(0)),
  how: openWord(['counts', 'content']),
  where: openWord(['s3', 'volume']),
}).check(describe('The newest copy that was restored and found good.'));

const failed = z.object({
  copy: copyName(),
  at: instant(),
  step: z.string(),
  reason: z.string(),
  exitCode: z.optional(z.int()),
  detail: z.optional(z.string()),
}).check(describe('The last run, when it failed.'));

export const backupStatus = z.object({
  since: z.optional(instant()).check(describe('Since when backups are made: what the first one is counted from.')),
  current: z.optional(progress),
  heldBack: z.optional(z.string()).check(describe('What a run that is due, or asked for, waits for.')),
  request: z.optional(z.object({ name: z.string(), copy: copyName() })).check(describe('The last request that was taken up, and the copy that was begun for it.')),
  lastStartedAt: z.optional(instant()).check(describe('What the schedule is counted from.')),
  nextAt: z.optional(instant()),
  lastVerified: z.optional(verified),
  lastFailure: z.optional(failed),
  lastHashedAt: z.optional(instant()).check(describe('When every row was hashed, which is done once a month.')),
  lastRecheckedAt: z.optional(instant()).check(describe('When an old copy was fetched and compared with its manifest, which is done once a week.')),
  failures: z.optional(z.int()).check(describe('Runs that failed one after the other since the last copy.')),
  copies: z.optional(z.array(z.object({ name: copyName(), bytes: z.int(), damaged: z.boolean() }))).check(describe('Copies of the store, newest first, as the last run saw them.')),
  retention: z.optional(z.string()).check(describe('Why the last run deleted nothing; absent when it did what the retention says.')),
});

export type BackupSpec = z.output<typeof backupSpec>;
export type BackupStatus = z.output<typeof backupStatus>;
export type BackupProgress = z.output<typeof progress>;

/** Reasons of the condition BackupVerified. */
export const BACKUP_REASONS = {
  /** True: the newest copy was restored and found good. */
  Restored: 'Restored',
  /** True, with a standing warning: it was, and it is on the disk that it is a copy of. */
  RestoredOnThisHost: 'RestoredOnThisHost',
  /** Unknown: no run has ended yet. */
  NoRunYet: 'NoRunYet',
  /** False: the last run failed; the message has its step and exit code. */
  RunFailed: 'RunFailed',
  /** False: the newest good copy is older than the schedule allows. */
  TooOld: 'TooOld',
  /** False: a copy in the store is not what its manifest says. */
  CopyDamaged: 'CopyDamaged',
} as const;
export type BackupReason = (typeof BACKUP_REASONS)[keyof typeof BACKUP_REASONS];
