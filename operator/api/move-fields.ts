// The move from an old Sentry in the GlitchTip resource: where it is in the spec, how far the move is in the status. The status is written before each step.
import * as z from 'zod/mini';
import { openWord } from './open-word.js';
import { refusedRequest } from './refused-request.js';

const describe = (description: string) => z.meta({ description });
const instant = () => z.string().check(z.meta({ format: 'date-time' }));

export const moveSpec = z.object({
  from: z.string().check(z.regex(/^https?:\/\/[^\s@?#]+$/), z.maxLength(2_000)).check(describe('URL by which the old Sentry, or another GlitchTip, is reached.')),
  organization: z.string().check(z.regex(/^[a-z0-9]([a-z0-9_-]*[a-z0-9])?$/), z.maxLength(100)).check(describe('Slug, there, of the organization that is imported.')),
  ownNames: z._default(z.array(z.string().check(z.maxLength(255))).check(z.maxLength(100)), []).check(describe('Names that lead to this GlitchTip: the old server is reached at `from` where its DSNs have one of them, for a copy sent to that name would come back.')),
  share: z._default(z.int().check(z.gte(1), z.lte(100)), 25).check(describe('Percent of the gateway\'s spool that may be taken by events which wait only for the one of the two that does not lead.')),
}).check(describe('The old server that this GlitchTip takes the place of. Absent: there is none.'));

export const MOVE_PHASES = [
  /** Organizations, teams, projects and keys are imported, and the table of DSNs is filled in. */
  'Importing',
  /** Both get every event; the old one leads. */
  'Parallel',
  /** Both get every event; GlitchTip leads. */
  'Cutover',
  /** The old one is let go; the table of its DSNs is kept. */
  'Finished',
] as const;
export type MovePhase = (typeof MOVE_PHASES)[number];

const progress = z.object({
  id: z.string().check(z.regex(/^[0-9]{8}T[0-9]{6}Z$/)).check(describe('When it was asked for; the Job of its import is named by it.')),
  request: z.optional(z.string()).check(describe('The annotation that was taken up last, until it is removed.')),
  phase: openWord(MOVE_PHASES),
  since: instant().check(describe('When the phase, or its last attempt, began.')),
  imports: z.boolean().check(describe('Whether projects and keys are imported before the rest.')),
  attempt: z.int().check(z.gte(1)),
  importedAt: z.optional(instant()).check(describe('When an import ended well: there is no second one.')),
  dsns: z.optional(z.object({ known: z.int(), served: z.int() })).check(describe('DSNs in the table, and those of them that have a project and a key here.')),
  tableUnread: z.optional(z.string()).check(describe('Why the table of DSNs cannot be read: what the gateway has of it is in force.')),
  inForceSince: z.optional(instant()).check(describe('When the gateway confirmed the phase; absent: it has not yet.')),
  why: z.optional(z.string()).check(describe('What the last attempt failed for.')),
  waitsFor: z.optional(z.string()).check(describe('What the phase waits for; figures in it may be of a moment ago.')),
}).check(describe('The move that is under way, or has finished.'));

const ended = z.object({
  id: z.string(), at: instant(), result: openWord(['Canceled', 'Failed']), why: z.optional(z.string()),
}).check(describe('How the last one ended of which nothing became.'));

export const moveStatus = z.object({ current: z.optional(progress), last: z.optional(ended), refused: z.optional(refusedRequest) });

export type MoveSpec = z.output<typeof moveSpec>;
export type MoveStatus = z.output<typeof moveStatus>;
export type MoveProgress = z.output<typeof progress>;

/** False for one of a later version, which this one knows nothing to do in. */
export function isKnownMovePhase({ phase }: Pick<MoveProgress, 'phase'>): boolean {
  return MOVE_PHASES.includes(phase);
}

/** Reasons of the condition MoveHealthy. */
export const MOVE_REASONS = {
  /** True: both get every event, and what waits for the one that does not lead is within its share. */
  BothServed: 'BothServed',
  /** True: the old one was let go. */
  OldLetGo: 'OldLetGo',
  /** Unknown: projects and keys are being imported. */
  Importing: 'Importing',
  /** Unknown: the gateway does not say, or has not confirmed the phase yet. */
  NotConfirmed: 'NotConfirmed',
  /** False: the old one takes nothing at present; events wait for it, within their share. */
  OldAway: 'OldAway',
  /** False: the old one refused requests within the last minutes, for good: it lacks their events. */
  OldRefuses: 'OldRefuses',
  /** False: events were dropped for the one that does not lead, for its share was full. */
  EventsDropped: 'EventsDropped',
  /** False: the table of DSNs is gone or cannot be read; what the gateway has of it is in force. */
  TableMissing: 'TableMissing',
  /** False: there is no move, and the last one came to nothing. */
  MoveFailed: 'MoveFailed',
} as const;
export type MoveReason = (typeof MOVE_REASONS)[keyof typeof MOVE_REASONS];
