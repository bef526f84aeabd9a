// How bringing a copy back ended, as its containers leave it for the operator in their termination message: as report.ts, and nothing of any row, key or credential.
import * as z from 'zod/mini';
import { readJson } from '../../operator/core/json-text.js';
import { copyNameSchema } from './copy-name.js';
import { FAILURES, type Failure } from './report.js';
import { RunFailure, failedFields, formatMessage } from './termination-message.js';

/** Why a copy was not brought back, besides what fails a backup too. */
export const RESTORE_FAILURES = {
  /** There is no such copy. */
  NoCopy: 'NoCopy',
  /** What the store has is not what the manifest says. */
  CopyDamaged: 'CopyDamaged',
  /** The manifest is of another version of this program, of another copy, or no manifest. */
  ManifestUnreadable: 'ManifestUnreadable',
  /** The copy is of another release of GlitchTip than the one that is to run on it. */
  OtherRelease: 'OtherRelease',
  /** The copy is encrypted for others. */
  IdentityWrong: 'IdentityWrong',
  /** The database has something in it. */
  NotEmpty: 'NotEmpty',
} as const;
export type RestoreFailureReason = Failure | keyof typeof RESTORE_FAILURES;

const count = () => z.int().check(z.gte(0));
const seconds = () => z.record(z.string(), z.number().check(z.gte(0)));

/** A copy of the store: name, bytes without uploads, state, release of GlitchTip ("" where its manifest cannot be read). */
const listedCopySchema = z.tuple([copyNameSchema, count(), z.enum(['good', 'damaged', 'unreadable']), z.string()]);
export type ListedCopy = z.output<typeof listedCopySchema>;

const listedSchema = z.strictObject({
  result: z.literal('listed'),
  where: z.enum(['s3', 'volume']),
  /** Newest first; all of them, and those of them that fit. */
  total: count(),
  copies: z.array(listedCopySchema),
});
export type ListedReport = z.output<typeof listedSchema>;

/** The dump is on the Job's volume, and is the one that was restored when the copy was made. */
const fetchedSchema = z.strictObject({
  result: z.literal('fetched'),
  copy: copyNameSchema,
  where: z.enum(['s3', 'volume']),
  /** What it holds is of this moment. */
  startedAt: z.string(),
  release: z.string(),
  /** Of the dump as it is stored, and of the database that it was made of. */
  bytes: count(),
  databaseBytes: count(),
  uploads: z.strictObject({ files: count(), bytes: count() }),
  /** Whether SECRET_KEY is in it. */
  hasSettings: z.boolean(),
  seconds: seconds(),
});
export type FetchedReport = z.output<typeof fetchedSchema>;

/** The database has what the copy had, and so has the folder of the uploads. */
const restoredSchema = z.strictObject({
  result: z.literal('restored'),
  copy: copyNameSchema,
  tables: count(),
  rows: count(),
  how: z.enum(['counts', 'content']),
  /** Files that were written, and those that were there already. */
  uploads: z.strictObject({ written: count(), kept: count() }),
  /** Whether SECRET_KEY was brought back, too. */
  settings: z.boolean(),
  seconds: seconds(),
});
export type RestoredReport = z.output<typeof restoredSchema>;

const failedSchema = z.strictObject({ ...failedFields, reason: z.enum([...keysOf(FAILURES), ...keysOf(RESTORE_FAILURES)]) });
export type RestoreFailedReport = z.output<typeof failedSchema>;

export const restoreReportSchema = z.discriminatedUnion('result', [listedSchema, fetchedSchema, restoredSchema, failedSchema]);
export type RestoreReport = z.output<typeof restoreReportSchema>;

function keysOf<K extends string>(of: Readonly<Record<K, string>>): K[] {
  return Object.keys(of) as K[];
}

/** One line. */
export function formatRestoreReport(report: RestoreReport): string {
  return formatMessage(report);
}

/** Undefined for what no container of ours wrote. */
export function parseRestoreReport(message: string): RestoreReport | undefined {
  return restoreReportSchema.safeParse(readJson(message)).data;
}

export class RestoreFailure extends RunFailure<RestoreFailureReason> {
  override name = 'RestoreFailure';
}
