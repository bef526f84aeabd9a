// The ports of a move, as those of every controller (../ports.ts): its Job, the projects that it imported, and the gateway that serves both.
import type { GlitchTipSpec } from '../../api/glitchtip-resource.js';
import type { GatewayMove, WantedMove } from '../../core/move/move-facts.js';
import type { Seen } from '../../core/seen.js';
import type { Sensitive } from '../../core/sensitive.js';
import type { JobManifests, JobsPort, Login } from '../ports.js';

/** What its Job is made from, and the Job. */
export interface MoveJobsPort extends JobsPort {
  readManifests(signal: AbortSignal): Promise<JobManifests>;
}

export interface MoveDatabasePort {
  /** The first of them that is let in. Not being able to tell is an observation. */
  findLogin(spec: GlitchTipSpec, operator: readonly Login[], signal: AbortSignal): Promise<Seen<Login>>;
  /** By key (32 hexadecimal digits); those that are not here are left out. @throws when the database cannot be asked */
  findProjects(spec: GlitchTipSpec, operator: Login, keys: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, number>>;
}

/** `token`: of its control port; undefined: its Secret does not say. */
export interface GatewayMovePort {
  /** Not being able to tell is an observation; undefined in it: there is no move there. */
  observe(spec: GlitchTipSpec, token: Sensitive | undefined, signal: AbortSignal): Promise<Seen<GatewayMove | undefined>>;
  /** Durable when it returns; the same again changes nothing. @throws when it does not answer, or refuses */
  tell(spec: GlitchTipSpec, token: Sensitive, wanted: WantedMove, signal: AbortSignal): Promise<void>;
  /** @throws when it does not answer, or refuses */
  letGo(spec: GlitchTipSpec, token: Sensitive, signal: AbortSignal): Promise<void>;
}
