// The outbox: which notifications wait for which channel, in which order, and what becomes of one when its delivery was tried.
import type { Channel } from '../../api/health-fields.js';
import { toSeconds } from '../timestamps.js';
import { NOTIFICATION_CHANNELS, type ChannelState, type Notification, type NotificationChannel, type Thread, type AlertState } from './alert-state.js';

/** What came of an attempt. Texts say neither address nor token. */
export type Delivery =
  | { readonly kind: 'delivered'; /** Telegram's message_id. */ readonly message?: number }
  /** Worth trying again; seconds that the other side asks to wait. */
  | { readonly kind: 'later'; readonly why: string; readonly afterSeconds?: number }
  /** The channel takes nothing until a person changes something. */
  | { readonly kind: 'refused'; readonly why: string }
  /** The channel works, and does not take this notification. */
  | { readonly kind: 'unacceptable'; readonly why: string }
  /** There is no such message to edit any more. */
  | { readonly kind: 'gone' };

/** A channel as the Secret describes it; its values stay with who read them. */
export interface ChannelFound {
  readonly name: Channel;
  /** Why it cannot be used as it is described. */
  readonly problem?: string;
}

export interface Note extends Pick<Notification, 'event' | 'edit' | 'incident' | 'times' | 'endedAt' | 'partOf' | 'report'> {
  /** An edit of the text alone: channels that cannot edit skip it. */
  readonly textOnly?: boolean;
}

/** Notifications that may wait for one channel: enough for hours of an outage of that channel. */
export const NOTIFICATIONS_KEPT = 20;
/** Tries of a notification that a working channel does not take. */
const UNACCEPTABLE_TRIES = 3;
/** Wait after the first failed try, doubled each time, and the longest. Seconds. */
const RETRY_SECONDS = { first: 5, most: 300 };
/** Wait where only a person can help; a changed Secret ends it. Seconds. */
const REFUSED_SECONDS = 1_800;
/** The longest that a channel may ask to wait. Seconds. */
const LONGEST_RETRY_AFTER = 86_400;
/** A Secret that is deleted and made again is absent for seconds; a channel that is absent for this long was removed. Milliseconds. */
const GONE_AFTER = 600_000;

/** Unique, even when the alert state with its sequence was lost. */
export function identifier(now: Date, sequence: number): string {
  return `${toSeconds(now).replace(/[-:]/g, '')}-${sequence}`;
}

/** Queues a notification for each channel, in place of what waits already and says less. */
export function post(alerts: AlertState, note: Note, now: Date): AlertState {
  return NOTIFICATION_CHANNELS.reduce((each, channel) => postTo(each, channel, note, now), alerts);
}

function postTo(alerts: AlertState, channel: NotificationChannel, { textOnly, ...note }: Note, now: Date): AlertState {
  const unsent = alerts.outbox.find((waiting) => waiting.channel === channel && !waiting.edit && waiting.attempts === 0 && isFresh(waiting, note));
  // An incident that was never sent, and turned out to be part of another one, is dropped.
  if (unsent && note.partOf) return { ...alerts, outbox: alerts.outbox.filter((waiting) => waiting.channel !== channel || waiting.incident?.id !== note.incident?.id) };
  if (unsent && note.event !== 'resolved') return replace(alerts, unsent, { ...unsent, ...note, edit: false, event: unsent.event });
  if (channel === 'webhook' && textOnly) return alerts;
  const outbox = alerts.outbox.filter((waiting) => waiting.channel !== channel || !isOutdated(waiting, note));
  const notification: Notification = { id: identifier(now, alerts.sequence + 1), channel, at: toSeconds(now), attempts: 0, ...note };
  return dropOldest({ ...alerts, outbox: [...outbox, notification], sequence: alerts.sequence + 1 }, channel);
}

/**
 * A message about the same that was not sent yet, and so can say the newest. One that was tried may have arrived: it is not changed
 * any more, because its id stands for its text, nor taken back, because somebody may have read it.
 */
function isFresh({ event, incident }: Notification, note: Omit<Note, 'textOnly'>): boolean {
  if (event === 'report' || note.event === 'report') return event === note.event;
  return event !== 'resolved' && incident !== undefined && incident.id === note.incident?.id;
}

function isOutdated({ edit, partOf, incident }: Notification, note: Omit<Note, 'textOnly'>): boolean {
  return edit && partOf === undefined && incident !== undefined && incident.id === note.incident?.id;
}

function replace(alerts: AlertState, old: Notification, notification: Notification): AlertState {
  return { ...alerts, outbox: alerts.outbox.map((waiting) => (waiting === old ? notification : waiting)) };
}

/** The least important is dropped first: edits, reports, then the oldest. */
function dropOldest(alerts: AlertState, channel: NotificationChannel): AlertState {
  const waiting = alerts.outbox.filter((notification) => notification.channel === channel);
  if (waiting.length <= NOTIFICATIONS_KEPT) return alerts;
  const dropped = waiting.find(({ edit, event }) => edit || event === 'report') ?? waiting[0];
  return countDropped({ ...alerts, outbox: alerts.outbox.filter((notification) => notification !== dropped) }, channel);
}

function countDropped(alerts: AlertState, channel: NotificationChannel): AlertState {
  return changeChannel(alerts, channel, (state) => ({ ...state, dropped: state.dropped + 1 }));
}

export function changeChannel(alerts: AlertState, name: Channel, change: (state: ChannelState) => ChannelState): AlertState {
  return { ...alerts, channels: alerts.channels.map((state) => (state.name === name ? change(state) : state)) };
}

/**
 * Takes over what the Secret says of channels. A changed Secret ends every wait; a channel that is not set up, or has not been for
 * a while, keeps open incidents only.
 */
export function setChannels(alerts: AlertState, found: readonly ChannelFound[], version: string, now: Date): AlertState {
  const channels = found.map(({ name, problem }): ChannelState => {
    const known = alerts.channels.find((state) => state.name === name);
    const sameSecret = known?.version === version;
    const kept = sameSecret ? { error: known.error, pause: known.pause } : { error: undefined, pause: undefined };
    return { ...known, ...kept, name, version, dropped: known?.dropped ?? 0, error: problem ?? kept.error, absentSince: undefined };
  });
  const isFound = (channel: Channel) => found.some(({ name }) => name === channel);
  const missed = alerts.channels.filter(({ name }) => !isFound(name)).map((state) => ({ ...state, absentSince: state.absentSince ?? toSeconds(now) })).filter((state) => !isGone(state, now));
  const isKept = (channel: Channel) => isFound(channel) || missed.some(({ name }) => name === channel);
  const changed = (channel: NotificationChannel) => isFound(channel) && alerts.channels.find(({ name }) => name === channel)?.version !== version;
  const outbox = alerts.outbox
    .filter((notification) => isKept(notification.channel) || isUnreportedIncident(alerts, notification))
    // One attempt stays counted: it may have arrived.
    .map((notification) => (changed(notification.channel) ? { ...notification, attempts: Math.min(notification.attempts, 1) } : notification));
  return { ...alerts, unreadable: undefined, channels: [...channels, ...missed], outbox };
}

function isGone({ absentSince }: ChannelState, now: Date): boolean {
  return absentSince !== undefined && now.getTime() - Date.parse(absentSince) >= GONE_AFTER;
}

function isUnreportedIncident({ followed }: AlertState, { event, edit, incident }: Notification): boolean {
  return event === 'open' && !edit && followed.some(({ id, state }) => id === incident?.id && state === 'open');
}

/** A channel was seen to work: its pause ends. */
export function resume(alerts: AlertState, name: Channel, at: string): AlertState {
  return changeChannel(alerts, name, (state) => ({ ...state, error: undefined, pause: undefined, lastSentAt: at }));
}

/** The next notification of a channel, when it may be sent now; in order, so that an incident is opened before it is resolved. */
export function nextNotification({ outbox, channels }: AlertState, channel: NotificationChannel, now: Date): Notification | undefined {
  const pause = channels.find(({ name }) => name === channel)?.pause;
  return pause && Date.parse(pause.until) > now.getTime() ? undefined : outbox.find((notification) => notification.channel === channel);
}

/** The message that the incident of a notification has in the chat whose digest is `place`. */
export function threadOf({ threads }: AlertState, { incident }: Notification, place: string): Thread | undefined {
  return threads.find((thread) => thread.incident === incident?.id && thread.place === place);
}

/** What an attempt with a notification changes. */
export function recordDelivery(alerts: AlertState, { notification, place }: { readonly notification: Notification; readonly place: string }, delivery: Delivery, now: Date): AlertState {
  switch (delivery.kind) {
    case 'delivered': {
      const sent = changeChannel(without(alerts, notification), notification.channel, (state) => ({ ...state, dropped: 0, error: undefined, pause: undefined, lastSentAt: toSeconds(now) }));
      return delivery.message === undefined ? sent : withThread(sent, notification, { message: delivery.message, place });
    }
    case 'gone': return changeNotification(alerts, notification, { edit: false });
    case 'unacceptable': {
      const failed = postpone(alerts, notification, { why: delivery.why, seconds: retryAfter(notification.attempts + 1) }, now);
      if (notification.attempts + 1 < UNACCEPTABLE_TRIES) return failed;
      return changeChannel(countDropped(without(failed, notification), notification.channel), notification.channel, (state) => ({ ...state, pause: undefined }));
    }
    case 'refused': return postpone(alerts, notification, { why: delivery.why, seconds: REFUSED_SECONDS }, now);
    case 'later': {
      const seconds = Math.min(delivery.afterSeconds ?? retryAfter(notification.attempts + 1), LONGEST_RETRY_AFTER);
      return postpone(alerts, notification, { why: delivery.why, seconds }, now);
    }
  }
}

function retryAfter(attempts: number): number {
  return Math.min(RETRY_SECONDS.most, RETRY_SECONDS.first * 2 ** Math.min(attempts - 1, 10));
}

function postpone(alerts: AlertState, notification: Notification, { why, seconds }: { readonly why: string; readonly seconds: number }, now: Date): AlertState {
  // Rounded up to the second: Telegram answers an early retry after 429 with a longer wait.
  const until = toSeconds(new Date(Math.ceil((now.getTime() + seconds * 1_000) / 1_000) * 1_000));
  const tried = changeNotification(alerts, notification, { attempts: notification.attempts + 1 });
  // The pause is of the channel: a notification that replaces or follows this one has to wait as well.
  return changeChannel(tried, notification.channel, (state) => ({ ...state, error: why, pause: { since: toSeconds(now), until } }));
}

function changeNotification(alerts: AlertState, { id }: Notification, change: Partial<Notification>): AlertState {
  return { ...alerts, outbox: alerts.outbox.map((notification) => (notification.id === id ? { ...notification, ...change } : notification)) };
}

function without(alerts: AlertState, { id }: Notification): AlertState {
  return { ...alerts, outbox: alerts.outbox.filter((notification) => notification.id !== id) };
}

/** The message of an incident's last own notification is the one that is edited from then on. */
function withThread(alerts: AlertState, { event, incident }: Notification, { message, place }: Omit<Thread, 'incident'>): AlertState {
  if (!incident || event === 'resolved') return alerts;
  return { ...alerts, threads: [...alerts.threads.filter((thread) => thread.incident !== incident.id), { incident: incident.id, message, place }] };
}
