// Rehearsals in the status of the GlitchTip resource: the run that is under way, and how the last ones ended.
import * as z from 'zod/mini';
import { openWord } from './open-word.js';
import { refusedRequest } from './refused-request.js';

const describe = (description: string) => z.meta({ description });
const instant = () => z.string().check(z.meta({ format: 'date-time' }));
const copyName = () => z.string().check(z.regex(/^[0-9]{8}T[0-9]{6}Z$/));
const amount = () => z.int().check(z.gte(0));
const seconds = () => z.number().check(z.gte(0));

const progress = z.object({
  version: z.string().check(describe('The release whose migrations run.')),
  trigger: openWord(['request', 'schedule']),
  startedAt: instant().check(describe('Its Job is named by it.')),
  jobMadeAt: z.optional(instant()).check(describe('When its Job was first seen: one that is gone after that is not made again.')),
}).check(describe('The run that is under way: written before its Job is made, so that no restart doubles it.'));

const ended = z.object({
  version: z.string(),
  copy: z.optional(copyName()).check(describe('The copy that it ran on; absent: a dump that was made for it.')),
  startedAt: instant(),
  endedAt: instant(),
  result: openWord(['Passed', 'Failed']),
  step: z.optional(z.string()),
  reason: z.optional(z.string()),
  exitCode: z.optional(z.int()),
  detail: z.optional(z.string()),
  migrations: z.optional(amount()).check(describe('How many ran.')),
  seconds: z.optional(seconds()).check(describe('Of the migrations, as the migrate Job runs them.')),
  slowest: z.optional(z.object({ migration: z.string(), seconds: seconds() })),
  peakMemory: z.optional(amount()).check(describe('Resident set of the largest process that migrated. Bytes.')),
  bytesBefore: z.optional(amount()).check(describe('Of the database.')),
  bytesAfter: z.optional(amount()),
  locks: z.optional(z.array(z.object({ table: z.string(), mode: z.string(), seconds: seconds() }))).check(
    describe('Tables that were there before and at which others would have waited, the longest first.'),
  ),
});

export const rehearsalStatus = z.object({
  current: z.optional(progress),
  heldBack: z.optional(z.string()).check(describe('What a run that is asked for, or due, waits for.')),
  last: z.optional(ended).check(describe('The last one that a person asked for.')),
  check: z.optional(ended).check(describe("The last one of the schedule, once a month: GlitchTip's own check finds nothing to migrate in what was restored.")),
  refused: z.optional(refusedRequest),
});

export type RehearsalStatus = z.output<typeof rehearsalStatus>;
export type RehearsalProgress = z.output<typeof progress>;
export type RehearsalEnd = z.output<typeof ended>;
