// The restore controller around the world of the decisions: the resource, the lock, the Secret, Jobs and servers as its ports see them, with a cut at a chosen write.
import { formatReport } from '../../../../../backup/core/report.js';
import { formatRestoreReport } from '../../../../../backup/core/restore-report.js';
import { RESTORE_ANNOTATION, RESTORE_SECRET, RESTORE_SECRET_KEYS } from '../../../../../operator/api/object-names.js';
import type { GlitchTipResource, GlitchTipStatus } from '../../../../../operator/api/glitchtip-resource.js';
import { RestoreController, type RestoreDependencies } from '../../../../../operator/controllers/restore/restore-controller.js';
import type { JobManifests, ObservedJobs, Ports } from '../../../../../operator/controllers/ports.js';
import type { BackupJob } from '../../../../../operator/core/backup/run-end.js';
import type { ObservedSecret } from '../../../../../operator/core/credentials/observed.js';
import type { JobFacts, PodFacts } from '../../../../../operator/core/health/health-facts.js';
import type { GatewayMode } from '../../../../../operator/core/operations/away-steps.js';
import type { DatabaseAction, RestoreJobEnd } from '../../../../../operator/core/restore/restore-facts.js';
import { Sensitive } from '../../../../../operator/core/sensitive.js';
import { COPY, RestoreWorld, seen } from '../../core/restore/restore-scenarios.js';
import { CutWorld } from '../cut-world.js';

const SPEC = { version: '5.2', worker: {}, valkey: {}, gateway: {}, backup: { store: 's3' } };

export class RestoreCluster extends CutWorld {
  readonly world = new RestoreWorld();
  spec: object = SPEC;
  /** Of other controllers. */
  status: GlitchTipStatus = { postgres: { systemIdentifier: '7123' } };
  /** By key; undefined: there is none. */
  secret: Map<string, Sensitive> | undefined;
  secretMadeAt = this.world.now;
  readonly variables: Readonly<Record<string, string>>[] = [];
  readonly events: string[] = [];
  readonly deleted: string[] = [];
  /** Sessions of Valkey's that were ended. */
  cachedSessionsEnded = 0;
  manifests: JobManifests = { kind: 'present', template: { spec: { containers: [] } } };
  /** Of others: a Job's part by its name. */
  readonly otherJobs = new Map<string, string>();
  /** Why the container of a Job of this name waits; undefined: it runs. */
  waits: (job: string) => string | undefined = () => undefined;
  refusal: Error | undefined;
  readonly #madeAt = new Map<string, Date>();
  #secretVersion = 1;
  #sent: readonly string[] = [];

  constructor() {
    super();
    this.world.send(1);
    this.world.pass(1_000);
  }

  /** A controller that knows nothing, as after a start. */
  controller(): RestoreController {
    const quiet = () => undefined;
    const now = () => this.world.now.getTime();
    return new RestoreController({
      ...(this.#ports() as unknown as RestoreDependencies), clock: { now, monotonic: () => 0, after: () => quiet }, log: quiet, onRestore: quiet, onPhase: quiet,
      crypto: { generate: () => new Sensitive('a-new-password'), sha256: (value) => `${value.reveal()}${'0'.repeat(32)}` },
    });
  }

  /** One look, by a new controller unless one is given; then time passes until the next is due. */
  async look(controller = this.controller(), signal = new AbortController().signal): Promise<void> {
    this.revive();
    let due = 1_000;
    try {
      due = (await controller.reconcile('g', signal)).requeueAfter ?? 1_000;
    } catch (error) {
      if (!this.hasCrashed) throw error;
      this.cut = undefined;
    }
    this.world.pass(due);
  }

  async until(isSo: () => boolean): Promise<void> {
    for (let looks = 0; !isSo(); looks += 1) {
      if (looks > 400) throw new Error(`it does not end: ${JSON.stringify(this.restore)}; ${this.writes.slice(-10).join(', ')}`);
      await this.look();
      this.world.check();
    }
  }

  get restore(): NonNullable<GlitchTipStatus['restore']> {
    return this.world.status;
  }

  isAt = (phase: string, direction = 'forth') => (): boolean => this.world.phase === phase && this.restore.current?.direction === direction && this.world.request === undefined && this.restore.current.request === undefined;

  isOver = (): boolean => this.restore.current === undefined && this.restore.last !== undefined && this.lock === undefined && this.world.request === undefined;

  ask(request: string, identity = true): void {
    this.world.request = request;
    if (!identity) return;
    this.secret = new Map([[RESTORE_SECRET_KEYS.identity, new Sensitive('AGE-SECRET-KEY-1')]]);
    this.secretMadeAt = this.world.now;
  }

  #resource(): GlitchTipResource {
    const { request } = this.world;
    const annotations: Readonly<Record<string, string>> = request === undefined ? {} : { [RESTORE_ANNOTATION]: request };
    // As the API server has it: what is undefined is not there.
    const status = JSON.parse(JSON.stringify({ ...this.status, restore: this.world.status })) as GlitchTipStatus;
    return { metadata: { name: 'g', namespace: 'n', uid: 'u', generation: 1, resourceVersion: this.resourceVersion, annotations }, spec: this.spec, status };
  }

  #ports() {
    const { world } = this;
    return {
      cluster: this.#clusterPort(),
      workloads: { observe: (name: string) => Promise.resolve({ name, pending: undefined, ...(world.replicas === 0 ? { isScaledToNothing: true } : {}) }) },
      postgres: this.#postgresPort(),
      valkey: { endSessions: () => this.write('cached sessions ended', () => { this.cachedSessionsEnded += 1; }) },
      web: { sendEvent: (_: unknown, { id }: { id: string }) => this.write('event sent', () => { this.#sent = [id, ...this.#sent]; }) },
      restores: this.#restoresPort(),
      databases: this.#databasesPort(),
      gateways: {
        observe: () => Promise.resolve(seen({ mode: world.gateway, underWay: 0 })),
        setMode: (_: unknown, __: unknown, { mode }: { mode: GatewayMode }) => this.write(`gateway ${mode}`, () => world.apply({ kind: 'set gateway', mode })),
      },
    };
  }

  #clusterPort() {
    const { world } = this;
    const secrets: Readonly<Record<string, Readonly<Record<string, string>>>> = {
      'glitchtip-gateway': { 'control-token': 't' }, 'glitchtip-admin': { email: 'a@b', password: 'p' }, 'glitchtip-postgres': { password: 'p' }, 'glitchtip-valkey': { password: 'p' },
    };
    const present = (data: ReadonlyMap<string, Sensitive>, more: object = {}): ObservedSecret => ({ kind: 'present', data, undecodable: [], createdAt: undefined, resourceVersion: '1', annotations: {}, ...more });
    return {
      readResource: () => Promise.resolve(this.#resource()),
      observeSecret: (name: string): Promise<ObservedSecret> => {
        if (name !== RESTORE_SECRET) return Promise.resolve(present(new Map(Object.entries(secrets[name] ?? {}).map(([key, value]) => [key, new Sensitive(value)]))));
        return Promise.resolve(this.secret ? present(new Map(this.secret), { createdAt: this.secretMadeAt.toISOString(), resourceVersion: String(this.#secretVersion) }) : { kind: 'absent' });
      },
      createSecret: ({ data }: { data: ReadonlyMap<string, Sensitive> }) => this.write('secret made', () => {
        if (this.secret) return false;
        this.secret = new Map(data);
        this.secretMadeAt = world.now;
        return true;
      }).then((isMade) => (isMade ? 'created' : 'exists')),
      writeSecret: ({ data, resourceVersion }: { data: ReadonlyMap<string, Sensitive>; resourceVersion: string }) => this.write('secret written', () => {
        if (!this.secret || resourceVersion !== String(this.#secretVersion)) return false;
        this.secret = new Map([...this.secret, ...data]);
        this.#secretVersion += 1;
        return true;
      }),
      deleteSecret: (_: string, resourceVersion: string) => this.write('secret deleted', () => {
        if (!this.secret || resourceVersion !== String(this.#secretVersion)) return false;
        this.secret = undefined;
        return true;
      }),
      observeJournal: () => Promise.resolve({ kind: 'absent' }),
      observeLock: () => {
        this.meanwhile();
        return Promise.resolve(this.observeLock());
      },
      writeLock: (wanted: Parameters<Ports['cluster']['writeLock']>[0]) => this.writeLock(wanted),
      applyRestore: ({ metadata }: GlitchTipResource, status: GlitchTipStatus['restore']) => (this.refusal ? Promise.reject(this.refusal) : this.write('status', () => this.change(metadata.resourceVersion, () => {
        world.status = JSON.parse(JSON.stringify(status ?? {})) as typeof world.status;
      }))),
      dropRestoreRequest: ({ metadata }: GlitchTipResource) => this.write('request dropped', () => this.change(metadata.resourceVersion, () => { world.request = undefined; })),
      recordEvent: (_: unknown, { reason, note }: { reason: string; note: string }) => Promise.resolve(void this.events.push(`${reason}: ${note}`)),
    };
  }

  #postgresPort() {
    const { world } = this;
    return {
      countSessions: () => Promise.resolve(new Map([['glitchtip_a', { ours: 0, jobs: 0, others: world.replicas }]])),
      closeLogin: () => this.write('login closed', () => world.apply({ kind: 'close restore login' })),
      endSessions: () => this.write('sessions ended', () => world.apply({ kind: 'end stored sessions' })),
      tryAdministrator: () => Promise.resolve({ kind: world.isAdministratorRight ? 'accepted' : 'refused' }),
      setAdministratorPassword: () => this.write('administrator set', () => world.apply({ kind: 'set administrator password' })),
      observeFacts: () => Promise.resolve({ kind: 'seen', systemIdentifier: '7123', migration: 'users.0042_last' }),
      ensureCanary: () => Promise.resolve({ project: 1, key: 'k' }),
      isEventStored: (_: unknown, __: unknown, { ids }: { ids: readonly string[] }) => Promise.resolve(world.replicas > 0 && ids.some((id) => this.#sent.includes(id))),
    };
  }

  #databasesPort() {
    const { world } = this;
    const databases = () => [...world.databases].map(([name, { oid, isOpen }]) => ({ name, oid, isOpen }));
    return {
      findLogin: () => Promise.resolve(seen({ user: 'glitchkeeper', password: new Sensitive('p') })),
      observe: () => Promise.resolve(databases()),
      observeContent: () => Promise.resolve({ isEmpty: world.isLiveEmpty, storedSessions: world.storedSessions }),
      observeLogin: () => Promise.resolve(world.isLoginOpen ? 'open' : 'closed'),
      observeFree: () => Promise.resolve(seen(world.free)),
      openLogin: () => this.write('login opened', () => world.apply({ kind: 'open restore login' })),
      change: (_: unknown, { fence }: { fence: () => Promise<void> }, action: DatabaseAction) => fence().then(() => this.write(action.kind, () => world.apply(action))),
    };
  }

  #restoresPort() {
    const { world } = this;
    return {
      observeJobs: (name: string | undefined) => Promise.resolve(seen(this.#observeJobs(name))),
      readManifests: () => Promise.resolve(this.manifests),
      writeVariables: (_: string, variables: Readonly<Record<string, string>>) => this.write('variables', () => this.variables.push({ ...variables }) > 0),
      createJob: (job: object) => this.#makeJob((job as { metadata: { name: string } }).metadata.name),
      rerunMigrations: (name: string) => this.#makeJob(name),
      deleteJob: ({ name }: JobFacts) => this.write('job deleted', () => {
        this.deleted.push(name);
        return world.jobs.delete(name);
      }),
      readHold: () => Promise.resolve(world.isHeld ? { kind: 'held', by: `restore ${world.status.current?.id ?? 'lost'}` } : { kind: 'free' }),
      writeHold: (by: string | undefined) => this.write(by === undefined ? 'let go' : 'held', () => world.apply({ kind: by === undefined ? 'let go' : 'hold' })),
      scale: (deployment: string, replicas: 0 | 1) => this.write(`${deployment} ${replicas}`, () => world.apply({ kind: 'scale', replicas })),
    };
  }

  #makeJob(name: string): Promise<boolean> {
    return this.write('job', () => {
      if (this.world.jobs.has(name)) return false;
      this.world.jobs.set(name, { end: undefined });
      this.#madeAt.set(name, this.world.now);
      return true;
    });
  }

  #observeJobs(name: string | undefined): ObservedJobs {
    const { world } = this;
    const own = name === undefined ? undefined : world.jobs.get(name);
    const facts = (job: string, part: string, end: RestoreJobEnd | undefined): JobFacts => ({
      name: job, part, createdAt: this.#madeAt.get(job) ?? world.now, outcome: end === undefined ? 'running' : end.kind === 'failed' ? 'failed' : 'succeeded', failedPods: 0, version: { uid: job, resourceVersion: '1' },
    });
    const jobs = [...[...world.jobs].map(([job, { end }]) => facts(job, partOf(job), end)), ...[...this.otherJobs].map(([job, part]) => facts(job, part, undefined))];
    const parts = world.replicas === 0 ? [] : ['web', 'worker'].map((part) => podOf(part, { part, ready: true }));
    const pods = jobs.filter(({ outcome }) => outcome === 'running').map(({ name: job, part, createdAt }) => podOf(`${job}-x`, { part, job, createdAt, waits: this.waits(job) }));
    return { jobs, pods: [...parts, ...pods], ...(own && name !== undefined ? { own: reportOf(name, own.end) } : {}) };
  }

}

function partOf(job: string): string {
  if (job.startsWith('glitchkeeper-migrate-')) return 'migrate';
  return job.startsWith('backup-') ? 'backup' : 'restore';
}

function podOf(name: string, { part, job, ready = false, createdAt = new Date(0), waits }: { readonly part: string; readonly job?: string; readonly ready?: boolean; readonly createdAt?: Date; readonly waits?: string | undefined }): PodFacts {
  const state = waits === undefined ? { kind: 'running', startedAt: createdAt } as const : { kind: 'waiting', reason: waits } as const;
  return { name, part, ...(job === undefined ? {} : { job }), createdAt, ending: false, alive: true, ready, startSeconds: 0, containers: [{ name: 'main', init: false, image: 'image', restarts: 0, state }] };
}

/** What its containers would have said. */
function reportOf(job: string, end: RestoreJobEnd | undefined): BackupJob {
  if (end === undefined) return {};
  const pod = (name: string, exitCode: number, message: string) => ({ pod: { containers: [{ name, terminated: { exitCode, message } }] } });
  if (end.kind === 'failed') {
    const [step = 'load', reason = 'StepFailed'] = end.why.split(': ');
    return { condition: 'Failed', reason: 'BackoffLimitExceeded', ...pod(job.startsWith('restore-check') ? 'fetch' : 'load', 1, JSON.stringify({ result: 'failed', step, reason })) };
  }
  if (end.kind === 'checked') {
    return { condition: 'Complete', ...pod('fetch', 0, formatRestoreReport({ result: 'fetched', copy: end.copy, where: 's3', startedAt: '2026-11-28T02:30:00Z', release: '5.2', bytes: 1, databaseBytes: end.databaseBytes, uploads: { files: 0, bytes: 0 }, hasSettings: true, seconds: { fetch: 1 } })) };
  }
  if (job.startsWith('backup-')) return { condition: 'Complete', ...pod('store', 0, formatReport({ result: 'verified', copy: COPY, bytes: 1, where: 's3', how: 'counts', seconds: 1, copies: [[COPY, 1, 'good']], deleted: 0, retention: 'done' })) };
  return { condition: 'Complete', ...pod('place', 0, formatRestoreReport({ result: 'restored', copy: COPY, tables: 1, rows: 1, how: 'counts', uploads: { written: 0, kept: 0 }, settings: false, seconds: { place: 1 } })) };
}
