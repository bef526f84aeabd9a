// Delivers the outbox: reads the channels from their Secret, sends what is due, records the results.
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
  /** Of the resources; messages name it. */
  readonly namespace: string;
  /** SHA-256 of a text, in hex. */
  readonly digest: (text: string) => string;
  /** Milliseconds for one call. @default 10000 */
  readonly budget?: number;
}

export interface DeliveryContext {
  /** The resource's. */
  readonly name: string;
  readonly spec: Pick<GlitchTipSpec, 'alerts'>;
  /** Whether the end-to-end check passed: only then a heartbeat is sent. */
  readonly healthy: boolean;
  /** Value of the annotation that asks for a test message; the caller drops it once `alertTest.id` of the alert state is the same. */
  readonly alertTest?: string;
  /**
   * Saves the alert state after each notification, so that a few go out in one call; false ends the call. Without it one notification a channel
   * goes out, and the caller saves what `deliver` returns.
   */
  readonly save?: (alerts: AlertState) => Promise<boolean>;
}

/** Longer than a channel ever needs and shorter than what a health check can wait. Milliseconds. */
const BUDGET = 10_000;
/** The API server, which has the Secret, may be what is down. Milliseconds. */
const SECRET_BUDGET = 3_000;
/** No other notification is begun later than this in a call: it has to have time for its answer. Milliseconds. */
const LAST_START = 3_000;
/** Telegram takes one message a second in a chat. Milliseconds. */
const TELEGRAM_PACE = 1_100;
/** Notifications of one channel in one call. */
const NOTIFICATIONS_PER_CALL = 3;
/** Between two heartbeats, and after one that failed. Milliseconds. */
const HEARTBEAT = { every: 60_000, again: 15_000 };
/** A successful heartbeat is recorded no more often than this, to save writes. Milliseconds. */
const HEARTBEAT_RECORDED_EVERY = 300_000;
/** Digits of a chat's digest: enough to notice another chat, far too few to identify it. */
const PLACE_DIGITS = 4;
/** What a test message repeats of an annotation that anybody may have written. Characters. */
const TEST_ID_SHOWN = 40;
/** What of it may be in a header as it is. */
const HEADER_SAFE = /^[\w.:-]{1,80}$/;

/** Changes an alert state by what one channel did. */
type Record = (alerts: AlertState) => AlertState;
/** One call of `deliver`. */
interface DeliveryRun {
  readonly context: DeliveryContext;
  readonly channels: Channels;
  /** Milliseconds since the epoch. */
  readonly started: number;
  /** Aborted when the operator stops. */
  readonly shutdown: AbortSignal;
  /** Aborted then, or at the end of the budget. */
  readonly timeout: AbortSignal;
}
interface Known {
  readonly channels: Channels;
  readonly version: string;
}

/**
 * The caller saves the alert state before it calls: what is not saved is not sent. A crash between a notification and its record sends that
 * notification once more, and no other.
 */
export class NotificationController {
  /** By name of the Secret, for the time in which the API server does not answer. */
  readonly #known = new Map<string, Known>();
  /** When the next heartbeat of a resource is due. */
  readonly #heartbeatAt = new Map<string, number>();

  constructor(private readonly deps: MessengerDependencies) {}

  /** Takes about 10 s at most, however slow a channel is. Never throws because of a channel. */
  async deliver(alerts: AlertState, context: DeliveryContext, signal: AbortSignal): Promise<AlertState> {
    return withDeadline(signal, this.deps.budget ?? BUDGET, (timeout) => this.#deliver(alerts, context, { shutdown: signal, timeout }));
  }

  async #deliver(alerts: AlertState, context: DeliveryContext, { shutdown, timeout }: Pick<DeliveryRun, 'shutdown' | 'timeout'>): Promise<AlertState> {
    const started = this.deps.clock.now();
    const { known, why } = await this.#channels(context.spec.alerts.secret, shutdown);
    if (!known) return { ...alerts, unreadable: why };
    const found = { ...setChannels(alerts, foundChannels(known.channels), known.version, new Date(started)), unreadable: why };
    const run: DeliveryRun = { context, channels: known.channels, started, shutdown, timeout };
    const [sent, heartbeat] = await Promise.all([
      isTestDue(found, context) ? this.#test(found, run) : this.#sendNotifications(found, run),
      this.#sendHeartbeat(found, run),
    ]);
    return heartbeat(sent);
  }

  /** The channels of the Secret; the last ones known while it cannot be read. */
  async #channels(secret: string, signal: AbortSignal): Promise<{ known?: Known; why?: string }> {
    const observed = await withDeadline(signal, SECRET_BUDGET, (limited) => this.deps.cluster.observeSecret(secret, limited));
    if (observed.kind === 'unreadable') return { known: this.#known.get(secret), why: `Secret ${secret} cannot be read: ${observed.why}` };
    const known = observed.kind === 'absent' ? { channels: {}, version: '' } : { channels: readChannels(observed.data), version: observed.resourceVersion ?? '' };
    this.#known.set(secret, known);
    return { known };
  }

  async #sendNotifications(alerts: AlertState, run: DeliveryRun): Promise<AlertState> {
    const { clock } = this.deps;
    const { context: { save }, channels, started } = run;
    let current = alerts;
    for (let round = 1; ; round += 1) {
      const due = NOTIFICATION_CHANNELS.flatMap((channel) => this.#due(current, channel, channels));
      if (due.length === 0) return current;
      if (round > 1) await sleep(clock, TELEGRAM_PACE, run.timeout);
      const records = await Promise.all(due.map((notification) => this.#send(current, notification, run)));
      current = records.reduce((each, record) => record(each), current);
      const last = round === NOTIFICATIONS_PER_CALL || clock.now() - started > LAST_START;
      if (last || !save || !(await save(current))) return current;
    }
  }

  #due(alerts: AlertState, channel: NotificationChannel, channels: Channels): Notification[] {
    const notification = channels[channel]?.kind === 'usable' ? nextNotification(alerts, channel, new Date(this.deps.clock.now())) : undefined;
    return notification ? [notification] : [];
  }

  async #send(alerts: AlertState, notification: Notification, { context, channels, shutdown, timeout }: DeliveryRun): Promise<Record> {
    const sender = this.#sender(context);
    const place = channels.telegram?.kind === 'usable' ? this.deps.digest(channels.telegram.chat.reveal()).slice(0, PLACE_DIGITS) : '';
    const dropped = alerts.channels.find(({ name }) => name === notification.channel)?.dropped ?? 0;
    const message = buildMessage(notification, sender, dropped);
    const thread = threadOf(alerts, notification, place)?.message;
    const delivery = notification.channel === 'webhook'
      ? await this.#webhook(channels, { id: notification.id, body: renderWebhook({ notification, id: notification.id, message, sender }) }, timeout)
      : await this.#telegram(channels, { message, about: thread, edit: notification.edit }, timeout);
    // Cut off by the operator's shutdown and not by the channel: that is no failed attempt.
    if (shutdown.aborted && delivery.kind === 'later') return (each) => each;
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

  async #sendHeartbeat(alerts: AlertState, { context, channels: { heartbeat }, timeout }: DeliveryRun): Promise<Record> {
    const now = this.deps.clock.now();
    const { name, healthy } = context;
    // A test sends a heartbeat of its own.
    if (!healthy || isTestDue(alerts, context) || heartbeat?.kind !== 'usable' || !this.#isHeartbeatDue(name, now)) return (each) => each;
    const delivery = await this.deps.notifiers.beat(heartbeat.url, timeout);
    this.#heartbeatAt.set(name, now + (delivery.kind === 'delivered' ? HEARTBEAT.every : HEARTBEAT.again));
    return (each) => changeChannel(each, 'heartbeat', (state) => {
      if (delivery.kind !== 'delivered') return { ...state, error: errorOf(delivery) };
      const noted = state.lastSentAt !== undefined && state.error === undefined && now - Date.parse(state.lastSentAt) < HEARTBEAT_RECORDED_EVERY;
      return noted ? state : { ...state, error: undefined, lastSentAt: toSeconds(new Date(now)) };
    });
  }

  /** A clock that was set back must not stop heartbeats: a wait longer than the interval is ignored. */
  #isHeartbeatDue(name: string, now: number): boolean {
    const wait = (this.#heartbeatAt.get(name) ?? now) - now;
    return wait <= 0 || wait > HEARTBEAT.every;
  }

  /** One attempt with each configured channel, outside of the outbox: the person who asked waits for the result. */
  async #test(alerts: AlertState, run: DeliveryRun): Promise<AlertState> {
    const id = run.context.alertTest ?? '';
    const found = foundChannels(run.channels);
    const errors = await Promise.all(found.map(async ({ name, problem }) => problem ?? errorOf(await this.#testOne(name, run))));
    const at = toSeconds(new Date(this.deps.clock.now()));
    const results = found.map(({ name }, index) => ({ channel: name, ...(errors[index] === undefined ? {} : { error: errors[index] }) }));
    const tested = results.reduce((each, { channel, error }) => (error === undefined ? resume(each, channel, at) : each), alerts);
    return { ...tested, alertTest: { id, at, results } };
  }

  async #testOne(name: Channel, { context, channels, timeout }: DeliveryRun): Promise<Delivery> {
    const sender = this.#sender(context);
    const id = context.alertTest ?? '';
    const key = `test-${HEADER_SAFE.test(id) ? id : this.deps.digest(id)}`;
    const message = buildTestMessage(sender, cut(id, TEST_ID_SHOWN));
    if (isNotificationChannel(name)) {
      return name === 'telegram'
        ? this.#telegram(channels, { message, about: undefined, edit: false }, timeout)
        : this.#webhook(channels, { id: key, body: renderWebhook({ id: key, message, sender }) }, timeout);
    }
    if (!context.healthy) return { kind: 'later', why: 'not sent: a heartbeat says that all is well, and the last check did not' };
    return channels.heartbeat?.kind === 'usable' ? this.deps.notifiers.beat(channels.heartbeat.url, timeout) : { kind: 'later', why: 'heartbeat is not set up' };
  }

  #sender({ name }: DeliveryContext): Sender {
    return { name, namespace: this.deps.namespace };
  }
}

function isNotificationChannel(name: Channel): name is NotificationChannel {
  return (NOTIFICATION_CHANNELS as readonly Channel[]).includes(name);
}

function isTestDue({ alertTest: answered }: AlertState, { alertTest }: DeliveryContext): boolean {
  return alertTest !== undefined && alertTest !== answered?.id;
}

function errorOf(delivery: Delivery): string | undefined {
  switch (delivery.kind) {
    case 'delivered': return undefined;
    case 'gone': return 'the message is gone';
    default: return delivery.why;
  }
}
