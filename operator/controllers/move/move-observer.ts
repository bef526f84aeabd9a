// What the next step of a move needs to know: while projects are imported, Jobs, locks and the database; then the table and the gateway alone.
import { MOVE_SECRET, MOVE_SECRET_KEYS } from '../../api/object-names.js';
import type { GlitchTipResource, GlitchTipSpec } from '../../api/glitchtip-resource.js';
import type { MoveProgress } from '../../api/move-fields.js';
import { valueOf } from '../../core/credentials/generated-secrets.js';
import type { ObservedSecret } from '../../core/credentials/observed.js';
import { postgresLogins } from '../../core/credentials/operator-logins.js';
import { messageOf } from '../../core/error-message.js';
import { importJobName, judgeImport, wantsImport } from '../../core/move/import-job.js';
import { keysToFind, parseDsnTable, type OldDsn } from '../../core/move/dsn-table.js';
import type { ImportJob, MoveFacts } from '../../core/move/move-facts.js';
import { judgeMoveLock } from '../../core/move/move-lock.js';
import { holderOf } from '../../core/operations/exclusion.js';
import { jobsAtWork, whyCannotStart } from '../../core/operations/job-state.js';
import type { ObservedLock } from '../../core/operations/operation-lock.js';
import { asSeen, mapSeen, type Seen } from '../../core/seen.js';
import type { JobManifests, Login, ObservedJobs, Ports } from '../ports.js';
import type { GatewayMovePort, MoveDatabasePort, MoveJobsPort } from './move-ports.js';

export interface ObserverDependencies extends Pick<Ports, 'cluster'> {
  readonly moveJobs: MoveJobsPort;
  readonly moveDatabase: MoveDatabasePort;
  readonly gatewayMoves: GatewayMovePort;
}

/** One look at one resource. */
export interface About {
  readonly resource: GlitchTipResource;
  readonly spec: GlitchTipSpec;
  readonly current: MoveProgress | undefined;
  readonly now: Date;
}

/** What was seen, and what a step of it is done with. */
export interface SeenMove {
  readonly facts: MoveFacts;
  readonly secret: ObservedSecret;
  readonly gatewaySecret: ObservedSecret;
  readonly lock: ObservedLock;
  readonly jobs: Seen<ObservedJobs>;
  /** Of the import's Job, while it is wanted. */
  readonly manifests: JobManifests | undefined;
}

const NOT_LOOKED_AT = { kind: 'unseen', why: 'it was not looked at' } as const;
const FREE: ObservedLock = { kind: 'free' };

export class MoveObserver {
  constructor(private readonly deps: ObserverDependencies) {}

  async observe(about: About, signal: AbortSignal): Promise<SeenMove> {
    const { spec, current } = about;
    const { cluster, gatewayMoves } = this.deps;
    const [secret, gatewaySecret] = await Promise.all([cluster.observeSecret(MOVE_SECRET, signal), cluster.observeSecret(spec.secrets.gateway, signal)]);
    const table = readTable(secret);
    // A move that serves both looks at nothing that could hold it up.
    const isSettled = current !== undefined && current.phase !== 'Importing';
    const gateway = current === undefined || !isSettled ? NOT_LOOKED_AT : await gatewayMoves.observe(spec, valueOf(gatewaySecret, 'control-token'), signal);
    const around = isSettled ? UNSEEN_AROUND : await this.#around(about, table, signal);
    const { lock, jobs, manifests, ...facts } = around;
    return { facts: { ...facts.facts, table, gateway }, secret, gatewaySecret, lock, jobs, manifests };
  }

  async #around(about: About, table: Seen<readonly OldDsn[]>, signal: AbortSignal): Promise<Around> {
    const { resource, spec, current, now } = about;
    const { cluster, moveJobs } = this.deps;
    const name = current && importJobName(current);
    const [lock, journal, jobs] = await Promise.all([cluster.observeLock(signal), cluster.observeJournal(spec.secrets.rotation, signal), moveJobs.observeJobs(name, signal)]);
    const others = jobs.kind === 'seen' ? jobsAtWork(jobs.value.jobs, jobs.value.pods, now).filter((job) => job.name !== name).map(holderOf) : undefined;
    const job: Seen<ImportJob> = mapSeen(jobs, (found) => judgeImport(found.own, whyCannotStart(found, name, now)));
    const isAbsent = job.kind === 'seen' && job.value.kind === 'absent';
    const manifests = wantsImport(current) && isAbsent ? await moveJobs.readManifests(signal) : undefined;
    const projects = current === undefined || wantsImport(current) ? NOT_LOOKED_AT : await this.#projects(about, table, signal);
    const judged = judgeMoveLock({ lock, journal, jobs: others }, { current, recorded: resource.status ?? {} }, now);
    return { lock, jobs, manifests, facts: { lock: judged, job, noJob: whyNoJob(manifests), projects } };
  }

  /** What cannot be seen this time is waited for, and told. */
  async #projects({ spec }: About, table: Seen<readonly OldDsn[]>, signal: AbortSignal): Promise<MoveFacts['projects']> {
    if (table.kind === 'unseen') return table;
    const keys = keysToFind(table.value);
    if (keys.length === 0) return asSeen(new Map<string, number>());
    const login = await this.#login(spec, signal);
    if (login.kind === 'unseen') return login;
    try {
      return asSeen(await this.deps.moveDatabase.findProjects(spec, login.value, keys, signal));
    } catch (error) {
      signal.throwIfAborted();
      return { kind: 'unseen', why: `the database cannot be looked at (${messageOf(error)})` };
    }
  }

  async #login(spec: GlitchTipSpec, signal: AbortSignal): Promise<Seen<Login>> {
    const { cluster, moveDatabase } = this.deps;
    const [postgres, journal] = await Promise.all([cluster.observeSecret(spec.secrets.postgres, signal), cluster.observeJournal(spec.secrets.rotation, signal)]);
    return moveDatabase.findLogin(spec, postgresLogins({ secrets: { postgres, valkey: postgres }, journal }), signal);
  }
}

interface Around {
  readonly lock: ObservedLock;
  readonly jobs: Seen<ObservedJobs>;
  readonly manifests: JobManifests | undefined;
  readonly facts: Omit<MoveFacts, 'table' | 'gateway'>;
}

const UNSEEN_AROUND: Around = { lock: FREE, jobs: NOT_LOOKED_AT, manifests: undefined, facts: { lock: { kind: 'free' }, job: NOT_LOOKED_AT, noJob: undefined, projects: NOT_LOOKED_AT } };

export function readTable(secret: ObservedSecret): Seen<readonly OldDsn[]> {
  if (secret.kind === 'absent') return { kind: 'unseen', why: `Secret ${MOVE_SECRET} does not exist` };
  if (secret.kind === 'unreadable') return { kind: 'unseen', why: `Secret ${MOVE_SECRET} cannot be read (${secret.why})` };
  const text = valueOf(secret, MOVE_SECRET_KEYS.dsns);
  if (text === undefined) return { kind: 'unseen', why: `Secret ${MOVE_SECRET} has no key ${MOVE_SECRET_KEYS.dsns}` };
  const parsed = parseDsnTable(text.reveal());
  return parsed.kind === 'valid' ? asSeen(parsed.rows) : { kind: 'unseen', why: `Secret ${MOVE_SECRET}: ${parsed.why}` };
}

/** Asked for while its Job is wanted, and absent. */
function whyNoJob(manifests: JobManifests | undefined): string | undefined {
  if (manifests === undefined) return 'it is not known what its Job is made from';
  return manifests.kind === 'missing' ? `${manifests.what} is not there: kubectl apply -f dist/ makes it, where settings.yaml has move.from` : manifests.noRoom;
}

