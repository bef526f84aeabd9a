// What a person's telephone shows: a local Telegram in the node's network that the operator of the pods sends to.
import { RESOURCE } from '../../../charts/part-names.js';
import type { HealthReason } from '../../../operator/api/health-reasons.js';
import { ALERTS_SECRET, alertStateName } from '../../../operator/api/object-names.js';
import { startReceivers, type Receivers } from '../../support/alerts/inside.js';
import type { ChatMessage } from '../../support/alerts/telegram-server.js';
import type { Stack } from './stack.js';
import { waitFor } from './wait.js';

const INSTANT = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g;
/** Longer than the goal, so that a late alert is seen to be late. Seconds. */
const PATIENCE = 240;

export interface Alert {
  readonly message: ChatMessage;
  /** From `since` on. */
  readonly seconds: number;
  /** Names the incident in every message of it. */
  readonly incident: string;
}

export class Alerts {
  private constructor(private readonly receivers: Receivers) {}

  /** Starts the receivers and gives the operator their addresses, as a person does: by a Secret. */
  static async start(stack: Stack): Promise<Alerts> {
    const receivers = await startReceivers(stack.cluster);
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: ALERTS_SECRET, namespace: stack.namespace }, stringData: receivers.secret };
    await stack.cluster.kubectl(['apply', '-f', '-'], JSON.stringify(secret));
    return new Alerts(receivers);
  }

  stop(): Promise<void> {
    return this.receivers.stop();
  }

  get change(): Receivers['change'] {
    return this.receivers.change;
  }

  /** What arrived at or after this moment, the oldest first. Milliseconds since the epoch. */
  async messages(since = 0): Promise<readonly ChatMessage[]> {
    return (await this.receivers.state()).messages.filter(({ at }) => at >= since);
  }

  /** Waits for a message like this. */
  async message(wanted: RegExp, since: number): Promise<ChatMessage> {
    return waitFor<ChatMessage>({ what: `a message like ${wanted.source}`, seconds: PATIENCE }, async () => {
      const messages = await this.messages(since);
      const message = messages.find(({ text }) => wanted.test(text));
      return message ? { found: message } : { seen: subjects(messages) };
    });
  }

  /** Without those messages that report that a warning became critical. @param but of which nothing is asked */
  async incidentMessages(since: number, but?: HealthReason): Promise<IncidentMessages> {
    const asked = (await this.messages(since)).filter(({ text }) => but === undefined || !new RegExp(`\\b${but}, \\S+, incident`).test(text));
    const messages = asked.map(({ text }) => ({ text, incident: /incident (\S+)\./.exec(text)?.[1] ?? text }));
    const warned = new Set(messages.filter(({ text }) => text.startsWith('🟡')).map(({ incident }) => incident));
    const news = messages.filter(({ text, incident }) => !(text.startsWith('🔴') && warned.delete(incident)));
    const incidents = (over: boolean) => news.filter(({ text }) => isOver(text) === over).map(({ incident }) => incident).sort();
    return { opened: incidents(false), over: incidents(true) };
  }

  /** Calls of the heartbeat URL since then. */
  async heartbeats(since: number): Promise<number> {
    return (await this.receivers.state()).heartbeat.filter(({ at }) => at >= since).length;
  }

  /** Waits for the message that opens this incident, or for one that was edited to report it. */
  async opened({ reason, part }: { readonly reason: HealthReason; readonly part: string }, since: number, patience = PATIENCE): Promise<Alert> {
    const wanted = new RegExp(`${reason}, ${part}, incident (\\S+)\\.`);
    return waitFor<Alert>({ what: `an alert ${reason} of ${part}`, seconds: patience }, async () => {
      const messages = await this.messages(since);
      const message = messages.find(({ text }) => wanted.test(text) && !isOver(text));
      const incident = message && wanted.exec(message.text)?.[1];
      if (message && incident !== undefined) return { found: { message, incident, seconds: ((message.edits.at(-1)?.at ?? message.at) - since) / 1000 } };
      return { seen: subjects(messages) };
    });
  }

  /** Waits for the message that this incident is over; it may have come before the repair was seen to be done. */
  async resolved({ incident, message: { at } }: Alert, repairedAt: number): Promise<Alert> {
    return waitFor<Alert>({ what: `the end of incident ${incident}`, seconds: PATIENCE }, async () => {
      const messages = await this.messages(at);
      const message = messages.find(({ text }) => isOver(text) && text.includes(`incident ${incident}.`));
      if (message) return { found: { message, incident, seconds: Math.max(message.at - repairedAt, 0) / 1000 } };
      return { seen: subjects(messages) };
    });
  }
}

/** Incidents, each as often as a message opened it, and as one closed it. */
export interface IncidentMessages {
  readonly opened: readonly string[];
  readonly over: readonly string[];
}

/** What {@link Alerts.incidentMessages} gives when each of these was reported once, and once as over. */
export function onceEach(alerts: readonly Alert[]): IncidentMessages {
  const incidents = alerts.map(({ incident }) => incident).sort();
  return { opened: incidents, over: incidents };
}

/** The operator forgets what was: here faults come faster than it would repair twice (15 minutes), and so often that they would be reported as flapping. */
export async function forgetPast(stack: Stack): Promise<void> {
  await stack.kubectl('delete', 'configmap', alertStateName(RESOURCE), '--ignore-not-found');
}

/** What the operator remembers is so much older all at once, as if nothing had changed for so long. */
export async function letTimePass(stack: Stack, seconds: number): Promise<void> {
  await waitFor<true>({ what: 'what the operator remembers to be older', seconds: 30 }, async () => {
    const { data, ...map } = JSON.parse(await stack.kubectl('get', 'configmap', alertStateName(RESOURCE), '--output', 'json')) as { data: Record<string, string> };
    const older = Object.fromEntries(Object.entries(data).map(([key, text]) => [key, text.replaceAll(INSTANT, (at) => new Date(Date.parse(at) - seconds * 1_000).toISOString())]));
    // Refused when the operator wrote it since.
    await stack.cluster.kubectl(['replace', '-f', '-'], JSON.stringify({ ...map, data: older }));
    return { found: true };
  });
}

function subjects(messages: readonly ChatMessage[]): string {
  return messages.map(({ text }) => text.split('\n')[0]).join(' | ') || 'no message';
}

export function isOver(text: string): boolean {
  return text.startsWith('✅');
}
