// The move controller around a small world: the resource, the lock, the Secret, the import's Job and the gateway as its ports see them, with a cut at a chosen write.
import { MOVE_ANNOTATION, MOVE_COMPONENT, MOVE_SECRET_KEYS } from '../../../../../operator/api/object-names.js';
import type { GlitchTipResource, GlitchTipStatus } from '../../../../../operator/api/glitchtip-resource.js';
import { MoveController, type MoveDependencies } from '../../../../../operator/controllers/move/move-controller.js';
import type { JobManifests, ObservedJobs } from '../../../../../operator/controllers/ports.js';
import type { ObservedSecret } from '../../../../../operator/core/credentials/observed.js';
import { encodeDsnTable, parseDsnTable, type OldDsn } from '../../../../../operator/core/move/dsn-table.js';
import type { DeliveryToOld, GatewayMove, WantedMove } from '../../../../../operator/core/move/move-facts.js';
import type { MoveReport } from '../../../../../operator/core/move/move-report.js';
import type { JobFacts } from '../../../../../operator/core/health/health-facts.js';
import { Sensitive } from '../../../../../operator/core/sensitive.js';
import type { Seen } from '../../../../../operator/core/seen.js';
import { CutWorld } from '../cut-world.js';

export const OLD_KEY = 'a'.repeat(32);
export const OLD_DSN = `https://${OLD_KEY}@sentry.example.com/1`;
export const UNKNOWN_DSN = `https://${'b'.repeat(32)}@sentry.example.com/2`;
const IMPORTED = { result: 'imported', organizations: 1, people: 1, projects: 1, keys: 1, teams: 1, renumbered: 0, leftOut: 0 };
const QUIET: DeliveryToOld = { waiting: { records: 0, bytes: 0 }, sent: 0, refused: {}, dropped: 0 };
const SPEC = { version: '5.2', worker: {}, valkey: {}, gateway: {}, move: { from: 'https://sentry.example.com', organization: 'acme' } };

export class MoveCluster extends CutWorld {
  spec: object = SPEC;
  now = new Date('2026-11-29T10:00:00Z');
  request: string | undefined;
  status: GlitchTipStatus = {};
  /** Of the Secret; undefined: there is none. */
  table: readonly OldDsn[] | undefined = [{ old: OLD_DSN, name: 'acme/backend' }, { old: UNKNOWN_DSN }];
  /** Of GlitchTip, by key. */
  readonly projects = new Map<string, number>();
  gateway: GatewayMove | undefined;
  gatewayIsAway = false;
  delivery: DeliveryToOld = QUIET;
  manifests: JobManifests = { kind: 'present', template: { spec: { containers: [] } } };
  /** What the Job says at its end, attempt by attempt; after that it imports. */
  readonly reports: object[] = [];
  readonly jobs: string[] = [];
  readonly deleted: string[] = [];
  readonly events: string[] = [];
  /** Names of Jobs that are still running. */
  readonly running = new Set<string>();
  jobsEnd = true;
  readonly #ended = new Map<string, object>();
  #tableVersion = 1;

  get move(): NonNullable<GlitchTipStatus['move']> {
    return this.status.move ?? {};
  }

  get condition(): string | undefined {
    const found = this.status.conditions?.find(({ type }) => type === 'MoveHealthy');
    return found && `${found.status} ${found.reason}`;
  }

  /** A controller that knows nothing, as after a start. */
  controller(): MoveController {
    const quiet = () => undefined;
    return new MoveController({ ...(this.#ports() as unknown as MoveDependencies), clock: { now: () => this.now.getTime(), monotonic: () => 0, after: () => quiet }, log: quiet, onMove: quiet, onPhase: quiet });
  }

  /** One look by a new controller; then time passes until the next is due. @returns milliseconds */
  async look(): Promise<number> {
    this.revive();
    let due = 1_000;
    try {
      due = (await this.controller().reconcile('g', new AbortController().signal)).requeueAfter ?? 1_000;
    } catch (error) {
      if (!this.hasCrashed && !String(error).includes('changed meanwhile')) throw error;
      if (this.hasCrashed) this.cut = undefined;
    }
    this.now = new Date(this.now.getTime() + Math.max(due, 20));
    return due;
  }

  async until(isSo: () => boolean): Promise<void> {
    for (let looks = 0; !isSo(); looks += 1) {
      if (looks > 100) throw new Error(`it does not end: ${JSON.stringify(this.move)}; ${this.writes.slice(-10).join(', ')}`);
      await this.look();
    }
  }

  isAt = (phase: string) => (): boolean => this.move.current?.phase === phase && this.move.current.inForceSince !== undefined && this.request === undefined && this.move.current.request === undefined;
  isOver = (): boolean => this.move.current === undefined && this.move.last !== undefined && this.request === undefined && this.lock === undefined;
  isRefused = (): boolean => this.move.refused !== undefined && this.request === undefined;

  async ask(request: string, until: () => boolean): Promise<void> {
    this.request = request;
    await this.until(until);
  }

  /** As the API server has it: what is undefined is not there. */
  #resource(): GlitchTipResource {
    const annotations: Readonly<Record<string, string>> = this.request === undefined ? {} : { [MOVE_ANNOTATION]: this.request };
    return { metadata: { name: 'g', namespace: 'n', uid: 'u', generation: 1, resourceVersion: this.resourceVersion, annotations }, spec: this.spec, status: JSON.parse(JSON.stringify(this.status)) as GlitchTipStatus };
  }

  #ports() {
    return {
      cluster: {
        readResource: () => Promise.resolve(this.#resource()),
        observeSecret: (name: string) => Promise.resolve(name === 'glitchtip-move' ? this.#secret() : { kind: 'present', data: new Map([['control-token', new Sensitive('token')], ['password', new Sensitive('password')]]), undecodable: [] }),
        observeJournal: () => Promise.resolve({ kind: 'absent' }),
        observeLock: () => Promise.resolve(this.observeLock()),
        writeLock: (lock: Parameters<CutWorld['writeLock']>[0]) => this.writeLock(lock),
        writeSecret: ({ resourceVersion, data }: { resourceVersion: string; data: ReadonlyMap<string, Sensitive> }) => this.write('table', () => this.#writeTable(resourceVersion, data)),
        applyMove: ({ metadata: { resourceVersion } }: GlitchTipResource, { conditions, move }: MoveReport) => this.write(`status ${move.current?.phase ?? 'none'}`, () => this.change(resourceVersion, () => { this.status = { ...this.status, conditions: [...conditions], move }; })),
        dropMoveRequest: ({ metadata: { resourceVersion } }: GlitchTipResource) => this.write('request dropped', () => this.change(resourceVersion, () => { this.request = undefined; })),
        recordEvent: (_: unknown, { reason }: { reason: string }) => { this.events.push(reason); return Promise.resolve(); },
      },
      moveJobs: {
        observeJobs: (name: string | undefined) => Promise.resolve(this.#observeJobs(name)),
        readManifests: () => Promise.resolve(this.manifests),
        createJob: ({ metadata: { name } }: { metadata: { name: string } }) => this.write('job', () => this.#createJob(name)),
        deleteJob: ({ name }: JobFacts) => this.write('job deleted', () => { this.deleted.push(name); this.running.delete(name); }),
      },
      moveDatabase: {
        findLogin: () => Promise.resolve({ kind: 'seen', value: { user: 'glitchkeeper', password: new Sensitive('password') } }),
        findProjects: (_: unknown, __: unknown, keys: readonly string[]) => Promise.resolve(new Map([...this.projects].filter(([key]) => keys.includes(key)))),
      },
      gatewayMoves: {
        observe: (): Promise<Seen<GatewayMove | undefined>> => Promise.resolve(this.gatewayIsAway ? { kind: 'unseen', why: 'the gateway cannot be seen (ECONNREFUSED)' } : { kind: 'seen', value: this.gateway && { ...this.gateway, progress: this.delivery } }),
        tell: (_: unknown, __: unknown, wanted: WantedMove) => this.write(`gateway ${wanted.leads}`, () => { this.gateway = { leads: wanted.leads, share: wanted.share, pairs: wanted.pairs ?? this.gateway?.pairs ?? [], progress: this.delivery }; }),
        letGo: () => this.write('gateway lets go', () => { this.gateway = undefined; }),
      },
    };
  }

  #secret(): ObservedSecret {
    if (this.table === undefined) return { kind: 'absent' };
    return { kind: 'present', data: new Map([[MOVE_SECRET_KEYS.dsns, new Sensitive(encodeDsnTable(this.table))]]), undecodable: [], resourceVersion: String(this.#tableVersion), createdAt: undefined, annotations: undefined };
  }

  #writeTable(version: string, data: ReadonlyMap<string, Sensitive>): boolean {
    if (version !== String(this.#tableVersion)) return false;
    const parsed = parseDsnTable(data.get(MOVE_SECRET_KEYS.dsns)?.reveal() ?? '');
    if (parsed.kind === 'invalid') throw new Error(parsed.why);
    this.table = parsed.rows;
    this.#tableVersion += 1;
    return true;
  }

  #createJob(name: string): boolean {
    if (this.jobs.includes(name)) return false;
    this.jobs.push(name);
    this.running.add(name);
    return true;
  }

  /** A Job ends between two looks. */
  #observeJobs(name: string | undefined): Seen<ObservedJobs> {
    const jobs = [...this.running].map((each) => ({ name: each, part: MOVE_COMPONENT, outcome: 'running', createdAt: this.now, failedPods: 0, suspended: false, version: {} }) as unknown as JobFacts);
    const own = name !== undefined && this.jobs.includes(name) && !this.deleted.includes(name) ? this.#own(name) : undefined;
    return { kind: 'seen', value: { jobs, pods: [], ...(own ? { own } : {}) } };
  }

  #own(name: string): NonNullable<ObservedJobs['own']> {
    const report = this.#ended.get(name);
    if (report === undefined) {
      if (this.jobsEnd) this.#end(name);
      return {};
    }
    const failed = 'again' in report;
    return { condition: failed ? 'Failed' : 'Complete', pod: { containers: [{ name: 'import', terminated: { exitCode: failed ? 1 : 0, message: JSON.stringify(report) } }] } };
  }

  #end(name: string): void {
    const report = this.reports.shift() ?? IMPORTED;
    this.#ended.set(name, report);
    this.running.delete(name);
    if (!('again' in report)) this.projects.set(OLD_KEY, 7);
  }
}
