// Decides how a database that somebody else made becomes the owner role's: what is taken over, what is waited for, what cannot be done. Pure.
import { REASONS, type Reason } from '../../api/conditions.js';
import type { ForeignObjects, ObservedDatabase, ObservedRole, PostgresState } from './observed.js';
import type { DatabaseChange, WantedRoles } from './database-changes.js';

/** Why something is not adopted yet, or never can be. */
export type AdoptionObstacle =
  /** The role that should own the database is the one that initdb made: it can lose neither SUPERUSER nor its objects. */
  | { readonly kind: 'owner is bootstrap superuser'; readonly owner: string }
  /** Somebody works with the objects as their owner: moving them would lock out a GlitchTip that runs, or a restore half done. */
  | { readonly kind: 'objects in use'; readonly from: readonly string[]; readonly objects: number; readonly sessions: number; readonly owner: string }
  /** Somebody is logged in as the owner itself: an older GlitchTip that is still to be moved. */
  | { readonly kind: 'owner in use'; readonly owner: string; readonly sessions: number };

/** The first obstacle; undefined when nothing is in the way. */
export function findAdoptionObstacle(state: PostgresState, wanted: WantedRoles): AdoptionObstacle | undefined {
  const owner = wanted.database;
  const role = state.roles.find(({ name }) => name === owner);
  if (role?.bootstrap) return { kind: 'owner is bootstrap superuser', owner };
  const adoptable = findAdoptable(state.database, wanted);
  // Our own logins keep every right as members of the owner; nobody else does.
  const used = adoptable.filter(({ owner: from, sessions }) => sessions > 0 && from !== wanted.active && from !== wanted.idle);
  if (used.length > 0) return { kind: 'objects in use', from: used.map((each) => each.owner), objects: sum(used, 'objects'), sessions: sum(used, 'sessions'), owner };
  if (role && isOpen(role) && role.sessions > 0) return { kind: 'owner in use', owner, sessions: role.sessions };
  return undefined;
}

/** Whether the database has to stay as it is for now. */
export function holdsOwnership(obstacle: AdoptionObstacle | undefined): boolean {
  return obstacle?.kind === 'owner is bootstrap superuser' || obstacle?.kind === 'objects in use';
}

/** One change for each role whose objects become the owner's. */
export function planAdoption(state: PostgresState, wanted: WantedRoles): readonly DatabaseChange[] {
  const { database } = wanted;
  return findAdoptable(state.database, wanted).map(({ owner: from, objects }) => ({ kind: 'adopt objects', database, from, owner: database, objects }));
}

/**
 * The owner's own login is taken away when nothing needs it: the application's works, and no session is left. Until then an old
 * GlitchTip may run with it.
 */
export function planClosing(state: PostgresState, wanted: WantedRoles): readonly DatabaseChange[] {
  const role = state.roles.find(({ name }) => name === wanted.database);
  if (!role || !isOpen(role) || !wanted.applicationWorks || findAdoptionObstacle(state, wanted)) return [];
  return [{ kind: 'close owner', role: role.name }];
}

/**
 * Roles whose objects are GlitchTip's: those that own the database, or something where GlitchTip's tables are. A role that has
 * only a schema of its own in here, for reports say, is left alone.
 */
function findAdoptable(database: ObservedDatabase, wanted: WantedRoles): readonly ForeignObjects[] {
  if (database.kind === 'absent') return [];
  return (database.foreign ?? []).filter(({ owner, inPublic }) => owner !== wanted.database && (inPublic || owner === database.owner));
}

/** It can be logged in with, or would be more than an owner if it could. */
function isOpen({ canLogin, hasVerifier, attributes }: ObservedRole): boolean {
  return canLogin || hasVerifier || attributes.length > 0;
}

function sum(of: readonly ForeignObjects[], field: 'objects' | 'sessions'): number {
  return of.reduce((total, each) => total + each[field], 0);
}

interface Explanation {
  readonly status: 'True' | 'False';
  readonly reason: Reason;
  readonly message: string;
}

/** What DatabaseHealthy says of an obstacle. */
export function explainObstacle(obstacle: AdoptionObstacle): Explanation {
  const { owner } = obstacle;
  switch (obstacle.kind) {
    case 'owner is bootstrap superuser':
      return { status: 'False', reason: REASONS.OwnerIsBootstrapSuperuser, message: `Role ${owner} is the superuser that initdb made, and cannot become an owner without login. Nothing is changed. Restore a dump into a database of another name, or into a new Postgres: docs/runbooks/adopt-compose.md.` };
    case 'objects in use':
      return { status: 'False', reason: REASONS.AdoptionWaits, message: `${obstacle.objects} objects of ${obstacle.from.join(', ')} go to ${owner} when nobody is connected to the database as ${obstacle.from.join(', ')} any more (sessions now: ${obstacle.sessions}).` };
    case 'owner in use':
      return { status: 'True', reason: REASONS.OwnerInUse, message: `The application logs in and acts as ${owner}. Role ${owner} keeps its own login until nobody is connected with it any more (sessions now: ${obstacle.sessions}).` };
  }
}

/** What DatabaseHealthy says while objects are about to move; undefined when none are. */
export function explainAdoption(changes: readonly DatabaseChange[]): Explanation | undefined {
  const adoptions = changes.filter((change) => change.kind === 'adopt objects');
  const [first] = adoptions;
  if (!first) return undefined;
  const objects = adoptions.reduce((total, change) => total + change.objects, 0);
  return { status: 'False', reason: REASONS.AdoptionPending, message: `${objects} objects of ${adoptions.map(({ from }) => from).join(', ')} are to be given to ${first.owner}, in one transaction; it waits for locks that others hold.` };
}
