// The objects that the operator reads and writes, each by the one call that its rights allow.
import { API_VERSION, GROUP, KIND, LABELS, LEASE_NAME, OPERATOR_MANAGER, PLURAL, SETTINGS_HASH_ANNOTATION, SETTINGS_MANAGER, VERSION } from '../api/names.js';
import type { GlitchTipResource, GlitchTipStatus } from '../api/glitchtip.js';
import type { EventNote } from '../controllers/glitchtip.js';
import type { ObservedSecret } from '../core/observed.js';
import type { CreateSecret } from '../core/secrets.js';
import { Sensitive } from '../core/sensitive.js';
import type { LeasePort, LeaseRecord } from '../runtime/leader.js';
import type { ListWatch } from '../runtime/watch.js';
import { isStatus, provesAbsence, type KubernetesApi, type ObjectMeta } from './kubernetes.js';

interface SecretObject {
  readonly metadata: ObjectMeta;
  readonly data?: Readonly<Record<string, string>>;
}

interface LeaseObject {
  readonly metadata: ObjectMeta;
  readonly spec?: { readonly holderIdentity?: string; readonly renewTime?: string; readonly leaseDurationSeconds?: number; readonly leaseTransitions?: number };
}

type StoredResource = GlitchTipResource & { readonly metadata: { readonly resourceVersion: string } };

export class Cluster {
  constructor(private readonly api: KubernetesApi, private readonly namespace: string, private readonly instance: string) {}

  /** Never throws: not being able to read is an observation. */
  async observeSecret(name: string, signal: AbortSignal): Promise<ObservedSecret> {
    try {
      const secret = await this.api.get<SecretObject>(`${this.#core('secrets')}/${name}`, signal);
      return decodeSecret(secret);
    } catch (error) {
      // Everything but the API server's own 404 for this very name proves nothing.
      if (provesAbsence(error, name)) return { kind: 'absent' };
      return { kind: 'unreadable', why: error instanceof Error ? error.message : String(error) };
    }
  }

  /** `exists`: somebody created it in the meantime; it has to be read again, and is left as it is. */
  async createSecret({ name, data }: CreateSecret, signal: AbortSignal): Promise<'created' | 'exists'> {
    const encoded = [...data].map(([key, value]) => [key, Buffer.from(value.reveal()).toString('base64')] as const);
    const body = { apiVersion: 'v1', kind: 'Secret', type: 'Opaque', metadata: { name, labels: LABELS }, data: Object.fromEntries(encoded) };
    try {
      await this.api.create(this.#core('secrets'), body, signal);
      return 'created';
    } catch (error) {
      if (isStatus(error, 409)) return 'exists';
      throw error;
    }
  }

  /** Undefined when there is none. */
  async readResource(name: string, signal: AbortSignal): Promise<GlitchTipResource | undefined> {
    return absentAsUndefined(this.api.get<GlitchTipResource>(`${this.#resources()}/${name}`, signal));
  }

  /** Applies the settings file as it stands, then notes which one it was: cut in between, it is applied once more. */
  async applySettings(name: string, file: { text: string; hash: string }, signal: AbortSignal): Promise<void> {
    await this.api.apply(`${this.#resources()}/${name}`, file.text, SETTINGS_MANAGER, signal);
    const note = { apiVersion: API_VERSION, kind: KIND, metadata: { name, annotations: { [SETTINGS_HASH_ANNOTATION]: file.hash } } };
    await this.api.apply(`${this.#resources()}/${name}`, note, OPERATOR_MANAGER, signal);
  }

  async applyStatus(name: string, status: GlitchTipStatus, signal: AbortSignal): Promise<void> {
    const body = { apiVersion: API_VERSION, kind: KIND, metadata: { name }, status };
    await this.api.apply(`${this.#resources()}/${name}/status`, body, OPERATOR_MANAGER, signal);
  }

  /** Everything of kind GlitchTip in the namespace. */
  resources(): ListWatch<StoredResource> {
    const path = this.#resources();
    return {
      list: async (signal) => {
        const list = await this.api.get<{ items: StoredResource[]; metadata: { resourceVersion: string } }>(path, signal);
        return { items: list.items, resourceVersion: list.metadata.resourceVersion };
      },
      watch: (resourceVersion, signal) => this.api.watch<StoredResource>(path, resourceVersion, signal),
      versionOf: (resource) => resource.metadata.resourceVersion,
    };
  }

  async recordEvent(about: GlitchTipResource, event: EventNote, at: Date): Promise<void> {
    const { name, namespace, uid } = about.metadata;
    await this.api.create(`/apis/events.k8s.io/v1/namespaces/${this.namespace}/events`, {
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { generateName: `${name}-` },
      eventTime: microTime(at),
      reportingController: `${GROUP}/operator`,
      reportingInstance: this.instance,
      regarding: { apiVersion: API_VERSION, kind: KIND, name, namespace, uid },
      ...event,
    });
  }

  /** The Lease of the election. */
  lease(): LeasePort {
    const path = `/apis/coordination.k8s.io/v1/namespaces/${this.namespace}/leases`;
    const put = (name: string, body: object, signal: AbortSignal) =>
      name ? this.api.replace(`${path}/${name}`, body, signal) : this.api.create(path, body, signal);
    return {
      read: async (signal) => {
        const lease = await absentAsUndefined(this.api.get<LeaseObject>(`${path}/${LEASE_NAME}`, signal));
        return lease && decodeLease(lease);
      },
      create: (record, signal) => writtenFirst(put('', encodeLease(record), signal)),
      update: (record, signal) => writtenFirst(put(LEASE_NAME, encodeLease(record), signal)),
    };
  }

  #core(plural: string): string {
    return `/api/v1/namespaces/${this.namespace}/${plural}`;
  }

  #resources(): string {
    return `/apis/${GROUP}/${VERSION}/namespaces/${this.namespace}/${PLURAL}`;
  }
}

/** Values as text; what is no UTF-8 is named and not guessed at. */
function decodeSecret({ data = {}, metadata }: SecretObject): ObservedSecret {
  const values = new Map<string, Sensitive>();
  const undecodable: string[] = [];
  for (const [key, encoded] of Object.entries(data)) {
    const bytes = Buffer.from(encoded, 'base64');
    const text = bytes.toString('utf8');
    if (Buffer.from(text, 'utf8').equals(bytes)) values.set(key, new Sensitive(text));
    else undecodable.push(key);
  }
  return { kind: 'present', data: values, undecodable, createdAt: metadata.creationTimestamp };
}

function decodeLease({ metadata, spec = {} }: LeaseObject): LeaseRecord {
  return {
    holder: spec.holderIdentity ?? '',
    renewedAt: spec.renewTime ?? '',
    durationSeconds: spec.leaseDurationSeconds ?? 0,
    transitions: spec.leaseTransitions ?? 0,
    resourceVersion: metadata.resourceVersion ?? '',
  };
}

function encodeLease(record: Omit<LeaseRecord, 'resourceVersion'> & { resourceVersion?: string }): object {
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: LEASE_NAME, labels: LABELS, ...(record.resourceVersion ? { resourceVersion: record.resourceVersion } : {}) },
    spec: {
      holderIdentity: record.holder,
      renewTime: microTime(new Date(record.renewedAt)),
      leaseDurationSeconds: record.durationSeconds,
      leaseTransitions: record.transitions,
    },
  };
}

/** metav1.MicroTime wants six digits of fraction. */
function microTime(date: Date): string {
  return date.toISOString().replace(/(\.\d{3})Z$/, '$1000Z');
}

async function absentAsUndefined<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (isStatus(error, 404)) return undefined;
    throw error;
  }
}

/** False when somebody else wrote first (409). */
async function writtenFirst(answer: Promise<unknown>): Promise<boolean> {
  try {
    await answer;
    return true;
  } catch (error) {
    if (isStatus(error, 409)) return false;
    throw error;
  }
}
