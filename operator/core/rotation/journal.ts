// The journal of a rotation: written ahead of every step, in a Secret that no pod mounts, so that no crash loses the only copy of a value.
import * as z from 'zod/mini';

import { CREDENTIALS, PHASES, RESULTS, TRIGGERS, type RotationRecord } from '../../api/rotation-fields.js';
import { readJson } from '../json-text.js';
import { Sensitive } from '../sensitive.js';

/** Every value that a rotation may replace, by the name that it has in the journal. */
export const VALUE_NAMES = [
  'SECRET_KEY', 'SECRET_KEY_FALLBACKS', 'DATABASE_USER', 'DATABASE_PASSWORD', 'VALKEY_URL',
  'administrator-password', 'operator-postgres-password', 'operator-valkey-password',
  'gateway-database-password', 'gateway-valkey-password', 'gateway-control-token',
  'backup-database-password',
] as const;
export type ValueName = (typeof VALUE_NAMES)[number];

/** A whole set: what is not rotated is the same in `previous` and `next`. Empty where there is none (no Valkey, no fallbacks). */
export type Values = Readonly<Record<ValueName, Sensitive>>;

const instant = z.string();

const rotation = z.object({
  id: z.string(),
  trigger: z.enum(TRIGGERS),
  credentials: z.array(z.enum(CREDENTIALS)),
  phase: z.enum(PHASES),
  requestedAt: instant,
  /** When the values were generated; absent while it waits. */
  startedAt: z.optional(instant),
  /** When the phase began. */
  since: instant,
  attempt: z.int(),
  notBefore: z.optional(instant),
  /** The annotation that asked for it was not seen to be gone yet. */
  requestPending: z.boolean(),
  /** For a compromise: begun in spite of a rollout that does not end. It is not undone for want of new pods, and revokes the old values in the end. */
  despiteRollout: z.optional(z.boolean()),
  /** What the pod templates had before, to go back to the very same pods. Null: no annotation. */
  podsBefore: z.optional(z.object({ web: z.nullable(z.string()), worker: z.nullable(z.string()) })),
  /** What the application's Secret said of itself before, to say it again when the values of before are published again. */
  publishedBefore: z.optional(z.object({ generation: z.nullable(z.string()), rotatedAt: z.nullable(z.string()) })),
  /** After a compromise, with every password new. */
  sessionsEnded: z.boolean(),
  /** The phase in which they were last ended before that; a compromise ends them at once. */
  sessionsEndedIn: z.optional(z.enum(PHASES)),
  /** Why it is being undone, and the phase that did not end. */
  why: z.optional(z.string()),
  undoneIn: z.optional(z.enum(PHASES)),
});
export type Rotation = z.output<typeof rotation>;

const ended = z.object({
  id: z.string(), trigger: z.enum(TRIGGERS), credentials: z.array(z.enum(CREDENTIALS)),
  startedAt: instant, finishedAt: instant, result: z.enum(RESULTS), message: z.string(),
});

const record = z.object({
  rotation: z.optional(rotation),
  lastCompletedAt: z.optional(instant),
  history: z.array(ended),
  owed: z.optional(z.array(ended)),
});

export interface Journal {
  readonly rotation?: Rotation;
  readonly lastCompletedAt?: string;
  /** Newest first. */
  readonly history: readonly RotationRecord[];
  /** Pending replacements (pending-replacements.ts). Absent in a journal that an older version wrote. */
  readonly owed?: readonly RotationRecord[];
  /** Present from the moment that a rotation starts until it ends. */
  readonly values?: { readonly previous: Values; readonly next: Values };
}

export const EMPTY_JOURNAL: Journal = { history: [] };

export type ObservedJournal =
  | { readonly kind: 'absent' }
  | { readonly kind: 'unreadable'; readonly why: string }
  /** It exists and cannot be understood: nothing is rotated before a person has looked. */
  | { readonly kind: 'malformed'; readonly why: string }
  | { readonly kind: 'present'; readonly journal: Journal; readonly resourceVersion: string; readonly keys: readonly string[] };

/** Absent is an empty journal; unreadable or malformed is none. */
export function journalOf({ journal }: { readonly journal: ObservedJournal }): Journal | undefined {
  if (journal.kind === 'absent') return EMPTY_JOURNAL;
  return journal.kind === 'present' ? journal.journal : undefined;
}

export type ParsedJournal =
  | { readonly kind: 'valid'; readonly journal: Journal }
  | { readonly kind: 'invalid'; readonly why: string };

const RECORD = 'record';

/** The journal as the data of its Secret. */
export function encodeJournal({ values, ...rest }: Journal): ReadonlyMap<string, Sensitive> {
  const sets = values ? (['previous', 'next'] as const).flatMap((set) => VALUE_NAMES.map((name) => [`${set}.${name}`, values[set][name]] as const)) : [];
  return new Map([[RECORD, new Sensitive(JSON.stringify(rest))], ...sets]);
}

/** Never throws, and never says what a value is. */
export function decodeJournal(data: ReadonlyMap<string, Sensitive>): ParsedJournal {
  const parsed = record.safeParse(readJson(data.get(RECORD)?.reveal() ?? ''));
  if (!parsed.success) return { kind: 'invalid', why: parsed.error.issues.map(({ path }) => `${RECORD}.${path.join('.')}`).join(', ') };
  const journal = parsed.data;
  const [previous, next] = [decodeValues(data, 'previous'), decodeValues(data, 'next')];
  if (previous && next) return { kind: 'valid', journal: { ...journal, values: { previous, next } } };
  const started = journal.rotation !== undefined && journal.rotation.phase !== 'Waiting';
  return started ? { kind: 'invalid', why: 'a rotation is under way and its values are missing' } : { kind: 'valid', journal };
}

function decodeValues(data: ReadonlyMap<string, Sensitive>, set: string): Values | undefined {
  const entries = VALUE_NAMES.map((name) => [name, data.get(`${set}.${name}`) ?? (isAddedLater(name) ? new Sensitive('') : undefined)] as const);
  return entries.every(([, value]) => value !== undefined) ? (Object.fromEntries(entries) as unknown as Values) : undefined;
}

/** A journal that an older version wrote knows of no gateway, and of no backup. */
function isAddedLater(name: ValueName): boolean {
  return name.startsWith('gateway-') || name.startsWith('backup-');
}

export function sameValue(a: Sensitive, b: Sensitive): boolean {
  return a.reveal() === b.reveal();
}
