// The alert state: what is kept between two checks (tracked causes, outbox, channels, repairs), so that a restart loses no message and repeats none.
import * as z from 'zod/mini';

import { CHANNELS, REPAIR_KINDS, SEVERITIES, type Channel, type ChannelStatus, type Repair } from '../../api/health-fields.js';
import { HEALTH_REASONS } from '../../api/health-reasons.js';
import { readJson } from '../json-text.js';

/** Channels for notifications; the heartbeat is none. */
export const NOTIFICATION_CHANNELS = ['telegram', 'webhook'] as const satisfies readonly Channel[];
export type NotificationChannel = (typeof NOTIFICATION_CHANNELS)[number];

/** What a message is about, as a webhook names it. */
export const EVENTS = ['open', 'update', 'resolved', 'report', 'test'] as const;

/** Repairs that are kept. */
const REPAIRS_KEPT = 10;

const instant = () => z.string();

/** An incident as it is reported: enough to write its message at any later time. Texts are cut, so that the alert state stays small. */
const incidentSnapshot = z.object({
  id: z.string(),
  reason: z.enum(Object.values(HEALTH_REASONS)),
  part: z.string(),
  severity: z.enum(SEVERITIES),
  /** When the first of the failed checks was. */
  since: instant(),
  message: z.string(),
  advice: z.string(),
  explains: z.array(z.string()),
  healing: z.optional(z.string()),
});
export type IncidentSnapshot = z.output<typeof incidentSnapshot>;

/**
 * `suspect`: seen, not often enough yet; `open`: an incident; `closed`: over, kept for a while to notice flapping.
 */
const STATES = ['suspect', 'open', 'closed'] as const;

const followed = z.object({
  ...incidentSnapshot.shape,
  state: z.enum(STATES),
  /** When a suspect was last seen. */
  seenAt: z.optional(instant()),
  /** Checks in a row with it; counted up to what opens it. */
  failures: z.int(),
  /** Checks in a row without it; counted up to what closes it. */
  successes: z.int(),
  /** When the first check without it was. */
  quietSince: z.optional(instant()),
  /** When it was last notified with a message of its own, not by an edit. */
  toldAt: z.optional(instant()),
  /** When its text last changed while its cause stayed the same. */
  wordedAt: instant(),
  /** Recent times at which it began. */
  openings: z.array(instant()),
  /** It flaps: that was notified, and each single opening and closing is not. */
  flapping: z.boolean(),
});
export type TrackedCause = z.output<typeof followed>;

const notification = z.object({
  id: z.string(),
  channel: z.enum(NOTIFICATION_CHANNELS),
  event: z.enum(EVENTS),
  /** Where the channel can: changes the message that its incident has already. */
  edit: z.boolean(),
  /** When it was written. */
  at: instant(),
  attempts: z.int(),
  incident: z.optional(incidentSnapshot),
  /** Of a flapping incident: how often it opened. */
  times: z.optional(z.int()),
  /** Of a resolved incident: when it was over. */
  endedAt: z.optional(instant()),
  /** Of an incident that turned out to be part of another one: that one. */
  partOf: z.optional(incidentSnapshot),
  report: z.optional(z.object({ since: instant(), incidents: z.array(incidentSnapshot), resolved: z.int(), repairs: z.array(z.string()), backups: z.optional(z.string()) })),
});
export type Notification = z.output<typeof notification>;

const channelState = z.object({
  name: z.enum(CHANNELS),
  /** Version of the Secret that was used last: another one ends every wait. */
  version: z.string(),
  lastSentAt: z.optional(instant()),
  error: z.optional(z.string()),
  /** Nothing is sent to it before `until`; written down at `since`. */
  pause: z.optional(z.object({ since: instant(), until: instant() })),
  /** Notifications that were dropped because too many waited; the next one that goes out says so. */
  dropped: z.int(),
  /** Since when its keys are missing in the Secret. */
  absentSince: z.optional(instant()),
});
export type ChannelState = z.output<typeof channelState>;

const thread = z.object({
  incident: z.string(),
  /** Telegram's message_id. */
  message: z.int(),
  /** Digest of the chat, too short to identify it: a message_id is unique within one chat only. */
  place: z.string(),
});
export type Thread = z.output<typeof thread>;

const alertState = z.object({
  version: z.literal(1),
  followed: z.array(followed),
  outbox: z.array(notification),
  channels: z.array(channelState),
  /** The Telegram message of each incident. */
  threads: z.array(thread),
  repairs: z.array(z.object({ at: instant(), healing: z.enum(REPAIR_KINDS), reason: z.string(), message: z.string() })),
  /** Numbers incidents and notifications. */
  sequence: z.int(),
  /** Of the period of the next report. */
  report: z.optional(z.object({ since: instant(), resolved: z.int() })),
  /** Why the Secret of the channels could not be read. */
  unreadable: z.optional(z.string()),
  alertTest: z.optional(z.object({
    id: z.string(), at: instant(), results: z.array(z.object({ channel: z.enum(CHANNELS), error: z.optional(z.string()) })),
  })),
});
/** Immutable: every change returns a new one. */
export type AlertState = z.output<typeof alertState>;

export type ParsedAlertState =
  | { readonly kind: 'valid'; readonly alerts: AlertState }
  | { readonly kind: 'invalid'; readonly why: string };

/** The alert state as the cluster holds it. */
export type ObservedAlertState =
  | { readonly kind: 'absent' }
  | { readonly kind: 'present'; readonly alerts: AlertState; readonly version: string }
  /** What is there is kept beside the alert state that is written over it. */
  | { readonly kind: 'malformed'; readonly why: string; readonly version: string; readonly text: string }
  | { readonly kind: 'unreadable'; readonly why: string };

/** An alert state, and what was read before it is written. */
export interface StoredAlertState {
  readonly alerts: AlertState;
  readonly over: Exclude<ObservedAlertState, { kind: 'unreadable' }> | { readonly kind: 'present'; readonly version: string };
}

export function emptyAlertState(): AlertState {
  return { version: 1, followed: [], outbox: [], channels: [], threads: [], repairs: [], sequence: 0 };
}

/** The same text for the same alert state: two can be compared by it. */
export function encodeAlertState(alerts: AlertState): string {
  return JSON.stringify(alertState.parse(alerts));
}

/** Never throws; `why` names fields, not what they hold. */
export function decodeAlertState(text: string): ParsedAlertState {
  const json = readJson(text);
  if (json === undefined) return { kind: 'invalid', why: 'it is not JSON' };
  const parsed = alertState.safeParse(json);
  if (parsed.success) return { kind: 'valid', alerts: parsed.data };
  const fields = parsed.error.issues.map(({ path }) => path.join('.') || 'all of it');
  return { kind: 'invalid', why: `cannot be understood: ${fields.slice(0, 5).join(', ')}` };
}

/** Newest first; the last 10 are kept. */
export function recordRepair(alerts: AlertState, repair: Repair): AlertState {
  return { ...alerts, repairs: [repair, ...alerts.repairs].slice(0, REPAIRS_KEPT) };
}

/** Of each channel that is set up. */
export function channelStatuses(alerts: AlertState): ChannelStatus[] {
  const { channels, unreadable } = alerts;
  // Which are configured is not known: the error is shown for all.
  if (channels.length === 0 && unreadable !== undefined) return CHANNELS.map((name) => ({ name, error: unreadable, waiting: waitingFor(alerts, name) }));
  return channels.filter(({ absentSince }) => absentSince === undefined).map(({ name, lastSentAt, error }) => ({
    name,
    ...(lastSentAt === undefined ? {} : { lastSentAt }),
    ...(unreadable === undefined && error === undefined ? {} : { error: unreadable ?? error }),
    waiting: waitingFor(alerts, name),
  }));
}

function waitingFor({ outbox }: AlertState, name: Channel): number {
  return outbox.filter(({ channel }) => channel === name).length;
}
