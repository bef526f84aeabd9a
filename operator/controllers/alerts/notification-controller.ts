// Delivers what the outbox holds: reads the channels from their Secret, sends what is due, writes down what came of it.
import type { GlitchTipSpec } from '../../api/glitchtip-resource.js';
import type { Channel } from '../../api/health-fields.js';
import { foundChannels, readChannels, type Channels } from '../../core/alerts/channels.js';
import { cut } from '../../core/text-limits.js';
import { renderTelegram, renderWebhook } from '../../core/alerts/message-formats.js';
import { changeChannel, nextNotification, recordDelivery, resume, setChannels, threadOf, type Delivery } from '../../core/alerts/outbox.js';
import { buildMessage, buildTestMessage, type Message, type Sender } from '../../core/alerts/message-texts.js';
import { NOTIFICATION_CHANNELS, type Notification, type NotificationChannel, type AlertState } from '../../core/alerts/alert-state.js';
import { toSeconds } from '../../core/timestamps.js';
import { sleep, type Clock } from '../../runtime/clock.js';
import { withDeadline } from '../../runtime/deadline.js';
import type { ClusterPort, NotifiersPort } from '../ports.js';

export interface MessengerDependencies {
  readonly cluster: Pick<ClusterPort, 'observeSecret'>;
  readonly notifiers: NotifiersPort;
  readonly clock: Clock;
  /** Of the resources; it is named in messages. */
  readonly namespace: string;
  /** SHA-256 of a text, in hex. */
  readonly digest: (text: string) => string;
  /** Milliseconds for one call. @default 10000 */
  readonly budget?: number;
}

export interface Occasion {
  /** The resource's. */
  readonly name: string;
  readonly spec: Pick<GlitchTipSpec, 'alerts'>;
  /** Whether the deep check passed: only then the heartbeat goes out. */
  readonly healthy: boolean;
  /** Value of the annotation that asks for a test message; the caller drops it once `alert state.alertTest.id` is the same. */
  readonly alertTest?: string;
  /**
   * Saves the alert state after each notification, so that a few go out in one call; false ends the call. Without it one notification a channel
   * goes out, and the caller saves what `deliver` returns.
   */
  readonly save?: (alerts: AlertState) => Promise<boolean>;
}

/** Longer than a channel ever needs and shorter than what a health check can wait. Milliseconds. */
const BUDGET = 10_000;
/** The Secret is asked of the API server, which may be what is down. Milliseconds. */
const SECRET_BUDGET = 3_000;
/** No other notification is begun later than this in a call: it has to have time for its answer. Milliseconds. */
const LAST_START = 3_000;
/** Telegram takes one message a second in a chat. Milliseconds. */
const PACE = 1_100;
/** Notifications of one channel in one call. */
const LETTERS_A_CALL = 3;
/** Between two heartbeats, and after one that failed. Milliseconds. */
const BEAT = { every: 60_000, again: 15_000 };
/** A heartbeat that goes well is written down no more often: each write costs the API server something. Milliseconds. */
const BEAT_NOTED_EVERY = 300_000;
/** Digits of a chat's digest: enough to notice another chat, far too few to tell which it is. */
const PLACE_DIGITS = 4;
/** What a test message repeats of an annotation that anybody may have written. Characters. */
const TEST_ID_SHOWN = 40;
/** What of it may be in a header as it is. */
const HEADER_SAFE = /^[\w.:-]{1,80}$/;

/** Changes an alert state by what one channel did. */
type Record = (alerts: AlertState) => AlertState;
/** One call of `deliver`. */
interface Tour {
  readonly occasion: Occasion;
  readonly channels: Channels;
  /** Milliseconds since the epoch. */
  readonly started: number;
  /** The operator's own end. */
  readonly ended: AbortSignal;
  /** That, or the end of the budget. */
  readonly patience: AbortSignal;
}
interface Known {
  readonly channels: Channels;
  readonly version: string;
}

/**
 * The caller saves the alert state before it calls: what is not saved is not sent. A crash between a notification and its record sends that
 * notification once more, and no other.
 */
export class Messenger {
  /** By name of the Secret, for the time in which the API server does not answer. */
  readonly #known = new Map<string, Known>();
  /** When the next heartbeat of a resource is due. */
  readonly #beatAt = new Map<string, number>();

  constructor(private readonly deps: MessengerDependencies) {}

  /** Takes about 10 s at most, however dead a channel is. Never throws for a channel's sake. */
  async deliver(alerts: AlertState, occasion: Occasion, signal: AbortSignal): Promise<AlertState> {
    return withDeadline(signal, this.deps.budget ?? BUDGET, (patience) => this.#deliver(alerts, occasion, { ended: signal, patience }));
  }

  async #deliver(alerts: AlertState, occasion: Occasion, { ended, patience }: Pick<Tour, 'ended' | 'patience'>): Promise<AlertState> {
    const started = this.deps.clock.now();
    const { known, why } = await this.#channels(occasion.spec.alerts.secret, ended);
    if (!known) return { ...alerts, unreadable: why };
    const found = { ...setChannels(alerts, foundChannels(known.channels), known.version, new Date(started)), unreadable: why };
    const tour: Tour = { occasion, channels: known.channels, started, ended, patience };
    const [sent, beat] = await Promise.all([
      isTestDue(found, occasion) ? this.#test(found, tour) : this.#sendNotifications(found, tour),
      this.#beat(found, tour),
    ]);
    return beat(sent);
  }

  /** What the Secret says; the last that it said while it cannot be read. */
  async #channels(secret: string, signal: AbortSignal): Promise<{ known?: Known; why?: string }> {
    const observed = await withDeadline(signal, SECRET_BUDGET, (limited) => this.deps.cluster.observeSecret(secret, limited));
    if (observed.kind === 'unreadable') return { known: this.#known.get(secret), why: `Secret ${secret} cannot be read: ${observed.why}` };
    const known = observed.kind === 'absent' ? { channels: {}, version: '' } : { channels: readChannels(observed.data), version: observed.resourceVersion ?? '' };
    this.#known.set(secret, known);
    return { known };
  }

  async #sendNotifications(alerts: AlertState, tour: Tour): Promise<AlertState> {
    const { clock } = this.deps;
    const { occasion: { save }, channels, started } = tour;
    let current = alerts;
    for (let round = 1; ; round += 1) {
      const due = NOTIFICATION_CHANNELS.flatMap((channel) => this.#due(current, channel, channels));
      if (due.length === 0) return current;
      if (round > 1) await sleep(clock, PACE, tour.patience);
      const records = await Promise.all(due.map((notification) => this.#send(current, notification, tour)));
      current = records.reduce((each, record) => record(each), current);
      const last = round === LETTERS_A_CALL || clock.now() - started > LAST_START;
      if (last || !save || !(await save(current))) return current;
    }
  }

  #due(alerts: AlertState, channel: NotificationChannel, channels: Channels): Notification[] {
    const notification = channels[channel]?.kind === 'usable' ? nextNotification(alerts, channel, new Date(this.deps.clock.now())) : undefined;
    return notification ? [notification] : [];
  }

  async #send(alerts: AlertState, notification: Notification, { occasion, channels, ended, patience }: Tour): Promise<Record> {
    const sender = this.#sender(occasion);
    const place = channels.telegram?.kind === 'usable' ? this.deps.digest(channels.telegram.chat.reveal()).slice(0, PLACE_DIGITS) : '';
    const dropped = alerts.channels.find(({ name }) => name === notification.channel)?.dropped ?? 0;
    const message = buildMessage(notification, sender, dropped);
    const thread = threadOf(alerts, notification, place)?.message;
    const delivery = notification.channel === 'webhook'
      ? await this.#webhook(channels, { id: notification.id, body: renderWebhook({ notification, id: notification.id, message, sender }) }, patience)
      : await this.#telegram(channels, { message, about: thread, edit: notification.edit }, patience);
    // Cut off by the operator's own end and not by the channel: that is no failed try.
    if (ended.aborted && delivery.kind === 'later') return (each) => each;
    return (each) => recordDelivery(each, { notification, place }, delivery, new Date(this.deps.clock.now()));
  }

  async #telegram({ telegram }: Channels, { message, about, edit }: { message: Message; about: number | undefined; edit: boolean }, signal: AbortSignal): Promise<Delivery> {
    if (telegram?.kind !== 'usable') return { kind: 'later', why: telegram?.problem ?? 'telegram is not set up' };
    const content = { text: renderTelegram(message), silent: message.silent };
    if (edit && about !== undefined) return this.deps.notifiers.editTelegram(telegram, { ...content, about }, signal);
    return this.deps.notifiers.sendTelegram(telegram, { ...content, about }, signal);
  }

  async #webhook({ webhook }: Channels, message: { id: string; body: object }, signal: AbortSignal): Promise<Delivery> {
    if (webhook?.kind !== 'usable') return { kind: 'later', why: webhook?.problem ?? 'webhook is not set up' };
    return this.deps.notifiers.postWebhook(webhook.url, message, signal);
  }

  async #beat(alerts: AlertState, { occasion, channels: { heartbeat }, patience }: Tour): Promise<Record> {
    const now = this.deps.clock.now();
    const { name, healthy } = occasion;
    // A test beats by itself.
    if (!healthy || isTestDue(alerts, occasion) || heartbeat?.kind !== 'usable' || !this.#isBeatDue(name, now)) return (each) => each;
    const delivery = await this.deps.notifiers.beat(heartbeat.url, patience);
    this.#beatAt.set(name, now + (delivery.kind === 'delivered' ? BEAT.every : BEAT.again));
    return (each) => changeChannel(each, 'heartbeat', (state) => {
      if (delivery.kind !== 'delivered') return { ...state, error: errorOf(delivery) };
      const noted = state.lastSentAt !== undefined && state.error === undefined && now - Date.parse(state.lastSentAt) < BEAT_NOTED_EVERY;
      return noted ? state : { ...state, error: undefined, lastSentAt: toSeconds(new Date(now)) };
    });
  }

  /** A clock that was set back must not stop the heart: further away than the longest wait is no wait. */
  #isBeatDue(name: string, now: number): boolean {
    const wait = (this.#beatAt.get(name) ?? now) - now;
    return wait <= 0 || wait > BEAT.every;
  }

  /** One try of each channel that is set up, outside of the outbox: who asked is waiting for what comes of it. */
  async #test(alerts: AlertState, tour: Tour): Promise<AlertState> {
    const id = tour.occasion.alertTest ?? '';
    const found = foundChannels(tour.channels);
    const errors = await Promise.all(found.map(async ({ name, problem }) => problem ?? errorOf(await this.#testOne(name, tour))));
    const at = toSeconds(new Date(this.deps.clock.now()));
    const results = found.map(({ name }, index) => ({ channel: name, ...(errors[index] === undefined ? {} : { error: errors[index] }) }));
    const tested = results.reduce((each, { channel, error }) => (error === undefined ? resume(each, channel, at) : each), alerts);
    return { ...tested, alertTest: { id, at, results } };
  }

  async #testOne(name: Channel, { occasion, channels, patience }: Tour): Promise<Delivery> {
    const sender = this.#sender(occasion);
    const id = occasion.alertTest ?? '';
    const key = `test-${HEADER_SAFE.test(id) ? id : this.deps.digest(id)}`;
    const message = buildTestMessage(sender, cut(id, TEST_ID_SHOWN));
    if (isNotificationChannel(name)) {
      return name === 'telegram'
        ? this.#telegram(channels, { message, about: undefined, edit: false }, patience)
        : this.#webhook(channels, { id: key, body: renderWebhook({ id: key, message, sender }) }, patience);
    }
    if (!occasion.healthy) return { kind: 'later', why: 'not sent: a heartbeat says that all is well, and the last check did not' };
    return channels.heartbeat?.kind === 'usable' ? this.deps.notifiers.beat(channels.heartbeat.url, patience) : { kind: 'later', why: 'heartbeat is not set up' };
  }

  #sender({ name }: Occasion): Sender {
    return { name, namespace: this.deps.namespace };
  }
}

function isNotificationChannel(name: Channel): name is NotificationChannel {
  return (NOTIFICATION_CHANNELS as readonly Channel[]).includes(name);
}

function isTestDue({ alertTest: answered }: AlertState, { alertTest }: Occasion): boolean {
  return alertTest !== undefined && alertTest !== answered?.id;
}

function errorOf(delivery: Delivery): string | undefined {
  switch (delivery.kind) {
    case 'delivered': return undefined;
    case 'gone': return 'the message is gone';
    default: return delivery.why;
  }
}
