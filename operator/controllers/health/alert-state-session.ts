// The alert state during one check: what was read, and each version that was written over it.
import { emptyAlertState, encodeAlertState, type ObservedAlertState, type StoredAlertState, type AlertState } from '../../core/alerts/alert-state.js';
import type { ClusterPort } from '../ports.js';

type Over = StoredAlertState['over'];

export type Opened = { readonly kind: 'open'; readonly alerts: AlertStateSession } | { readonly kind: 'unreadable'; readonly why: string };

export class AlertStateSession {
  /** As it was read; empty where there was none, or none that can be understood. */
  readonly first: AlertState;
  /** Why what was there cannot be understood. */
  readonly why: string | undefined;
  #over: Over;
  #saved: string | undefined;
  readonly #unsure: string[] = [];

  private constructor(private readonly cluster: ClusterPort, private readonly resource: string, observed: Exclude<ObservedAlertState, { kind: 'unreadable' }>) {
    this.first = observed.kind === 'present' ? observed.alerts : emptyAlertState();
    this.why = observed.kind === 'malformed' ? observed.why : undefined;
    this.#over = observed;
    this.#saved = observed.kind === 'present' ? encodeAlertState(observed.alerts) : undefined;
  }

  /** Unreadable is not absent: what was notified already is not known then. */
  static async open(cluster: ClusterPort, resource: string, signal: AbortSignal): Promise<Opened> {
    const observed = await cluster.readAlertState(resource, signal);
    return observed.kind === 'unreadable' ? observed : { kind: 'open', alerts: new AlertStateSession(cluster, resource, observed) };
  }

  /** Its resourceVersion in the cluster; undefined when there is none. */
  get version(): string | undefined {
    return this.#over.kind === 'absent' ? undefined : this.#over.version;
  }

  /** Its text in the cluster, where it could be read. */
  get text(): string | undefined {
    return this.#saved;
  }

  /** Writes since that version whose answer was lost. */
  get unsure(): readonly string[] {
    return this.#unsure;
  }

  /**
   * True when the alert state is in the cluster; false when another operator wrote since. Writes nothing that is there already.
   * @throws when it is not known to be there
   */
  async save(alerts: AlertState, signal: AbortSignal): Promise<boolean> {
    const text = encodeAlertState(alerts);
    if (text === this.#saved) return true;
    this.#unsure.push(text);
    const version = await this.cluster.writeAlertState(this.resource, { alerts, over: this.#over }, signal);
    if (version === undefined) {
      this.#unsure.pop();
      return false;
    }
    this.#over = { kind: 'present', version };
    this.#saved = text;
    this.#unsure.length = 0;
    return true;
  }
}
