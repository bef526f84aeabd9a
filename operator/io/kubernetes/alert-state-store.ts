// The alert state in its ConfigMap: read whole, written over the version that was read.
import { HEALTH_MANAGER, LABELS, alertStateName } from '../../api/object-names.js';
import { decodeAlertState, encodeAlertState, type ObservedAlertState, type StoredAlertState } from '../../core/alerts/alert-state.js';
import { messageOf } from '../../core/error-message.js';
import type { KubernetesApi, ObjectMeta } from './api-client.js';
import { isStatus, provesAbsence } from './api-error.js';

interface ConfigMap {
  readonly metadata: ObjectMeta;
  readonly data?: Readonly<Record<string, string>>;
}

/** Whose alert state it is, and the path of ConfigMaps of its namespace. */
export interface AlertStatePlace {
  readonly path: string;
  readonly resource: string;
}

const KEY = 'state.json';
/** What could not be understood, for a person to look at. */
const REJECTED_KEY = 'state.rejected.json';
/** A ConfigMap holds 1 MiB at most. Characters. */
const REJECTED_KEPT = 100_000;

/** Never throws: not being able to read is an observation. */
export async function readAlertState(api: Pick<KubernetesApi, 'get'>, { path, resource }: AlertStatePlace, signal: AbortSignal): Promise<ObservedAlertState> {
  const name = alertStateName(resource);
  try {
    const { metadata, data } = await api.get<ConfigMap>(`${path}/${name}`, signal);
    const text = data?.[KEY] ?? '';
    const version = metadata.resourceVersion ?? '';
    const decoded = decodeAlertState(text);
    return decoded.kind === 'valid' ? { kind: 'present', alerts: decoded.alerts, version } : { kind: 'malformed', why: decoded.why, version, text };
  } catch (error) {
    if (provesAbsence(error, name)) return { kind: 'absent' };
    return { kind: 'unreadable', why: messageOf(error) };
  }
}

/** The version written; undefined when somebody else wrote since. @throws when it could not be written */
export async function writeAlertState(api: Pick<KubernetesApi, 'create' | 'merge'>, { path, resource }: AlertStatePlace, { alerts, over }: StoredAlertState, signal: AbortSignal): Promise<string | undefined> {
  const name = alertStateName(resource);
  const data = { [KEY]: encodeAlertState(alerts), ...('text' in over ? { [REJECTED_KEY]: over.text.slice(0, REJECTED_KEPT) } : {}) };
  try {
    const { metadata } = over.kind === 'absent'
      ? await api.create<ConfigMap>(path, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, labels: LABELS }, data }, signal)
      : await api.merge<ConfigMap>(`${path}/${name}`, { metadata: { resourceVersion: over.version }, data }, HEALTH_MANAGER, signal);
    return metadata.resourceVersion;
  } catch (error) {
    // Changed, made or deleted by somebody else.
    if (isStatus(error, 409) || provesAbsence(error, name)) return undefined;
    throw error;
  }
}
