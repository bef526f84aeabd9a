// What a backup, or a rehearsal, waits for: operations, Jobs, rotations and rollouts that are under way, and a database that is not the one that it should be. Pure.
import { timeOfCopy } from '../../../backup/core/copy-name.js';
import type { BackupStatus } from '../../api/backup-fields.js';
import type { GlitchTipSpec } from '../../api/glitchtip-resource.js';
import { identifyDatabase } from '../credentials/database-identity.js';
import type { ObservedWorkload } from '../credentials/observed.js';
import { describeHolder, findHolder, type Holder } from '../operations/exclusion.js';
import { findLockHolder, type Recorded } from '../operations/lock-holder.js';
import { isSameHolder, type ObservedLock } from '../operations/operation-lock.js';
import { journalOf, type ObservedJournal } from '../rotation/journal.js';
import { toSeconds } from '../timestamps.js';
import type { Expected } from '../../../backup/core/verification.js';

/** What the operator's own login says of the database that is to be dumped. */
export type ObservedDatabaseFacts =
  | { readonly kind: 'seen'; readonly systemIdentifier: string; readonly migration: string }
  | { readonly kind: 'unseen'; readonly why: string };

/** Those that read the live database as a whole, in a Job. */
export type CopyOperation = 'backup' | 'rehearsal';

/** What was seen around a run that is wanted. */
export interface Around {
  readonly lock: ObservedLock;
  /** Jobs at work, but the run's own. */
  readonly jobs: readonly Holder[];
  readonly journal: ObservedJournal;
  readonly recorded: Recorded;
  readonly rollouts: readonly ObservedWorkload[];
  /** Why the quota has no room for its pod. */
  readonly noRoom: string | undefined;
  readonly database: ObservedDatabaseFacts;
  /** System identifier of the database that was set up. */
  readonly remembered: string | undefined;
}

interface Wanted {
  readonly operation: CopyOperation;
  /** Of the Job, where the run has begun. */
  readonly job: string | undefined;
  readonly since: Date;
  readonly now: Date;
}

/**
 * A rollout needs the memory that the Job needs. One that never ends, and a quota that stays full, are no reason for having no copy: then
 * the run is tried all the same, and what becomes of it is told. A rehearsal waits on. Milliseconds.
 */
const PATIENCE = 2 * 3_600_000;

/** The first thing that a run waits for; undefined when it may begin. */
export function findObstacle(around: Around, wanted: Wanted): string | undefined {
  const isPatient = wanted.operation === 'rehearsal' || wanted.now.getTime() - wanted.since.getTime() < PATIENCE;
  return operationObstacle(around, wanted) ?? rotationObstacle(around) ?? databaseObstacle(around) ?? (isPatient ? roomObstacle(around) : undefined);
}

function operationObstacle({ lock, jobs, journal, recorded }: Around, { operation, job, now }: Wanted): string | undefined {
  const atWork = findHolder(operation, jobs, now);
  if (atWork) return `Job ${atWork.name} has not ended`;
  if (lock.kind === 'unreadable') return `whether another operation is under way cannot be seen (${lock.why})`;
  const holder = findLockHolder(lock, { jobs, journal, recorded }, now);
  const other = holder && !isSameHolder(holder, { operation, name: job ?? '' }) ? findHolder(operation, [holder], now) : undefined;
  return other && `${describeHolder(other)} is under way since ${toSeconds(other.since)}`;
}

/** One that waits changes nothing. With a journal that nobody understands no rotation goes on, so a backup need not wait for a person. */
function rotationObstacle({ journal }: Around): string | undefined {
  if (journal.kind === 'unreadable') return `whether a rotation is under way cannot be seen (${journal.why})`;
  const rotation = journalOf({ journal })?.rotation;
  return rotation && rotation.phase !== 'Waiting' ? `rotation ${rotation.id} is ${rotation.phase}` : undefined;
}

function databaseObstacle({ database, remembered }: Around): string | undefined {
  if (database.kind === 'unseen') return `the database cannot be looked at (${database.why})`;
  const { replaced } = identifyDatabase({ found: database.systemIdentifier, remembered, accepted: undefined });
  return replaced && `the database is another one than before (system identifier ${replaced.is}, it was ${replaced.was}), and nobody has accepted it`;
}

/** One that is scaled to nothing is no rollout. */
function roomObstacle({ rollouts, noRoom }: Around): string | undefined {
  const rolling = rollouts.find(({ pending, isScaledToNothing }) => pending !== undefined && isScaledToNothing !== true);
  return rolling ? `Deployment ${rolling.name}: ${rolling.pending ?? ''}` : noRoom;
}

/** What the copy is judged by. `mayShrink`: why the copy before it says nothing of it. */
export function expectedOf({ database, backup }: GlitchTipSpec, { systemIdentifier, migration }: Extract<ObservedDatabaseFacts, { kind: 'seen' }>, mayShrink = backup?.mayShrink): Expected {
  return { systemIdentifier, database: database.name, migration, ...(mayShrink === undefined ? {} : { mayShrink }) };
}

/** The copy before is of a database that is live no longer, or of tables of another release: the first one after a restore or an upgrade is not compared with it. */
export function whyOtherRows({ lastVerified }: BackupStatus, { restore = {}, upgrade = {} }: Recorded): string | undefined {
  const { legacyImport } = upgrade;
  const changes = [
    changeOf('restore', restore.current, restore.last), changeOf('upgrade', upgrade.current, upgrade.last),
    // Its archive is emptied.
    ...(legacyImport?.end === undefined ? [] : [{ what: `import ${legacyImport.id} of old events`, at: legacyImport.end.at }]),
  ];
  const since = changes.find((change) => change !== undefined && (lastVerified === undefined || timeOfCopy(lastVerified.copy) < new Date(change.at)));
  return since && `the first copy after ${since.what}`;
}

interface Underway {
  readonly id: string;
  readonly phase: string;
  readonly since: string;
}

function changeOf(what: 'restore' | 'upgrade', current: Underway | undefined, last: { readonly id: string; readonly at: string; readonly result: string } | undefined): { readonly what: string; readonly at: string } | undefined {
  if (current?.phase === 'Unconfirmed') return { what: `${what} ${current.id}`, at: current.since };
  return last && (last.result === 'Confirmed' || last.result === 'Undone') ? { what: `${what} ${last.id}`, at: last.at } : undefined;
}
