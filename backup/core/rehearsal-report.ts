// How a rehearsal of a release's migrations ended, as its containers leave it for the operator in their termination message: as report.ts.
import * as z from 'zod/mini';
import { readJson } from '../../operator/core/json-text.js';
import { FAILURES, type Failure } from './report.js';
import { RESTORE_FAILURES } from './restore-report.js';
import { failedFields } from './termination-message.js';

/** Why migrations were not shown to run, besides what fails a backup or a restore. */
export const REHEARSAL_FAILURES = {
  /** A migration ended with an error: the detail names it, and the class of the error. */
  MigrationFailed: 'MigrationFailed',
  /** The container of the release did not begin. */
  MigrateAway: 'MigrateAway',
} as const;
/** Of a program of the pod's; what the operator finds itself is in operator/core/backup/failure-advice.ts. */
type RehearsalFailureReason = Failure | keyof typeof RESTORE_FAILURES | keyof typeof REHEARSAL_FAILURES | 'TooSlow';

const count = () => z.int().check(z.gte(0));
const seconds = () => z.number().check(z.gte(0));

const rehearsedSchema = z.strictObject({
  result: z.literal('rehearsed'),
  /** Whether nothing was left to migrate, by GlitchTip's own `migrate --check`. */
  checked: z.boolean(),
  /** How many ran. */
  migrations: count(),
  /** Of the release's own script: migrations, cache table, partitions. */
  seconds: seconds(),
  /** Resident set of the largest process, bytes. */
  peakMemory: count(),
  slowest: z.optional(z.strictObject({ migration: z.string(), seconds: seconds() })),
  /** Of the database. */
  bytesBefore: count(),
  bytesAfter: count(),
  /** Of tables that were there before: who reads, or writes, waits; the longest first. Modes as PostgreSQL's LOCK TABLE names them. */
  locks: z.array(z.strictObject({ table: z.string(), mode: z.string(), seconds: seconds() })),
});
export type RehearsedReport = z.output<typeof rehearsedSchema>;

const reasons = [...Object.keys(FAILURES), ...Object.keys(RESTORE_FAILURES), ...Object.keys(REHEARSAL_FAILURES), 'TooSlow'] as RehearsalFailureReason[];
const failedSchema = z.strictObject({ ...failedFields, reason: z.enum(reasons) });

const rehearsalReportSchema = z.discriminatedUnion('result', [rehearsedSchema, failedSchema]);
export type RehearsalReport = z.output<typeof rehearsalReportSchema>;

/** Undefined for what no container of ours wrote. */
export function parseRehearsalReport(message: string): RehearsalReport | undefined {
  return rehearsalReportSchema.safeParse(readJson(message)).data;
}
