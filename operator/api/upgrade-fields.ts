// An upgrade to the next release of GlitchTip in the status of the resource: how far it is, and how the last one ended. It is written before each step, so that whoever comes next goes on.
import * as z from 'zod/mini';
import { openWord } from './open-word.js';
import { refusedRequest } from './refused-request.js';

const describe = (description: string) => z.meta({ description });
const instant = () => z.string().check(z.meta({ format: 'date-time' }));
const copyName = () => z.string().check(z.regex(/^[0-9]{8}T[0-9]{6}Z$/));
const amount = () => z.int().check(z.gte(0));

export const UPGRADE_PHASES = [
  /** Recorded, and held back until nothing else is under way. */
  'Waiting',
  /** The gateway gives nothing to GlitchTip any more, and the old worker empties its queue, which the next release never reads. */
  'Draining',
  /** Web and worker end. */
  'Stopping',
  /** A backup, which is restored before it counts: it is the way back. */
  'Saving',
  /** A person, or the command line, applies the manifests of the next release. */
  'Ready',
  /** The step is named for the pods, and the migrate Job of the next release runs. */
  'Migrating',
  'Starting',
  /** An event is stored by the next release; the gateway gives what it kept. */
  'Proving',
  /** A person looks, and says confirm or undo. */
  'Unconfirmed',
  /** Confirmed: the gateway lets go of what it kept for the way back. */
  'Cleaning',
  /** It failed, or was taken back, before anything was migrated: everything is started again as it was. */
  'Returning',
  /** Taken back after that: with the manifests of the old release its backup is restored. */
  'Undoing',
] as const;
export type UpgradePhase = (typeof UPGRADE_PHASES)[number];

const progress = z.object({
  id: copyName().check(describe('When it was asked for.')),
  request: z.optional(z.string()).check(describe('The annotation that was taken up last, until it is removed.')),
  from: z.string().check(describe('The release that ran.')),
  to: z.string().check(describe('The release that it leads to.')),
  phase: openWord(UPGRADE_PHASES),
  since: instant().check(describe('When the phase, or its last attempt, began.')),
  attempt: z.int().check(z.gte(1)),
  copy: z.optional(copyName()).check(describe('The backup that leads back.')),
  why: z.optional(z.string()).check(describe('Why it returns, or what the last attempt of the phase failed for.')),
  waitsFor: z.optional(z.string()).check(describe('What the phase waits for; figures in it may be of a moment ago.')),
  canceled: z.optional(z.boolean()),
}).check(describe('The upgrade that is under way.'));

const ended = z.object({
  id: copyName(),
  from: z.string(),
  to: z.string(),
  at: instant(),
  result: openWord(['Confirmed', 'Undone', 'Canceled', 'Failed']),
  copy: z.optional(copyName()),
  why: z.optional(z.string()),
}).check(describe('How the last upgrade ended.'));

const legacyImport = z.object({
  id: copyName().check(describe('When it was asked for; its Job is named by it.')),
  request: z.optional(z.string()).check(describe('The annotation that asked for it, until it is removed.')),
  jobMadeAt: z.optional(instant()).check(describe('When its Job was first seen: one that is gone after that is not made again.')),
  waitsFor: z.optional(z.string()),
  end: z.optional(z.object({
    at: instant(),
    result: openWord(['Imported', 'Failed']),
    imported: z.optional(amount()).check(describe('Events of the old release that came to where the new one looks for them.')),
    left: z.optional(amount()).check(describe('Rows that the archive still has: of events that were there already, or whose issue is gone.')),
    why: z.optional(z.string()),
  })),
}).check(describe('The last import of events of the old release, which the migration put into an archive.'));

export const upgradeStatus = z.object({ current: z.optional(progress), last: z.optional(ended), legacyImport: z.optional(legacyImport), refused: z.optional(refusedRequest) });

export type UpgradeStatus = z.output<typeof upgradeStatus>;
export type UpgradeProgress = z.output<typeof progress>;
export type UpgradeEnd = z.output<typeof ended>;
export type LegacyImport = z.output<typeof legacyImport>;
export type LegacyImportEnd = NonNullable<LegacyImport['end']>;

/** False for one of a later version, which this one knows nothing to do in. */
export function isKnownUpgradePhase({ phase }: Pick<UpgradeProgress, 'phase'>): boolean {
  return UPGRADE_PHASES.includes(phase);
}
