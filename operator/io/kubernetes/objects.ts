// The objects that the operator reads and writes, each by the one call that its rights allow.
import { ALERT_TEST_ANNOTATION, API_VERSION, BACKUP_ANNOTATION, BACKUP_MANAGER, GROUP, HEALTH_MANAGER, KIND, LABELS, LEASE_NAME, MOVE_ANNOTATION, MOVE_MANAGER, OPERATOR_MANAGER, PLURAL, REHEARSAL_ANNOTATION, REHEARSAL_MANAGER, RESTORE_ANNOTATION, RESTORE_MANAGER, ROTATE_ANNOTATION, SETTINGS_HASH_ANNOTATION, SETTINGS_MANAGER, UPGRADE_ANNOTATION, UPGRADE_MANAGER, VERSION } from '../../api/object-names.js';
import type { GlitchTipResource, GlitchTipStatus } from '../../api/glitchtip-resource.js';
import type { RehearsalStatus } from '../../api/rehearsal-fields.js';
import type { RestoreStatus } from '../../api/restore-fields.js';
import type { UpgradeStatus } from '../../api/upgrade-fields.js';
import type { EventNote } from '../../controllers/ports.js';
import type { ObservedAlertState, StoredAlertState } from '../../core/alerts/alert-state.js';
import type { BackupReport } from '../../core/backup/backup-report.js';
import type { MoveReport } from '../../core/move/move-report.js';
import type { HealthReport } from '../../core/health/health-status.js';
import type { ObservedSecret } from '../../core/credentials/observed.js';
import type { ObservedLock } from '../../core/operations/operation-lock.js';
import type { ObservedJournal } from '../../core/rotation/journal.js';
import type { WriteJournal, WriteSecret } from '../../core/rotation/actions.js';
import { decodeJournal, encodeJournal } from '../../core/rotation/journal.js';
import type { CreateSecret } from '../../core/credentials/generated-secrets.js';
import { Sensitive } from '../../core/sensitive.js';
import { messageOf } from '../../core/error-message.js';
import type { Clock } from '../../runtime/clock.js';
import type { LeasePort, LeaseRecord } from '../../runtime/leader-election.js';
import type { ListWatch } from '../../runtime/resource-watch.js';
import type { KubernetesApi, ObjectMeta } from './api-client.js';
import { absentAsUndefined, isStatus, provesAbsence } from './api-error.js';
import { readAlertState, writeAlertState } from './alert-state-store.js';
import { observeLock, writeLock } from './operation-lease.js';
import type { WatchedMetadata } from './metadata-watch.js';
import { StatusWriter } from './status-writer.js';

interface SecretObject {
  readonly metadata: ObjectMeta;
  readonly data?: Readonly<Record<string, string>>;
}

interface LeaseObject {
  readonly metadata: ObjectMeta;
  readonly spec?: { readonly holderIdentity?: string; readonly renewTime?: string; readonly leaseDurationSeconds?: number; readonly leaseTransitions?: number };
}

/** One line of log; never a value. */
type Warn = (message: string, fields: Readonly<Record<string, unknown>>) => void;

export class KubernetesObjects {
  readonly #status: StatusWriter;

  /** @param told what is told of a status that an older CustomResourceDefinition has no room for @default nothing */
  constructor(private readonly api: KubernetesApi, private readonly namespace: string, private readonly instance: string, told?: { readonly warn: Warn; readonly clock: Pick<Clock, 'now'> }) {
    this.#status = new StatusWriter(api, async (resource, event, signal) => {
      told?.warn(event.note, { resource: resource.metadata.name });
      if (told) await this.recordEvent(resource, event, new Date(told.clock.now()), signal);
    });
  }

  /** Never throws: not being able to read is an observation. */
  async observeSecret(name: string, signal: AbortSignal): Promise<ObservedSecret> {
    try {
      const secret = await this.api.get<SecretObject>(`${this.#core('secrets')}/${name}`, signal);
      return decodeSecret(secret);
    } catch (error) {
      // Everything but the API server's own 404 for this very name proves nothing.
      if (provesAbsence(error, name)) return { kind: 'absent' };
      return { kind: 'unreadable', why: messageOf(error) };
    }
  }

  /** `exists`: somebody created it in the meantime; it has to be read again, and is left as it is. */
  async createSecret({ name, data }: Pick<CreateSecret, 'name' | 'data'>, signal: AbortSignal): Promise<'created' | 'exists'> {
    const body = { apiVersion: 'v1', kind: 'Secret', type: 'Opaque', metadata: { name, labels: LABELS }, data: encodeData(data) };
    return (await writtenFirst(this.api.create(this.#core('secrets'), body, signal))) ? 'created' : 'exists';
  }

  /** Changes some of its values; false when somebody else wrote it since it was read. */
  async writeSecret({ name, resourceVersion, data, annotations }: Omit<WriteSecret, 'kind' | 'role'>, signal: AbortSignal): Promise<boolean> {
    const body = { metadata: { resourceVersion, annotations }, data: encodeData(data) };
    return writtenFirst(this.api.merge(`${this.#core('secrets')}/${name}`, body, OPERATOR_MANAGER, signal));
  }

  /** False when somebody else wrote it since it was read, or it is gone. */
  async deleteSecret(name: string, resourceVersion: string, signal: AbortSignal): Promise<boolean> {
    try {
      await this.api.delete(`${this.#core('secrets')}/${name}`, { preconditions: { resourceVersion } }, signal);
      return true;
    } catch (error) {
      if (isStatus(error, 404) || isStatus(error, 409)) return false;
      throw error;
    }
  }

  /** Never throws, like {@link observeSecret}. */
  async observeJournal(name: string, signal: AbortSignal): Promise<ObservedJournal> {
    const secret = await this.observeSecret(name, signal);
    if (secret.kind !== 'present') return secret;
    const decoded = decodeJournal(secret.data);
    if (decoded.kind === 'invalid') return { kind: 'malformed', why: decoded.why };
    return { kind: 'present', journal: decoded.journal, resourceVersion: secret.resourceVersion ?? '', keys: [...secret.data.keys()] };
  }

  /** False when somebody else wrote it since it was read, or made it first. */
  async writeJournal(name: string, { journal, over }: WriteJournal, signal: AbortSignal): Promise<boolean> {
    const data = encodeJournal(journal);
    if (!over) return (await this.createSecret({ name, data }, signal)) === 'created';
    const gone = over.keys.filter((key) => !data.has(key)).map((key) => [key, null] as const);
    const body = { metadata: { resourceVersion: over.resourceVersion }, data: { ...Object.fromEntries(gone), ...encodeData(data) } };
    return writtenFirst(this.api.merge(`${this.#core('secrets')}/${name}`, body, OPERATOR_MANAGER, signal));
  }

  /** Takes the annotation that asks for a rotation away, unless the resource changed since it was read. */
  async dropRequest(resource: GlitchTipResource, signal: AbortSignal): Promise<boolean> {
    return this.#annotate(resource, ROTATE_ANNOTATION, null, signal);
  }

  /** Like {@link dropRequest}, of a test message. */
  async dropAlertTest(resource: GlitchTipResource, signal: AbortSignal): Promise<boolean> {
    return this.#annotate(resource, ALERT_TEST_ANNOTATION, null, signal);
  }

  /** Like {@link dropRequest}, of a backup. */
  async dropBackupRequest(resource: GlitchTipResource, signal: AbortSignal): Promise<boolean> {
    return this.#annotate(resource, BACKUP_ANNOTATION, null, signal);
  }

  /** Like {@link dropRequest}, of a restore, of its confirmation, or of its undoing. */
  async dropRestoreRequest(resource: GlitchTipResource, signal: AbortSignal): Promise<boolean> {
    return this.#annotate(resource, RESTORE_ANNOTATION, null, signal);
  }

  /** Like {@link dropRequest}, of a rehearsal. */
  async dropRehearsalRequest(resource: GlitchTipResource, signal: AbortSignal): Promise<boolean> {
    return this.#annotate(resource, REHEARSAL_ANNOTATION, null, signal);
  }

  /** Like {@link dropRequest}, of an upgrade, or a step of one. */
  async dropUpgradeRequest(resource: GlitchTipResource, signal: AbortSignal): Promise<boolean> {
    return this.#annotate(resource, UPGRADE_ANNOTATION, null, signal);
  }

  async askForRestore(resource: GlitchTipResource, request: string, signal: AbortSignal): Promise<boolean> {
    return this.#annotate(resource, RESTORE_ANNOTATION, request, signal);
  }

  /** Like {@link dropRequest}, of a step of the move. */
  async dropMoveRequest(resource: GlitchTipResource, signal: AbortSignal): Promise<boolean> {
    return this.#annotate(resource, MOVE_ANNOTATION, null, signal);
  }

  async #annotate({ metadata: { name, resourceVersion } }: GlitchTipResource, annotation: string, value: string | null, signal: AbortSignal): Promise<boolean> {
    const body = { metadata: { resourceVersion, annotations: { [annotation]: value } } };
    return writtenFirst(this.api.merge(`${this.#resources()}/${name}`, body, OPERATOR_MANAGER, signal));
  }

  /** Never throws, like {@link observeSecret}. */
  async readAlertState(name: string, signal: AbortSignal): Promise<ObservedAlertState> {
    return readAlertState(this.api, { path: this.#core('configmaps'), resource: name }, signal);
  }

  /** The version written; undefined when somebody else wrote since. */
  async writeAlertState(name: string, stored: StoredAlertState, signal: AbortSignal): Promise<string | undefined> {
    return writeAlertState(this.api, { path: this.#core('configmaps'), resource: name }, stored, signal);
  }

  /** Never throws, like {@link observeSecret}. */
  async observeLock(signal: AbortSignal): Promise<ObservedLock> {
    return observeLock(this.api, this.#leases(), signal);
  }

  /** False when somebody else wrote it since it was read. */
  async writeLock(lock: Parameters<typeof writeLock>[2], signal: AbortSignal): Promise<boolean> {
    return writeLock(this.api, this.#leases(), lock, signal);
  }

  /** Undefined when there is none: then nobody watches it any more, so a 404 that does not prove it is an error. */
  async readResource(name: string, signal: AbortSignal): Promise<GlitchTipResource | undefined> {
    try {
      return await this.api.get<GlitchTipResource>(`${this.#resources()}/${name}`, signal);
    } catch (error) {
      if (provesAbsence(error, name)) return undefined;
      throw error;
    }
  }

  /** Applies the settings file as it stands, then notes which one it was: cut in between, it is applied once more. */
  async applySettings(name: string, file: { text: string; hash: string }, signal: AbortSignal): Promise<void> {
    await this.api.apply(`${this.#resources()}/${name}`, file.text, SETTINGS_MANAGER, signal);
    const note = { apiVersion: API_VERSION, kind: KIND, metadata: { name, annotations: { [SETTINGS_HASH_ANNOTATION]: file.hash } } };
    await this.api.apply(`${this.#resources()}/${name}`, note, OPERATOR_MANAGER, signal);
  }

  async applyStatus(name: string, status: GlitchTipStatus, signal: AbortSignal): Promise<void> {
    const body = { apiVersion: API_VERSION, kind: KIND, metadata: { name }, status };
    await this.#status.apply(`${this.#resources()}/${name}/status`, body, OPERATOR_MANAGER, signal);
  }

  /** The conditions and figures of health, beside what {@link applyStatus} writes; undefined takes them away. */
  async applyHealth(name: string, report: HealthReport | undefined, signal: AbortSignal): Promise<void> {
    const body = { apiVersion: API_VERSION, kind: KIND, metadata: { name }, status: report ?? {} };
    await this.#status.apply(`${this.#resources()}/${name}/status`, body, HEALTH_MANAGER, signal);
  }

  /**
   * Like {@link applyHealth}, of backups; only over the version that was read: a run that two operators begin at the same moment is one of
   * the two. False when somebody else wrote since.
   */
  async applyBackup({ metadata: { name, resourceVersion } }: GlitchTipResource, report: BackupReport | undefined, signal: AbortSignal): Promise<boolean> {
    const body = { apiVersion: API_VERSION, kind: KIND, metadata: { name, resourceVersion }, status: report ?? {} };
    return writtenFirst(this.#status.apply(`${this.#resources()}/${name}/status`, body, BACKUP_MANAGER, signal));
  }

  /** Like {@link applyBackup}, of a restore: a step that two operators would do at the same moment is done by one of the two. */
  async applyRestore({ metadata: { name, resourceVersion } }: GlitchTipResource, restore: RestoreStatus | undefined, signal: AbortSignal): Promise<boolean> {
    const body = { apiVersion: API_VERSION, kind: KIND, metadata: { name, resourceVersion }, status: restore ? { restore } : {} };
    return writtenFirst(this.api.apply(`${this.#resources()}/${name}/status`, body, RESTORE_MANAGER, signal));
  }

  /** Like {@link applyBackup}, of a rehearsal; whole or not at all, as a restore: what an older definition does not know would be begun again and again. */
  async applyRehearsal({ metadata: { name, resourceVersion } }: GlitchTipResource, rehearsal: RehearsalStatus, signal: AbortSignal): Promise<boolean> {
    const body = { apiVersion: API_VERSION, kind: KIND, metadata: { name, resourceVersion }, status: { rehearsal } };
    return writtenFirst(this.api.apply(`${this.#resources()}/${name}/status`, body, REHEARSAL_MANAGER, signal));
  }

  /** Like {@link applyRestore}, of an upgrade. */
  async applyUpgrade({ metadata: { name, resourceVersion } }: GlitchTipResource, upgrade: UpgradeStatus, signal: AbortSignal): Promise<boolean> {
    const body = { apiVersion: API_VERSION, kind: KIND, metadata: { name, resourceVersion }, status: { upgrade } };
    return writtenFirst(this.api.apply(`${this.#resources()}/${name}/status`, body, UPGRADE_MANAGER, signal));
  }

  /** Like {@link applyRestore}, of a move. */
  async applyMove({ metadata: { name, resourceVersion } }: GlitchTipResource, report: MoveReport, signal: AbortSignal): Promise<boolean> {
    const body = { apiVersion: API_VERSION, kind: KIND, metadata: { name, resourceVersion }, status: report };
    return writtenFirst(this.api.apply(`${this.#resources()}/${name}/status`, body, MOVE_MANAGER, signal));
  }

  /** Everything of kind GlitchTip in the namespace. */
  resources(): ListWatch<WatchedMetadata> {
    const path = this.#resources();
    return {
      list: (signal) => this.api.listMetadata(path, signal),
      watch: (resourceVersion, signal) => this.api.watchMetadata(path, resourceVersion, signal),
      versionOf: (metadata) => metadata.resourceVersion,
      nameOf: (metadata) => metadata.name,
    };
  }

  async recordEvent(about: GlitchTipResource, event: EventNote, at: Date, signal: AbortSignal): Promise<void> {
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
    }, signal);
  }

  /** The Lease of the election. */
  lease(): LeasePort {
    const path = this.#leases();
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

  #leases(): string {
    return `/apis/coordination.k8s.io/v1/namespaces/${this.namespace}/leases`;
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
  const { creationTimestamp, resourceVersion, annotations } = metadata;
  return { kind: 'present', data: values, undecodable, createdAt: creationTimestamp, resourceVersion, annotations };
}

function encodeData(data: ReadonlyMap<string, Sensitive>): Readonly<Record<string, string>> {
  return Object.fromEntries([...data].map(([key, value]) => [key, Buffer.from(value.reveal()).toString('base64')] as const));
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
