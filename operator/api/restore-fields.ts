// A restore in the status of the GlitchTip resource: how far it is, and how the last one ended. It is written before each step, so that whoever comes next goes on.
import * as z from 'zod/mini';
import { openWord } from './open-word.js';
import { refusedRequest } from './refused-request.js';

const describe = (description: string) => z.meta({ description });
const instant = () => z.string().check(z.meta({ format: 'date-time' }));
const copyName = () => z.string().check(z.regex(/^[0-9]{8}T[0-9]{6}Z$/));
const oid = () => z.int().check(z.gte(1), z.lte(4_294_967_295));

export const RESTORE_PHASES = [
  /** Recorded, and held back until nothing else is under way. */
  'Waiting',
  /** The copy is fetched, compared and decrypted, once, before anything is stopped for it. */
  'Checking',
  /** Nothing is given to GlitchTip any more, and web and worker end. */
  'Stopping',
  /** The copy is restored into a database of its own, beside the one that is there. */
  'Restoring',
  /** What is there is copied once more. */
  'Saving',
  /** The two databases exchange their names. */
  'Swapping',
  /** Tables, partitions of today, today's password of the administrator. */
  'Migrating',
  'Starting',
  /** An event is stored in the database that is live now. */
  'Proving',
  /** A person looks, and says confirm or undo. */
  'Unconfirmed',
  /** Confirmed: the database that is not live is dropped. */
  'Cleaning',
  /** It failed, or was taken back, before the databases changed names: everything is started again as it was. */
  'Returning',
  /** Into a database of its own for a person to look at: as Restoring, and nothing is stopped for it. */
  'Loading',
  /** It is there, and nothing was exchanged: a person looks at it, and says undo. */
  'Aside',
] as const;
export type RestorePhase = (typeof RESTORE_PHASES)[number];

const progress = z.object({
  id: copyName().check(describe('When it was asked for; databases and Jobs of this restore are named by it.')),
  request: z.optional(z.string()).check(describe('The annotation that was taken up last, until it is removed.')),
  wanted: z.object({
    copy: z.string(),
    notAfter: z.optional(instant()),
    save: z.boolean().check(describe('Whether what is there is copied before it is replaced.')),
    reason: z.optional(z.string()),
    intoNewDatabase: z.optional(z.boolean()).check(describe('Whether it stays beside the live database, for a person to look at.')),
    upgrade: z.optional(copyName()).check(describe('The upgrade that is taken back by it.')),
  }),
  copy: z.optional(copyName()).check(describe('The copy that was chosen and found whole.')),
  phase: openWord(RESTORE_PHASES),
  direction: openWord(['forth', 'back']).check(describe('Which database is to be live: the restored one, or the one before it.')),
  since: instant().check(describe('When the phase, or its last attempt, began.')),
  attempt: z.int().check(z.gte(1)),
  before: z.optional(oid()).check(describe('OID of the database that was live; absent where there was none.')),
  restored: z.optional(z.object({ oid: oid(), attempt: z.int() })).check(describe('The new database, and the attempt that it was made for.')),
  saved: z.optional(copyName()),
  why: z.optional(z.string()).check(describe('Why it returns, or what the last attempt of the phase failed for.')),
  waitsFor: z.optional(z.string()).check(describe('What the phase waits for; figures in it may be of a moment ago.')),
  canceled: z.optional(z.boolean()),
}).check(describe('The restore that is under way.'));

const ended = z.object({
  id: copyName(),
  copy: z.optional(copyName()),
  at: instant(),
  result: openWord(['Confirmed', 'Undone', 'Canceled', 'Failed']),
  why: z.optional(z.string()),
  saved: z.optional(copyName()),
  upgrade: z.optional(copyName()),
}).check(describe('How the last restore ended.'));

export const restoreStatus = z.object({ current: z.optional(progress), last: z.optional(ended), refused: z.optional(refusedRequest) });

export type RestoreStatus = z.output<typeof restoreStatus>;
export type RestoreProgress = z.output<typeof progress>;
export type RestoreEnd = z.output<typeof ended>;

/** False for one of a later version, which this one knows nothing to do in. */
export function isKnownPhase({ phase }: Pick<RestoreProgress, 'phase'>): boolean {
  return RESTORE_PHASES.includes(phase);
}
