// How a run ended, as its containers leave it for the operator in their termination message: at most 4096 bytes, and nothing of any row, key or credential.
// zod/mini and not zod: whole zod costs the operator 10 MB of resident memory.
import * as z from 'zod/mini';
import { readJson } from '../../operator/core/json-text.js';
import { copyNameSchema } from './copy-name.js';
import { RunFailure, failedFields, formatMessage } from './termination-message.js';

/** Why a run failed. */
export const FAILURES = {
  /** No room on the Job's volume, or in the store. */
  NoSpace: 'NoSpace',
  /** A program was killed by the kernel. */
  OutOfMemory: 'OutOfMemory',
  /** Somebody held a lock on a table for more than 30 s. */
  LockWait: 'LockWait',
  /** Postgres refused the login, or a table to it. */
  LoginRefused: 'LoginRefused',
  /** Postgres was not reached, or went away. */
  DatabaseAway: 'DatabaseAway',
  /** A program failed otherwise: the step and its exit code say which. */
  StepFailed: 'StepFailed',
  /** The dump is not what was written and restored. */
  DumpChanged: 'DumpChanged',
  /** What was restored is not what should be there. */
  NotVerified: 'NotVerified',
  /** The settings or Secrets lack a key, or hold what is none. */
  KeyMissing: 'KeyMissing',
  /** The store was not reached, or answered 5xx, after several tries. */
  StoreAway: 'StoreAway',
  /** The store refused: its code says why. */
  StoreRefused: 'StoreRefused',
  /** The clock of the node and of the store differ by more than 15 minutes: no signature is valid. */
  ClockSkewed: 'ClockSkewed',
  /** A SIGTERM, as at the deadline. */
  Stopped: 'Stopped',
} as const;
export type Failure = keyof typeof FAILURES;
const failureSchema = z.enum(Object.keys(FAILURES) as [Failure, ...Failure[]]);
const count = () => z.int().check(z.gte(0));

/** A copy of the store: name, bytes, and whether its bytes were found damaged. */
const listedSchema = z.tuple([copyNameSchema, count(), z.enum(['good', 'damaged'])]);

const verifiedSchema = z.strictObject({
  result: z.literal('verified'),
  copy: copyNameSchema,
  /** Of this copy alone, in the store. */
  bytes: count(),
  where: z.enum(['s3', 'volume']),
  how: z.enum(['counts', 'content']),
  seconds: z.number().check(z.gte(0)),
  /** Copies of the store, newest first. */
  copies: z.array(listedSchema),
  /** Objects that retention deleted; why it deleted nothing. */
  deleted: count(),
  retention: z.enum(['done', 'NoGoodCopy', 'NewestTooOld', 'NewestInFuture', 'ManifestUnreadable']),
  /** An old copy that was fetched: whether its bytes are those of its manifest. */
  rechecked: z.optional(z.strictObject({ copy: copyNameSchema, good: z.boolean() })),
});
export type VerifiedReport = z.infer<typeof verifiedSchema>;

const failedSchema = z.strictObject({ ...failedFields, reason: failureSchema });
export type FailedReport = z.infer<typeof failedSchema>;

export const reportSchema = z.discriminatedUnion('result', [verifiedSchema, failedSchema]);
export type Report = z.infer<typeof reportSchema>;

/** One line. */
export function formatReport(report: Report): string {
  return formatMessage(report);
}

/** Undefined for what no container of ours wrote. */
export function parseReport(message: string): Report | undefined {
  return reportSchema.safeParse(readJson(message)).data;
}

export class BackupFailure extends RunFailure<Failure> {
  override name = 'BackupFailure';
}
