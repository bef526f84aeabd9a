// A world in memory for restores: databases, web and worker, the gateway, the lock, Jobs; and the operator, which may be ended anywhere.
import type { RestoreProgress, RestoreStatus } from '../../../../../operator/api/restore-fields.js';
import type { Seen } from '../../../../../operator/core/seen.js';
import type { GatewayMode, Hold } from '../../../../../operator/core/operations/away-steps.js';
import type { RestoreAction, RestoreFacts, RestoreJob, RestoreJobEnd } from '../../../../../operator/core/restore/restore-facts.js';
import { jobOfPhase } from '../../../../../operator/core/restore/restore-names.js';
import { planRestore, type RestorePlan } from '../../../../../operator/core/restore/restore-plan.js';

export const COPY = '20261128T023000Z';
const MINUTE = 60_000;

export interface WorldDatabase {
  oid: number;
  isOpen: boolean;
  /** `today`: what was live before; `copy`: what the copy holds; `half`: what a Job that was killed left. */
  holds: 'nothing' | 'half' | 'copy' | 'today';
  /** Events that the gateway has given to it. */
  readonly events: Set<number>;
  isMigrated: boolean;
}

export interface Job {
  end: RestoreJobEnd | undefined;
}

export class RestoreWorld {
  now = new Date('2026-11-29T10:00:00Z');
  status: RestoreStatus = {};
  request: string | undefined;
  lock: 'free' | 'ours' | 'rotation' = 'free';
  gateway: GatewayMode = 'gives';
  replicas = 1;
  isHeld = false;
  isLiveEmpty = false;
  isLoginOpen = false;
  storedSessions = 0;
  isAdministratorRight = true;
  free = 1e9;
  /** In which phase, by its beginning, an event was sent that is stored. */
  proved: string | undefined;
  #sent: string | undefined;
  readonly databases = new Map<string, WorldDatabase>([['glitchtip', database(5, 'today')]]);
  readonly jobs = new Map<string, Job>();
  /** Everything that was done, as it would be logged. */
  readonly done: string[] = [];
  /** How Jobs end: by name; else well. */
  jobEnds: (name: string) => RestoreJobEnd | undefined = () => undefined;
  /** Jobs of which no container starts. */
  neverEnds: (name: string) => boolean = () => false;
  /** Events that SDKs were told are kept: each has to be in the live database in the end. */
  readonly taken = new Set<number>();
  #oid = 100;

  plan(): RestorePlan {
    return planRestore({ database: 'glitchtip', suspend: false, status: this.status, request: this.request, facts: this.facts(), now: this.now });
  }

  /** One turn of the operator. `lost`: it is ended before the status, or before the action. */
  turn(lost?: 'status' | 'action'): RestorePlan {
    const plan = this.plan();
    if (lost === 'status') return plan;
    this.note(plan);
    this.status = plan.status;
    if (plan.action && lost !== 'action') this.apply(plan.action);
    this.pass(plan.requeueAfter);
    return plan;
  }

  /** Until it is so; each turn something may happen. */
  until(isSo: () => boolean, meanwhile: (turn: number) => 'status' | 'action' | undefined = () => undefined): void {
    for (let turn = 0; !isSo(); turn += 1) {
      if (turn > 500) throw new Error(`it does not end: ${JSON.stringify(this.status)} ${this.plan().message}`);
      this.turn(meanwhile(turn));
      this.check();
    }
  }

  get phase(): RestoreProgress['phase'] | undefined {
    return this.status.current?.phase;
  }

  get live(): WorldDatabase | undefined {
    return this.databases.get('glitchtip');
  }

  names(): string[] {
    return [...this.databases.keys()].sort();
  }

  /** What must hold at every instant. */
  check(): void {
    const { current } = this.status;
    if (current && current.phase !== 'Cleaning') this.#checkNothingIsLost();
    const { live } = this;
    const isNone = live !== undefined && (!live.isOpen || live.holds === 'half' || live.holds === 'nothing');
    if (this.replicas > 0 && isNone && !this.isLiveEmpty) throw new Error('web runs on a database that is none');
  }

  #checkNothingIsLost(): void {
    const today = [...this.databases.values()].filter(({ holds }) => holds === 'today');
    if (today.length !== 1 && !this.isLiveEmpty) throw new Error('the database that was live is gone before a person confirmed');
    if (this.gateway === 'gives' && this.live?.holds === 'copy') throw new Error('the gateway lets go of what only the restored database has');
  }

  /** Time passes: Jobs end, events come and are given, the operator's event is stored. */
  pass(milliseconds: number): void {
    this.now = new Date(this.now.getTime() + Math.max(1_000, milliseconds));
    this.#endJobs();
    if (this.replicas === 0 || this.live?.isOpen !== true) return;
    this.proved = this.#sent;
    if (this.gateway === 'holds') return;
    // What it has not let go of is given where it is missing.
    for (const event of this.taken) if (event > this.#letGo) this.live.events.add(event);
    if (this.gateway === 'gives') this.#letGo = Math.max(this.#letGo, ...this.taken);
  }

  #endJobs(): void {
    for (const [name, job] of this.jobs) if (!this.neverEnds(name)) job.end ??= this.#endJob(name);
  }

  #letGo = -1;

  send(event: number): void {
    this.taken.add(event);
  }

  apply(action: RestoreAction): void {
    if ('oid' in action) this.#changeDatabase(action);
    else this.#changeWorld(action);
  }

  #changeWorld(action: Exclude<RestoreAction, { oid: number }>): void {
    const changes: { readonly [Kind in typeof action.kind]: (of: Extract<typeof action, { kind: Kind }>) => void } = {
      'take lock': () => { this.lock = 'ours'; },
      'release lock': () => { this.lock = 'free'; },
      'set gateway': ({ mode }) => { this.gateway = mode; },
      'scale': ({ replicas }) => { this.replicas = replicas; },
      'hold': () => { this.isHeld = true; },
      'let go': () => { this.isHeld = false; },
      'create job': ({ name }) => { if (!this.jobs.has(name)) this.jobs.set(name, { end: undefined }); },
      'open restore login': () => { this.isLoginOpen = true; },
      'close restore login': () => { this.isLoginOpen = false; },
      'create database': ({ name }) => { if (!this.databases.has(name)) this.databases.set(name, database((this.#oid += 1), 'nothing')); },
      'send event': () => { this.#sent = `${this.status.current?.since} ${this.status.current?.direction}`; },
      'end stored sessions': () => { this.storedSessions = 0; },
      'set administrator password': () => { this.isAdministratorRight = true; },
      'drop request': () => { this.request = undefined; },
    };
    (changes[action.kind] as (of: typeof action) => void)(action);
  }

  #changeDatabase(action: Extract<RestoreAction, { oid: number }>): void {
    const found = this.databases.get(action.name);
    // As the executor does: never another one that has the name by now.
    if (found?.oid !== action.oid) return;
    switch (action.kind) {
      case 'close database': found.isOpen = false; return;
      case 'open database': found.isOpen = true; return;
      case 'drop database': this.databases.delete(action.name); return;
      case 'rename database': this.#rename(found, action);
    }
  }

  #rename(found: WorldDatabase, { name, to }: { readonly name: string; readonly to: string }): void {
    if (found.isOpen || this.replicas > 0) throw new Error('somebody is connected to a database that is renamed');
    if (this.databases.has(to)) throw new Error(`database ${to} is there`);
    this.databases.delete(name);
    this.databases.set(to, found);
  }

  #endJob(name: string): RestoreJobEnd {
    const end = this.jobEnds(name) ?? (name.startsWith('restore-check-') ? { kind: 'checked', copy: COPY, databaseBytes: 5e8 } : { kind: 'done' });
    if (/^restore-\d/.test(name)) return this.#load(end);
    if (name.startsWith('glitchkeeper-migrate-') && end.kind === 'done' && this.live) this.live.isMigrated = true;
    return end;
  }

  #load(end: RestoreJobEnd): RestoreJobEnd {
    const target = [...this.databases].find(([each]) => each.includes('_restored_'))?.[1];
    if (!this.isLoginOpen || target?.holds !== 'nothing') return { kind: 'failed', why: 'load: NotEmpty', again: true };
    target.holds = end.kind === 'failed' ? 'half' : 'copy';
    // Of the day of the copy.
    this.storedSessions = 3;
    this.isAdministratorRight = false;
    return end;
  }

  note({ action, status: { current, last } }: RestorePlan): void {
    const where = (of: RestoreProgress | undefined) => of && `-> ${of.phase}${of.direction === 'back' ? ' (back)' : ''}`;
    const [before, after] = [where(this.status.current), where(current)];
    if (after !== before) this.done.push(after ?? `-> ${last?.result ?? ''}`);
    if (action) this.done.push(short(action));
  }

  #hold(): Hold {
    return this.isHeld ? { kind: 'held', by: `restore ${this.status.current?.id ?? 'lost'}` } : { kind: 'free' };
  }

  facts(): RestoreFacts {
    const { current } = this.status;
    const name = current && jobOfPhase(current)?.name;
    const found = name === undefined ? undefined : this.jobs.get(name);
    const job: RestoreJob = found ? (found.end ? { kind: 'ended', end: found.end } : { kind: 'running' }) : { kind: 'absent' };
    const part = { wanted: this.replicas, pods: this.replicas, ready: this.replicas };
    return {
      lock: this.lock === 'rotation' ? { kind: 'taken', why: 'rotation 1 is under way' } : { kind: this.lock },
      gateway: seen({ mode: this.gateway, underWay: 0 }),
      parts: seen({ web: part, worker: part }), hold: seen(this.#hold()), sessions: seen(this.replicas),
      databases: seen([...this.databases].map(([each, { oid, isOpen }]) => ({ name: each, oid, isOpen }))),
      isLiveEmpty: seen(this.isLiveEmpty), restoreLogin: seen(this.isLoginOpen ? 'open' : 'closed'), job: seen(job), free: seen(this.free),
      isAdministratorRight: seen(this.isAdministratorRight), storedSessions: seen(this.storedSessions), isProved: seen(this.proved === `${current?.since} ${current?.direction}`),
    };
  }

  after(minutes: number): void {
    this.now = new Date(this.now.getTime() + minutes * MINUTE);
  }
}

export function database(oid: number, holds: WorldDatabase['holds']): WorldDatabase {
  return { oid, isOpen: true, holds, events: new Set(), isMigrated: false };
}

export const seen = <T>(value: T): Seen<T> => ({ kind: 'seen', value });

/** Times and OIDs differ from run to run. */
function short(action: RestoreAction): string {
  const name = 'name' in action ? ` ${action.name.replace(/_?-?2026\d{4}t\d{6}z/, '')}` : '';
  switch (action.kind) {
    case 'set gateway': return `gateway ${action.mode}`;
    case 'scale': return `scale to ${action.replicas}`;
    case 'create job': return `job${name}`;
    case 'rename database': return `rename${name} to ${action.to.replace(/_2026\d{4}t\d{6}z/, '')}`;
    default: return action.kind + name;
  }
}
