// A world in memory for upgrades: the queue, the database, web and worker, the gateway, the lock, Jobs, the manifests; and the operator, which may be ended anywhere.
import type { Release } from '../../../../../operator/api/glitchtip-releases.js';
import type { RestoreStatus } from '../../../../../operator/api/restore-fields.js';
import type { UpgradeProgress, UpgradeStatus } from '../../../../../operator/api/upgrade-fields.js';
import type { GatewayMode } from '../../../../../operator/core/operations/away-steps.js';
import type { RestoreJobEnd } from '../../../../../operator/core/restore/restore-facts.js';
import type { Seen } from '../../../../../operator/core/seen.js';
import type { ImportJob, Migration, UpgradeAction, UpgradeFacts } from '../../../../../operator/core/upgrade/upgrade-facts.js';
import { planUpgrade, type UpgradePlan } from '../../../../../operator/core/upgrade/upgrade-plan.js';

interface MigrateJob {
  readonly name: string;
  readonly release: Release;
  outcome: 'running' | 'succeeded' | 'failed';
}

export class UpgradeWorld {
  now = new Date('2026-11-29T10:00:00Z');
  status: UpgradeStatus = {};
  request: string | undefined;
  restore: RestoreStatus = {};
  lock: 'free' | 'ours' | 'rotation' = 'free';
  gateway: GatewayMode = 'gives';
  hasGateway = true;
  replicas = { web: 1, worker: 1 };
  isHeld = false;
  /** Of the manifests that were applied last. */
  running: Release = '5.2';
  schema: Release = '5.2';
  step: string | undefined;
  /** Tasks of 5.2; its worker takes a hundred a turn. */
  queue = 300;
  /** Of what the database has, whether the backup has it: events are numbers. */
  readonly stored = new Set<number>();
  saved: ReadonlySet<number> | undefined;
  /** That SDKs were told are kept: each is in the database that is live, once it gives. */
  readonly taken = new Set<number>();
  readonly migrations: MigrateJob[] = [];
  saving: { readonly name: string; end: RestoreJobEnd | undefined } | undefined;
  importJob: ImportJob = { kind: 'absent' };
  /** How the backup ends, by its attempt; else well. */
  savingEnds: (attempt: number) => RestoreJobEnd | undefined = () => undefined;
  /** Whether the migrate Job of this name fails. */
  migrationFails: (name: string) => boolean = () => false;
  /** Everything that was done, as it would be logged. */
  readonly done: string[] = [];
  #proved: string | undefined;
  #keptSince: number | undefined;

  facts(): UpgradeFacts {
    const part = (name: 'web' | 'worker') => ({ wanted: this.replicas[name], pods: this.replicas[name], ready: this.running === this.schema ? this.replicas[name] : 0 });
    return {
      running: this.running, restore: this.restore, step: seen(this.step), schema: seen(this.schema), queue: seen(this.queue),
      lock: this.lock === 'rotation' ? { kind: 'taken', why: 'rotation 1 is under way' } : { kind: this.lock },
      gateway: this.hasGateway ? seen({ mode: this.gateway, underWay: 0 }) : undefined,
      parts: seen({ web: part('web'), worker: part('worker') }), hold: seen(this.isHeld ? { kind: 'held', by: `upgrade ${this.status.current?.id ?? 'lost'}` } : { kind: 'free' }), sessions: seen(this.replicas.web + this.replicas.worker),
      isProved: seen(this.#proved !== undefined && this.#proved === this.status.current?.since),
      saving: seen(this.saving === undefined ? { kind: 'absent' } : this.saving.end ? { kind: 'ended', end: this.saving.end } : { kind: 'running' }),
      migration: seen(this.#migration()), importJob: seen(this.importJob),
    };
  }

  /** As the observer sees it: one that works, else the newest of this attempt. */
  #migration(): Migration {
    const running = this.migrations.find(({ outcome }) => outcome === 'running');
    if (running) return { kind: 'running', name: running.name };
    const attempt = this.status.current?.attempt ?? 1;
    const newest = this.migrations.filter(({ name }) => attempt === 1 || name.endsWith(`-${attempt}`)).at(-1);
    return newest ? { kind: newest.outcome === 'succeeded' ? 'done' : 'failed', name: newest.name } : { kind: 'none' };
  }

  plan(): UpgradePlan {
    return planUpgrade({ suspend: false, status: this.status, request: this.request, facts: this.facts(), now: this.now });
  }

  /** One turn of the operator. `lost`: it is ended before the status, or before the action. */
  turn(lost?: 'status' | 'action'): UpgradePlan {
    const plan = this.plan();
    if (lost === 'status') return plan;
    this.#note(plan);
    // What was looked for belongs to the phase and its attempt.
    if (plan.status.current?.since !== this.status.current?.since || plan.status.current?.phase !== this.status.current?.phase) this.saving = undefined;
    this.status = plan.status;
    if (plan.action && lost !== 'action') this.apply(plan.action);
    this.pass(plan.requeueAfter);
    return plan;
  }

  until(isSo: () => boolean, meanwhile: (turn: number) => 'status' | 'action' | undefined = () => undefined): void {
    for (let turn = 0; !isSo(); turn += 1) {
      if (turn > 500) throw new Error(`it does not end: ${JSON.stringify(this.status)} ${this.plan().message}`);
      this.turn(meanwhile(turn));
      this.check();
    }
  }

  get phase(): UpgradeProgress['phase'] | undefined {
    return this.status.current?.phase;
  }

  /** `kubectl apply -f dist/`: Deployments have their replicas again, and the Job of the manifests is made, unless there is one. */
  applyManifests(release: Release): void {
    this.running = release;
    this.replicas = { web: 1, worker: 1 };
    const name = `migrate-${release}`;
    if (!this.migrations.some((job) => job.name === name) && release === '6.2') this.migrations.push({ name, release, outcome: 'running' });
  }

  send(event: number): void {
    this.taken.add(event);
  }

  /** What must hold at every instant. */
  check(): void {
    if (this.schema === '6.2' && this.saved === undefined) throw new Error('it migrated without a backup');
    if (this.schema === '6.2' && this.queue > 0) throw new Error('the queue of 5.2 is lost');
    const { current } = this.status;
    if (this.gateway === 'gives' && this.schema === '6.2' && current !== undefined && current.phase !== 'Cleaning') throw new Error('the gateway lets go of what a way back misses');
  }

  /** Time passes: the worker works, Jobs end, events come and are given. */
  pass(milliseconds: number): void {
    this.now = new Date(this.now.getTime() + Math.max(1_000, milliseconds));
    if (this.replicas.worker > 0 && this.running === '5.2' && this.schema === '5.2') this.queue = Math.max(0, this.queue - 100);
    this.#save();
    for (const job of this.migrations) if (job.outcome === 'running' && this.#isMeant(job)) this.#migrate(job);
    if (this.importJob.kind === 'running') this.importJob = { kind: 'ended', end: { result: 'Imported', imported: 40, left: 0 } };
    this.#give();
  }

  #save(): void {
    if (this.saving?.end !== undefined || this.saving === undefined) return;
    this.saving.end = this.savingEnds(this.status.current?.attempt ?? 1) ?? { kind: 'done' };
    if (this.saving.end.kind === 'done') this.saved = new Set(this.stored);
  }

  /** The guard in the pods. */
  #isMeant({ release }: MigrateJob): boolean {
    return release === this.schema || this.step === `${this.schema}-${release}`;
  }

  #migrate(job: MigrateJob): void {
    job.outcome = this.migrationFails(job.name) ? 'failed' : 'succeeded';
    if (job.outcome === 'succeeded') this.schema = job.release;
  }

  #give(): void {
    const isServed = this.replicas.web > 0 && this.replicas.worker > 0 && this.running === this.schema;
    if (!isServed || this.gateway === 'holds' || this.gateway === 'holds without keeping') return;
    for (const event of this.taken) if (!this.stored.has(event) && (this.#keptSince === undefined || event >= this.#keptSince)) this.stored.add(event);
  }

  /** As the restore's controller does it, at once: the copy is live, and what was kept is given to it. */
  restoreCopy(result: 'Unconfirmed' | 'Failed'): void {
    const { id = '' } = this.status.current ?? {};
    if (result === 'Failed') {
      this.restore = { last: { id: '20261129T120000Z', at: this.now.toISOString().replace(/\.\d+/, ''), result: 'Failed', why: 'Checking: fetch: IdentityWrong', upgrade: id } };
      return;
    }
    this.schema = '5.2';
    this.stored.clear();
    for (const event of this.saved ?? []) this.stored.add(event);
    this.replicas = { web: 1, worker: 1 };
    this.gateway = 'keeps';
    this.restore = { current: { id: '20261129T120000Z', wanted: { copy: this.status.current?.copy ?? '', save: false, upgrade: id }, phase: 'Unconfirmed', direction: 'forth', since: this.now.toISOString(), attempt: 1 } };
    this.#give();
  }

  apply(action: UpgradeAction): void {
    const changes: { readonly [Kind in UpgradeAction['kind']]: (of: Extract<UpgradeAction, { kind: Kind }>) => void } = {
      'take lock': () => { this.lock = 'ours'; },
      'release lock': () => { this.lock = 'free'; },
      'set gateway': ({ mode }) => { this.gateway = mode; },
      'scale': ({ replicas }) => { this.replicas = { web: replicas, worker: replicas }; },
      'hold': () => { this.isHeld = true; },
      'let go': () => { this.isHeld = false; },
      'stop web': () => { this.replicas = { ...this.replicas, web: 0 }; },
      'send event': () => { this.#proved = this.status.current?.since; },
      'drop request': () => { this.request = undefined; },
      'save': ({ copy }) => { this.saving ??= { name: copy, end: undefined }; },
      'name step': ({ step }) => { this.step = step; },
      'forget step': () => { this.step = undefined; },
      'migrate': ({ name }) => { if (!this.migrations.some((job) => job.name === name)) this.migrations.push({ name, release: this.running, outcome: 'running' }); },
      'end migration': ({ name }) => { this.migrations.splice(this.migrations.findIndex((job) => job.name === name), 1); },
      'ask for restore': () => { this.restored = true; },
      'import': () => { if (this.importJob.kind === 'absent') this.importJob = { kind: 'running' }; },
    };
    (changes[action.kind] as (of: UpgradeAction) => void)(action);
  }

  /** Asked for. */
  restored = false;

  #note({ action, status: { current, last } }: UpgradePlan): void {
    const [before, after] = [this.status.current?.phase, current?.phase];
    if (after !== before) this.done.push(`-> ${after ?? last?.result ?? ''}`);
    if (action) this.done.push(short(action));
  }
}

export const seen = <T>(value: T): Seen<T> => ({ kind: 'seen', value });

/** Times differ from run to run. */
function short(action: UpgradeAction): string {
  switch (action.kind) {
    case 'set gateway': return `gateway ${action.mode}`;
    case 'scale': return `scale to ${action.replicas}`;
    case 'name step': return `name ${action.step}`;
    case 'end migration': return `end ${action.name}`;
    default: return action.kind;
  }
}
