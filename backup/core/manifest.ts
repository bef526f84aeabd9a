// The manifest of a copy: what is in it, and how it was shown to restore. It is written last; a copy without one does not exist.
import * as z from 'zod';
import { copyNameSchema } from './copy-name.js';

export const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/);
const bytes = z.int().nonnegative();
const seconds = z.number().nonnegative();

/** Of bytes, wherever they are. */
export const fingerprintSchema = z.strictObject({ bytes, sha256: sha256Schema });
export type Fingerprint = z.infer<typeof fingerprintSchema>;

/** One object of the store. `content`: before it was encrypted; absent where it is stored as it is. */
const storedSchema = z.strictObject({ key: z.string().min(1), stored: fingerprintSchema, content: fingerprintSchema.optional() });
export type Stored = z.infer<typeof storedSchema>;

/** `partitionOf`: the table that events are written to, of a partition. `hash`: of all rows, where they were hashed. */
export const tableSchema = z.strictObject({ table: z.string(), rows: z.int().nonnegative(), partitionOf: z.string().optional(), hash: z.string().optional() });
export type TableCount = z.infer<typeof tableSchema>;

export const manifestSchema = z.strictObject({
  format: z.literal(1),
  name: copyNameSchema,
  /** Of the dump's snapshot, and of the end of the restore. */
  startedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime(),
  /** GlitchTip's release: the copy is restored together with it. */
  release: z.string().min(1),
  /** Versions of what made it, as 0.1.0 and 17.6: pg_restore must be of pg_dump's major version, or a later one. Absent in copies of before they were written down. */
  madeBy: z.strictObject({ glitchkeeper: z.string().optional(), pgDump: z.string().optional() }).optional(),
  database: z.strictObject({
    name: z.string().min(1),
    /** Of the server, by initdb. */
    systemIdentifier: z.string().regex(/^\d+$/),
    /** Position in the write-ahead log, when the tables were counted. */
    lsn: z.string(),
    serverVersion: z.string(),
    bytes,
    /** Newest row of django_migrations, `app.name`. */
    migration: z.string(),
    tables: z.array(tableSchema).min(1),
  }),
  dump: storedSchema,
  /** SECRET_KEY with its fallbacks, and the resource; only where it is encrypted. */
  settings: storedSchema.optional(),
  /** Files of the uploads by their path, each stored once for all copies. */
  uploads: z.array(storedSchema.extend({ path: z.string().min(1) })),
  verified: z.strictObject({
    /** Restored into an empty server and counted table by table; `content`: every row hashed, too. */
    how: z.enum(['counts', 'content']),
    /** Why a table may be smaller than the copy before says, where a person said so. */
    override: z.string().optional(),
  }),
  /** How long each step took. */
  seconds: z.record(z.string(), seconds),
});
export type Manifest = z.infer<typeof manifestSchema>;

/** @throws Error with path, expected and found, for what is no manifest */
export function parseManifest(text: string): Manifest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new Error('manifest.json: expected JSON, found something else', { cause });
  }
  const parsed = manifestSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Error(`manifest.json: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`);
}

/** Bytes that a copy alone takes in the store, without uploads, which copies share. */
export function ownBytes({ dump, settings }: Manifest): number {
  return dump.stored.bytes + (settings?.stored.bytes ?? 0);
}
