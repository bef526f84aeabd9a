// Rotation in the GlitchTip resource: the schedule in the spec, progress and history in the status.
import * as z from 'zod/mini';

import { openWord } from './open-word.js';

/**
 * What can be rotated, in the words of the annotation and of `spec.rotation.credentials`:
 * - `secret-key`: Django's SECRET_KEY;
 * - `postgres`: the application's login;
 * - `valkey`: the application's password;
 * - `administrator`: the password of the first administrator, unless a person has changed it;
 * - `operator`: the operator's own passwords in Postgres and Valkey;
 * - `gateway`: the ingest gateway's passwords in Postgres and Valkey, and the token of its control port;
 * - `backup`: the password of the login that dumps.
 */
export const CREDENTIALS = ['secret-key', 'postgres', 'valkey', 'administrator', 'operator', 'gateway', 'backup'] as const;
export type CredentialName = (typeof CREDENTIALS)[number];

/** Why a rotation began. `compromised` also ends every session and has no grace period. */
export const TRIGGERS = ['schedule', 'request', 'compromised'] as const;
export type Trigger = (typeof TRIGGERS)[number];

/** The phases in their order, and the two of the rollback; core/rotation/protocol.ts says what holds in each. */
export const PHASES = ['Waiting', 'Altering', 'Publishing', 'Rolling', 'Proving', 'Retiring', 'Returning', 'Dropping'] as const;
export type Phase = (typeof PHASES)[number];

/** `Completed`: the new values are in use and the old ones revoked. `Undone`: the old ones are in use as before. */
export const RESULTS = ['Completed', 'Undone'] as const;
export type RotationResult = (typeof RESULTS)[number];

/** Finished rotations that the status remembers. */
export const HISTORY_LENGTH = 10;

/** True for a name in the copy of the IANA's list that this Node.js has. */
export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

const describe = (description: string) => z.meta({ description });
const instant = () => z.string().check(z.meta({ format: 'date-time' }));

const credentials = () =>
  z.array(z.enum(CREDENTIALS)).check(z.minLength(1), z.maxLength(CREDENTIALS.length), z.meta({ 'x-kubernetes-list-type': 'set' }));

export const rotationSpec = z.object({
  enabled: z._default(z.boolean(), true).check(describe('Whether the credentials are rotated on schedule. On demand they are rotated all the same.')),
  everyDays: z._default(z.int().check(z.gte(1), z.lte(3_650)), 90).check(describe('Days from one rotation to the next.')),
  at: z._default(z.string().check(z.regex(/^([01][0-9]|2[0-3]):[0-5][0-9]$/), z.maxLength(5)), '03:00').check(
    describe('Time of day, 24 hours, as 03:00.'),
  ),
  timeZone: z._default(z.string().check(z.regex(/^[A-Za-z][A-Za-z0-9_+-]*(\/[A-Za-z0-9_+-]+)*$/), z.maxLength(64), z.refine(isTimeZone, 'no such time zone')), 'UTC').check(
    describe('Time zone of `at`, as the IANA names it: Europe/Berlin.'),
  ),
  credentials: z.optional(credentials()).check(describe('What is rotated on schedule. Absent: everything.')),
  graceHours: z._default(z.int().check(z.gte(0), z.lte(8_760)), 24).check(
    describe('Hours for which sessions and links signed with the old SECRET_KEY stay valid. Never after `compromised`.'),
  ),
  maxAttempts: z._default(z.int().check(z.gte(1), z.lte(20)), 5).check(
    describe('How often a rotation that had to be undone is tried, with growing pauses, before it is left to a person.'),
  ),
}).check(z.meta({
  description: 'When and how the credentials are replaced.',
  'x-kubernetes-validations': [{
    rule: 'self.graceHours < self.everyDays * 24',
    message: 'graceHours must be shorter than everyDays: lower graceHours, or old keys are never all dropped',
  }],
}));

/** What a rotation is of, in the status. */
const rotated = () => z.array(openWord(CREDENTIALS)).check(z.meta({ 'x-kubernetes-list-type': 'set' }));

const rotationProgress = z.object({
  phase: openWord(PHASES),
  id: z.string(),
  trigger: openWord(TRIGGERS),
  credentials: rotated(),
  requestedAt: instant(),
  since: instant().check(describe('When this phase began.')),
  deadline: z.optional(instant()).check(describe('When the rotation is undone if this phase has not ended.')),
  attempt: z.int(),
  notBefore: z.optional(instant()).check(describe('When the next attempt may begin.')),
  message: z.string().check(describe('What is waited for.')),
}).check(describe('The rotation that is under way.'));

const rotationRecord = z.object({
  id: z.string(),
  trigger: openWord(TRIGGERS),
  credentials: rotated(),
  startedAt: instant(),
  finishedAt: instant(),
  result: openWord(RESULTS),
  message: z.string(),
}).check(describe('A rotation that has ended.'));

export const rotationStatus = z.object({
  current: z.optional(rotationProgress),
  lastCompletedAt: z.optional(instant()),
  nextAt: z.optional(instant()).check(describe('When the schedule rotates next.')),
  history: z.optional(z.array(rotationRecord)).check(describe('Newest first.')),
});

export type RotationSpec = z.output<typeof rotationSpec>;
export type RotationStatus = z.output<typeof rotationStatus>;
export type RotationProgress = z.output<typeof rotationProgress>;
export type RotationRecord = z.output<typeof rotationRecord>;
