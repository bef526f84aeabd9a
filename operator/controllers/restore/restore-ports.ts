// The ports of a restore, as those of every controller (../ports.ts): its Jobs, its databases, and what the gateway keeps meanwhile.
import type { GlitchTipSpec } from '../../api/glitchtip-resource.js';
import type { GatewayMode, Hold } from '../../core/operations/away-steps.js';
import type { DatabaseAction, RestoreDatabase } from '../../core/restore/restore-facts.js';
import type { RestoreJobKind } from '../../core/restore/restore-names.js';
import type { Seen } from '../../core/seen.js';
import type { Sensitive } from '../../core/sensitive.js';
import type { JobManifests, JobsPort, Login, RolePlace } from '../ports.js';

/** What the Jobs of a restore are made from, the Jobs; and web and worker. */
export interface RestorePort extends JobsPort {
  readManifests(kind: RestoreJobKind, signal: AbortSignal): Promise<JobManifests>;
  /** False when there is no ConfigMap for them. */
  writeVariables(kind: RestoreJobKind, variables: Readonly<Record<string, string>>, signal: AbortSignal): Promise<boolean>;
  /** As a Job of this name. False when there is no migrate Job to run again, or one of this name. */
  rerunMigrations(name: string, signal: AbortSignal): Promise<boolean>;
  scale(deployment: string, replicas: 0 | 1, signal: AbortSignal): Promise<void>;
  /** @throws when it cannot be read */
  readHold(signal: AbortSignal): Promise<Hold>;
  /** `by`: who holds web and worker; undefined: nobody. One that is missing is left so. */
  writeHold(by: string | undefined, signal: AbortSignal): Promise<void>;
}

/** The databases of a restore, by the operator's own login. */
export interface RestoreDatabasesPort {
  /** The first of them that is let in. Not being able to tell is an observation. */
  findLogin(spec: GlitchTipSpec, operator: readonly Login[], signal: AbortSignal): Promise<Seen<Login>>;
  observe(spec: GlitchTipSpec, operator: Login, signal: AbortSignal): Promise<readonly RestoreDatabase[]>;
  /** Of the live one. */
  observeContent(spec: GlitchTipSpec, operator: Login, signal: AbortSignal): Promise<LiveContent>;
  observeLogin(spec: GlitchTipSpec, operator: Login, signal: AbortSignal): Promise<'open' | 'closed'>;
  /** Bytes that are free on the server's volume. */
  observeFree(spec: GlitchTipSpec, operator: Login, signal: AbortSignal): Promise<Seen<number>>;
  openLogin(spec: GlitchTipSpec, place: RolePlace, password: Sensitive): Promise<void>;
  change(spec: GlitchTipSpec, place: RolePlace, action: DatabaseAction): Promise<void>;
}

/** What is in the live database of people's own, and of sessions. */
export interface LiveContent {
  /** No organization but the operator's own, or not even the tables or the database. */
  readonly isEmpty: boolean;
  /** Sessions that Django keeps in the database. */
  readonly storedSessions: number;
}

/** What the gateway gives to GlitchTip, and what it lets go of. */
export interface GatewayModePort {
  /** `token`: of its control port; undefined: its Secret does not say. Not being able to tell is an observation. */
  observe(spec: GlitchTipSpec, token: Sensitive | undefined, signal: AbortSignal): Promise<Seen<{ readonly mode: GatewayMode; readonly underWay: number }>>;
  /** Durable when it returns; the same again changes nothing. @throws when it does not answer, or refuses */
  setMode(spec: GlitchTipSpec, token: Sensitive, wanted: { readonly mode: GatewayMode; readonly why: string }, signal: AbortSignal): Promise<void>;
}
