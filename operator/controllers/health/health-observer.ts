// Observes everything that the diagnosis needs; what is expensive or changes slowly is observed less often.
import type { GlitchTipResource, GlitchTipSpec } from '../../api/glitchtip-resource.js';
import { ROTATE_ANNOTATION } from '../../api/object-names.js';
import { endsSoon } from '../../core/health/https-rules.js';
import { NOTHING_BEFORE, remember } from '../../core/health/previous-samples.js';
import { readCredentials } from '../../core/health/credential-age.js';
import type { Before, CertificateFacts, Facts } from '../../core/health/health-facts.js';
import { postgresLogins, valkeyPasswords } from '../../core/credentials/operator-logins.js';
import type { Observed } from '../../core/credentials/observed.js';
import { readOperation } from '../../core/health/operation-state.js';
import { workerStart } from '../../core/health/part-state.js';
import type { Sensitive } from '../../core/sensitive.js';
import { parseRequest, rotatableCredentials } from '../../core/rotation/requested-rotation.js';
import { applicationLogin, valueOf } from '../../core/credentials/generated-secrets.js';
import type { Clock } from '../../runtime/clock.js';
import type { ClusterPort, HealthPort } from '../ports.js';

export interface ObserverDependencies {
  readonly cluster: Pick<ClusterPort, 'observeSecret' | 'observeJournal' | 'observeLock'>;
  readonly health: HealthPort;
  readonly clock: Clock;
  /** Reads the certificate that a Secret holds. */
  readonly readCertificate: (secret: string, observed: Observed['secrets']['application']) => CertificateFacts;
}

/** Milliseconds. */
const VOLUME_EVERY = 25_000;
/** A volume that is this full, or whose figure is this old, is asked at each check. Share; milliseconds. */
const VOLUME_CLOSE_AT = 0.8;
const VOLUME_STALE = 900_000;
/** Milliseconds. */
const CERTIFICATE_EVERY = 3_600_000;

interface Kept<T> {
  readonly at: number;
  readonly value: T;
}

/** Without the administrator's, which says nothing of health: what was not read is not there, and so is never taken for one that is absent. */
type HealthSources = Pick<Observed, 'journal'> & { readonly secrets: Omit<Observed['secrets'], 'administrator' | 'backup'> };
/** What is not asked for; `absent` would mean that the API server said so. */
const NOT_READ = { kind: 'unreadable', why: 'it was not read' } as const;

/** Of one resource. */
interface Memory {
  before: Before;
  volumes?: Kept<Facts['volumes']>;
  certificate?: Kept<CertificateFacts>;
  /** Another certificate was served: the Secret may have been changed, or be gone. */
  isOtherServed?: boolean;
  /** When the annotation was first seen to say that credentials leaked: it has no date. */
  leakAskedAt?: Date | undefined;
}

export class HealthObserver {
  readonly #memories = new Map<string, Memory>();

  constructor(private readonly deps: ObserverDependencies) {}

  async observe(resource: GlitchTipResource, spec: GlitchTipSpec, signal: AbortSignal): Promise<Facts> {
    const { name } = resource.metadata;
    const memory = this.#memories.get(name) ?? { before: NOTHING_BEFORE };
    this.#memories.set(name, memory);
    const { health } = this.deps;
    const [cluster, sources, certificate, lock] = await Promise.all([
      health.observeCluster(spec, signal), this.#secrets(spec, signal), this.#certificate(spec, memory, signal), this.deps.cluster.observeLock(signal),
    ]);
    const token = valueOf(sources.secrets.gateway, 'control-token');
    const [web, queue, gateway, served, issuance, tunnel] = await Promise.all([
      health.observeWeb(spec, cluster.pods.kind === 'seen' ? cluster.pods.value : [], signal),
      health.observeQueue(spec, valkeyPasswords(sources), signal),
      health.observeGateway(spec, token, signal),
      health.observeServed(spec, signal),
      health.observeIssuance(spec, signal),
      health.observeTunnel(spec, signal),
    ]);
    await this.#tellWorkerStart(spec, token, { cluster, gateway }, signal);
    const { database, canary, volumes } = await health.observeDatabase(name, {
      spec, operator: postgresLogins(sources), application: applicationLogin(sources.secrets.application),
      // The gateway takes them whether web answers or not.
      takesEvents: spec.gateway !== undefined || (web.health.kind === 'answered' && web.health.status < 500), withVolume: this.#wantsVolume(memory),
    }, signal);
    // What was cut off in the middle of it observed nothing.
    signal.throwIfAborted();
    const facts: Facts = {
      cluster, web, canary, database, queue, gateway, certificate, served, issuance, tunnel,
      volumes: this.#keepVolumes(memory, volumes), credentials: readCredentials(resource.status, sources.journal, this.#leakAskedAt(resource, spec, memory)), operation: readOperation(lock, { cluster, journal: sources.journal, recorded: resource.status ?? {} }, new Date(this.deps.clock.now())), before: memory.before,
      ...operationsOf(resource.status),
    };
    memory.before = remember(facts, new Date(this.deps.clock.now()));
    memory.isOtherServed = served.kind === 'seen' && !served.isForName;
    return facts;
  }

  forget(name: string): void {
    this.#memories.delete(name);
    this.deps.health.forget(name);
  }

  async #secrets({ secrets, gateway: front }: GlitchTipSpec, signal: AbortSignal): Promise<HealthSources> {
    const read = (name: string) => this.deps.cluster.observeSecret(name, signal);
    const [application, postgres, valkey, gateway, journal] = await Promise.all([
      read(secrets.application), read(secrets.postgres), read(secrets.valkey), front ? read(secrets.gateway) : NOT_READ, this.deps.cluster.observeJournal(secrets.rotation, signal),
    ]);
    return { secrets: { application, postgres, valkey, gateway }, journal };
  }

  /** Not being able to tell is no fault of GlitchTip's: the next check tells it. */
  async #tellWorkerStart(spec: GlitchTipSpec, token: Sensitive | undefined, { cluster, gateway }: Pick<Facts, 'cluster' | 'gateway'>, signal: AbortSignal): Promise<void> {
    const at = workerStart(cluster, spec.worker ? 'worker' : 'web');
    if (gateway.kind !== 'seen' || !token || !at || at.getTime() === gateway.value.workerStartedAt?.getTime()) return;
    await this.deps.health.tellWorkerStart(spec, token, at, signal).catch(() => undefined);
  }

  async #certificate({ web: { tls } }: GlitchTipSpec, memory: Memory, signal: AbortSignal): Promise<CertificateFacts> {
    if (tls === undefined) return { kind: 'none' };
    const now = this.deps.clock.now();
    const kept = memory.certificate;
    // One that expires soon, or is not served, is read each time: its renewal ends the incident, its absence explains it.
    const isFine = kept?.value.kind === 'seen' && kept.value.secret === tls && !endsSoon(kept.value, new Date(now));
    if (kept && isFine && memory.isOtherServed !== true && now - kept.at < CERTIFICATE_EVERY) return kept.value;
    const value = this.deps.readCertificate(tls, await this.deps.cluster.observeSecret(tls, signal));
    memory.certificate = { at: now, value };
    return value;
  }

  #leakAskedAt({ metadata: { annotations } }: GlitchTipResource, spec: GlitchTipSpec, memory: Memory): Date | undefined {
    const request = parseRequest(annotations?.[ROTATE_ANNOTATION], rotatableCredentials(spec));
    const isAsked = request.kind === 'valid' && request.trigger === 'compromised';
    memory.leakAskedAt = isAsked ? memory.leakAskedAt ?? new Date(this.deps.clock.now()) : undefined;
    return memory.leakAskedAt;
  }

  #wantsVolume({ volumes }: Memory): boolean {
    if (volumes?.value.kind !== 'seen') return true;
    const isClose = volumes.value.value.some(({ usedBytes, capacityBytes }) => usedBytes >= capacityBytes * VOLUME_CLOSE_AT);
    return isClose || this.deps.clock.now() - volumes.at >= VOLUME_EVERY;
  }

  /** The last figure, while it is not too old. */
  #keepVolumes(memory: Memory, volumes: Facts['volumes']): Facts['volumes'] {
    const now = this.deps.clock.now();
    if (volumes.kind === 'seen' || !memory.volumes || now - memory.volumes.at > VOLUME_STALE) memory.volumes = { at: now, value: volumes };
    return memory.volumes.value;
  }
}

/** What the controllers of backups, restores, upgrades and moves wrote there. */
function operationsOf(status: GlitchTipResource['status']): Pick<Facts, 'backup' | 'restore' | 'upgrade' | 'move'> {
  const { backup, restore, upgrade, move } = status ?? {};
  return { ...(backup ? { backup } : {}), ...(restore ? { restore } : {}), ...(upgrade ? { upgrade } : {}), ...(move ? { move } : {}) };
}
