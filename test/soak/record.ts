// The record of a part of the soak: what ran on what, how it ended, and what it measured. One file a part and run, in git.
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';

export const RECORDS = 'test/soak/records';

const recordSchema = z.object({
  part: z.string(),
  /** Full name. */
  commit: z.string(),
  /** Files that were not as in the commit, before or after. */
  dirty: z.array(z.string()),
  machine: z.object({ cores: z.number(), memoryGiB: z.number(), kernel: z.string(), architecture: z.string(), node: z.string() }),
  /** ISO 8601. */
  started: z.string(),
  seconds: z.number(),
  passed: z.number(),
  failed: z.number(),
  /** Why the part failed when that is not a test. */
  reason: z.string().optional(),
  tests: z.array(z.object({ name: z.string(), status: z.string(), seconds: z.number() })),
  measurements: z.array(z.object({ what: z.string(), value: z.number(), unit: z.string(), goal: z.number().optional() })),
  /** Of GlitchTip, that the cluster had; absent in records from before it was noted, and of parts without pods. */
  images: z.array(z.object({ image: z.string(), isDouble: z.boolean() })).optional(),
});

export type SoakRecord = z.infer<typeof recordSchema>;

/** Nothing in it names the machine. */
export function describeMachine(): SoakRecord['machine'] {
  return { cores: cpus().length, memoryGiB: Math.round(totalmem() / 2 ** 30), kernel: release(), architecture: process.arch, node: process.version };
}

/** DATE-COMMIT-PART.json; the date has the time in it, so that no record replaces another. */
export function recordName({ started, commit, part }: Pick<SoakRecord, 'started' | 'commit' | 'part'>): string {
  return `${started.slice(0, 19).replaceAll(/[-:]/g, '')}Z-${commit.slice(0, 8)}-${part}.json`;
}

export function writeRecord(record: SoakRecord, folder = RECORDS): string {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, recordName(record));
  writeFileSync(file, `${JSON.stringify(record, undefined, 2)}\n`);
  return file;
}

/** @throws Error for a file that is no record */
export function readRecords(folder = RECORDS): SoakRecord[] {
  const files = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.json')).sort() : [];
  return files.map((name) => {
    const read = recordSchema.safeParse(JSON.parse(readFileSync(join(folder, name), 'utf8')));
    if (!read.success) throw new Error(`${join(folder, name)} is no record of a soak: ${z.prettifyError(read.error)}`);
    return read.data;
  });
}

/** Of all parts that were to run: one that has no record was ended before it began, and has failed. */
export function addUp(records: readonly Pick<SoakRecord, 'part' | 'passed' | 'failed'>[], parts: readonly { readonly name: string }[]): { readonly passed: number; readonly failed: number } {
  const missing = parts.filter(({ name }) => !records.some(({ part }) => part === name)).length;
  return { passed: records.reduce((sum, { passed }) => sum + passed, 0), failed: records.reduce((sum, { failed }) => sum + failed, missing) };
}

/** What recordMeasurement() wrote (test/support/measurements.ts). */
export function readMeasurements(file: string): SoakRecord['measurements'] {
  return recordSchema.shape.measurements.parse(linesOf(file).filter((line) => !isImage(line)));
}

/** What recordImage() wrote, each once. */
export function readImages(file: string): NonNullable<SoakRecord['images']> {
  const images = recordSchema.shape.images.parse(linesOf(file).filter(isImage)) ?? [];
  return images.filter(({ image }, index) => images.findIndex((each) => each.image === image) === index);
}

function linesOf(file: string): unknown[] {
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as unknown) : [];
}

function isImage(line: unknown): boolean {
  return typeof line === 'object' && line !== null && 'image' in line;
}
