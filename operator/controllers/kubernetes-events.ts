// Kubernetes events about a resource.
import type { GlitchTipResource } from '../api/glitchtip-resource.js';
import { messageOf } from '../core/error-message.js';
import type { ClusterPort, EventNote } from './ports.js';

export interface Recorder {
  readonly cluster: Pick<ClusterPort, 'recordEvent'>;
  readonly log: (message: string, fields: Readonly<Record<string, unknown>>) => void;
}

/** events.k8s.io takes notes of up to 1 kB. Bytes of UTF-8. */
const LONGEST_NOTE = 1_024;

/** An event is for people to read: that it could not be written must not stop or repeat the work that it reports. */
export async function recordEvent({ cluster, log }: Recorder, resource: GlitchTipResource, event: EventNote, { at, signal }: { readonly at: Date; readonly signal: AbortSignal }): Promise<void> {
  try {
    await cluster.recordEvent(resource, { ...event, note: cutBytes(event.note, LONGEST_NOTE) }, at, signal);
  } catch (error) {
    log('event not recorded', { resource: resource.metadata.name, reason: event.reason, error: messageOf(error) });
  }
}

/** At most `most` bytes of UTF-8, and no part of a character. */
function cutBytes(text: string, most: number): string {
  return text.slice(0, new TextEncoder().encodeInto(text, new Uint8Array(most)).read);
}
