// The changes that Postgres may need: what each is, where it has to run, and how it reads in a log.

/** What Postgres should hold. */
export interface WantedRoles {
  /** The database and the NOLOGIN role that owns it. */
  readonly database: string;
  /** The login that the application's Secret names. */
  readonly active: string;
  /** The other login, which nobody can use until a rotation gives it a password. */
  readonly idle: string;
  /** A rotation is under way, or may be: then the idle login is its business. */
  readonly rotating: boolean;
  /** The login of the application's Secret was let in and acts as the owner. */
  readonly applicationWorks: boolean;
  /** The gateway's login; undefined: it stays as it is. */
  readonly gateway?: WantedLogin;
  /** The login that dumps; undefined: it stays as it is. */
  readonly backup?: WantedLogin;
}

/** The login of one part, which acts as nobody else. */
export interface WantedLogin {
  readonly role: string;
  /** Nobody may log in as it any more. */
  readonly isGone?: boolean;
  /** Its password is in its Secret alone, so a verifier that refuses it serves nobody. */
  readonly isRefused: boolean;
}

/** One change, in the order in which it has to be made; each is idempotent against the state it was planned from. */
export type DatabaseChange =
  | { readonly kind: 'create role'; readonly role: string }
  /** Gives a login its SCRAM verifier, and lets it log in. */
  | { readonly kind: 'set password'; readonly role: string }
  | { readonly kind: 'allow login'; readonly role: string }
  /** A login from before its password came with this. */
  | { readonly kind: 'keep errors out of log'; readonly role: string }
  /** Takes login and password away. */
  | { readonly kind: 'close login'; readonly role: string }
  | { readonly kind: 'grant membership'; readonly role: string; readonly owner: string }
  | { readonly kind: 'act as owner'; readonly role: string; readonly owner: string }
  /** Makes a role that could log in the owner that nobody can log in as. */
  | { readonly kind: 'close owner'; readonly role: string }
  | { readonly kind: 'create database'; readonly database: string; readonly owner: string }
  | { readonly kind: 'own database'; readonly database: string; readonly owner: string }
  | { readonly kind: 'close database'; readonly database: string }
  | { readonly kind: 'close schema'; readonly database: string }
  /** Lets a role connect to the database, and read these tables of it. */
  | { readonly kind: 'allow reading'; readonly database: string; readonly role: string; readonly tables: readonly string[] }
  /** Lets a role connect to the database, whatever the public may. */
  | { readonly kind: 'allow connecting'; readonly database: string; readonly role: string }
  /** Gives the owner what another role owns in this database. */
  | { readonly kind: 'adopt objects'; readonly database: string; readonly from: string; readonly owner: string; readonly objects: number };

/** What is decided by what only a look from inside the database shows. */
const INSIDE: readonly DatabaseChange['kind'][] = ['own database', 'close database', 'close schema', 'adopt objects', 'close owner', 'allow reading', 'allow connecting'];

/**
 * Where a change has to run: roles together in one transaction, CREATE DATABASE by itself (it refuses to run in one), and what
 * takes the database over and closes it together in another, from inside it, once it is there.
 */
export function placeOf(change: DatabaseChange): 'transaction' | 'alone' | 'inside' {
  if (change.kind === 'create database') return 'alone';
  return INSIDE.includes(change.kind) ? 'inside' : 'transaction';
}

/** One change as a sentence, for the log and the event; it holds no value. */
export function describeChange(change: DatabaseChange): string {
  return 'role' in change ? `role ${change.role} ${describeRoleChange(change)}` : describeOtherChange(change);
}

export type RoleChange = Extract<DatabaseChange, { role: string }>;

/** What is said of the role alone. */
const DONE = {
  'create role': 'created', 'set password': 'got its password', 'allow login': 'may log in', 'close login': 'may not log in',
  'keep errors out of log': 'has its errors kept out of the log of Postgres',
  'close owner': 'is an owner without login, password and privileges of its own',
} as const;

function describeRoleChange(change: RoleChange): string {
  switch (change.kind) {
    case 'grant membership': return `is a member of ${change.owner}`;
    case 'act as owner': return `acts as ${change.owner}`;
    case 'allow reading': return `may read ${change.tables.join(', ')}`;
    case 'allow connecting': return `may connect to ${change.database}`;
    default: return DONE[change.kind];
  }
}

function describeOtherChange(change: Exclude<DatabaseChange, RoleChange>): string {
  switch (change.kind) {
    case 'create database': return `database ${change.database} created`;
    case 'own database': return `database ${change.database} belongs to ${change.owner}`;
    case 'close database': return `database ${change.database} closed to the public`;
    case 'close schema': return `schema public of ${change.database} closed to the public`;
    case 'adopt objects': return `${change.objects} objects of ${change.from} in database ${change.database} belong to ${change.owner}`;
  }
}
