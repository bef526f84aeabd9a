// Checks the health of one GlitchTip: observe, diagnose, track, repair, notify, report. Every decision is in core/.
import { ALERT_TEST_ANNOTATION } from '../../api/object-names.js';
import type { GlitchTipResource, GlitchTipSpec } from '../../api/glitchtip-resource.js';
import type { HealthStatus } from '../../api/health-fields.js';
import { withoutAhead } from '../../core/alerts/future-alert-dates.js';
import type { ApiServerTrouble } from '../../core/alerts/api-server-incidents.js';
import { openIncidents, stopFollowing, track } from '../../core/alerts/incidents.js';
import { emptyAlertState, recordRepair, type AlertState } from '../../core/alerts/alert-state.js';
import { diagnose } from '../../core/health/diagnose.js';
import { repairInput } from '../../core/health/repair-input.js';
import { planRepair } from '../../core/health/repair-plan.js';
import { messageOf } from '../../core/error-message.js';
import { parseTrusted } from '../../core/trusted-hosts.js';
import { withDeadline } from '../../runtime/deadline.js';
import type { Outcome } from '../../runtime/work-queue.js';
import type { NotificationController } from '../alerts/notification-controller.js';
import type { Recorder } from '../kubernetes-events.js';
import type { ClusterPort } from '../ports.js';
import { certificateTrouble, statusOf } from '../write-refusal.js';
import { DegradedChecks } from './without-writes.js';
import { AlertStateSession, type Opened } from './alert-state-session.js';
import type { Check } from './health-check.js';
import { isOwn, RememberedChecks, type Known } from './remembered-checks.js';
import { HealthObserver, type ObserverDependencies } from './health-observer.js';
import { INCIDENT_EVERY, pauseAfter, pauseWithoutWrites, remaining, SUSPECT_EVERY } from './check-interval.js';
import { carryOut, makeRoom } from './execute-repair.js';
import { report } from './publish-check.js';
import { isSwitchedOff, reportWithoutSpec } from './without-spec.js';

/**
 * - `leads`: this process holds the Lease;
 * - `cut off`: it lost it because the API server does not answer, or takes no writes; no other holder was seen;
 * - `follows`: another process holds it.
 */
export type Leadership = 'leads' | 'cut off' | 'follows';

export interface HealthDependencies extends ObserverDependencies {
  readonly cluster: ClusterPort;
  readonly notifications: Pick<NotificationController, 'deliver'>;
  readonly leadership: () => Leadership;
  /** Hosts that a resource may name beside the Services of the manifests. @default none */
  readonly trustedHosts?: readonly string[];
  readonly log: Recorder['log'];
  readonly warn: Recorder['log'];
  /** Called after each check with its figures, written or not; undefined when the resource is not checked any more. */
  readonly onHealth: (name: string, health: HealthStatus | undefined) => void;
}

/** Requeue of what is not urgent: an invalid spec, whose change the watch reports, and the alert state of disabled health checks. Milliseconds. */
const IDLE_EVERY = 300_000;
/** Timeout of reading the resource. Milliseconds. */
const API_TIMEOUT = 5_000;
/** Longer than it takes to acquire a lost Lease again. Milliseconds. */
const RETURN_WITHIN = 60_000;
/** Three attempts of the election: if the API server took writes, somebody would hold the Lease by then. Milliseconds. */
const RETAKEN_WITHIN = 30_000;
/** Status codes about the operator and not about its request: unauthorized, forbidden, too many requests. */
const REFUSALS: readonly number[] = [401, 403, 429];

/** The result of writing the alert state; `stale`: another operator wrote since. */
type Saved = { readonly kind: 'saved' | 'stale' } | { readonly kind: 'failed'; readonly why: string };

export class HealthController {
  readonly #observer: HealthObserver;
  readonly #memory = new RememberedChecks();
  readonly #degraded: DegradedChecks;
  /** Generation of each invalid spec that was logged. */
  readonly #invalidGenerations = new Map<string, number>();

  constructor(private readonly deps: HealthDependencies) {
    this.#observer = new HealthObserver(deps);
    this.#degraded = new DegradedChecks(deps, this.#memory);
  }

  /** A slow check must not delay the next one, and with it a notification. */
  async reconcile(name: string, signal: AbortSignal): Promise<Outcome> {
    const began = this.deps.clock.monotonic();
    const outcome = await this.#check(name, signal);
    const { requeueAfter } = outcome;
    return requeueAfter === undefined ? outcome : { ...outcome, requeueAfter: remaining(requeueAfter, this.deps.clock.monotonic() - began) };
  }

  async #check(name: string, signal: AbortSignal): Promise<Outcome> {
    const leadership = this.deps.leadership();
    if (leadership === 'follows') {
      if (this.#isReturning(name)) return { requeueAfter: SUSPECT_EVERY };
      this.forget(name);
      return {};
    }
    const found = await this.#read(name, signal);
    if (found.kind !== 'answered') return this.#checkUnreachable(name, found, signal);
    if (leadership !== 'leads') return this.#checkWithoutLease(name, found.resource, signal);
    return found.resource ? this.#checkResource(found.resource, signal) : this.#stopWatching(name, signal);
  }

  /** Between the API server's first answer and the next election there is no leader, and what was notified meanwhile is in memory only. */
  #isReturning(name: string): boolean {
    const { trouble, lostAt } = this.#memory.get(name) ?? {};
    return this.deps.clock.monotonic() - Math.max(trouble?.at ?? -Infinity, lostAt ?? -Infinity) < RETURN_WITHIN;
  }

  forget(name: string): void {
    this.#memory.forget(name);
    this.#observer.forget(name);
    this.deps.onHealth(name, undefined);
  }

  async #read(name: string, signal: AbortSignal): Promise<{ kind: 'answered'; resource: GlitchTipResource | undefined } | ApiServerTrouble> {
    try {
      return { kind: 'answered', resource: await withDeadline(signal, API_TIMEOUT, (limited) => this.deps.cluster.readResource(name, limited)) };
    } catch (error) {
      signal.throwIfAborted();
      const status = statusOf(error);
      if (status !== undefined && REFUSALS.includes(status)) return { kind: 'refuses', why: messageOf(error) };
      // Any other 4xx is an answer.
      if (status !== undefined && status < 500) throw error;
      return { kind: certificateTrouble(error) ?? 'silent', why: messageOf(error) };
    }
  }

  async #checkResource(resource: GlitchTipResource, signal: AbortSignal): Promise<Outcome> {
    const { name } = resource.metadata;
    const spec = this.#specOf(resource);
    if (spec ? !spec.health.enabled : isSwitchedOff(resource.spec)) return this.#switchOff(resource, signal);
    const opened = await this.#open(name, signal);
    if (!spec) return this.#reportWithoutSpec(resource, opened, signal);
    const check = await this.#observe(resource, spec, signal);
    if (opened.kind === 'open') return this.#follow(check, opened.alerts);
    const known = this.#memory.get(name);
    return known ? this.#continueDegraded(check, known, { kind: 'keeps nothing', why: `the alert state cannot be read: ${opened.why}` }) : this.#heartbeatOnly(check);
  }

  /** The last valid spec, while this one is invalid. */
  #specOf({ metadata: { name, generation }, spec }: GlitchTipResource): GlitchTipSpec | undefined {
    const parsed = parseTrusted(spec, this.deps.trustedHosts);
    if (parsed.kind === 'valid') return parsed.spec;
    if (this.#invalidGenerations.get(name) !== generation) this.deps.log('the spec is not understood', { resource: name, problems: parsed.problems });
    this.#invalidGenerations.set(name, generation);
    return this.#memory.get(name)?.spec;
  }

  async #open(name: string, signal: AbortSignal): Promise<Opened> {
    const opened = await AlertStateSession.open(this.deps.cluster, name, signal);
    const why = opened.kind === 'open' ? opened.alerts.why : opened.why;
    if (why !== undefined) this.deps.log(opened.kind === 'open' ? 'the alert state was not understood; a new one is begun' : 'the alert state cannot be read', { resource: name, why });
    return opened;
  }

  async #observe(resource: GlitchTipResource, spec: GlitchTipSpec, signal: AbortSignal): Promise<Check> {
    return { resource, spec, facts: await this.#observer.observe(resource, spec, signal), now: this.#now(), signal };
  }

  async #follow(check: Check, alerts: AlertStateSession): Promise<Outcome> {
    const { resource, spec, facts, now } = check;
    const { name } = resource.metadata;
    const { trouble } = this.#memory.get(name) ?? {};
    const before = withoutAhead(this.#memory.alertsOf(name, alerts), now);
    const diagnosis = diagnose({ facts, spec, now }, openIncidents(before));
    const plan = planRepair(repairInput(check, diagnosis.causes, before));
    const tracked = track(before, { causes: diagnosis.causes, repairTexts: plan.repairTexts, now, spec, backup: facts.backup, restore: facts.restore, upgrade: facts.upgrade });
    const repair = this.deps.leadership() === 'leads' ? plan.repair : undefined;
    // Write ahead: a repair is counted, and a notification saved, before it happens.
    const written = repair ? recordRepair(tracked, repair) : tracked;
    const saved = await this.#save(written, check, alerts);
    if (saved.kind === 'stale') return { requeueAfter: SUSPECT_EVERY };
    if (saved.kind === 'failed') return this.#continueDegraded(check, { spec, alerts: before, version: alerts.version, unsure: this.#memory.get(name)?.unsure ?? [], trouble }, { kind: 'keeps nothing', why: saved.why });
    if (repair) await carryOut(this.deps, repair, check);
    if (this.deps.leadership() === 'leads') await makeRoom(this.deps, check);
    const notified = await this.#notify(written, check, alerts);
    const failed = !(await report(this.deps, { diagnosis, before: openIncidents(before), alerts: notified }, check));
    return { requeueAfter: pauseAfter(notified, spec, diagnosis), failed };
  }

  /** Remembers the alert state whether or not it could be written. */
  async #save(alerts: AlertState, { resource, spec, signal }: Check, stored: AlertStateSession): Promise<Saved> {
    try {
      return { kind: (await stored.save(alerts, signal)) ? 'saved' : 'stale' };
    } catch (error) {
      signal.throwIfAborted();
      // Another operator is the leader by now, and sends what is due.
      if (this.deps.leadership() === 'follows') throw error;
      this.deps.log('the alert state cannot be written', { resource: resource.metadata.name, why: messageOf(error) });
      return { kind: 'failed', why: messageOf(error) };
    } finally {
      this.#memory.note(resource.metadata.name, spec, alerts, stored);
    }
  }

  async #notify(alerts: AlertState, check: Check, stored: AlertStateSession): Promise<AlertState> {
    const { resource, spec, facts, signal } = check;
    const alertTest = resource.metadata.annotations?.[ALERT_TEST_ANNOTATION];
    const save = async (each: AlertState) => (await this.#save(each, check, stored)).kind === 'saved';
    const notified = await this.deps.notifications.deliver(alerts, { name: resource.metadata.name, spec, healthy: facts.canary.kind === 'stored', save, ...(alertTest === undefined ? {} : { alertTest }) }, signal);
    const isSaved = await save(notified);
    if (isSaved && alertTest !== undefined && notified.alertTest?.id === alertTest) await this.#dropAlertTest(resource, signal);
    return notified;
  }

  /** The result is in the alert state: a request that stays is not tested again. */
  async #dropAlertTest(resource: GlitchTipResource, signal: AbortSignal): Promise<void> {
    try {
      await this.deps.cluster.dropAlertTest(resource, signal);
    } catch (error) {
      signal.throwIfAborted();
      this.deps.log('the request for a test of alerts cannot be removed', { resource: resource.metadata.name, error: messageOf(error) });
    }
  }

  async #switchOff({ metadata: { name }, status }: GlitchTipResource, signal: AbortSignal): Promise<Outcome> {
    if (status?.health) await this.deps.cluster.applyHealth(name, undefined, signal);
    return this.#stopWatching(name, signal);
  }

  /** Ends tracked causes and waiting notifications, so that none is sent when checks are enabled again weeks later. */
  async #stopWatching(name: string, signal: AbortSignal): Promise<Outcome> {
    this.forget(name);
    const opened = await AlertStateSession.open(this.deps.cluster, name, signal);
    if (opened.kind === 'unreadable') {
      // Not urgent: with the interval of checks, alert states that the operator may not read would keep it busy.
      this.deps.warn('the alert state cannot be read, so its incidents cannot be ended', { resource: name, error: opened.why });
      return { requeueAfter: IDLE_EVERY, failed: true };
    }
    const { alerts } = opened;
    const ended = stopFollowing(alerts.first);
    const isEnded = ended === alerts.first || (await alerts.save(ended, signal));
    return isEnded ? {} : { requeueAfter: SUSPECT_EVERY };
  }

  async #reportWithoutSpec(resource: GlitchTipResource, opened: Opened, signal: AbortSignal): Promise<Outcome> {
    const parsed = parseTrusted(resource.spec, this.deps.trustedHosts);
    if (opened.kind === 'unreadable' || parsed.kind === 'valid') return { requeueAfter: INCIDENT_EVERY };
    const health = await reportWithoutSpec(this.deps, { resource, problems: parsed.problems, alerts: opened.alerts, now: this.#now() }, signal);
    this.deps.onHealth(resource.metadata.name, health);
    return { requeueAfter: health.channels?.some(({ waiting }) => waiting > 0) ? INCIDENT_EVERY : IDLE_EVERY };
  }

  /** Nothing can be read or written; notifications can still be sent from memory. */
  async #checkUnreachable(name: string, trouble: ApiServerTrouble, signal: AbortSignal): Promise<Outcome> {
    const known = this.#memory.get(name);
    if (!known) return { requeueAfter: SUSPECT_EVERY };
    return { requeueAfter: pauseWithoutWrites(await this.#degraded.check(name, { ...known, lostAt: undefined }, { trouble }, signal)) };
  }

  /**
   * The API server answers, so the next election decides soon. When it does not, nobody can write, and the last leader continues
   * from memory, unless the alert state shows that another operator wrote.
   */
  async #checkWithoutLease(name: string, resource: GlitchTipResource | undefined, signal: AbortSignal): Promise<Outcome> {
    const known = this.#memory.get(name);
    if (!known || !resource) return { requeueAfter: SUSPECT_EVERY };
    const now = this.deps.clock.monotonic();
    const waiting = { ...known, lostAt: known.lostAt ?? now };
    this.#memory.set(name, waiting);
    if (now - waiting.lostAt < RETAKEN_WITHIN) return { requeueAfter: SUSPECT_EVERY };
    const spec = this.#specOf(resource);
    const opened = await this.#open(name, signal);
    if (!spec?.health.enabled || (opened.kind === 'open' && !isOwn(known, opened.alerts))) {
      this.forget(name);
      return { requeueAfter: SUSPECT_EVERY };
    }
    return this.#continueDegraded(await this.#observe(resource, spec, signal), { ...waiting, spec }, { kind: 'keeps nothing', why: 'its Lease cannot be renewed' });
  }

  /** Reads work and writes do not: notifications are sent from memory, and nothing is repaired. */
  async #continueDegraded(check: Check, known: Known, trouble: ApiServerTrouble): Promise<Outcome> {
    const { resource, spec, facts, now, signal } = check;
    const before = openIncidents(known.alerts);
    const diagnosis = diagnose({ facts, spec, now }, before);
    if (this.deps.leadership() === 'follows') return { requeueAfter: SUSPECT_EVERY };
    const notified = await this.#degraded.check(resource.metadata.name, known, { trouble, observed: { facts, causes: diagnosis.causes } }, signal);
    // The status may be written where the alert state may not.
    const failed = this.deps.leadership() === 'leads' && !(await report(this.deps, { diagnosis, before, alerts: notified }, check));
    return { requeueAfter: pauseWithoutWrites(notified), failed };
  }

  /** What was notified before is not known, so nothing is sent but the heartbeat. */
  async #heartbeatOnly({ resource: { metadata: { name } }, spec, facts, signal }: Check): Promise<Outcome> {
    await this.deps.notifications.deliver(emptyAlertState(), { name, spec, healthy: facts.canary.kind === 'stored' }, signal);
    return { requeueAfter: INCIDENT_EVERY };
  }

  #now(): Date {
    return new Date(this.deps.clock.now());
  }
}
